"""Numbers at every level always equal what a calculation from the source rows would give."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm.figures import figures
from chalicelib.handlers.streams import settle
from chalicelib.rollups.repairs import rebuild
from chalicelib.storage.reading import Reading
from chalicelib.times import utc_now
from chalicelib.tree import bringing_back
from tests.examples import slow
from tests.rollups.site import DAYS, PLANNED, Site, node_shown, step
from tests.stage import Stage

UNSAID = {"percent_complete": None, "milestone": None}


@pytest.mark.long
@slow(4)
@given(history=st.lists(step, max_size=14), data=st.data())
def test_after_duplicates_retries_and_reordered_batches(stage: Stage, history: list[Any], data: st.DataObject) -> None:
    """Records may come late, twice, out of order and in any batches, as long as each comes."""
    site = Site(stage)
    for kind, what in history:
        site.do(kind, what)
        if data.draw(st.booleans()):
            early = data.draw(st.lists(st.sampled_from(site.records), max_size=4))
            assert not settle(site.store, early)
    order = data.draw(st.permutations(site.records + site.records[::3]))
    size = data.draw(st.integers(1, 20))
    for start in range(0, len(order), size):
        assert not settle(site.store, order[start : start + size])
    site.check()
    assert rebuild(site.store, site.place) == 0
    site.check()


def test_a_node_whose_sums_are_nothing_is_moved_again_and_again(stage: Stage) -> None:
    """The branch that it came to has no sums of its own, and is known all the same when it leaves."""
    site = Site(stage)
    branch, (here, there) = site.below[0], [id for id, level in site.levels.items() if level == 2]
    worked = {"activity": 0, "day": DAYS[0], "hours": Decimal(8), "rate": None, "quantity": None}
    site.do("book", worked)
    assert not settle(site.store, site.records)
    site.do("unbook", 0)
    for parent in (there, here, there):
        assert not settle(site.store, site.records)
        site.records.clear()
        site.facts.parents[branch] = parent
        site.client.ok("PATCH", f"/wbs/{branch}/", {"parent": parent})
        site.recorded()
    site.do("book", worked)
    assert not settle(site.store, site.records)
    site.check()
    assert rebuild(site.store, site.place) == 0


def test_an_activity_that_is_brought_back_has_earned_what_was_measured(stage: Stage) -> None:
    """Whoever logs hours knows nothing of its measurements, so no record speaks of them again."""
    site = Site(stage)
    site.do("plan", PLANNED | {"activity": 0, "budget": Decimal(80), "rule": "units"})
    site.do("measure", {"activity": 0, "day": DAYS[0], "installed_quantity": Decimal(5), **UNSAID})
    assert not settle(site.store, site.records)
    site.check()
    for change in (lambda: site.client.ok("DELETE", f"/wbs/{site.activities[0]}/"), lambda: brought_back(site)):
        site.records.clear()
        change()
        site.recorded()
        assert not settle(site.store, site.records)
    site.check()
    assert rebuild(site.store, site.place) == 0


def brought_back(site: Site) -> None:
    """As hours that slipped in do it."""
    changes = bringing_back.brought_back(Reading(site.store), site.company, site.activities[0], utc_now())
    site.store.transact(changes)


def test_a_baseline_counts_beside_it_what_it_does_not_hold(stage: Stage) -> None:
    """The budget hours of an activity that came later are in no other sum of that baseline."""
    site = Site(stage)
    site.do("freeze", None)
    site.do("grow", None)
    site.do("plan", PLANNED | {"activity": 4, "budget": Decimal(80)})
    assert not settle(site.store, site.records)
    [first, now] = (figures(node_shown(site.state(site.project), DAYS[0], baseline)) for baseline in (1, None))
    assert (first.bac, first.unbaselined_hours) == (0, 80)
    assert (now.bac, now.unbaselined_hours) == (80, 0)
    site.check()
