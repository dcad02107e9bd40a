"""Rate limits: exact at once, per user and address, and counted against whoever asked."""

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest

from chalicelib.access import credentials
from chalicelib.access.limits import count_address, network
from chalicelib.http.routes import ROUTES, Guard
from chalicelib.storage.store import store
from infra.local.gateway_messages import HttpAnswer, HttpRequest
from tests.pages.browser import Browser
from tests.security.conftest import NOON, at, gateway_at, limits
from tests.stage import Client, Reply, Stage


def burst(send: Callable[[int], Reply], times: int = 64) -> list[Reply]:
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(send, range(times)))


def device(stage: Stage) -> Client:
    return Client(stage.gateway, {"X-Inbound-Secret": stage.made["ingest_secret"]})


def punch(client: Client, number: int) -> Reply:
    return client.send(
        "POST", "/api/v1/clock-events/ingest/", {"clock_id": "none", "clock_in": f"2026-06-08T{number:02}:00:00Z"}
    )


def test_of_64_requests_at_once_on_a_limit_of_50_exactly_50_pass(stage: Stage) -> None:
    client = at(NOON, stage.person("foreman", "sue"))
    with limits(rate_user=50, rate_address=1000):
        replies = burst(lambda _: client.send("GET", "/api/v1/me/"))
    assert Counter(reply.status for reply in replies) == {200: 50, 429: 14}
    left = sorted(int(reply.headers["x-ratelimit-remaining"]) for reply in replies if reply.status == 200)
    assert left == list(range(50))
    for reply in replies:
        assert reply.headers["x-ratelimit-limit"] == "50" and reply.headers["x-ratelimit-reset"] == "40"
        near = int(reply.headers["x-ratelimit-remaining"]) < 5
        assert reply.headers.get("retry-after") == ("40" if near else None)
    refused = next(reply for reply in replies if reply.status == 429)
    assert refused.body["code"] == "rate_limited"


def test_the_next_minute_begins_anew(stage: Stage) -> None:
    person = stage.person("foreman", "tim")
    with limits(rate_user=3, rate_address=1000):
        for minutes in (
            0,
            1,
            2,
            9,
            10,
            11,
            20,
            29,
            30,
            31,
            40,
            1440,
        ):  # ten minutes later the row's slot comes round again
            client = at(NOON + timedelta(minutes=minutes), person)
            assert [client.send("GET", "/api/v1/me/").status for _ in range(4)] == [200, 200, 200, 429], minutes


def test_the_address_is_limited_beside_the_user(stage: Stage) -> None:
    moment = NOON + timedelta(hours=1)
    clients = [at(moment, stage.person("foreman", f"una{n}")) for n in range(4)]
    with limits(rate_user=50, rate_address=50):
        replies = burst(lambda n: clients[n % 4].send("GET", "/api/v1/me/"))
    assert Counter(reply.status for reply in replies) == {200: 50, 429: 14}


def test_the_address_is_the_gateways_and_never_a_header(stage: Stage) -> None:
    client = at(NOON + timedelta(hours=2), Client(stage.gateway))
    with limits(rate_address=5):
        found = [
            client.send("GET", "/login/", X_Forwarded_For=f"10.0.0.{n}", Forwarded=f"for=10.0.0.{n}") for n in range(6)
        ]
    assert [reply.status for reply in found] == [200] * 5 + [429]


def test_a_wrong_token_counts_against_its_address_only(stage: Stage) -> None:
    person, moment = stage.person("foreman", "vic"), NOON + timedelta(hours=3)
    token = person.headers["Authorization"].removeprefix("Bearer ")
    right = credentials.parse(token, "wbs")
    assert right is not None
    wrong = credentials.Credential("wbs", right.company, right.holder, right.id, "a" * 32).text
    with limits(rate_user=5, rate_address=1000):
        for _ in range(20):
            assert at(moment, person.token(wrong)).send("GET", "/api/v1/me/").status == 401
        assert [at(moment, person).send("GET", "/api/v1/me/").status for _ in range(6)] == [200] * 5 + [429]
    with limits(rate_user=5, rate_address=10):
        assert at(moment, person.token(wrong)).send("GET", "/api/v1/me/").status == 429


def test_ingest_is_limited_for_the_company_whatever_secret_and_address(stage: Stage) -> None:
    moment = NOON + timedelta(hours=4)
    newer = stage.owner.ok("POST", "/integrations/ingest-secret/", {"overlap_seconds": 2_592_000})["secret"]
    both = [device(stage), Client(stage.gateway, {"X-Inbound-Secret": newer})]
    gateway, secrets_of = gateway_at(moment), [client.headers["X-Inbound-Secret"] for client in both]

    def post(number: int) -> HttpAnswer:
        headers = (("X-Inbound-Secret", secrets_of[number % 2]), ("Content-Type", "application/json"))
        path = "/api/v1/clock-events/ingest/"
        return gateway.answer(HttpRequest("POST", path, headers, b'{"clock_id": "none"}', f"10.0.0.{number}"))

    with limits(rate_ingest=50, rate_address=10), ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(post, range(64)))
    assert Counter(int(reply.status) for reply in replies) == {400: 50, 429: 14}


def test_a_wrong_ingest_secret_spends_nothing_of_the_companys(stage: Stage) -> None:
    moment = NOON + timedelta(hours=5)
    right = credentials.parse(stage.made["ingest_secret"], "wbsi")
    assert right is not None
    wrong = credentials.Credential("wbsi", right.company, right.holder, right.id, "a" * 32).text
    stray = at(moment, Client(stage.gateway, {"X-Inbound-Secret": wrong}))
    with limits(rate_ingest=30):
        assert {punch(stray, n).status for n in range(20)} == {401}
        good = at(moment, device(stage))
        statuses = [punch(good, n).status for n in range(11)]
    assert statuses == [201] * 10 + [429]  # the address's: 30 less the 20 wrong ones
    elsewhere = gateway_at(moment)
    with limits(rate_ingest=30):
        headers = (("X-Inbound-Secret", stage.made["ingest_secret"]), ("Content-Type", "application/json"))
        answer = elsewhere.answer(HttpRequest("POST", "/api/v1/clock-events/ingest/", headers, b"{}", "10.9.9.9"))
    left = {name.lower(): value for name, value in answer.headers}["x-ratelimit-remaining"]
    assert int(left) == 30 - 12  # eleven by the first address, one of them refused, and this one


@pytest.mark.long
def test_a_count_of_ten_minutes_ago_is_none_of_now(stage: Stage) -> None:
    """The slot of the next minute is kept for functions whose clocks are ahead; one that is old is not theirs."""
    for gap in range(2, 23):
        person, moment = stage.person("foreman", f"gap{gap}"), NOON + timedelta(hours=8)
        with limits(rate_user=3, rate_address=100_000):
            assert [at(moment, person).send("GET", "/api/v1/me/").status for _ in range(4)][-1] == 429
            for later in (gap - 1, gap, gap + 1):  # a request in the minute before does not keep it either
                client = at(moment + timedelta(minutes=later), person)
                assert [client.send("GET", "/api/v1/me/").status for _ in range(3)] == [200] * 3, (gap, later)


def test_functions_whose_clocks_differ_count_together(stage: Stage) -> None:
    person, behind, ahead = stage.person("foreman", "skew"), NOON + timedelta(hours=9), NOON + timedelta(hours=9.02)
    with limits(rate_user=4, rate_address=100_000):
        found = [at(moment, person).send("GET", "/api/v1/me/").status for moment in (ahead, behind) * 5]
    assert found == [200] * 8 + [429] * 2


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("unknown", "unknown", True),
    ],
)
def test_an_ipv6_address_counts_with_its_64(one: str, other: str, together: bool) -> None:
    assert (network(one) == network(other)) is together


def signing_in(moment: datetime, email: str, password: str, address: str) -> HttpAnswer:
    form = urlencode({"email": email, "password": password}).encode()
    kind = (("Content-Type", "application/x-www-form-urlencoded"),)
    return gateway_at(moment).answer(HttpRequest("POST", "/login/", kind, form, address))


def test_sign_in_is_limited_by_address_and_e_mail_together(stage: Stage) -> None:
    """Ten wrong ones a minute stop whoever sends them, and never the rightful owner elsewhere."""
    moment, password = NOON + timedelta(hours=6), stage.made["owner"]["password"]
    here = Browser(gateway_at(moment))
    with limits(rate_sign_in=10, rate_address=1000):
        found = [here.sign_in("o@a.example", "wrong") for _ in range(15)]
        assert [reply.status for reply in found] == [401] * 10 + [429] * 5
        assert found[10].headers["retry-after"] == "40" and "Too many attempts" in found[10].text
        assert found[0].headers["x-ratelimit-limit"] == "10"
        assert signing_in(moment, " O@A.example", password, "127.0.0.1").status == 429  # by whatever spelling
        assert signing_in(moment, "o@a.example", password, "10.1.1.1").status == 303
        assert here.sign_in("other@a.example", "wrong").status == 401
        assert Browser(gateway_at(moment + timedelta(minutes=1))).sign_in("o@a.example", password).status == 303


def test_sign_in_is_limited_more_widely_for_an_address_and_for_an_e_mail(stage: Stage) -> None:
    moment = NOON + timedelta(hours=10)
    with limits(rate_sign_in=2, rate_sign_in_address=5, rate_sign_in_email=6, rate_address=1000):
        found = [signing_in(moment, f"{n}@a.example", "wrong", "10.2.2.2").status for n in range(6)]
        assert found == [401] * 5 + [429]
        addresses = [f"10.3.3.{n % 4}" for n in range(16)]  # of four each, two are refused and count for nobody else
        found = [signing_in(moment, "x@a.example", "wrong", each).status for each in addresses]
        assert Counter(found) == {401: 6, 429: 10}


WRONG = credentials.Credential("wbs", "a" * 12, "b" * 12, "c" * 12, "d" * 32)


@pytest.mark.long
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f"Bearer {WRONG.text}"},
        {"Cookie": f"__Host-wbsync_session=wbss{WRONG.text[3:]}"},
        {"X-Inbound-Secret": "wrong", "Sec-Fetch-Site": "cross-site"},
        {"Content-Type": "text/plain", "Cookie": "x"},
    ],
    ids=["nobody", "unknown token", "unknown session", "another site's form", "no form"],
)
def test_every_answer_counts_whoever_it_is_for(stage: Stage, headers: dict[str, str]) -> None:
    """Pages included, what is wrong with the request or not."""
    moment = NOON + timedelta(hours=11)
    client = at(moment, Client(stage.gateway, {"Content-Type": "application/x-www-form-urlencoded", **headers}))
    with limits(rate_address=100_000):
        for route in ROUTES:
            path = re.sub(r"{\w+}", "x", route.path) + "/"
            for query in ("", "?surprise=1"):
                before = count_address(store(), "127.0.0.1", "api", moment)
                reply = client.send(route.method, path + query, b"a=b" if route.writes else None)
                assert "x-ratelimit-remaining" in reply.headers, (route.method, path, reply.status)
                ingest = route.guard is Guard.DEVICE
                after = count_address(store(), "127.0.0.1", "api", moment)
                assert after == before + (1 if ingest else 2), (route.method, path, reply.status)


def test_a_page_that_is_asked_for_too_often_says_when_and_leads_back(stage: Stage) -> None:
    client = at(NOON + timedelta(hours=12), Client(stage.gateway))
    with limits(rate_address=2):
        replies = [client.send("GET", "/login/") for _ in range(3)]
    last = replies[-1]
    assert (last.status, last.headers["content-type"]) == (429, "text/html; charset=utf-8")
    assert "Wait 40 seconds" in last.text and 'href="/login/"' in last.text and last.headers["retry-after"] == "40"


def test_a_refused_request_changes_nothing(stage: Stage) -> None:
    client = at(NOON + timedelta(hours=7), stage.owner)
    with limits(rate_user=5, rate_address=1000):
        statuses = [client.send("POST", "/api/v1/tokens/", {"label": "limited"}).status for _ in range(8)]
    assert statuses == [201] * 5 + [429] * 3
    labels = [row["label"] for row in stage.owner.ok("GET", "/tokens/?page_size=200")["results"]]
    assert labels.count("limited") == 5
