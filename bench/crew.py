"""A crew-day written and approved in one request each: transactions, rounds of reads, calls and CPU."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.meter import Meter
    from tests.stage import Client

ROWS, DAY = 500, "2026-06-08"


def crew_section(output: Callable[[str], object] = print, rows: int = ROWS) -> None:
    """One entry of each of so many operatives, by a crew sheet; then the day approved."""
    import boto3

    from bench.application import indexes
    from bench.meter import Meter
    from chalicelib.storage.store import store
    from tests.faults.harness import PATIENT
    from tests.faults.scenarios import Site
    from tests.stage import Client, running

    with running() as stage:
        site = Site(stage)
        crew = [site.operative(f"Hand {number}") for number in range(rows)]
        foreman, manager = (Client(PATIENT, client.headers) for client in (site.foreman, site.manager))
        meter = Meter(boto3.client("dynamodb"), indexes())
        meter.attach(store().client)
        assert foreman.ok("GET", "/me/") and manager.ok("GET", "/me/")  # warm
        sheet = {"entries": [site.hours(operative=hand, date=DAY) for hand in crew]}
        output(f"{rows} entries of {rows} operatives on one day:")
        made = _measured(output, meter, "crew sheet", lambda: _sent(foreman, "/labour/bulk/", sheet), rows)
        assert len(made["entries"]) == rows
        day = {"project": site.project, "date": DAY}
        done = _measured(output, meter, "bulk approve", lambda: _sent(manager, "/labour/bulk-approve/", day), rows)
        assert len(done["approved"]) == rows


def _sent(client: Client, path: str, body: Any) -> Any:
    return client.ok("POST", path, body, Idempotency_Key="crew")


def _measured(output: Callable[[str], object], meter: Meter, name: str, send: Callable[[], Any], rows: int) -> Any:
    meter.clear()
    began = time.process_time()
    answer = send()
    taken = time.process_time() - began
    transactions = sum(call.operation == "TransactWriteItems" for call in meter.calls)
    reads = meter.sequential_calls() - transactions
    output(
        f"  {name}: {transactions} transactions ({rows / transactions:.1f} rows each), "
        f"{reads} other rounds ({rows / reads:.1f} rows each), {len(meter.calls)} calls, {taken:.1f} s of CPU"
    )
    return answer
