"""What sums cost: batches of approvals, a change of plan, a move, and reading figures of three years."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bench.tree import cost, outside

if TYPE_CHECKING:
    from chalicelib.rollups.sheets import Sheet
    from tests.rollups.site import Site
    from tests.stage import Stage

_LAYOUT = "{:<58} {:>10} {:>6} {:>8} {:>8} {:>8}"
START, DAYS, NODES = date(2024, 1, 1), 1_096, 50
WORK = {"hours": Decimal(8), "rate": Decimal(30), "quantity": Decimal(1)}


def rollups_section(output: Callable[[str], object] = print, days: int = DAYS, nodes: int = NODES) -> None:
    """Print a row for each kind of batch and request."""
    from tests.stage import running

    with running() as stage, outside() as moto:
        output(_LAYOUT.format("batch or request", "sequential", "calls", "RCU", "WCU", "CPU ms"))
        for name, prepare, send in batches(stage, days):
            output(_LAYOUT.format(name, *cost(send, moto, prepare)))
        for name, send in requests(stage, days, nodes):
            output(_LAYOUT.format(name, *cost(send, moto)))


def batches(stage: Stage, days: int) -> Iterator[tuple[str, Callable[[], object], Callable[[], object]]]:
    """Batches of stream records: what makes the change, and what counts it."""
    from tests.rollups.site import PLANNED

    for activities, approvals in ((1, 1), (1, 100), (20, 100), (100, 100)):
        site = _site(stage, activities)
        yield f"{approvals} approvals of one day, activities: {activities}", *_approved(site, approvals)
    site = _site(stage, 4)
    for start in range(0, days, 100):
        site.book(*(WORK | {"activity": 0, "day": START + timedelta(start + each)} for each in range(100)))
    _settle(site)
    yield "1 approval, an activity of three years of days", *_approved(site, 1)
    plan = PLANNED | {"activity": 0, "dated": True, "length": 9}
    yield "a change of its plan", *_done(site, "plan", [plan | {"budget": Decimal(hours)} for hours in (100, 200)])
    disciplines = [id for id, level in site.levels.items() if level > 1].index(site.below[0])
    yield "the move of its discipline", *_done(site, "move", [(disciplines, 1), (disciplines, 0)])


def requests(stage: Stage, days: int, nodes: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """Reads of a project with many nodes of three years each."""
    from tests.rollups.site import Site

    site = Site(stage)
    ids = [site.node(None, f"N{number}") for number in range(nodes)]
    _settle(site)
    _fill(site, [*ids, site.project], days)
    at = "as_of=2026-06-01"
    ok = stage.owner.ok
    yield "GET projects/{id}/kpis, three years of days", lambda: ok("GET", f"/projects/{site.project}/kpis/?{at}")
    page = f"/reports/kpis/?project={site.project}&{at}&page_size={nodes}"
    yield f"GET reports/kpis, {nodes} nodes of three years", lambda: ok("GET", page)
    curve = f"/reports/s-curve/?project={site.project}&{at}"
    yield "GET reports/s-curve by week, three years", lambda: ok("GET", curve)
    yield "GET projects/{id}/wbs, 50 nodes with percent complete", lambda: ok("GET", f"/projects/{site.project}/wbs/")


def _site(stage: Stage, activities: int) -> Site:
    from tests.rollups.site import Site

    site = Site(stage)
    for number in range(4, activities):
        site.activity(number)
    site.activities = site.activities[:activities]
    site.recorded()
    _settle(site)
    return site


def _approved(site: Site, approvals: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """What writes a batch of bookings, and what counts it."""
    count = len(site.activities)

    def book() -> None:
        site.book(*(WORK | {"activity": each % count, "day": START} for each in range(approvals)))
        site.recorded()

    return book, lambda: _count(site, _records(site))


def _done(site: Site, kind: str, each: list[Any]) -> tuple[Callable[[], object], Callable[[], object]]:
    """What does the next change, and what counts it."""
    waiting = list(reversed(each))
    return lambda: site.do(kind, waiting.pop()), lambda: _count(site, _records(site))


def _records(site: Site) -> list[dict[str, Any]]:
    records, site.records = site.records, []
    return records


def _count(site: Site, records: list[dict[str, Any]]) -> None:
    from chalicelib.handlers.streams import settle

    settle(site.store, records)


def _settle(site: Site) -> None:
    site.recorded()
    _count(site, _records(site))


def _fill(site: Site, nodes: list[str], days: int) -> None:
    """The same sums of every working day, put straight into the tables."""
    from chalicelib.rollups import books, generations, sheets
    from chalicelib.rollups.rows import Half, Root, Tip
    from chalicelib.storage.changes import Put

    root = site.store.get(Root, site.place.pk, "root")
    assert root is not None
    current, parts = generations.unpack(root.content).current, sheets.by_half(_sheet(days))
    halves = {half: books.Summary(1, books.in_short(part, half, current)) for half, part in parts.items()}
    for node in nodes:
        contents = books.Contents(current.number, None, {"now/discrete/budget/plain": 10**12}, halves)
        pk = site.place.of(node)
        tip = Tip(pk=pk, sk=f"{current.slot}#tip", version=1, content=books.pack(contents), computed_at="x")
        rows = [
            Half(pk=pk, sk=f"{current.slot}#{half}", version=1, content=sheets.pack(part))
            for half, part in parts.items()
        ]
        site.store.transact([Put(each) for each in (tip, *rows)])


def _sheet(days: int) -> Sheet:
    from chalicelib.rollups import sheets

    sheet: Sheet = {}
    for number in range(days):
        when = START + timedelta(number)
        if when.isoweekday() < 6:
            amounts = {
                "ac": 10**8 * (3 + number % 7) + number,
                "ac/cost": 10**11 * (3 + number % 7),
                "now/discrete/earned/plain": 10**8 * (2 + number % 5) + 7 * number,
                "now/discrete/slope/plain": 10**6 * (1 if number < days // 2 else -1) * (1 + number % 3),
                "now/discrete/lump/plain": number % 97,
                "now/discrete/starts": 1,
                "now/discrete/finishes": 1,
            }
            for column, value in amounts.items():
                sheets.put(sheet, column, when.toordinal(), value)
    return sheet
