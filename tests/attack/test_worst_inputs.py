"""No parameter, field, body, path or header of any route makes an answer of 500 or takes unbounded time."""

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import fields

from chalicelib.http.route import Route
from chalicelib.http.routes import ROUTES
from tests.attack.conftest import WHOLE, attacked, no_row_is_larger_than_storage_takes, some
from tests.attack.worst import BODIES, LARGE_BODIES, LONG_VALUES, TEXTS, VALUES
from tests.faults import harness
from tests.faults.scenarios import SCENARIOS, Site, route_of
from tests.stage import Client, Stage

FORM = "application/x-www-form-urlencoded"
ONE_EACH = {route_of(name): name for name in reversed(SCENARIOS)}
WRITES = sorted(ONE_EACH)
READS = [route for route in ROUTES if not route.writes]
OF_THEIR_OWN = re.compile(r"import|bulk|ingest|POST /api/v1/labour$")  # what reads a body otherwise than all others
HEADERS = ("Authorization", "Cookie", "Idempotency-Key", "If-Match", "If-None-Match", "Accept", "Content-Type",
           "X-Inbound-Secret", "X-CSRF-Token", "Content-Encoding", "X-Forwarded-For", "Host")  # fmt: skip


def declared(route: str) -> Route:
    return next(each for each in ROUTES if f"{each.method} {each.path}" == route)


def escaped(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def path_of(route: Route, site: Site) -> str:
    """The route's path with ids of rows that are there."""
    id = site.activity if "/wbs/{id}" in route.path else site.project
    return route.path.replace("{id}", id).replace("{user}", "nobody").replace("{name}", "start.js")


@pytest.mark.parametrize("route", WRITES)
def test_no_field_of_a_body_makes_a_fault(site: Site, route: str) -> None:
    """Every field of every write, with each of the worst values in turn; the others as they should be."""
    clean, model = harness.saved(), declared(route).body
    try:
        request = SCENARIOS[ONE_EACH[route]](site)
        method, path = route.split()[0], f"/api/v1{request.path}"
        body = request.body if isinstance(request.body, dict) else {}  # a file has no fields
        for name in [item.encode_name for item in fields(model)] if model else []:
            for value in (*some(VALUES, route, name), *(LONG_VALUES if name in {"name", "note", "email"} else ())):
                rest = json.dumps({each: item for each, item in body.items() if each != name})[1:-1]
                attacked(request.client, method, path, f'{{"{name}": {value}{", " if rest else ""}{rest}}}'.encode())
        no_row_is_larger_than_storage_takes()
    finally:
        harness.put_back(clean)


@pytest.mark.parametrize("route", WRITES)
def test_no_body_makes_a_fault(site: Site, route: str) -> None:
    clean = harness.saved()
    try:
        request = SCENARIOS[ONE_EACH[route]](site)
        for place, body in enumerate((*BODIES, *(LARGE_BODIES if WHOLE or OF_THEIR_OWN.search(route) else ()))):
            attacked(request.client, route.split()[0], f"/api/v1{request.path}", body, Idempotency_Key=f"b{place}")
    finally:
        harness.put_back(clean)


@pytest.mark.parametrize("route", READS, ids=lambda route: route.path)
def test_no_parameter_of_a_query_makes_a_fault(stage: Stage, site: Site, route: Route) -> None:
    names = [item.encode_name for item in fields(route.query)]
    for name in [*names, "unknown"]:
        for text in some(TEXTS, route.path, name):
            attacked(stage.owner, "GET", f"{path_of(route, site)}/?{name}={escaped(text)}")
    for text in TEXTS:
        every = "&".join(f"{name}={escaped(text)}" for name in names)
        attacked(stage.owner, "GET", f"{path_of(route, site)}/?{every}")
    attacked(stage.owner, "GET", f"{path_of(route, site)}/?" + "&".join(f"p{number}=1" for number in range(1000)))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_no_id_in_a_path_makes_a_fault(stage: Stage, site: Site, route: Route) -> None:
    if "{" not in route.path:
        return
    for text in some(TEXTS, route.method, route.path):
        path = route.path
        for name in ("id", "user", "name", "key", "date"):
            path = path.replace(f"{{{name}}}", escaped(text))
        attacked(stage.owner, route.method, f"{path}/", b"{}" if route.writes else b"")


@pytest.mark.parametrize("header", HEADERS)
def test_no_header_makes_a_fault(stage: Stage, site: Site, header: str) -> None:
    texts = [text.encode("ascii", "replace").decode() for text in TEXTS]
    texts += ["," * 6000, '"' * 6000, "a=b;" * 1500, "*/*;q=" * 1000, "Bearer " * 800, "charset=" * 700]
    for text in texts:
        clean = "".join(char for char in text if char >= " ")
        attacked(stage.owner, "GET", "/api/v1/projects/", **{header: clean})
        attacked(stage.owner, "PATCH", f"/api/v1/operatives/{site.hand}/", b'{"trade": "rigger"}', **{header: clean})


@pytest.mark.parametrize("path", ["/login/", "/logout/", "/password/none/"])
def test_no_form_makes_a_fault(stage: Stage, path: str) -> None:
    visitor = Client(stage.gateway, {"Content-Type": FORM})
    for text in (*TEXTS, "\u0300\u0327" * 20_000, "x" * 900_000):
        form = "&".join(f"{name}={escaped(text)}" for name in ("email", "password", "choice", "company", "csrf_token"))
        attacked(visitor, "POST", path, form.encode())
    for form in (b"&" * 500_000, b"=" * 500_000, b"%" * 500_000, b"a=1&" * 200_000, many(100_000)):
        attacked(visitor, "POST", path, form)


def many(fields: int) -> bytes:
    return "&".join(f"f{number}=1" for number in range(fields)).encode()


def test_a_batch_answers_each_event_for_itself_whatever_is_in_it(site: Site) -> None:
    """Every worst value in every field of an event, between two that are right."""
    names = ("clock_id", "clock_in", "clock_out", "project_code", "device_id", "break_minutes")
    for name in names:
        for start in range(0, len(VALUES), 100):
            values = VALUES[start : start + 100]
            rest: dict[str, Any] = {each: value for each, value in site.punched().items() if each != name}
            events = [f'{{"{name}": {value}, {json.dumps(rest)[1:-1]}}}' for value in values if not broken(value)]
            reply = attacked(site.device, "POST", "/api/v1/clock-events/ingest/",
                             f'{{"events": [{", ".join(events)}]}}'.encode())  # fmt: skip
            assert reply.status == 200 and len(reply.body["results"]) == len(events)
            assert all(result["status_code"] < 500 for result in reply.body["results"])
    no_row_is_larger_than_storage_takes()


def broken(value: str) -> bool:
    """Whether it is no JSON at all, or so much that the whole body is refused."""
    return value == "[" * 50_000
