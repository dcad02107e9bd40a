"""What holds for every answer, whoever makes it."""

import json
import re
from decimal import Decimal

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.http.negotiation import chosen
from chalicelib.storage.store import store
from tests.examples import slow
from tests.faults.harness import refused, stays_down, storage
from tests.stage import Client, Stage, logged

HEADERS = {
    "x-request-id",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "strict-transport-security",
    "x-content-type-options",
    "cache-control",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/me/", 200),
        ("GET", "/api/v1/health/", 200),
        ("GET", "/api/v1/projects/nobody/", 404),
        ("GET", "/api/v1/nothing/", 404),
        ("GET", "/api/v1/projects//", 404),
        ("PUT", "/api/v1/projects/", 405),
        ("HEAD", "/api/v1/projects/", 200),
        ("POST", "/api/v1/projects/", 400),
        ("GET", "/login/", 200),
        ("GET", "/assets/start.js", 200),
        ("GET", "/assets/other.js", 404),
        ("POST", "/logout/", 200),
    ],
)
def test_every_answer_of_a_function_has_the_headers_of_the_contract(
    stage: Stage, method: str, path: str, status: int
) -> None:
    reply = stage.owner.send(method, path)
    assert reply.status == status
    assert reply.headers.keys() >= HEADERS
    if status >= 400:
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.body["request_id"] == reply.headers["x-request-id"]


def test_without_a_token_the_headers_are_there_too(stage: Stage) -> None:
    for path in ("/api/v1/me/", "/api/v1/labour/", "/api/schema/", "/api/docs/"):
        reply = Client(stage.gateway).send("GET", path)
        assert reply.status in {401, 303} and reply.headers.keys() >= HEADERS


def test_the_paths_own_methods_are_named_where_another_is_asked(stage: Stage) -> None:
    wrong = stage.owner.send("PUT", "/api/v1/projects/")
    assert (wrong.status, wrong.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b'{"code": NaN}', "invalid_json", "code"),
        (b'{"code": "x", "name": "n", "working_days": [1, Infinity]}', "invalid_json", "working_days.1"),
        (b'{"code": "a", "code": "b"}', "invalid_json", "code"),
        (b"[" * 5000, "invalid_json", "body"),
        (b'{"code": ' + b"[" * 40 + b"]" * 40 + b"}", "invalid_json", "code"),
        (b"\xff", "invalid_json", None),
        (b"{", "invalid_json", None),
        (b"[]", "validation_error", "body"),
        (b'{"code": "x", "name": "n", "nmae": 1}', "validation_error", "nmae"),
        (b'{"code": "x", "name": "n", "\\ud800": 1}', "validation_error", "?"),
        (b'{"code": "x", "name": "n", "start_date": "2026-02-30"}', "validation_error", "start_date"),
        (b'{"code": "x", "name": "n", "planned_rate": "40"}', "validation_error", "planned_rate"),
        (b'{"code": "x", "name": "n", "planned_rate": true}', "validation_error", "planned_rate"),
        (b'{"code": "x", "name": "n", "planned_rate": 1e400}', "validation_error", "planned_rate"),
        (b'{"code": "x", "name": "n", "planned_rate": ' + b"9" * 5000 + b"}", "validation_error", "planned_rate"),
        (b'{"code": "x", "name": "n", "status": "gone"}', "validation_error", "status"),
        (b'{"code": "x", "name": "n", "currency": "eur"}', "validation_error", "currency"),
        (b'{"code": "x\\u0000", "name": "n"}', "validation_error", "code"),
        (b'{"code": "' + b"x" * 65 + b'", "name": "n"}', "validation_error", "code"),
        (b'{"code": "x", "name": "' + b"n" * 201 + b'"}', "validation_error", "name"),
        (b'{"code": "x", "name": "' + b"n" * 4_000_000 + b'"}', "validation_error", "name"),
        (b'{"code": "\\ud800", "name": "n"}', "validation_error", "code"),
        (b'{"code": "x", "name": "\\u202eabc"}', "validation_error", "name"),
        (b'{"code": "x", "name": "\\u200b"}', "validation_error", "name"),
        (b'{"code": "x", "name": "two\\nlines"}', "validation_error", "name"),
    ],
)
def test_bad_input_gets_a_clear_problem_that_names_the_field(
    stage: Stage, body: bytes, code: str, field: str | None
) -> None:
    refused = stage.owner.send("POST", "/api/v1/projects/", body, Idempotency_Key="bad")
    assert (refused.status, refused.body["code"]) == (400, code)
    assert refused.headers["content-type"] == "application/problem+json"
    assert field is None or field in refused.body["errors"]
    assert not re.search(r"`|Expected|\bstr\b|\bint\b", refused.text), "messages are for people"


def test_a_body_of_another_type_or_charset_is_refused(stage: Stage) -> None:
    for kind in ("text/xml", "application/json; charset=latin-1", "application/x-www-form-urlencoded"):
        refused = stage.owner.send("POST", "/api/v1/projects/", b"{}", Content_Type=kind)
        assert (refused.status, refused.body["code"]) == (415, "unsupported_media_type")
    fine = stage.owner.send("POST", "/api/v1/projects/", b"{}", Content_Type='application/json; charset="UTF-8"')
    assert fine.status == 400


def test_an_answer_that_the_client_does_not_take_is_406(stage: Stage) -> None:
    refused = stage.owner.send("GET", "/api/v1/me/", Accept="text/csv, image/*;q=0.5")
    assert (refused.status, refused.body["code"]) == (406, "not_acceptable")
    made = stage.owner.send("POST", "/api/v1/projects/", {"code": "406", "name": "n"}, Accept="text/html")
    assert made.status == 406
    assert stage.owner.ok("GET", "/projects/?code=406")["count"] == 0
    assert stage.owner.send("GET", "/api/v1/me/", Accept="text/html, application/*;q=0.1").status == 200


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("*/*", True),
        ("application/json", True),
        ("Application/JSON;q=0.2", True),
        ("application/json;q=0", False),
        ("*/*, application/json;q=0", False),
        ("application/*;q=0.000, */*", False),
        ("text/html", False),
        ("", True),
        (";;;,", True),
    ],
)
def test_the_most_specific_range_of_accept_decides(header: str, taken: bool) -> None:
    assert (chosen(header, ("application/json",)) is not None) is taken


@slow(40)
@given(
    header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60),
    name=st.sampled_from(["Accept", "Content-Type", "If-Match", "Idempotency-Key", "Authorization", "Cookie"]),
)
def test_no_header_is_a_fault_of_ours(stage: Stage, header: str, name: str) -> None:
    for method, path in (("GET", "/api/v1/projects/"), ("POST", "/api/v1/projects/")):
        assert stage.owner.send(method, path, b"{}", **{name: header}).status < 500


def test_the_request_id_is_in_every_log_line_of_the_request(stage: Stage) -> None:
    with logged() as lines:
        replies = [stage.owner.send("GET", path) for path in ("/api/v1/me/", "/api/v1/nothing/")]
    assert [line["request_id"] for line in lines] == [reply.headers["x-request-id"] for reply in replies]
    assert [(line["route"], line["status"]) for line in lines] == [("/api/v1/me", 200), ("/{proxy+}", 404)]


FIGURES = st.decimals(0, 1_000_000, places=2) | st.sampled_from([Decimal("0.1"), Decimal("0.29"), Decimal("100.5")])


@slow(30)
@given(rate=FIGURES, exponent=st.booleans())
def test_a_number_is_the_same_from_the_text_of_the_body_to_the_table_and_back(
    stage: Stage, rate: Decimal, exponent: bool
) -> None:
    """Read from the JSON text as sent, kept, and sent again without passing through binary floating point."""
    text = f"{rate:E}" if exponent else str(rate)
    made = stage.owner.ok("POST", "/operatives/", f'{{"name": "Ola", "hourly_rate": {text}}}'.encode())
    read = stage.owner.send("GET", f"/api/v1/operatives/{made['id']}/")
    assert made["hourly_rate"] == read.body["hourly_rate"] == f"{rate:.2f}"
    assert re.search(r'"hourly_rate":([^,]+)', read.text)[1] == f"{rate:.2f}", "a JSON number, not text"  # type: ignore[index]  # it is there
    company = stage.made["company"]["id"]
    keys = {"pk": {"S": f"{company}#{made['id']}"}, "sk": {"S": "operative"}}
    row = store().client.get_item(TableName=store().name("operatives"), Key=keys)["Item"]
    [kept] = re.findall(r"\d+\.?\d*", str(row["rates"]).partition(":")[2].rpartition(":")[2])
    assert Decimal(kept) == rate


@pytest.mark.parametrize("error", [refused("ThrottlingException"), ValueError("a fault of ours")], ids=["503", "500"])
def test_every_line_of_a_request_that_fails_carries_its_id(stage: Stage, error: Exception) -> None:
    with logged() as lines, storage(stays_down(3, error)):
        reply = stage.owner.send("GET", "/api/v1/projects/")
    assert reply.status == (503 if isinstance(error, ClientError) else 500)
    assert len(lines) > 1 and any("exception" in line for line in lines)
    assert {line["request_id"] for line in lines} == {reply.headers["x-request-id"]}


def test_a_request_has_metrics_of_its_stage(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "false")
    with logged():
        replies = [stage.owner.send("GET", path) for path in ("/api/v1/me/", "/api/v1/nothing/")]
    found = [each for line in capsys.readouterr().out.splitlines() if "_aws" in (each := json.loads(line))]
    assert [(each["Requests"], each["ClientErrors"], each["ServerErrors"]) for each in found] == [
        ([1.0], [0.0], [0.0]),
        ([1.0], [1.0], [0.0]),
    ]
    assert [each["request_id"] for each in found] == [reply.headers["x-request-id"] for reply in replies]
    assert {str(each["_aws"]["CloudWatchMetrics"][0]["Dimensions"]) for each in found} == {"[['stage', 'service']]"}
    assert {each["stage"] for each in found} == {"test"}
