"""What the stage costs a month for each thousand workers, from the capacity that a worker's day takes by our own meter.

The prices and their source: docs/cost.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.scenarios import Site

WORKERS, DAYS = 10, 21  # measured on so many; working days of a month
DAY = "2026-06-08"
SECONDS_OF_REQUEST, SECONDS_OF_RUN, GB = Decimal("0.15"), Decimal("0.5"), Decimal(1)  # assumed; memory as configured
BATCH = 20  # stream records that a run of a function takes, assumed
RECORDS = 4  # of a worker's day that wake a function
METRICS = 11  # of chalicelib/http/telemetry.py, each with one set of dimensions
LOG_BYTES = 400  # a line of a request or run


@dataclass(frozen=True)
class Price:
    """What AWS asks, in US dollars."""

    unit: str
    dollars: Decimal


PRICES = {
    "write units": Price("million", Decimal("0.625")),
    "read units": Price("million", Decimal("0.125")),
    "gateway requests": Price("million", Decimal("3.50")),
    "function calls": Price("million", Decimal("0.20")),
    "function GB-seconds": Price("million", Decimal("16.6667")),
    "log bytes": Price("million", Decimal("0.0005")),
}
"""us-east-1, on demand, without free tiers."""


@dataclass(frozen=True)
class WorkerDay:
    """What one worker's day takes: a shift punched and approved, its sums, and a share of what people read."""

    write_units: Decimal
    read_units: Decimal
    requests: Decimal


def cost_section(output: Callable[[str], object] = print, workers: int = WORKERS) -> None:
    """The units of a worker's day, then the month of a thousand workers, line by line."""
    day = measured(workers)
    output(
        f"a worker's day: {day.write_units:.1f} write units, {day.read_units:.1f} read units, {day.requests} requests"
    )
    total = Decimal(0)
    for name, amount in month(day, 1000).items():
        dollars = amount / 1_000_000 * PRICES[name].dollars
        total += dollars
        output(f"  {name:<20} {amount / 1_000_000:>10.2f} million {dollars:>8.2f} $")
    output(f"  a month of 1,000 workers {total:>28.2f} $")
    fixed = standing()
    for name, dollars in fixed.items():
        output(f"  {name:<20} {dollars:>28.2f} $")
    output(f"  a month of a stage, whoever works {sum(fixed.values()):>19.2f} $")


def month(day: WorkerDay, workers: int) -> dict[str, Decimal]:
    """The amounts of a month that AWS charges for."""
    days = Decimal(workers * DAYS)
    requests, runs = days * day.requests, days * RECORDS / BATCH
    return {
        "write units": days * day.write_units,
        "read units": days * day.read_units,
        "gateway requests": requests,
        "function calls": requests + runs,
        "function GB-seconds": (requests * SECONDS_OF_REQUEST + runs * SECONDS_OF_RUN) * GB,
        "log bytes": (requests + runs) * LOG_BYTES,
    }


def standing() -> dict[str, Decimal]:
    """What a stage costs a month when nobody works."""
    from infra.template.alarms import alarms

    number = sum(each["Type"] == "AWS::CloudWatch::Alarm" for each in alarms("bench").values())
    return {
        f"{number} alarms": number * Decimal("0.10"),
        f"{METRICS} metrics": METRICS * Decimal("0.30"),
        "dashboard": Decimal(3),
    }


def measured(workers: int) -> WorkerDay:
    """The capacity of a day of so many workers, divided by them; the streams' work is in it."""
    import boto3

    from bench.application import indexes
    from bench.meter import Meter
    from chalicelib.storage.store import store
    from infra.local.service import stream_pump
    from tests.faults.scenarios import Site
    from tests.stage import running

    with running() as stage, stream_pump(interval=0.01) as pump:
        site = Site(stage)
        for number in range(workers):
            site.operative(f"Hand {number}", external_clock_id=f"8{number:03d}", hourly_rate=30)
        pump.drain(60)
        meter = Meter(boto3.client("dynamodb"), indexes(), latency=0)
        meter.attach(store().client)
        requests = _day(site, workers)
        pump.drain(60)
        capacity = meter.capacity()
        meter.detach(store().client)
    return WorkerDay(capacity.write / workers, capacity.read / workers, Decimal(requests) / workers)


def _day(site: Site, workers: int) -> int:
    """Every shift is punched with a key and approved by itself; foreman and manager look on. How many requests."""
    for number in range(workers):
        shift = site.punched(clock_id=f"8{number:03d}", clock_in=f"{DAY}T07:00:00Z", clock_out=f"{DAY}T15:30:00Z")
        event = site.device.ok("POST", "/clock-events/ingest/", shift, Idempotency_Key=f"punch-{number}")
        path = f"/labour/{event['labour_entry']}/approve/"
        site.foreman.ok("POST", path, {"cost_code": "C-1"}, Idempotency_Key=f"approve-{number}")
    looks = (
        f"/labour/?date_from={DAY}&date_to={DAY}",
        f"/projects/{site.project}/kpis/",
        f"/projects/{site.project}/wbs/",
    )
    for path in looks:
        site.manager.ok("GET", path)
    return 2 * workers + len(looks)
