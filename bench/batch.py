"""A full batch of a clock device, sent with a key: transactions, calls and CPU."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

EVENTS, SECONDS = 500, 29


def batch_section(output: Callable[[str], object] = print, events: int = EVENTS) -> None:
    """Send the shifts of so many operatives in one request to the application in process, and print what it took."""
    from tests.clock.faulty import Counting
    from tests.faults.harness import PATIENT, replaced
    from tests.stage import Client, running

    with running() as stage:
        stage.owner.ok("POST", "/projects/", {"code": "BATCH", "name": "Batch"})
        for number in range(events):
            stage.owner.ok("POST", "/operatives/", {"name": f"Hand {number}", "external_clock_id": f"b{number}"})
        device = Client(PATIENT, {"X-Inbound-Secret": stage.made["ingest_secret"]})
        body = {"events": [_shift(number) for number in range(events)]}
        with replaced(Counting) as client:
            began = time.process_time()
            reply = device.send("POST", "/api/v1/clock-events/ingest/", body, Idempotency_Key="bench")
            taken = time.process_time() - began
    assert [each["status"] for each in reply.body["results"]] == ["matched"] * events
    transactions = client.calls.count("transact_write_items")
    output(f"{events} shifts of {events} operatives in one request with a key:")
    output(
        f"  {transactions} transactions, the key's completion among them: one for {events / transactions:.1f} events"
    )
    output(f"  at most {max(client.items)} items in one, {len(client.calls)} calls in all")
    output(f"  {taken:.1f} s of CPU, moto's own included; a function has {SECONDS} s")


def _shift(number: int) -> dict[str, Any]:
    at = {"clock_in": "2026-06-08T06:00:00Z", "clock_out": "2026-06-08T14:00:00Z"}
    return {"clock_id": f"b{number}", "project_code": "BATCH", **at}
