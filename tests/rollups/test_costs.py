"""What a recompute costs in storage calls, whatever the size of the tree and the length of the history."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.handlers.streams import settle
from chalicelib.rollups import reading
from tests.rollups.disturbed import counted
from tests.rollups.site import DAYS, Site
from tests.stage import Stage

HOURS = {"hours": Decimal(8), "rate": Decimal(30), "quantity": Decimal(1)}


def grown(stage: Stage, activities: int) -> Site:
    """A site with more activities below its first branch."""
    site = Site(stage)
    for number in range(4, activities):
        site.activity(number)
    site.recorded()
    assert not settle(site.store, site.records)
    return site


def calls_of(site: Site, work: list[dict[str, Any]]) -> list[str]:
    """The calls that a batch with these bookings takes."""
    before = len(site.records)
    site.book(*work)
    site.recorded()
    store, calls = counted(site.store)
    assert not settle(store, site.records[before:])
    return calls


@pytest.mark.long
@pytest.mark.parametrize(("activities", "days"), [(4, 1), (40, 1), (4, 400)])
def test_an_approval_costs_four_calls(stage: Stage, activities: int, days: int) -> None:
    """The same with many activities or a long history."""
    site = grown(stage, activities)
    for start in range(0, days, 100):
        calls_of(site, [HOURS | {"activity": 0, "day": DAYS[0] + timedelta(days=start + n)} for n in range(100)])
    assert len(calls_of(site, [HOURS | {"activity": 0, "day": DAYS[1]}])) == 4


@pytest.mark.long
@pytest.mark.parametrize("activities", [1, 20, 100])
def test_a_hundred_approvals_of_one_crew_day_cost_twenty_calls_at_most(stage: Stage, activities: int) -> None:
    """Heads, bookings and sums are each read together."""
    site = grown(stage, max(activities, 4))
    work = [HOURS | {"activity": n % activities, "day": DAYS[2]} for n in range(100)]
    assert len(calls_of(site, work)) <= 20


@pytest.mark.long
def test_figures_of_a_node_are_read_in_one_round(stage: Stage) -> None:
    """Two calls that are sent together, and no more after three years of days."""
    site = grown(stage, 4)
    for start in range(0, 1000, 100):
        calls_of(site, [HOURS | {"activity": 0, "day": DAYS[0] + timedelta(days=start + n)} for n in range(100)])
    for node in (site.project, site.activities[0]):
        store, calls = counted(site.store)
        reading.read(store, site.place, node)
        assert sorted(calls) == ["batch_get_item", "query"]
