"""Numbers stay exact when functions end anywhere, when others work beside them, and while the sums are built anew."""

import contextlib
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.errors import Unavailable
from chalicelib.handlers.streams import settle
from chalicelib.rollups import recompute
from chalicelib.rollups.repairs import go_on, rebuild, repair, work_on
from chalicelib.storage.calls import function_time
from chalicelib.storage.store import Store
from tests.examples import slow
from tests.rollups.disturbed import Killed, disturbed, killed_at
from tests.rollups.site import DAYS, PLANNED, Site, step
from tests.stage import Stage


def finish(site: Site) -> None:
    """What the schedule does with long work that is under way."""
    while (row := work_on(site.store, site.place)) is not None:
        go_on(site.store, row, lambda: True)


LEFT_FOR_ANOTHER = [
    ("book", {"activity": 0, "day": DAYS[0], "hours": Decimal(7), "rate": None, "quantity": None}),
    ("calendar", {"weekdays": [1, 2], "holidays": []}),
    ("book", {"activity": 2, "day": DAYS[7], "hours": Decimal(1), "rate": None, "quantity": None}),
    ("freeze", None),
    ("move", (4, 7)),
]
"""Hours of an activity that has left a branch without sums while the next sums are built."""


@pytest.mark.long
@slow(4)
@given(history=st.lists(step, min_size=1, max_size=10), when=st.integers(0, 40), slices=st.integers(0, 3))
@example(history=LEFT_FOR_ANOTHER, when=12, slices=2)
@example(history=LEFT_FOR_ANOTHER, when=14, slices=2)
def test_a_function_that_ends_between_any_two_calls_does_no_harm(
    stage: Stage, history: list[Any], when: int, slices: int
) -> None:
    """The batch comes again; long work goes on where it was left."""
    site = Site(stage)
    settle(site.store, site.records)
    before = len(site.records)
    for kind, what in history:
        site.do(kind, what)
    with contextlib.suppress(Killed):
        settle(killed_at(site.store, when), site.records[before:], slices)
    settle(site.store, site.records[before:], slices)
    finish(site)
    site.check()
    assert rebuild(site.store, site.place) == 0


@pytest.mark.long
@slow(4)
@given(
    history=st.lists(step, min_size=1, max_size=6),
    others=st.lists(step, min_size=1, max_size=4),
    when=st.lists(st.integers(0, 12), min_size=1, max_size=3),
)
def test_two_workers_on_the_same_sums(stage: Stage, history: list[Any], others: list[Any], when: list[int]) -> None:
    """Between any two calls of one, another takes the same and newer records and is done first."""
    site = Site(stage)
    for kind, what in history:
        site.do(kind, what)

    def work(number: int) -> None:
        if number in when and others:
            site.do(*others.pop())
            settle(site.store, site.records)

    mine = list(site.records)
    settle(disturbed(site.store, work), mine)
    settle(site.store, site.records)
    finish(site)
    site.check()
    assert rebuild(site.store, site.place) == 0


@pytest.mark.long
@pytest.mark.parametrize("when", range(6))
def test_a_baseline_is_in_the_figures_wherever_another_is_first(stage: Stage, when: int) -> None:
    """Nothing else comes after it that would look for baselines."""
    site = Site(stage)
    site.do("plan", {**PLANNED, "activity": 0, "budget": Decimal(80), "dated": True})
    settle(site.store, site.records)
    worked = {"activity": 0, "day": DAYS[0], "hours": Decimal(8), "rate": None, "quantity": None}
    before = len(site.records)
    site.do("freeze", None)
    mine = site.records[before:]

    def work(number: int) -> None:
        if number == when:
            now = len(site.records)
            site.do("book", worked)
            settle(site.store, site.records[now:])

    settle(disturbed(site.store, work), mine)
    finish(site)
    site.check()


def test_a_baseline_that_meets_others_every_time_comes_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recompute, "ATTEMPTS", 3)
    site = Site(stage)
    site.do("plan", {**PLANNED, "activity": 0, "budget": Decimal(80), "dated": True})
    settle(site.store, site.records)
    before = len(site.records)
    site.do("freeze", None)
    mine = site.records[before:]

    def work(number: int) -> None:
        now = len(site.records)
        site.do("book", {"activity": 0, "day": DAYS[0], "hours": Decimal(1), "rate": None, "quantity": None})
        settle(site.store, site.records[now:])

    with pytest.raises(Unavailable):
        settle(disturbed(site.store, work), mine)
    assert not settle(site.store, mine)
    finish(site)
    site.check()


def test_an_activity_that_meets_others_until_the_functions_time_is_up_is_left_in_the_repair_table(stage: Stage) -> None:
    """The batch is done: it does not hold up those behind it, and does not fight with the same others again."""
    site = Site(stage)
    site.do("plan", {**PLANNED, "activity": 0, "budget": Decimal(80), "dated": True})
    settle(site.store, site.records)
    before, left = len(site.records), [30_000]
    site.do("plan", {**PLANNED, "activity": 0, "budget": Decimal(40), "dated": True})
    mine = site.records[before:]

    def work(number: int) -> None:
        now = len(site.records)
        site.do("book", {"activity": 1, "day": DAYS[0], "hours": Decimal(1), "rate": None, "quantity": None})
        settle(site.store, site.records[now:])
        left[0] -= 1_000

    with function_time(SimpleNamespace(get_remaining_time_in_millis=lambda: left[0])):
        assert settle(disturbed(site.store, work), mine) == 1
    assert repair(site.store, lambda: True, datetime.now(UTC)).done == 1
    finish(site)
    site.check()


@pytest.mark.long
@slow(4)
@given(
    history=st.lists(step, min_size=2, max_size=6),
    later=st.lists(step, min_size=1, max_size=6),
    lost=st.sets(st.integers(0, 5)),
    when=st.integers(0, 30),
)
def test_lost_records_are_found_by_a_check_which_others_may_disturb(
    stage: Stage, history: list[Any], later: list[Any], lost: set[int], when: int
) -> None:
    """Records that never came are drift; a check beside running functions mends it."""
    site = Site(stage)
    for kind, what in history:
        site.do(kind, what)
    settle(site.store, [record for number, record in enumerate(site.records) if number not in lost])

    def work(number: int) -> None:
        if number >= when and later:
            before = len(site.records)
            site.do(*later.pop())
            settle(site.store, site.records[before:])

    rebuild(disturbed(site.store, work), site.place)
    while later:
        work(when)
    rebuild(site.store, site.place)
    site.check()
    assert rebuild(site.store, site.place) == 0


def one_step(store: Store, site: Site) -> None:
    """One slice of the long work under way."""
    row = work_on(store, site.place)
    once = iter([True])
    if row is not None:
        go_on(store, row, lambda: next(once, False))
