"""What every declared route costs, beside what is promised: sequential calls, calls, and capacity of one warm request.

Writes are the scenarios of the fault tests, sent with a key; reads are of the site that those start from. A
new route is measured because it is declared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bench.meter import Meter

if TYPE_CHECKING:
    from chalicelib.http.route import Route
    from tests.faults.scenarios import Site
    from tests.stage import Client, Stage

_LAYOUT = "{:<64} {:>8} {:>10} {:>6} {:>8} {:>8}"
PROMISED = {
    "GET /api/v1/projects/{id}/kpis": 2,
    "GET /api/v1/wbs/{id}/kpis": 2,
    "GET /api/v1/reports/s-curve": 3,
    "GET /api/v1/projects/{id}/look-ahead": 3,  # names of other rows
    "GET /api/v1/projects/{id}/wbs": 5,  # four, and the count of the first page
    "GET /api/v1/projects/{id}/wbs/export": 4,  # as the flat list, without its count
    "GET /api/v1/wbs/{id}": 3,
    "GET /api/v1/labour/{id}": 3,
    "POST /api/v1/labour": 4,
    "PATCH /api/v1/labour/{id}": 5,
    "POST /api/v1/labour/{id}/approve": 5,
    "POST /api/v1/clock-events/ingest": 5,
}
"""Sequential calls by route, where they are not those of its kind."""
BY_SIZE = {
    "PATCH /api/v1/wbs/{id} (a small move)",
    "PATCH /api/v1/wbs/{id} (a large move)",
    "POST /api/v1/clock-events/ingest (a batch)",
    "POST /api/v1/clock-events/ingest (a batch with a refusal)",
}
"""Requests that cost what they change: a transaction for so many nodes or punches."""


@dataclass(frozen=True)
class Cost:
    """What one request cost."""

    sequential_calls: int
    calls: int
    read_units: Decimal
    write_units: Decimal


def promised(route: Route) -> int | None:
    """How many sequential calls a request may make; None where nothing is promised."""
    from chalicelib.http.route import BASE, Guard

    name = f"{route.method} {route.path}"
    if name in PROMISED:
        return PROMISED[name]
    if route.guard is Guard.ANYBODY or not route.path.startswith(BASE):
        return None
    if route.method == "PATCH":
        return 4
    if route.method != "GET":
        return None
    return 4 if _lists(route) else 2  # of a list: the caller, the count, the rows, the names joined to them


def _lists(route: Route) -> bool:
    from chalicelib.http.openapi.components import is_list
    from chalicelib.http.route import BASE

    return route.path.startswith(BASE) and is_list(route.answer)


def routes_section(output: Callable[[str], object] = print) -> None:
    """Print a row for each route and scenario, and how many keep their promise."""
    from tests.stage import running

    output(_LAYOUT.format("route", "promised", "sequential", "calls", "RCU", "WCU"))
    kept = missed = 0
    with running() as stage:
        for name, route, cost in costs(stage):
            limit = promised(route) if name not in BY_SIZE else None
            kept += limit is not None and cost.sequential_calls <= limit
            missed += limit is not None and cost.sequential_calls > limit
            figures = (cost.sequential_calls, cost.calls, cost.read_units, cost.write_units)
            output(_LAYOUT.format(name, "-" if limit is None else limit, *figures))
    output(f"{kept} within what is promised, {missed} beyond")


def costs(stage: Stage) -> Iterator[tuple[str, Route, Cost]]:
    """Every request with its cost; the tables are put back after each."""
    import boto3

    from bench.application import indexes
    from chalicelib.storage.store import store
    from tests.faults.scenarios import Site

    site = Site(stage)
    meter = Meter(boto3.client("dynamodb"), indexes())
    meter.attach(store().client)
    for name, route, prepare in requests(site):
        with _put_back():
            send = prepare()
            meter.clear()
            send()
            capacity = meter.capacity()
            rounds, calls = meter.sequential_calls(), len(meter.calls)
        yield name, route, Cost(rounds, calls, capacity.read, capacity.write)


@contextmanager
def _put_back() -> Iterator[None]:
    from tests.faults import harness

    clean = harness.saved()
    try:
        yield
    finally:
        harness.put_back(clean)


def requests(site: Site) -> Iterator[tuple[str, Route, Callable[[], Callable[[], object]]]]:
    """Every route of the API by name, and what prepares its request."""
    from chalicelib.http.routes import ROUTES
    from tests.faults.scenarios import SCENARIOS, route_of

    by_name = {f"{route.method} {route.path}": route for route in ROUTES if not route.page}
    for name, route in by_name.items():
        if not route.writes:
            yield name, route, lambda route=route: _read(site, route)  # type: ignore[misc]  # a default keeps it
    for name, scenario in SCENARIOS.items():
        route = by_name[route_of(name)]
        yield name, route, lambda scenario=scenario, route=route: _write(scenario(site), route)  # type: ignore[misc]


def _read(site: Site, route: Route) -> Callable[[], object]:
    path = _filled(site, route.path)

    def send() -> None:
        reply = site.owner.send("GET", path)
        assert reply.status in {200, 404}, (path, reply)  # 404: the site has no such row; the calls are those of a find

    send()  # warm
    return send


def _write(sent: Any, route: Route) -> Callable[[], object]:
    client: Client = sent.client

    def send() -> None:
        reply = client.send(route.method, f"/api/v1{sent.path}", sent.body, Idempotency_Key="the-measured-one")
        assert reply.status < 300, (sent.path, reply)

    client.send("GET", "/api/v1/me/")  # warm
    return send


def _filled(site: Site, path: str) -> str:
    """A path with ids of rows that are there, and the parameters without which it is refused."""
    group = path.removeprefix("/api/v1/").split("/")[0]
    made = {
        "projects": lambda: site.project,
        "wbs": lambda: site.activity,
        "operatives": lambda: site.hand,
        "labour": lambda: site.entry().split("/")[2],
        "users": lambda: site.foreman.ok("GET", "/me/")["user"]["id"],
    }
    filled = path.replace("{id}", made[group]()) if "{id}" in path and group in made else path
    asked = f"?project={site.project}" if group == "reports" and "portfolio" not in path else ""
    asked += "&date_from=2026-06-08&date_to=2026-06-12" if "missing-hours" in path else ""
    return f"{filled}/{asked}"
