"""What a request may carry: bodies, content types, encodings and preconditions, on every route alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.http import json_text
from chalicelib.http.route import Route
from chalicelib.http.routes import ROUTES
from infra.local.gateway import HttpRequest
from tests.faults import harness
from tests.faults.scenarios import SCENARIOS, Sent, Site, route_of
from tests.stage import Client, Reply, Stage

FORM = "application/x-www-form-urlencoded"
API = [route for route in ROUTES if route.tag != "Pages"]
ONE_EACH = {route_of(name): name for name in reversed(SCENARIOS)}
TAKES_JSON = [route for route in API if "application/json" in route.content_types]
BODILESS = [f"{route.method} {route.path}" for route in TAKES_JSON if route.writes and route.body is None]
CHANGING = [f"{route.method} {route.path}" for route in API if route.method in {"PATCH", "DELETE"}]


@pytest.fixture(scope="module")
def site(stage: Stage) -> Site:
    return Site(stage)


@contextmanager
def ready(site: Site, route: str) -> Iterator[Sent]:
    """What a route needs before its request; the site is afterwards as it was."""
    clean = harness.saved()
    try:
        yield SCENARIOS[ONE_EACH[route]](site)
    finally:
        harness.put_back(clean)


def sent(request: Sent, route: str, body: Any = None, **headers: str) -> Reply:
    return request.client.send(route.split()[0], f"/api/v1{request.path}", body, **headers)


def test_a_body_is_parsed_once_with_a_key_as_without(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed, parse = list[str](), json_text._parsed
    monkeypatch.setattr(json_text, "_parsed", lambda text: (parsed.append(text), parse(text))[1])
    for headers in ({}, {"Idempotency_Key": "parsed-once"}):
        parsed.clear()
        assert (
            stage.owner.send("POST", "/api/v1/operatives/", {"name": "Ada", "trade": "mason"}, **headers).status == 201
        )
        assert len(parsed) == 1


# -- bytes that are not UTF-8


@pytest.mark.parametrize("body", [b'{"code": "U-1", "name": "Caf\xe9"}', '{"code": "U-1", "name": "\ufffd"}'.encode()])
@pytest.mark.parametrize("binary", [False, True])
def test_a_body_that_is_not_utf_8_is_refused_also_where_the_gateway_has_replaced_its_bytes(
    stage: Stage, body: bytes, binary: bool
) -> None:
    before = harness.rows()
    refused = given_to_the_function(stage, body, binary)
    assert (refused.status, refused.body["code"]) == (400, "invalid_json")
    assert "UTF-8" in refused.body["detail"]
    assert harness.rows() == before


def given_to_the_function(stage: Stage, body: bytes, binary: bool) -> Reply:
    """A project's body as the gateway hands it on: text, or base64 where its type counts as binary."""
    gateway, binary_types = stage.gateway, stage.gateway._app.api.binary_types
    kept = list(binary_types)
    binary_types += ["application/json"] if binary else []
    try:
        return Client(gateway, stage.owner.headers).send("POST", "/api/v1/projects/", body)
    finally:
        binary_types[:] = kept


def test_an_escaped_replacement_character_is_text_like_any_other(stage: Stage) -> None:
    made = stage.owner.send("POST", "/api/v1/projects/", b'{"code": "U-2", "name": "\\ufffd"}')
    assert (made.status, made.body["name"]) == (201, "\ufffd")


def test_a_device_learns_that_its_bytes_are_not_utf_8(stage: Stage) -> None:
    device = Client(stage.gateway, {"X-Inbound-Secret": stage.made["ingest_secret"]})
    refused = device.send("POST", "/api/v1/clock-events/ingest/", b'{"clock_id": "J\xf6rg"}')
    assert (refused.status, refused.body["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("password", [b"long enough \xff", b"long+enough+%ff", "long enough \ufffd".encode()])
def test_a_form_that_is_not_utf_8_is_refused(stage: Stage, password: bytes) -> None:
    page = Client(stage.gateway).send("POST", "/login/", b"email=o@a.example&password=" + password, Content_Type=FORM)
    assert (page.status, page.body["code"]) == (400, "validation_error")


def test_a_form_with_a_field_twice_is_refused_by_name(stage: Stage) -> None:
    fields = b"email=o@a.example&email=p@a.example&password=x"
    page = Client(stage.gateway).send("POST", "/login/", fields, Content_Type=FORM)
    assert (page.status, page.body["errors"]) == (400, {"email": ["Given more than once."]})


# -- one path, however it is spelled


def test_every_spelling_of_a_path_shares_its_keys(stage: Stage, site: Site) -> None:
    first = stage.owner.send("POST", "/api/v1/projects/", {"code": "K-1", "name": "Key"}, Idempotency_Key="one")
    for path in ("/api/v1/%70rojects/", "/api/v1/projects"):
        again = stage.owner.send("POST", path, {"code": "K-1", "name": "Key"}, Idempotency_Key="one")
        assert (again.status, again.text, again.headers.get("idempotency-replayed")) == (201, first.text, "true")
    path, id = f"/api/v1/operatives/{site.hand}/", site.hand
    changed = stage.owner.send("PATCH", path, {"trade": "mason"}, Idempotency_Key="two")
    again = stage.owner.send(
        "PATCH", path.replace(id, f"%{ord(id[0]):x}{id[1:]}"), {"trade": "mason"}, Idempotency_Key="two"
    )
    assert (again.status, again.text, again.headers.get("idempotency-replayed")) == (200, changed.text, "true")


def test_keys_of_different_rows_are_different_keys(stage: Stage, site: Site) -> None:
    for id in (site.hand, site.operative("Una")):
        changed = stage.owner.send("PATCH", f"/api/v1/operatives/{id}/", {"trade": "joiner"}, Idempotency_Key="three")
        assert (changed.status, changed.body["id"]) == (200, id)


# -- content types and encodings


@pytest.mark.parametrize("kind", ["text/plain", "application/xml; charset=latin-1", "nonsense", ""])
@pytest.mark.parametrize("route", [route for route in ROUTES if not route.writes], ids=lambda route: route.path)
def test_the_content_type_of_a_read_is_ignored(stage: Stage, site: Site, route: Route, kind: str) -> None:
    path = route.path.replace("{id}", site.project).replace("{user}", "nobody").replace("{name}", "start.js")
    path = path.replace("{key}", "none")
    plain = stage.owner.send("GET", f"{path}/")
    for body in (b"", b"\xff garbage"):
        reply = stage.owner.send("GET", f"{path}/", body, Content_Type=kind)
        assert (reply.status, reply.headers["content-type"]) == (plain.status, plain.headers["content-type"])
        assert reply.headers["x-request-id"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/labour/bulk/"), ("HEAD", "/labour/bulk/"), ("PATCH", "/labour/export/")]
)
def test_a_name_in_a_path_goes_before_a_variable_in_what_is_allowed(stage: Stage, method: str, path: str) -> None:
    """`labour/bulk/` is no entry with the id `bulk`."""
    reply = stage.owner.send(method, f"/api/v1{path}", {} if method == "PATCH" else None)
    assert (reply.status, reply.headers["allow"]) == (405, "GET" if "export" in path else "POST")


def test_options_are_405_whatever_their_content_type(stage: Stage) -> None:
    reply = stage.owner.send("OPTIONS", "/api/v1/projects/", Content_Type="text/plain")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.writes], ids=lambda route: route.path)
def test_head_is_answered_as_get_is_without_its_body(stage: Stage, site: Site, route: Route) -> None:
    path = route.path.replace("{id}", site.project).replace("{user}", "nobody").replace("{name}", "start.js")
    path = path.replace("{key}", "none")
    read, head = (stage.owner.send(method, f"{path}/", Content_Type="text/plain") for method in ("GET", "HEAD"))
    changing = {"x-request-id", "x-amzn-requestid", "x-ratelimit-remaining", "x-ratelimit-reset", "content-length"}
    assert (head.status, head.text) == (read.status, "")
    assert {n: v for n, v in head.headers.items() if n not in changing} == {
        n: v for n, v in read.headers.items() if n not in changing
    }


def test_a_read_whose_tag_is_known_is_304_without_a_body(stage: Stage, site: Site) -> None:
    path = f"/api/v1/projects/{site.project}/"
    tag = stage.owner.send("GET", path).headers["etag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        reply = stage.owner.send("GET", path, If_None_Match=known)
        assert (reply.status, reply.text, reply.headers["etag"]) == (304, "", tag)
    assert stage.owner.send("GET", path, If_None_Match='"other"').status == 200


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "nonsense"])
def test_a_body_in_another_encoding_is_415_that_names_the_header(stage: Stage, encoding: str) -> None:
    body = b'{"code": "E-1", "name": "Encoded"}'
    for path, kind in (("/api/v1/projects/", "application/json"), ("/login/", FORM)):
        refused = stage.owner.send("POST", path, body, Content_Encoding=encoding, Content_Type=kind)
        assert (refused.status, refused.body["code"]) == (415, "unsupported_media_type")
        assert "Content-Encoding" in refused.body["detail"]
    assert stage.owner.ok("GET", "/projects/?code=E-1")["count"] == 0


def test_the_identity_encoding_is_none(stage: Stage) -> None:
    body = {"code": "E-2", "name": "Plain"}
    assert stage.owner.send("POST", "/api/v1/projects/", body, Content_Encoding="Identity").status == 201


def test_what_a_form_should_be_is_said_where_a_form_is_wanted(stage: Stage) -> None:
    refused = stage.owner.send("POST", "/login/", b"{}", Content_Type="application/json")
    assert (refused.status, FORM in refused.body["detail"]) == (415, True)
    assert "json" not in refused.body["title"]


# -- routes that take no body


@pytest.mark.parametrize("route", BODILESS)
@pytest.mark.parametrize(
    ("body", "kind", "status", "code", "field"),
    [
        (b'{"a": 1}', "application/json", 400, "validation_error", "a"),
        (b"[1]", "application/json", 400, "validation_error", "body"),
        (b"null", "application/json", 400, "validation_error", "body"),
        (b"garbage", "application/json", 400, "invalid_json", None),
        (b"{}", "text/plain", 415, "unsupported_media_type", None),
    ],
)
def test_a_route_without_a_body_refuses_whatever_comes_as_one(
    site: Site, route: str, body: bytes, kind: str, status: int, code: str, field: str | None
) -> None:
    with ready(site, route) as request:
        before = harness.rows()
        refused = sent(request, route, body, Content_Type=kind)
        assert (refused.status, refused.body["code"]) == (status, code)
        assert field is None or field in refused.body["errors"]
        assert harness.rows() == before


@pytest.mark.parametrize("route", BODILESS)
@pytest.mark.parametrize(
    ("body", "kind"), [(b"", "text/plain"), (b"{}", "application/json"), (b" { } ", "application/json")]
)
def test_no_body_and_an_empty_object_are_fine_there(site: Site, route: str, body: bytes, kind: str) -> None:
    with ready(site, route) as request:
        assert 200 <= sent(request, route, body, Content_Type=kind).status < 300


# -- preconditions


@pytest.mark.parametrize("route", CHANGING)
def test_every_change_honours_if_match(site: Site, route: str) -> None:
    with ready(site, route) as request:
        before = harness.rows()
        stale = sent(request, route, request.body, If_Match='"another"')
        assert (stale.status, stale.body["code"]) == (412, "precondition_failed")
        empty = sent(request, route, request.body, If_Match=" ")
        assert (empty.status, empty.body["code"]) == (400, "validation_error") and "If-Match" in empty.body["errors"]
        assert harness.rows() == before
        assert 200 <= sent(request, route, request.body, If_Match="*").status < 300


@pytest.mark.parametrize("route", CHANGING)
def test_the_tag_of_what_is_there_is_taken_also_among_others(site: Site, route: str) -> None:
    with ready(site, route) as request:
        tag = request.client.send("GET", f"/api/v1{request.path}").headers.get("etag")
        if tag is not None:
            assert 200 <= sent(request, route, request.body, If_Match=f'"other", {tag}').status < 300
        else:
            assert any(kind in route for kind in ("tokens", "holidays", "progress")), "every other row has a tag"


def test_two_if_match_headers_are_read_as_one_list(site: Site) -> None:
    path = f"/api/v1/operatives/{site.hand}/"
    tag = site.owner.send("GET", path).headers["etag"]
    headers = (*site.owner.headers.items(), ("If-Match", tag), ("If-Match", '"other"'))
    answer = site.stage.gateway.answer(HttpRequest("PATCH", path, headers, b'{"trade": "rigger"}', "127.0.0.1"))
    assert answer.status == 200


# -- values


def test_what_a_read_gives_of_an_operative_can_be_sent_back(stage: Stage) -> None:
    made = stage.owner.ok("POST", "/operatives/", {"name": "Nil", "hourly_rate": None})
    assert made["hourly_rate"] is None
    taken = {name: made[name] for name in ("name", "external_clock_id", "trade", "employer", "hourly_rate", "projects")}
    assert stage.owner.ok("PATCH", f"/operatives/{made['id']}/", taken)["hourly_rate"] is None


def test_a_rate_that_is_set_can_be_ended_from_today_and_earlier_days_keep_it(stage: Stage, site: Site) -> None:
    hand = site.operative("Rae", hourly_rate=30)
    assert stage.owner.ok("PATCH", f"/operatives/{hand}/", {"hourly_rate": None})["hourly_rate"] is None
    assert stage.owner.ok("GET", f"/operatives/{hand}/")["hourly_rate"] is None
    entry = stage.owner.ok("POST", "/labour/", site.hours(operative=hand, date="2026-06-10"))
    assert site.manager.ok("POST", f"/labour/{entry['id']}/approve/", {})["hourly_rate"] == "30.00"
    assert stage.owner.ok("PATCH", f"/operatives/{hand}/", {"hourly_rate": 31})["hourly_rate"] == "31.00"


def test_a_currency_is_three_capital_letters_and_the_message_says_so(stage: Stage) -> None:
    for wrong in ("eur", "EURO", "E1R"):
        refused = stage.owner.send("PATCH", "/api/v1/company/", {"currency": wrong})
        assert refused.body["errors"] == {"currency": ["Must be three capital letters, such as EUR."]}
