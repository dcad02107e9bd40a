"""The rules of the Idempotency-Key header, each as the contract states it."""

import random
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.access import credentials
from chalicelib.http.answers import Written
from chalicelib.http.call import Call
from chalicelib.http.route import Route
from chalicelib.http.serving import serve
from chalicelib.projects.rows import ProjectCodeClaim
from chalicelib.storage.changes import Put, absent
from chalicelib.storage.store import store
from chalicelib.times import utc_now
from infra.local.gateway import HttpRequest
from infra.local.lambda_context import LambdaContext
from tests.faults import harness
from tests.faults.harness import storage
from tests.faults.scenarios import SCENARIOS, Site
from tests.stage import Reply


def post(site: Site, key: str | None, body: Any, path: str = "/operatives/", **headers: str) -> Reply:
    named = headers if key is None else {"Idempotency_Key": key, **headers}
    return site.manager.send("POST", f"/api/v1{path}", body, **named)


@pytest.mark.parametrize("key", ["", " ", "a b", "\t", "é", "\x7f", "k" * 256, "a,\u00a0b"])
def test_a_key_that_is_empty_too_long_or_unprintable_is_400_and_never_ignored(site: Site, key: str) -> None:
    before = harness.rows()
    reply = post(site, key, {"name": "Nobody"})
    assert (reply.status, reply.body["code"]) == (400, "invalid_idempotency_key")
    assert harness.rows() == before


@pytest.mark.parametrize("key", ["k" * 255, "!", "~", '"quoted"', "a#b,c"])
def test_every_key_of_visible_ascii_up_to_255_characters_works(site: Site, key: str) -> None:
    first = post(site, key, {"name": "Somebody"})
    again = post(site, key, {"name": "Somebody"})
    assert (first.status, again.text, again.headers["idempotency-replayed"]) == (201, first.text, "true")
    assert "idempotency-replayed" not in first.headers


def test_two_keys_in_one_request_are_400(site: Site) -> None:
    headers = (*site.manager.headers.items(), ("Idempotency-Key", "one"), ("idempotency-key", "two"))
    answer = site.stage.gateway.answer(
        HttpRequest("POST", "/api/v1/operatives/", headers, b'{"name": "Twice"}', "127.0.0.1")
    )
    assert answer.status == 400 and b"invalid_idempotency_key" in answer.body


SAME = [
    (b'{"hourly_rate": 30, "name": "A"}', b'{ "name" : "\\u0041", "hourly_rate": 30.0 }'),
    (b'{"hourly_rate": 0.5, "name": "A"}', b'{"hourly_rate": 5e-1, "name": "A"}'),
]


@pytest.mark.parametrize(("body", "other"), SAME)
def test_bodies_are_compared_as_parsed(site: Site, body: bytes, other: bytes) -> None:
    first, again = post(site, body.decode()[1:20].replace(" ", ""), body), None
    again = post(site, body.decode()[1:20].replace(" ", ""), other)
    assert (first.status, again.text, again.headers.get("idempotency-replayed")) == (201, first.text, "true")


@pytest.mark.parametrize(
    "other",
    [
        b'{"name": "B", "hourly_rate": 30}',
        b'{"name": "A", "hourly_rate": 31}',
        b'{"name": "A", "hourly_rate": "30"}',
        b'{"name": "A"}',
        b"{}",
        b"",
    ],
)
def test_another_body_under_the_key_is_422_and_changes_nothing(site: Site, other: bytes) -> None:
    key = f"other-{len(other)}-{other[-6:-1].hex()}"
    assert post(site, key, b'{"name": "A", "hourly_rate": 30}').status == 201
    before = harness.rows()
    reply = post(site, key, other)
    assert (reply.status, reply.body["code"]) == (422, "idempotency_key_reused")
    assert harness.rows() == before


def test_the_query_is_part_of_what_is_compared(site: Site) -> None:
    assert post(site, "query", {"name": "Q"}).status == 201
    assert post(site, "query", {"name": "Q"}, "/operatives/?a=1").status == 422


def test_no_body_and_an_empty_object_are_the_same_request(site: Site) -> None:
    path = f"{site.entry(date='2026-05-01')}approve/"
    first = post(site, "empty", b"", path)
    assert (first.status, post(site, "empty", {}, path).text) == (200, first.text)


def test_only_success_is_kept_and_a_mended_request_may_use_its_key_again(site: Site) -> None:
    for bad, status in (({"name": ""}, 400), ({"name": "X", "external_clock_id": "77"}, 409)):
        assert [post(site, "mended", bad).status for _ in range(2)] == [status] * 2
    assert post(site, "mended", {"name": "Mended"}).status == 201


def test_while_a_request_runs_its_repeat_is_409_with_retry_after_whatever_its_body(site: Site) -> None:
    seen: list[Reply] = []

    def meanwhile() -> None:
        seen.append(post(site, "running", {"name": "Once"}))
        seen.append(post(site, "running", {"name": "Other"}))

    after_the_lock = 4  # three calls authenticate, the fourth takes the lock
    with storage(harness.sleeps(after_the_lock, meanwhile)):
        first = post(site, "running", {"name": "Once"})
    assert [reply.body["code"] for reply in seen] == ["idempotency_in_progress", "idempotency_key_reused"]
    assert (seen[0].status, seen[0].headers["retry-after"], first.status) == (409, "1", 201)


def test_of_many_at_once_one_runs_and_the_others_get_its_answer_or_409(site: Site) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: post(site, "race", {"name": "Race", "external_clock_id": "race"}), range(16)))
    texts = {reply.text for reply in replies if reply.status == 201}
    assert len(texts) == 1
    assert {reply.status for reply in replies} <= {201, 409}
    assert {reply.body["code"] for reply in replies if reply.status == 409} <= {"idempotency_in_progress"}


def test_after_seven_days_the_key_is_new_even_before_the_table_forgets_it(site: Site) -> None:
    first = post(site, "old", {"name": "Old"})
    record = _record(site, lambda row: "run" in row)
    assert 7 * 24 * 3600 - 60 < int(record["expiration"]["N"]) - utc_now().timestamp() <= 7 * 24 * 3600 + 1
    store().client.put_item(
        TableName=store().name("idempotency"), Item={**record, "expiration": {"N": str(int(utc_now().timestamp()) - 2)}}
    )
    again = post(site, "old", {"name": "Old"})
    assert again.status == 201 and again.body["id"] != first.body["id"]
    assert "idempotency-replayed" not in again.headers


def _record(site: Site, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The newest record."""
    rows = store().client.scan(TableName=store().name("idempotency"))["Items"]
    return max(filter(wanted, rows), key=lambda row: int(row["in_progress_expiration"]["N"]))


def test_a_key_belongs_to_its_user_method_and_path(site: Site) -> None:
    other = site.stage.person("admin", "ada")
    ids = {
        client.ok("POST", "/operatives/", {"name": "Scope"}, Idempotency_Key="scope")["id"]
        for client in (site.manager, other, site.owner)
    }
    assert len(ids) == 3
    for one in ids:
        patched = site.manager.send("PATCH", f"/api/v1/operatives/{one}/", {"name": "Scope"}, Idempotency_Key="scope")
        assert patched.status == 200 and "idempotency-replayed" not in patched.headers
    assert "idempotency-replayed" in post(site, "scope", {"name": "Scope"}, "/operatives").headers
    assert post(site, "scope", {"code": "SCOPE", "name": "Scope"}, "/projects/").status == 201


def test_requests_without_a_key_never_share_a_result(site: Site) -> None:
    ids = {post(site, None, {"name": "Same"}).body["id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"/projects/{'a' * 3000}/wbs/", {"name": "x"}, 404),
        ("/projects/", b'{"code": "\\ud800", "name": "n"}', 400),
        ("/projects/", b"{", 400),
        ("/labour/a%23b/submit/", {}, 404),
    ],
)
def test_a_key_changes_nothing_about_a_bad_request(site: Site, path: str, body: Any, status: int) -> None:
    plain, keyed = post(site, None, body, path), post(site, "bad", body, path)
    assert (plain.status, plain.body["code"]) == (keyed.status, keyed.body["code"])
    assert keyed.status == status


MULTIPART = {"Content_Type": "multipart/form-data; boundary=part"}
FORM = (
    b'--part\r\nContent-Disposition: form-data; name="file"; filename="wbs.xlsx"\r\n\r\n'
    b"PK\x03\x04\xff\x00\r\n--part--\r\n"
)


TAKES_JSON = [name for name in SCENARIOS if "/import" not in name]


@pytest.fixture(scope="module", autouse=True)
def made(site: Site) -> harness.Tables:
    """The tables as the site was made, before any test."""
    return harness.saved()


@pytest.mark.parametrize("name", TAKES_JSON)
def test_a_multipart_body_is_415_on_every_write_of_json_and_leaves_nothing(
    site: Site, made: harness.Tables, name: str
) -> None:
    harness.put_back(made)
    sent, method = SCENARIOS[name](site), name.split()[0]
    before = harness.rows()
    for key in ({}, {"Idempotency_Key": "a-file"}, {"Idempotency_Key": "a-file"}):
        reply = sent.client.send(method, f"/api/v1{sent.path}", FORM, **MULTIPART, **key)
        assert (reply.status, reply.body["code"]) == (415, "unsupported_media_type")
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.body["request_id"] == reply.headers["x-request-id"]
        assert harness.rows() == before, "not even a lock"
    done = sent.client.send(method, f"/api/v1{sent.path}", sent.body, Idempotency_Key="a-file")
    assert 200 <= done.status < 300 and "idempotency-replayed" not in done.headers, "the key is still free"
    harness.put_back(made)


def test_a_form_or_a_file_under_a_key_that_was_used_with_json_is_another_body(site: Site) -> None:
    assert post(site, "formed", {"name": "Formed"}).status == 201
    before = harness.rows()
    for body in (FORM, b'{"name": "Formed"}'):
        reply = post(site, "formed", body, **MULTIPART)
        assert (reply.status, reply.body["code"]) == (422, "idempotency_key_reused")
    assert harness.rows() == before


def test_a_deletion_takes_no_body_but_an_empty_object(site: Site) -> None:
    path = f"/api/v1{site.entry(date='2026-05-03')}"
    refused = site.foreman.send("DELETE", path, {"reason": "wrong"})
    assert (refused.status, refused.body["code"]) == (400, "validation_error")
    assert set(refused.body["errors"]) == {"reason"}
    assert site.foreman.send("DELETE", path, b"[").body["code"] == "invalid_json"
    assert site.foreman.send("DELETE", path, {}).status == 204


@pytest.mark.parametrize(
    ("action", "again", "code"),
    [("submit/", 409, "invalid_transition"), ("approve/", 409, "invalid_transition"), ("", 404, "not_found")],
)
def test_without_a_key_a_repeat_is_a_clear_refusal_and_changes_nothing(
    site: Site, action: str, again: int, code: str
) -> None:
    path = site.entry(status="draft" if action == "submit/" else "submitted", date="2026-05-02")
    client, method = (site.manager if action == "approve/" else site.foreman), "POST" if action else "DELETE"
    client.ok(method, path + action, {} if action else None)
    before = harness.rows()
    repeated = client.send(method, f"/api/v1{path}{action}", {} if action else None)
    assert (repeated.status, repeated.body["code"]) == (again, code)
    assert harness.rows() == before


def test_no_record_holds_a_secret_not_even_packed(site: Site) -> None:
    made = site.owner.ok("POST", "/tokens/", {"label": "packed"}, Idempotency_Key="packed")
    credential = credentials.parse(made["token"], "wbs")
    record = _record(site, lambda row: "data" in row)
    text = zlib.decompress(record["data"]["B"]).decode("utf-8", "replace")
    assert made["id"] in text
    assert credential is not None and credential.secret not in text


def test_an_expired_token_is_left_out_of_the_replay_too(site: Site) -> None:
    body = {"label": "ends", "expires_at": "2999-01-01T00:00:00Z"}
    first = site.owner.ok("POST", "/tokens/", body, Idempotency_Key="ends")
    assert site.owner.ok("POST", "/tokens/", body, Idempotency_Key="ends") == first
    company, user = site.stage.made["company"]["id"], site.stage.made["owner"]["id"]
    store().client.update_item(
        TableName=store().name("companies"),
        Key={"pk": {"S": f"{company}#{user}"}, "sk": {"S": "access"}},
        UpdateExpression="SET #t.#id.#e = :past",
        ExpressionAttributeNames={"#t": "tokens", "#id": first["id"], "#e": "expires_at"},
        ExpressionAttributeValues={":past": {"S": "2020-01-01T00:00:00.000000Z"}},
    )
    again = site.owner.ok("POST", "/tokens/", body, Idempotency_Key="ends")
    assert again == {name: value for name, value in first.items() if name != "token"}


def large_route(letters: str) -> Route:
    """A write whose answer has a megabyte."""

    def handler(call: Call) -> Written:
        row = ProjectCodeClaim(pk=f"{call.company}#large", sk=str(len(letters)), holder="x")
        return Written([Put(row, absent(ProjectCodeClaim))], {"text": letters}, location="/somewhere/", etag='"1"')

    kinds = ("application/json",)
    return Route(method="POST", path="/large", handler=handler, status=201, content_types=kinds, produces=kinds)


def large_call(site: Site, seconds: float = 29) -> Call:
    context = LambdaContext("f", seconds, now=lambda: 0.0)
    headers = {**site.manager.headers, "Idempotency-Key": "large"}
    request = {"httpMethod": "POST", "path": "/large", "requestId": "r", "identity": {"sourceIp": "127.0.0.1"}}
    return Call({"headers": headers, "path": "/large", "requestContext": request}, context, store(), utc_now())


@pytest.mark.parametrize("alphabet", ["a", "".join(map(chr, range(0x4E00, 0x8E00)))], ids=["packs well", "does not"])
def test_an_answer_of_a_megabyte_replays_and_is_kept_in_the_effects_own_transaction(site: Site, alphabet: str) -> None:
    chance = random.Random(7)
    letters = "".join(chance.choices(alphabet, k=1_000_000 if len(alphabet) == 1 else 400_000))
    start = harness.saved()
    route = large_route(letters)
    with storage(harness.sound) as client:
        first = serve(route, large_call(site), {})
    assert client.calls.count("transact_write_items") == 1 and len(client.calls) == 5
    for number in range(5):
        for after in (False, True):
            harness.put_back(start)
            with storage(harness.dies(number, after=after)), pytest.raises(harness.Died):
                serve(route, large_call(site, 0), {})
            harness.lock_runs_out()
            retried = serve(route, large_call(site), {})
            assert (retried.status_code, retried.body) == (201, first.body)
    again = serve(route, large_call(site), {})
    assert (again.body, again.headers["Idempotency-Replayed"]) == (first.body, "true")
    assert (again.headers["Location"], again.headers["ETag"]) == ("/somewhere/", '"1"')
    items = store().client.scan(TableName=store().name("idempotency"))["Items"]
    sizes = [len(item["data"]["B"]) for item in items if "data" in item]
    assert max(sizes) <= 300_000 and sum(sizes) > (600_000 if len(alphabet) > 1 else 100)
    harness.put_back(start)
