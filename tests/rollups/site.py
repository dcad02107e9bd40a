"""A project worked on through its source rows, and the same facts kept apart, from which the truth is calculated."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from chalicelib.evm import figures as evm
from chalicelib.evm.amounts import micro_hours
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import Measurement, Milestone, Rule
from chalicelib.evm.planned_value import Plan
from chalicelib.evm.project import PROJECT, Activity, every_node
from chalicelib.evm.project import Booking as Booked
from chalicelib.evm.sums import Spent, Sums, cut
from chalicelib.labour.rows import Booking
from chalicelib.projects.rows import Project
from chalicelib.rollups import kpis, reading
from chalicelib.rollups.sources import Place
from chalicelib.storage.changes import Delete, Put
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store, store
from chalicelib.tree.rows import Baseline, Frozen
from chalicelib.tree.rows import Measurement as TreeMeasurement
from chalicelib.tree.rows import Node as TreeNode
from tests.stage import Stage

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = [date(2026, 6, 26) + timedelta(days=shift) for shift in range(8)]  # over the turn of a half-year
DATES = (DAYS[0], DAYS[3], DAYS[5], date(2026, 9, 1))
RULES = ["units", "percent", "0/100", "50/50", "milestones", "level_of_effort"]
STEPS = {"set out": Decimal("0.3"), "poured": Decimal("0.7")}  # the milestones of every activity, with their weights
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
measurement = st.fixed_dictionaries(
    {
        "activity": st.integers(0, 3),
        "day": st.sampled_from(DAYS),
        "installed_quantity": st.none() | st.decimals(0, 20, places=2),
        "percent_complete": st.none() | st.decimals(0, 1, places=2),
        "milestone": st.none() | st.sampled_from(sorted(STEPS)),
    }
)
step = st.one_of(
    st.tuples(st.just("book"), booking),
    st.tuples(st.just("unbook"), st.integers(0, 30)),
    st.tuples(st.just("plan"), plan),
    st.tuples(st.just("move"), st.tuples(st.integers(0, 9), st.integers(0, 9))),
    st.tuples(st.just("calendar"), calendar),
    st.tuples(st.just("measure"), measurement),
    st.tuples(st.just("freeze"), st.none()),
    st.tuples(st.just("grow"), st.none()),
)


@dataclass
class FrozenPlans:
    """A baseline: its calendar and plans."""

    calendar: WorkCalendar
    plans: dict[str, Plan]


@dataclass
class Facts:
    """What is true of the project, in the plainest form."""

    parents: dict[str, str | None] = field(default_factory=dict)
    plans: dict[str, dict[str, Any]] = field(default_factory=dict)
    work: dict[str, tuple[str, Booked]] = field(default_factory=dict)  # entry -> (activity, booking)
    measured: list[tuple[str, Measurement]] = field(default_factory=list)
    baselines: list[FrozenPlans] = field(default_factory=list)
    calendar: WorkCalendar = field(default_factory=lambda: WorkCalendar({1, 2, 3, 4, 5}))

    def above(self, node: str) -> tuple[str, ...]:
        """The nodes above one, the top first."""
        parent = self.parents[node]
        return (*self.above(parent), parent) if parent else ()

    def nodes(self, as_of: date, baseline: int | None = None) -> dict[str, evm.Node]:
        """The sums of every node by the plan of now or a baseline; the project's own under the empty id."""
        chosen = self.baselines[baseline - 1] if baseline else None
        activities = []
        for id, said in self.plans.items():
            now = _plan(said)
            frozen = chosen.plans.get(id) if chosen else now
            activities.append(
                Activity(
                    id,
                    self.above(id),
                    frozen or Plan(0),
                    Rule(said["rule"]),
                    Decimal(10),
                    tuple(Milestone(name, weight) for name, weight in STEPS.items()),
                    planned_rate=said["rate"],
                    work=tuple(work for activity, work in self.work.values() if activity == id),
                    measurements=tuple(each for activity, each in self.measured if activity == id),
                    unbaselined=0 if frozen else now.budget,
                )
            )
        return every_node(activities, chosen.calendar if chosen else self.calendar, as_of, RATE)


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
        self.client = stage.owner
        self.company = stage.made["company"]["id"]
        made = {"code": uuid.uuid4().hex, "name": "p", "planned_rate": 40}
        self.project = str(stage.owner.ok("POST", "/projects/", made)["id"])
        self.place = Place(self.company, self.project)
        self.facts = Facts()
        self.records: list[dict[str, Any]] = []
        self.levels: dict[str, int] = {}
        self.activities: list[str] = []
        self._rows: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.measured = 0
        tops = [self.node(None, f"L{n}") for n in range(2)]
        middles = [self.node(top, f"S{n}") for n, top in enumerate(tops)]
        self.below = [self.node(middle, f"D{n}") for n, middle in enumerate(middles)]
        for n in range(4):
            self.activity(n)
        self.recorded()

    def activity(self, number: int) -> None:
        """A new activity of ten units, without a budget."""
        rest = {"cost_code": f"C{number}", "quantity": 10}
        id = self.node(self.below[number % 2], f"A{number}", **rest)
        self.activities.append(id)
        self.facts.plans[id] = PLANNED

    def node(self, parent: str | None, name: str, **values: Any) -> str:
        made = self.client.ok("POST", f"/projects/{self.project}/wbs/", {"name": name, "parent": parent, **values})
        self.facts.parents[made["id"]], self.levels[made["id"]] = parent, made["level"]
        return str(made["id"])

    def recorded(self) -> None:
        """The records of whatever has changed in the source rows."""
        rows = self._read()
        for place in sorted(self._rows.keys() | rows.keys()):
            old, new = self._rows.get(place), rows.get(place)
            if old != new:
                images = {"OldImage": old, "NewImage": new}
                self.records.append({name: image for name, image in images.items() if image is not None})
        self._rows = rows

    def _read(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        keys = [("projects", self.place.pk), *(("projects", self.place.of(id)) for id in self.activities)]
        keys += [("labour", self.place.of(id)) for id in self.activities]
        models = {"projects": TreeNode, "labour": Booking}
        return {
            (table, pk, item["sk"]["S"]): item
            for table, pk in keys
            for item in self.store.items(Query(model=models[table], hash=pk))
        }

    def do(self, kind: str, what: Any) -> None:
        """One step of a history: the source rows, the facts and the records."""
        getattr(self, kind)(what)
        self.recorded()

    def book(self, *each: dict[str, Any]) -> None:
        """Bookings, at most a hundred."""
        self.store.transact([Put(self._booked(what)) for what in each])

    def _booked(self, what: dict[str, Any]) -> Booking:
        activity, entry, day = self.activities[what["activity"]], uuid.uuid4().hex[:12], what["day"]
        self.facts.work[entry] = activity, Booked(day, micro_hours(what["hours"]), what["rate"], what["quantity"])
        return Booking(
            pk=key(self.company, activity), sk=f"{day}#{entry}", project=self.project, activity=activity,
            date=day.isoformat(), hours=what["hours"], rate=what["rate"], quantity=what["quantity"],
        )  # fmt: skip

    def unbook(self, which: int) -> None:
        if self.facts.work:
            entry = list(self.facts.work)[which % len(self.facts.work)]
            activity, work = self.facts.work.pop(entry)
            self.store.transact([Delete(Booking, (key(self.company, activity), f"{work.day}#{entry}"))])

    def plan(self, what: dict[str, Any]) -> None:
        id = self.activities[what["activity"]]
        self.facts.plans[id] = what
        said, row = _plan(what), self.row(id)
        row.budget_hours, row.earning_rule, row.planned_rate = what["budget"], what["rule"], what["rate"]
        row.milestones = [{"name": name, "weight": weight} for name, weight in STEPS.items()]
        row.baseline_start = said.start.isoformat() if said.start else None
        row.baseline_finish = said.finish.isoformat() if said.finish else None
        self.store.transact([Put(row)])

    def row(self, id: str) -> TreeNode:
        """What a node is."""
        row = self.store.get(TreeNode, self.place.pk, f"node#{id}")
        assert row is not None
        row.version += 1
        return row

    def calendar(self, what: dict[str, Any]) -> None:
        row = self.store.get(Project, self.place.pk, "project")
        assert row is not None
        row.working_days, row.holidays = what["weekdays"], {day.isoformat(): "" for day in what["holidays"]}
        row.version += 1
        self.store.transact([Put(row)])
        self.facts.calendar = WorkCalendar(what["weekdays"], what["holidays"])

    def measure(self, what: dict[str, Any]) -> None:
        id, number = self.activities[what["activity"]], self.measured
        self.measured += 1
        values = {name: what[name] for name in ("installed_quantity", "percent_complete", "milestone")}
        row = TreeMeasurement(
            pk=self.place.of(id), sk=f"progress#{number:06d}", id=str(number), activity=id, recorded=number,
            date=what["day"].isoformat(), measured_by="x", version=1, created_at="x", updated_at="x", **values,
        )  # fmt: skip
        self.store.transact([Put(row)])
        self.facts.measured.append((id, Measurement(what["day"], **values)))

    def freeze(self, _: None) -> None:
        """A baseline of now: its rows, and last the row that says it is whole."""
        number, facts = len(self.facts.baselines) + 1, self.facts
        if number > 3:
            return
        project = self.store.get(Project, self.place.pk, "project")
        assert project is not None
        for id in self.activities:
            row = self.row(id)
            frozen = Frozen(
                pk=self.place.of(id), sk=f"baseline#{number:02d}", project=self.project, activity=id,
                budget_hours=row.budget_hours or Decimal(0), baseline_start=row.baseline_start,
                baseline_finish=row.baseline_finish,
            )  # fmt: skip
            self.store.transact([Put(frozen)])
        baseline = Baseline(
            pk=self.place.pk, sk=f"baseline#{number:02d}", project=self.project, number=number, name="b",
            frozen_at="x", frozen_by="x", working_days=project.working_days, holidays=project.holidays,
        )  # fmt: skip
        self.store.transact([Put(baseline)])
        facts.baselines.append(FrozenPlans(facts.calendar, {id: _plan(said) for id, said in facts.plans.items()}))

    def grow(self, _: None) -> None:
        """One activity more, at most eight."""
        if len(self.activities) < 8:
            self.activity(len(self.activities))

    def move(self, what: tuple[int, int]) -> None:
        """A node under another parent of its parent's level."""
        movable = [id for id, level in self.levels.items() if level > 1]
        id = movable[what[0] % len(movable)]
        parents = [each for each, level in self.levels.items() if level == self.levels[id] - 1]
        parent = parents[what[1] % len(parents)]
        self.facts.parents[id] = parent
        name = uuid.uuid4().hex if parent else "x"  # never taken there
        self.client.ok("PATCH", f"/wbs/{id}/", {"parent": parent, "name": name})

    def state(self, node: str) -> reading.State:
        """The sums as a reader gets them."""
        state, _ = reading.read(self.store, self.place, node)
        return state

    def check(self) -> None:
        """Numbers at every level equal the calculation from the facts."""
        states = {id: self.state(id or self.project) for id in (*self.levels, PROJECT)}
        for as_of in DATES:
            for baseline in (None, *range(1, len(self.facts.baselines) + 1)):
                truth = self.facts.nodes(as_of, baseline)
                for id, state in states.items():
                    shown, right = node_shown(state, as_of, baseline), truth.get(id, nothing(as_of))
                    for measure in MEASURES:
                        assert evm.figures(shown, measure) == evm.figures(right, measure), (id, as_of, measure)


def nothing(as_of: date) -> evm.Node:
    """The sums of a node without activities."""
    return evm.Node(as_of, *EMPTY)


def node_shown(state: reading.State, as_of: date, baseline: int | None = None) -> evm.Node:
    """What a reader makes of the sums, by the plan of now or a baseline."""
    assert state.generation is not None
    chosen = kpis.plan_of(state.generation, baseline, baseline is None)
    assert chosen is not None
    return kpis.node_of(state.sums, chosen, as_of, RATE)


__all__ = ["DAYS", "NOW", "PROJECT", "Site", "booking", "node_shown", "nothing", "plan", "step"]
