"""One answer is one state: nobody reads a mixture, and a change of calendar, plan or tree shows before or after."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm.figures import Figures, figures
from chalicelib.evm.project import PROJECT
from chalicelib.handlers.streams import settle
from chalicelib.projects.rows import Project
from chalicelib.rollups import progress, reading
from chalicelib.rollups.progress import Progress
from chalicelib.storage.store import Store
from tests.examples import slow
from tests.rollups.disturbed import counted, disturbed
from tests.rollups.site import DAYS, PLANNED, Site, node_shown, nothing, step
from tests.rollups.test_faults import finish, one_step
from tests.stage import Stage

AS_OF = date(2026, 7, 2)
Page = dict[str, Figures]


def truth(site: Site) -> Page:
    """The figures of every node from the facts."""
    nodes = site.facts.nodes(AS_OF)
    return {id: figures(nodes.get(id, nothing(AS_OF))) for id in (*site.levels, PROJECT)}


def read_page(store: Store, site: Site) -> Page:
    """The figures of every node in one answer."""
    levels = {**site.levels, site.project: 0}
    states = reading.read_page(store, site.place, levels)
    return {PROJECT if id == site.project else id: figures(node_shown(states[id], AS_OF)) for id in levels}


@pytest.mark.long
@slow(4)
@given(
    history=st.lists(step, min_size=2, max_size=6),
    later=st.lists(step, min_size=1, max_size=4),
    when=st.sets(st.integers(0, 25), min_size=1, max_size=4),
    node=st.integers(0, 10),
)
def test_an_answer_is_one_state_while_others_write(
    stage: Stage, history: list[Any], later: list[Any], when: set[int], node: int
) -> None:
    """Between any two calls of a reader, of one node or of a page, something is changed and counted."""
    site = Site(stage)
    for kind, what in history:
        site.do(kind, what)
    settle(site.store, site.records)
    finish(site)
    states, waiting = [truth(site)], list(later)

    def write(number: int) -> None:
        if number in when and waiting:
            before = len(site.records)
            site.do(*waiting.pop())
            settle(site.store, site.records[before:])
            finish(site)
            states.append(truth(site))

    page = read_page(disturbed(site.store, write), site)
    assert page in [{id: each[id] for id in page} for each in states]
    waiting = list(later)
    id = [*site.levels, PROJECT][node]
    state, _ = reading.read(disturbed(site.store, write), site.place, id or site.project)
    assert figures(node_shown(state, AS_OF)) in [each[id] for each in states]


@pytest.mark.long
@slow(4)
@given(
    history=st.lists(step, min_size=4, max_size=10),
    calendar=st.sets(st.integers(1, 7), min_size=1).map(sorted),
    meanwhile=st.lists(step.filter(lambda each: each[0] in {"book", "unbook"}), max_size=4),
)
def test_a_change_of_the_calendar_shows_at_once_and_work_counts_meanwhile(
    stage: Stage, history: list[Any], calendar: list[int], meanwhile: list[Any]
) -> None:
    """While the next generation is built, readers see the plan before with all work of now; then the plan after."""
    site = Site(stage)
    for kind, what in history:
        site.do(kind, what)
    settle(site.store, site.records)
    finish(site)
    old = site.facts.calendar
    before = len(site.records)
    site.do("calendar", {"weekdays": calendar, "holidays": []})
    settle(site.store, site.records[before:], 0)
    new = site.facts.calendar
    for _ in range(12):
        site.facts.calendar = old
        seen = read_page(site.store, site)
        if seen != truth(site):
            site.facts.calendar = new
            assert seen == truth(site)
        if meanwhile:
            before = len(site.records)
            site.do(*meanwhile.pop())
            settle(site.store, site.records[before:], 0)
        one_step(site.store, site)
    site.facts.calendar = new
    finish(site)
    site.check()


def test_how_far_a_node_is_today_takes_one_round(stage: Stage) -> None:
    """A page of nodes shows it without a look at their history."""
    site = Site(stage)
    site.do("plan", PLANNED | {"activity": 0, "budget": Decimal(80), "length": 9, "dated": True})
    site.do("book", {"activity": 0, "day": DAYS[1], "hours": Decimal(8), "rate": None, "quantity": Decimal(2)})
    assert not settle(site.store, site.records)
    project = site.store.get(Project, site.place.pk, "project")
    assert project is not None
    levels, when = {site.activities[0]: 4, site.below[0]: 3}, datetime.combine(DAYS[2], time(12), UTC)
    reader, calls = counted(site.store)
    found = progress.of(reader, site.company, project, levels, when)
    assert [found[id] for id in levels] == [Progress(Decimal("0.2"), Decimal(2)), Progress(Decimal("0.2"), Decimal(0))]
    assert calls == ["batch_get_item"]
