"""Rate limits: exact at once, per user and address, and counted against whoever asked."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from chalicelib.identity import secrets
from infra.local.gateway_messages import HttpAnswer, HttpRequest
from tests.pages.browser import Browser
from tests.promises.conftest import Client, Reply, Stage
from tests.security.conftest import NOON, at, gateway_at, limits


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
        for minutes in (0, 1, 2, 9, 10, 11, 30, 1440):  # ten minutes later the row's slot comes round again
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
    right = secrets.parse(token, "wbs")
    assert right is not None
    wrong = secrets.Credential("wbs", right.company, right.holder, right.id, "a" * 32).text
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
    right = secrets.parse(stage.made["ingest_secret"], "wbsi")
    assert right is not None
    wrong = secrets.Credential("wbsi", right.company, right.holder, right.id, "a" * 32).text
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


def test_sign_in_is_limited_by_address_and_by_account(stage: Stage) -> None:
    moment, password = NOON + timedelta(hours=6), stage.made["owner"]["password"]
    here = Browser(gateway_at(moment))
    with limits(rate_sign_in=10, rate_address=1000):
        found = [here.sign_in("o@a.example", "wrong") for _ in range(11)]
        assert [reply.status for reply in found] == [401] * 10 + [429]
        assert found[-1].headers["retry-after"] == "40" and "Too many attempts" in found[-1].text
        assert found[0].headers["x-ratelimit-limit"] == "10"
        form = b"email=O%40A.example+&password=" + password.encode()
        kind = (("Content-Type", "application/x-www-form-urlencoded"),)
        elsewhere = gateway_at(moment).answer(HttpRequest("POST", "/login/", kind, form, "10.1.1.1"))
        assert elsewhere.status == 429  # the account has been tried ten times, by whatever spelling
        later = Browser(gateway_at(moment + timedelta(minutes=1)))
        assert later.sign_in("o@a.example", password).status == 303


def test_a_refused_request_changes_nothing(stage: Stage) -> None:
    client = at(NOON + timedelta(hours=7), stage.owner)
    with limits(rate_user=5, rate_address=1000):
        statuses = [client.send("POST", "/api/v1/tokens/", {"label": "limited"}).status for _ in range(8)]
    assert statuses == [201] * 5 + [429] * 3
    labels = [row["label"] for row in stage.owner.ok("GET", "/tokens/?page_size=200")["results"]]
    assert labels.count("limited") == 5
