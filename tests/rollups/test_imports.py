"""An import, and a deletion, show at once in the key figures: before or after, never a part of them."""

from decimal import Decimal

import pytest

from chalicelib.handlers.streams import settle
from chalicelib.rollups import reading
from chalicelib.rollups.repairs import go_on, rebuild, work_on
from tests.rollups.site import DAYS, PLANNED, Site, node_shown
from tests.stage import Stage

HEADER = "Location,Sub-Location,Discipline,Activity,Cost code,Budget hours,Unit,Quantity,Baseline start,Baseline finish"
ROWS = 5
MANY = 30


def planned(stage: Stage) -> Site:
    """A site with a budget of 80 hours."""
    site = Site(stage)
    site.do("plan", PLANNED | {"activity": 0, "budget": Decimal(80), "length": 9, "dated": True})
    assert not settle(site.store, site.records)
    return site


def imports(site: Site, stage: Stage, location: str, rows: int) -> None:
    """So many new activities of ten hours."""
    lines = [f"{location},Ground,D{n % 3},New {n},N-{n},10,m,5,{DAYS[0]},{DAYS[4]}" for n in range(rows)]
    body = "\r\n".join([HEADER, *lines]).encode()
    path = f"/api/v1/projects/{site.project}/wbs/import/"
    assert stage.owner.send("POST", path, body, Content_Type="text/csv").status == 200
    site.recorded()


def budgets(site: Site, before: int) -> set[int]:
    """BAC while records come one by one and the next generation is built slice by slice."""
    seen = {budget(site)}
    for record in site.records[before:]:
        settle(site.store, [record], 1)
        seen.add(budget(site))
    while (row := work_on(site.store, site.place)) is not None:
        once = iter([True])
        go_on(site.store, row, lambda once=once: next(once, False))
        seen.add(budget(site))
    return seen


def test_an_import_shows_before_or_after(stage: Stage) -> None:
    site = planned(stage)
    before = len(site.records)
    imports(site, stage, "North", ROWS)
    assert budgets(site, before) == {80 * 10**6, (80 + 10 * ROWS) * 10**6}
    assert budget(site) == (80 + 10 * ROWS) * 10**6
    assert rebuild(site.store, site.place) == 0


@pytest.mark.long
@pytest.mark.parametrize("rows", [1, ROWS, MANY])  # the last takes more than one transaction
def test_a_deletion_shows_before_or_after(stage: Stage, rows: int) -> None:
    site, before = planned(stage), 0
    imports(site, stage, "East", rows)
    budgets(site, before)
    assert budget(site) == (80 + 10 * rows) * 10**6
    before = len(site.records)
    [east] = stage.owner.ok("GET", f"/projects/{site.project}/wbs/?search=East")["results"]
    assert stage.owner.send("DELETE", f"/api/v1/wbs/{east['id']}/").status == 204
    site.recorded()
    assert budgets(site, before) == {(80 + 10 * rows) * 10**6, 80 * 10**6}
    assert budget(site) == 80 * 10**6
    assert rebuild(site.store, site.place) == 0


def budget(site: Site) -> int:
    """BAC of the project now, in millionths of an hour."""
    state, _ = reading.read(site.store, site.place, site.project)
    return node_shown(state, DAYS[4]).hours.bac
