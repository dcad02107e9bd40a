"""What each endpoint costs: rounds of calls, calls, and capacity units of one warm request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

from bench.meter import Meter

if TYPE_CHECKING:
    from infra.demo import Client

_LAYOUT = "{:<36} {:>10} {:>6} {:>8} {:>8}"
HEADING = _LAYOUT.format("endpoint", "sequential", "calls", "RCU", "WCU")


@dataclass(frozen=True)
class EndpointCost:
    """The cost of one request."""

    name: str
    sequential_calls: int
    calls: int
    read_units: Decimal
    write_units: Decimal

    def __str__(self) -> str:
        """A row under HEADING."""
        return _LAYOUT.format(self.name, self.sequential_calls, self.calls, self.read_units, self.write_units)


class EndpointBench:
    """Measures requests with one meter and prints a row for each."""

    def __init__(self, meter: Meter, output: Callable[[str], object] = print) -> None:
        self._meter = meter
        self._output = output
        self._rows = 0

    def measure(self, name: str, request: Callable[[], object]) -> EndpointCost:
        """Send `request` once to warm up and once measured.

        The callable raises if the answer is not the expected one, and sends a write anew each
        time (another idempotency key, another row).
        """
        request()
        self._meter.clear()
        request()
        cost = self._cost(name)
        self._print(cost)
        return cost

    def _cost(self, name: str) -> EndpointCost:
        capacity = self._meter.capacity()
        rounds, calls = self._meter.sequential_calls(), len(self._meter.calls)
        return EndpointCost(name, rounds, calls, capacity.read, capacity.write)

    def _print(self, cost: EndpointCost) -> None:
        if self._rows == 0:
            self._output(HEADING)
        self._output(str(cost))
        self._rows += 1


def endpoints_section() -> None:
    """Calls and capacity per endpoint of the application, on a local moto."""
    from infra.local.moto_server import MotoServer

    with MotoServer() as moto:
        _measure_application(moto.endpoint_url)


def _measure_application(endpoint: str) -> None:
    import boto3

    from app import app
    from bench.application import indexes, prepared
    from chalicelib.storage.store import store
    from infra.demo import Client
    from infra.local.gateway import serve

    _, token, secret = prepared(endpoint)
    meter = Meter(boto3.client("dynamodb"), indexes())
    meter.attach(store().client)
    with serve(app, "127.0.0.1", 0).running() as server:
        bench = EndpointBench(meter)
        for name, request in requests_of(Client(server.url.rstrip("/"), token), secret):
            bench.measure(name, request)
    shared = meter.most_shared_item()
    print(f"most shared item of the last request: {shared}")


def requests_of(owner: Client, secret: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """The main job's requests by name; writes carry a fresh idempotency key each time."""
    from infra.main_job import new_project, punch

    job = new_project(owner)
    yield "GET one project", lambda: owner.call("GET", f"/projects/{job.project}/")
    yield "GET projects (page 1, with count)", lambda: owner.call("GET", "/projects/?page_size=20")
    second = owner.call("GET", "/projects/?page_size=20")["next"].removeprefix("/api/v1")
    yield "GET projects (next page)", lambda: owner.call("GET", second)
    yield "GET node kpis", lambda: owner.call("GET", f"/wbs/{job.activity}/kpis/")
    yield "GET project kpis", lambda: owner.call("GET", f"/projects/{job.project}/kpis/")
    yield "PATCH project with key", lambda: owner.once("PATCH", f"/projects/{job.project}/", {"name": "Renamed"})
    days = (date(2026, 1, 1) + timedelta(days=n) for n in count())
    yield "POST labour with key", lambda: owner.once("POST", "/labour/", job.hours(next(days)))
    entries = (owner.once("POST", "/labour/", job.hours(next(days)))["id"] for _ in count())
    waiting = [next(entries) for _ in range(2)]
    approvals = iter(waiting)
    yield (
        "POST approve with key",
        lambda: job.foreman.once("POST", f"/labour/{next(approvals)}/approve/", {}),
    )
    yield "GET labour (page 1, with count)", lambda: owner.call("GET", "/labour/?page_size=2")
    yield "POST ingest with key", lambda: _matched(punch(owner, secret, next(days).isoformat()))


def _matched(event: dict[str, Any]) -> None:
    """A punch that became hours; one that waits is cheaper."""
    if event["status"] != "matched":
        raise AssertionError(event)
