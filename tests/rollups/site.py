"""A project worked on through its source rows, and the same facts kept apart, from which the truth is calculated."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from chalicelib.evm import figures as evm
from chalicelib.evm.amounts import micro_hours
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import Rule
from chalicelib.evm.planned_value import Plan
from chalicelib.evm.project import PROJECT, Activity, every_node
from chalicelib.evm.project import Booking as Booked
from chalicelib.evm.sums import Spent, Sums, cut
from chalicelib.identity.rows import Company
from chalicelib.labour.rows import Booking
from chalicelib.projects import projects, wbs
from chalicelib.projects.rows import Node
from chalicelib.rollups import kpis, reading
from chalicelib.rollups.sources import Place
from chalicelib.storage.changes import Change, Delete, Put
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store, store
from tests.promises.conftest import Stage

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = [date(2026, 6, 26) + timedelta(days=shift) for shift in range(8)]  # over the turn of a half-year
DATES = (DAYS[0], DAYS[3], DAYS[5], date(2026, 9, 1))
RULES = ["units", "percent", "0/100", "50/50", "level_of_effort"]
RATE = Decimal(40)
MEASURES: tuple[evm.Measure, ...] = ("hours", "cost")

booking = st.fixed_dictionaries(
    {
        "activity": st.integers(0, 3),
        "day": st.sampled_from(DAYS),
        "hours": st.decimals("0.01", 24, places=2),
        "rate": st.none() | st.decimals(0, 99, places=2),
        "quantity": st.none() | st.decimals(-5, 20, places=2),
    }
)
plan = st.fixed_dictionaries(
    {
        "activity": st.integers(0, 3),
        "budget": st.decimals(0, 500, places=2),
        "rule": st.sampled_from(RULES),
        "start": st.sampled_from(DAYS),
        "length": st.integers(0, 9),
        "rate": st.none() | st.decimals(1, 50, places=2),
        "dated": st.booleans(),
    }
)
calendar = st.fixed_dictionaries(
    {
        "weekdays": st.sets(st.integers(1, 7), min_size=1).map(sorted),
        "holidays": st.sets(st.sampled_from(DAYS), max_size=3).map(sorted),
    }
)
step = st.one_of(
    st.tuples(st.just("book"), booking),
    st.tuples(st.just("unbook"), st.integers(0, 30)),
    st.tuples(st.just("plan"), plan),
    st.tuples(st.just("move"), st.tuples(st.integers(0, 9), st.integers(0, 9))),
    st.tuples(st.just("calendar"), calendar),
)


@dataclass
class Facts:
    """What is true of the project, in the plainest form."""

    parents: dict[str, str | None] = field(default_factory=dict)
    plans: dict[str, dict[str, Any]] = field(default_factory=dict)
    work: dict[str, tuple[str, Booked]] = field(default_factory=dict)  # entry -> (activity, booking)
    calendar: WorkCalendar = field(default_factory=lambda: WorkCalendar({1, 2, 3, 4, 5}))

    def above(self, node: str) -> tuple[str, ...]:
        """The nodes above one, the top first."""
        parent = self.parents[node]
        return (*self.above(parent), parent) if parent else ()

    def nodes(self, as_of: date) -> dict[str, evm.Node]:
        """The sums of every node; the project's own under the empty id."""
        activities = [
            Activity(
                id,
                self.above(id),
                _plan(said),
                Rule(said["rule"]),
                Decimal(10),
                planned_rate=said["rate"],
                work=tuple(work for activity, work in self.work.values() if activity == id),
            )
            for id, said in self.plans.items()
        ]
        return every_node(activities, self.calendar, as_of, RATE)


def _plan(said: dict[str, Any]) -> Plan:
    if said["rule"] != "level_of_effort" and not said["dated"]:
        return Plan(micro_hours(said["budget"]))
    return Plan(micro_hours(said["budget"]), said["start"], said["start"] + timedelta(days=said["length"]))


_NO_WORK = cut(Sums(), WorkCalendar({1}), NOW.date())
EMPTY = (_NO_WORK, _NO_WORK, Spent())
PLANNED = {"budget": Decimal(0), "rule": "units", "start": DAYS[0], "length": 0, "rate": None, "dated": False}


class Site:
    """Two branches of four levels with two activities each; ``records`` are those that its changes cause."""

    def __init__(self, stage: Stage) -> None:
        self.store: Store = store()
        self.company = stage.made["company"]["id"]
        tenant = self.store.get(Company, self.company, "company")
        assert tenant is not None
        values = {"code": uuid.uuid4().hex, "name": "p", "planned_rate": RATE}
        changes, self.project = projects.create(self.store, tenant, values, NOW)
        self.store.transact(changes)
        self.place = Place(self.company, self.project.id)
        self.facts = Facts()
        self.records: list[dict[str, Any]] = []
        self.nodes: dict[str, Node] = {}
        tops = [self.node(None, f"L{n}") for n in range(2)]
        middles = [self.node(top, f"S{n}") for n, top in enumerate(tops)]
        below = [self.node(middle, f"D{n}") for n, middle in enumerate(middles)]
        self.activities = [self.node(below[n % 2], f"A{n}", cost_code=f"C{n}", quantity=Decimal(10)) for n in range(4)]
        for id in self.activities:
            self.facts.plans[id] = PLANNED

    def node(self, parent: str | None, name: str, **values: Any) -> str:
        project = projects.find(self.store, self.company, self.project.id)
        changes, row = wbs.create(self.store, self.company, project, {"name": name, "parent": parent, **values}, NOW)
        self.store.transact(changes)
        self.records.append({"NewImage": row.serialize()})
        self.facts.parents[row.id], self.nodes[row.id] = parent, row
        return row.id

    def do(self, kind: str, what: Any) -> None:
        """One step of a history: the source rows, the facts and the records."""
        getattr(self, kind)(what)

    def book(self, what: dict[str, Any]) -> None:
        activity, entry, day = self.activities[what["activity"]], uuid.uuid4().hex[:12], what["day"]
        row = Booking(
            pk=key(self.company, activity), sk=f"{day}#{entry}", project=self.project.id, activity=activity,
            date=day.isoformat(), hours=what["hours"], rate=what["rate"], quantity=what["quantity"],
        )  # fmt: skip
        self._put(row)
        self.facts.work[entry] = activity, Booked(day, micro_hours(what["hours"]), what["rate"], what["quantity"])

    def unbook(self, which: int) -> None:
        if not self.facts.work:
            return
        entry = list(self.facts.work)[which % len(self.facts.work)]
        activity, work = self.facts.work.pop(entry)
        place = key(self.company, activity), f"{work.day}#{entry}"
        row = self.store.get(Booking, *place)
        assert row is not None
        self.store.transact([Delete(Booking, place)])
        self.records.append({"OldImage": row.serialize()})

    def plan(self, what: dict[str, Any]) -> None:
        id = self.activities[what["activity"]]
        self.facts.plans[id] = what
        said, row = _plan(what), self.nodes[id]
        row.budget_hours, row.earning_rule, row.planned_rate = what["budget"], what["rule"], what["rate"]
        row.baseline_start = said.start.isoformat() if said.start else None
        row.baseline_finish = said.finish.isoformat() if said.finish else None
        self._put(row)

    def calendar(self, what: dict[str, Any]) -> None:
        row = projects.find(self.store, self.company, self.project.id)
        old = row.serialize()
        row.working_days, row.holidays = what["weekdays"], [day.isoformat() for day in what["holidays"]]
        row.version += 1
        self.store.transact([Put(row)])
        self.facts.calendar = WorkCalendar(what["weekdays"], what["holidays"])
        self.records.append({"OldImage": old, "NewImage": row.serialize()})

    def move(self, what: tuple[int, int]) -> None:
        """A node under another parent of its parent's level."""
        movable = [id for id, row in self.nodes.items() if row.level > 1]
        node = self.nodes[movable[what[0] % len(movable)]]
        parents = [id for id, row in self.nodes.items() if row.level == node.level - 1]
        parent = parents[what[1] % len(parents)]
        self.facts.parents[node.id] = parent
        changes: list[Change] = []
        for row in [node, *self._below(node.id)]:
            row.parent, row.ancestors = self.facts.parents[row.id], list(self.facts.above(row.id))
            changes.append(Put(row))
            self.records.append({"NewImage": row.serialize()})
        self.store.transact(changes)

    def _below(self, node: str) -> Iterator[Node]:
        for id, parent in self.facts.parents.items():
            if parent == node:
                yield self.nodes[id]
                yield from self._below(id)

    def _put(self, row: Booking | Node) -> None:
        self.store.transact([Put(row)])
        self.records.append({"NewImage": row.serialize()})

    def state(self, node: str) -> reading.State:
        """The sums as a reader gets them."""
        state, _ = reading.read(self.store, self.place, node)
        return state

    def check(self) -> None:
        """Numbers at every level equal the calculation from the facts."""
        states = {id: self.state(id or self.project.id) for id in (*self.nodes, PROJECT)}
        for as_of in DATES:
            truth = self.facts.nodes(as_of)
            for id, state in states.items():
                shown, right = node_shown(state, as_of), truth.get(id, nothing(as_of))
                for measure in MEASURES:
                    assert evm.figures(shown, measure) == evm.figures(right, measure), (id, as_of, measure)


def nothing(as_of: date) -> evm.Node:
    """The sums of a node without activities."""
    return evm.Node(as_of, *EMPTY)


def node_shown(state: reading.State, as_of: date) -> evm.Node:
    """What a reader makes of the sums."""
    assert state.generation is not None
    chosen = kpis.plan_of(state.generation, None)
    assert chosen is not None
    return kpis.node_of(state.sums, chosen, as_of, RATE)


__all__ = ["DAYS", "NOW", "PROJECT", "Site", "booking", "node_shown", "nothing", "plan", "step"]
