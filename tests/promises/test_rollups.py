"""Numbers at every level always equal what a calculation from the source rows would give."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.evm.amounts import micro_hours
from chalicelib.evm.earning import Rule
from chalicelib.evm.project import PROJECT, Activity, calculate
from chalicelib.evm.project import Booking as Booked
from chalicelib.handlers.streams import follow
from chalicelib.projects import projects, wbs
from chalicelib.rollups import kpis
from chalicelib.rollups.measures import activity_of, calendar_of
from chalicelib.rollups.recompute import leave_project, mend_project, rebuild
from chalicelib.storage.rows import Booking, Company, Node, Project, RollupDay, key
from chalicelib.storage.store import Change, Delete, Put, Store, store
from tests.promises.conftest import Stage

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = [date(2026, 6, 1) + timedelta(days=shift) for shift in range(6)]
RULES = [None, "units", "percent", "0/100", "50/50", "level_of_effort"]

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
        "rule": st.sampled_from(RULES[1:]),
        "start": st.sampled_from(DAYS),
        "length": st.integers(0, 9),
        "rate": st.none() | st.decimals(1, 50, places=2),
    }
)
step = st.one_of(
    st.tuples(st.just("book"), booking),
    st.tuples(st.just("unbook"), st.integers(0, 30)),
    st.tuples(st.just("plan"), plan),
    st.tuples(st.just("calendar"), st.lists(st.integers(1, 7), min_size=1, max_size=7, unique=True)),
)


class Site:
    """A project with two branches of four levels, worked on through its source rows."""

    def __init__(self, stage: Stage) -> None:
        self.store: Store = store()
        self.company = stage.made["company"]["id"]
        tenant = self.store.get(Company, self.company, "company")
        assert tenant is not None
        changes, self.project = projects.create(
            self.store, tenant, {"code": uuid.uuid4().hex, "name": "p", "planned_rate": Decimal(40)}, NOW
        )
        self.store.transact(changes)
        self.bookings: list[Booking] = []
        self.records: list[dict[str, Any]] = []
        tops = [self.node(None, f"L{n}") for n in range(2)]
        middles = [self.node(top, "S") for top in tops]
        below = [self.node(middle, "D") for middle in middles]
        self.activities = [self.node(below[n % 2], f"A{n}", cost_code=f"C{n}", quantity=Decimal(10)) for n in range(4)]

    def node(self, parent: Node | None, name: str, **values: Any) -> Node:
        project = projects.find(self.store, self.company, self.project.id)
        changes, row = wbs.create(
            self.store, self.company, project, {"name": name, "parent": parent.id if parent else None, **values}, NOW
        )
        self.write(changes)
        return row

    def write(self, changes: list[Change]) -> None:
        """Commit, and remember the stream records that the commit causes."""
        self.store.transact(changes)
        for change in changes:
            if isinstance(change, Put):
                self.records.append({"NewImage": change.row.serialize()})
            elif isinstance(change, Delete):
                gone = next(row for row in self.bookings if (row.pk, row.sk) == change.key)
                self.records.append({"OldImage": gone.serialize()})

    def do(self, kind: str, what: Any) -> None:
        if kind == "unbook":
            if self.bookings:
                row = self.bookings[what % len(self.bookings)]
                self.write([Delete(Booking, (row.pk, row.sk))])
                self.bookings.remove(row)
        elif kind == "book":
            activity = self.activities[what["activity"]]
            row = Booking(
                pk=key(self.company, activity.id),
                sk=f"{what['day']}#{uuid.uuid4().hex}",
                hours=what["hours"],
                project=self.project.id,
                activity=activity.id,
                date=what["day"].isoformat(),
                rate=what["rate"],
                quantity=what["quantity"],
            )
            self.write([Put(row)])
            self.bookings.append(row)
        elif kind == "calendar":
            self.calendar(what)
        else:
            self.plan(what)

    def calendar(self, days: list[int]) -> None:
        row = projects.find(self.store, self.company, self.project.id)
        old = row.serialize()
        changes, self.project = projects.change(self.store, self.company, row, {"working_days": days}, NOW)
        self.store.transact(changes)
        self.records.append({"OldImage": old, "NewImage": self.project.serialize()})

    def plan(self, what: dict[str, Any]) -> None:
        row = self.activities[what["activity"]]
        row.budget_hours, row.earning_rule, row.planned_rate = what["budget"], what["rule"], what["rate"]
        row.baseline_start = what["start"].isoformat()
        row.baseline_finish = (what["start"] + timedelta(days=what["length"])).isoformat()
        self.write([Put(row)])

    def expected(self, as_of: date) -> dict[str, Any]:
        activities = []
        for row in self.activities:
            work = tuple(
                Booked(date.fromisoformat(b.date), micro_hours(b.hours), b.rate, b.quantity)
                for b in self.bookings
                if b.activity == row.id
            )
            seen = activity_of(row)
            activities.append(
                Activity(
                    row.id,
                    tuple(row.ancestors["ids"]),
                    seen.plan,
                    Rule(row.earning_rule or ""),
                    row.quantity,
                    planned_rate=row.planned_rate,
                    work=work,
                )
            )
        totals = calculate(activities, calendar_of(self.project), as_of, Decimal(40))
        return {self.project.id if node == PROJECT else node: sums for node, sums in totals.items()}

    def shown(self, node: str, as_of: date) -> kpis.Cut:
        [total] = self.store.raw_many((RollupDay, *kpis.total_key(self.company, node)))
        project = self.store.get(Project, key(self.company, self.project.id), "project")
        assert project is not None
        rows = kpis.read_rows(self.store, self.company, node, as_of.isoformat())
        return kpis.cut(total or {}, rows, calendar_of(project), as_of, project.planned_rate)

    def check(self) -> None:
        for as_of in (DAYS[0], DAYS[3], date(2026, 7, 1)):
            for node, sums in self.expected(as_of).items():
                cut = self.shown(node, as_of)
                assert (cut.bac, cut.pv, cut.ev, cut.ac, cut.unrated) == (
                    sums.bac,
                    sums.pv,
                    sums.ev,
                    sums.ac,
                    sums.unrated_hours,
                ), (node, as_of)
                assert (cut.money_bac, cut.money_pv, cut.money_ev, cut.money_ac) == (
                    sums.money_bac,
                    sums.money_pv,
                    sums.money_ev,
                    sums.money_ac,
                ), (node, as_of)


spoiling = st.tuples(
    st.integers(0, 9),
    st.sampled_from(DAYS),
    st.sampled_from(["ac", "ev", "slope", "bac"]),
    st.integers(-(10**9), 10**9),
)


def spoil(site: Site, node: str, sk: str, name: str, amount: int) -> None:
    """Somebody edits a rollup row by hand."""
    site.store.call(
        "update_item",
        TableName=site.store.name("rollups"),
        Key={"pk": {"S": key(site.company, node)}, "sk": {"S": sk}},
        UpdateExpression="SET #n = :v, #u = if_not_exists(#u, :u)",
        ExpressionAttributeNames={"#n": name, "#u": "under"},
        ExpressionAttributeValues={":v": {"N": str(amount)}, ":u": {"M": {"ids": {"L": []}}}},
    )


slow = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@slow
@given(history=st.lists(step, max_size=14), data=st.data())
def test_after_duplicates_retries_and_reordered_batches(stage: Stage, history: list[Any], data: st.DataObject) -> None:
    """Records may come late, twice, out of order and in any batches, as long as each comes."""
    site = Site(stage)
    for kind, what in history:
        site.do(kind, what)
        if data.draw(st.booleans()):
            early = data.draw(st.lists(st.sampled_from(site.records), max_size=4))
            assert not follow(early)
    order = data.draw(st.permutations(site.records + site.records[::3]))
    size = data.draw(st.integers(1, 20))
    for start in range(0, len(order), size):
        assert not follow(order[start : start + size])
    site.check()
    assert rebuild(site.store, site.company, site.project.id) == 0


def test_a_rebuild_reports_drift_and_mends_it(stage: Stage) -> None:
    """`rebuild` recomputes a project from its source rows and reports any drift."""
    site = Site(stage)
    site.do(
        "plan", {"activity": 0, "budget": Decimal(80), "rule": "units", "start": DAYS[0], "length": 4, "rate": None}
    )
    site.do("book", {"activity": 0, "day": DAYS[1], "hours": Decimal(8), "rate": None, "quantity": Decimal(2)})
    assert rebuild(site.store, site.company, site.project.id) == 4, (
        "the rows of the one activity that anything was written for"
    )
    assert rebuild(site.store, site.company, site.project.id) == 0
    site.check()


@slow
@given(history=st.lists(step, min_size=1, max_size=8), data=st.data())
def test_a_rebuild_finds_and_mends_whatever_was_spoiled_at_any_level(
    stage: Stage, history: list[Any], data: st.DataObject
) -> None:
    site = Site(stage)
    for kind, what in history:
        site.do(kind, what)
    assert not follow(site.records)
    assert rebuild(site.store, site.company, site.project.id) == 0
    nodes = [site.project.id, *site.activities[0].ancestors["ids"], *(row.id for row in site.activities)]
    for node, day, name, amount in data.draw(st.lists(spoiling, min_size=1, max_size=4)):
        spoil(site, nodes[node % len(nodes)], f"day#{day}", name, amount)
    rebuild(site.store, site.company, site.project.id)
    site.check()
    assert rebuild(site.store, site.company, site.project.id) == 0


def test_a_calendar_change_of_a_large_project_goes_on_where_it_stopped(stage: Stage) -> None:
    site = Site(stage)
    what = {"budget": Decimal(80), "rule": "units", "start": DAYS[0], "length": 9, "rate": None}
    for activity in range(4):
        site.do("plan", what | {"activity": activity})
    assert not follow(site.records)
    site.do("calendar", [1, 3])
    leave_project(site.store, site.company, site.project.id, "calendar")
    slices = 0
    while not mend_project(site.store, site.company, site.project.id, 3):
        slices += 1
    assert slices > 2
    site.check()
    assert not site.store.query("rollups", "repairs").rows


def test_a_large_batch_is_split_over_transactions_and_is_right(stage: Stage) -> None:
    """More rows than one transaction takes are written in several, each guarded."""
    site = Site(stage)
    for shift in range(60):
        site.do(
            "book",
            {
                "activity": shift % 2,
                "day": DAYS[0] + timedelta(days=shift),
                "hours": Decimal(1),
                "rate": None,
                "quantity": None,
            },
        )
    assert not follow(site.records)
    site.check()
