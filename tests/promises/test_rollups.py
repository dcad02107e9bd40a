"""Numbers at every level always equal what a calculation from the source rows would give."""

import itertools
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import repair_rollups
from chalicelib.access.rows import Company
from chalicelib.evm.amounts import micro_hours
from chalicelib.evm.earning import Rule
from chalicelib.evm.project import Activity
from chalicelib.evm.project import Booking as Booked
from chalicelib.handlers.streams import settle
from chalicelib.labour.rows import Booking
from chalicelib.projects import projects, wbs
from chalicelib.projects.rows import Node, Project
from chalicelib.rollups import kpis
from chalicelib.rollups.measures import activity_of, calendar_of
from chalicelib.rollups.rebuild import Place, advance, rebuild
from chalicelib.rollups.recompute import Target, apply, compute, leave_for_repair
from chalicelib.rollups.repairs import leave_due, repair
from chalicelib.rollups.rows import RollupDay
from chalicelib.storage.changes import Change, Delete, Put
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store, store
from infra.local.lambda_context import LambdaContext
from infra.local.schedule import scheduled_event
from infra.rebuild import main as rebuild_command
from tests.evm.naive import PROJECT, calculate
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
calendar = st.fixed_dictionaries(
    {
        "working_days": st.sets(st.integers(1, 7), min_size=1).map(sorted),
        "holidays": st.sets(st.sampled_from(DAYS), max_size=3).map(
            lambda days: sorted(day.isoformat() for day in days)
        ),
    }
)
step = st.one_of(
    st.tuples(st.just("book"), booking),
    st.tuples(st.just("unbook"), st.integers(0, 30)),
    st.tuples(st.just("plan"), plan),
    st.tuples(st.just("calendar"), calendar),
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

    def calendar(self, what: dict[str, Any]) -> None:
        row = projects.find(self.store, self.company, self.project.id)
        old = row.serialize()
        row.working_days, row.holidays = {"days": what["working_days"]}, {"dates": what["holidays"]}
        row.version += 1
        self.store.transact([Put(row)])
        self.project = row
        self.records.append({"OldImage": old, "NewImage": row.serialize()})

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
                    tuple(row.ancestors),
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
            assert not settle(early)
    order = data.draw(st.permutations(site.records + site.records[::3]))
    size = data.draw(st.integers(1, 20))
    for start in range(0, len(order), size):
        assert not settle(order[start : start + size])
    site.check()
    assert rebuild(site.store, site.company, site.project.id) == 0


def test_a_rebuild_reports_drift_and_mends_it(stage: Stage) -> None:
    """`rebuild` recomputes a project from its source rows and reports any drift."""
    site = Site(stage)
    site.do(
        "plan", {"activity": 0, "budget": Decimal(80), "rule": "units", "start": DAYS[0], "length": 4, "rate": None}
    )
    site.do("book", {"activity": 0, "day": DAYS[1], "hours": Decimal(8), "rate": None, "quantity": Decimal(2)})
    assert rebuild(site.store, site.company, site.project.id) > 0, "no stream record has been looked at"
    assert rebuild(site.store, site.company, site.project.id) == 0
    site.check()


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
    assert not settle(site.records)
    site.check()
    assert rebuild(site.store, site.company, site.project.id, window=1) == 0, "in many small windows"
    for row in ("day#2026-06-01", "day#2026-07-05", "total"):
        spoil(site, {"node": 10, "row": row, "how": "add", "name": "ac", "value": 1, "other": 0})
    assert rebuild(site.store, site.company, site.project.id, window=1) == 3
    site.check()


BUDGETED = {"activity": 0, "budget": Decimal(80), "rule": "units", "start": DAYS[0], "length": 9, "rate": None}
WEEKENDS = {"working_days": [1, 2, 3, 4, 5, 6, 7], "holidays": [DAYS[2].isoformat()]}


def always() -> bool:
    """Time for one more slice."""
    return True


def left(site: Site) -> list[dict[str, Any]]:
    """The rows of the repair table that are about the site's project."""
    rows = site.store.query("rollups", "repairs", consistent=True).rows
    return [row for row in rows if row["sk"]["S"].startswith(key(site.company, site.project.id))]


def test_a_change_of_calendar_is_right_within_the_batch_for_a_small_project(stage: Stage) -> None:
    """Planned value spreads over the days that the project works now."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    assert not settle(site.records)
    site.do("calendar", WEEKENDS)
    assert not settle(site.records[-1:])
    site.check()
    assert left(site) == []


def test_a_change_of_calendar_of_a_large_project_is_rolled_forward_in_slices(stage: Stage) -> None:
    """No invocation does more than fits; a slice that died is done again and earlier ones are kept."""
    site = Site(stage)
    for activity in range(4):
        site.do("plan", BUDGETED | {"activity": activity})
    assert not settle(site.records)
    site.do("calendar", WEEKENDS)
    change = site.records[-1:]
    assert not settle(change, room=3)
    [waiting] = left(site)
    for _ in range(20):
        once = iter((True, True, False))  # one row, one slice
        repair(site.store, lambda once=once: next(once, False), NOW)
        rows = left(site)
        if not rows:
            break
        assert int(rows[0]["steps"]["N"]) == int(waiting["steps"]["N"]) + 1, "the slice is kept"
        [waiting] = rows
        if waiting["phase"]["S"] == "gone":
            settle(change, room=3)
            assert left(site) == rows, "a record that comes again does not begin it again"
    assert left(site) == []
    site.check()


def test_a_newer_change_of_calendar_begins_the_slices_again(stage: Stage) -> None:
    """What an earlier slice computed under the older calendar is computed anew."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    assert not settle(site.records)
    site.do("calendar", WEEKENDS)
    assert not settle(site.records[-1:], room=3)
    once = iter((True, True, False))
    repair(site.store, lambda: next(once), NOW)
    assert left(site)[0]["steps"] == {"N": "2"}
    site.do("calendar", {"working_days": [2], "holidays": []})
    assert not settle(site.records[-1:], room=3)
    assert left(site)[0]["steps"] == {"N": "1"}
    assert repair(site.store, always, NOW) == 1
    site.check()


def test_one_row_that_never_works_keeps_no_other_from_its_repair(stage: Stage) -> None:
    """The repair table is done row by row."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    broken, well = (Target(site.company, site.project.id, site.activities[n].id) for n in (1, 0))
    row = site.activities[1]
    row.earning_rule = "no such rule"
    site.store.transact([Put(row)])
    for target in (broken, well):
        leave_for_repair(site.store, target, "test")
    assert repair(site.store, always, NOW) == 1
    assert [row["sk"]["S"] for row in left(site)] == [key(broken.company, broken.project, broken.activity)]
    row.earning_rule = "percent"
    site.store.transact([Put(row)])
    assert repair(site.store, always, NOW) == 1
    site.check()


spoilt = st.fixed_dictionaries(
    {
        "node": st.integers(0, 10),
        "row": st.sampled_from(["total", *(f"day#{day}" for day in DAYS), "day#2031-01-01"]),
        "how": st.sampled_from(["delete", "put", "add", "under", "lose under", "head"]),
        "name": st.sampled_from(["ac", "ac_money", "ev", "slope", "slope_plain", "lump", "bac", "quantity"]),
        "value": st.integers(-(10**9), 10**9),
        "other": st.integers(0, 10),
    }
)


def tree(site: Site) -> list[str]:
    """The ids of every node, in order, and the project's."""
    rows = site.store.query("projects", key(site.company, site.project.id), between=("node#", "node#~")).rows
    return [*(row["id"]["S"] for row in rows), site.project.id]


def spoil(site: Site, what: dict[str, Any]) -> None:
    """Change a rollup row of any level by hand."""
    ids = tree(site)
    node, other = ids[what["node"] % len(ids)], ids[what["other"] % len(ids)]
    client, table = site.store.client, site.store.name("rollups")
    place = {"pk": {"S": key(site.company, node)}, "sk": {"S": what["row"]}}
    value = {"N": str(what["value"])}
    if what["how"] == "delete":
        client.delete_item(TableName=table, Key=place)
    elif what["how"] == "put":
        client.put_item(TableName=table, Item={**place, what["name"]: value})
    elif what["how"] == "head":
        place["sk"] = {"S": "head"}
        if "Item" in client.get_item(TableName=table, Key=place):
            client.update_item(
                TableName=table,
                Key=place,
                UpdateExpression="SET installed = :v",
                ExpressionAttributeValues={":v": value},
            )
    else:
        expression, values = {
            "add": ("ADD #n :v", {":v": value}),
            "under": ("SET #n = :v", {":v": {"M": {"ids": {"L": [{"S": other}]}}}}),
            "lose under": ("REMOVE #n", None),
        }[what["how"]]
        name = what["name"] if what["how"] == "add" else "under"
        client.update_item(
            TableName=table,
            Key=place,
            UpdateExpression=expression,
            ExpressionAttributeNames={"#n": name},
            **({"ExpressionAttributeValues": values} if values else {}),
        )


@slow
@given(history=st.lists(step, max_size=8), spoils=st.lists(spoilt, min_size=1, max_size=6))
def test_a_rebuild_mends_any_row_of_any_level(stage: Stage, history: list[Any], spoils: list[Any]) -> None:
    """`rebuild` recomputes a project from its source rows and reports any drift (it must be zero)."""
    site = Site(stage)
    for kind, what in history:
        site.do(kind, what)
    assert not settle(site.records)
    for what in spoils:
        spoil(site, what)
    rebuild(site.store, site.company, site.project.id)
    site.check()
    assert rebuild(site.store, site.company, site.project.id) == 0


def test_a_row_said_to_be_under_an_activity_is_mended_without_harm_to_that_activity(stage: Stage) -> None:
    """Only nodes above activities hold sums; a spoilt row naming another activity, or itself, takes nothing from it."""
    site = Site(stage)
    for activity in (0, 1):
        site.do("plan", BUDGETED | {"activity": activity})
        booked = {"activity": activity, "day": DAYS[0], "hours": Decimal(8), "rate": None, "quantity": None}
        site.do("book", booked)
    assert not settle(site.records)
    first, second = (tree(site).index(row.id) for row in site.activities[:2])
    for node in (first, second):
        what = {"node": node, "row": f"day#{DAYS[0]}", "how": "under", "name": "", "value": 0, "other": second}
        spoil(site, what)
    rebuild(site.store, site.company, site.project.id)
    site.check()
    assert rebuild(site.store, site.company, site.project.id) == 0


def test_a_rebuild_reports_a_spoilt_row_of_an_upper_node(stage: Stage) -> None:
    """Not only activities are looked at."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    assert not settle(site.records)
    top = site.activities[0].ancestors[0]
    pk = {"S": key(site.company, top)}
    site.store.call("delete_item", TableName=site.store.name("rollups"), Key={"pk": pk, "sk": {"S": "total"}})
    assert rebuild(site.store, site.company, site.project.id) == 1
    site.check()


def test_an_activity_that_is_gone_leaves_every_sum(stage: Stage) -> None:
    """Its rows are found although its node is not, and its own stream record finds nothing more to do."""
    site = Site(stage)
    for activity in (0, 2):
        site.do("plan", BUDGETED | {"activity": activity})
    assert not settle(site.records)
    gone = site.activities.pop(0)
    old = gone.serialize()
    site.store.transact([Delete(Node, (gone.pk, gone.sk))])
    assert rebuild(site.store, site.company, site.project.id) > 0
    site.check()
    assert not settle([{"OldImage": old}])
    site.check()


@settings(slow, max_examples=40)
@given(
    history=st.lists(step, max_size=5),
    later=st.lists(step, min_size=1, max_size=3),
    spoils=st.lists(spoilt, max_size=3),
    only_sums=st.booleans(),
    when=st.integers(0, 25),
)
def test_a_rebuild_beside_the_stream_functions_is_exact(
    stage: Stage, history: list[Any], later: list[Any], spoils: list[Any], only_sums: bool, when: int
) -> None:
    """Between any two calls of a rebuild others may write; in the end every sum is right."""
    site = Site(stage)
    for kind, what in history:
        site.do(kind, what)
    assert not settle(site.records)
    if not only_sums:
        for what in spoils:
            spoil(site, what)

    def others() -> None:
        before = len(site.records)
        for kind, what in later:
            site.do(kind, what)
        assert not settle(site.records[before:])

    rebuild_beside(site, Place("sums", "day") if only_sums else Place(), when, others)
    site.check()
    assert rebuild(site.store, site.company, site.project.id) == 0


@pytest.mark.parametrize("when", range(18))
def test_a_sum_read_in_part_before_and_in_part_after_a_change_is_not_written(stage: Stage, when: int) -> None:
    """All activities change while the rows of one date are being added up."""
    site = Site(stage)
    for activity in range(4):
        site.do("plan", BUDGETED | {"activity": activity})
    assert not settle(site.records)
    spoil(site, {"node": 10, "row": "total", "how": "add", "name": "bac", "value": 7, "other": 0})

    def others() -> None:
        for activity in range(4):
            site.do("plan", BUDGETED | {"activity": activity, "budget": Decimal(10)})
        assert not settle(site.records[-4:])

    rebuild_beside(site, Place("sums", "day"), when, others)
    site.check()


def rebuild_beside(site: Site, place: Place, when: int, others: Callable[[], None]) -> None:
    """Rebuild from ``place`` on; ``others`` come right before one of the calls to DynamoDB."""
    calls = itertools.count()
    busy = Busy(site.store.client, site.store.prefix, sleep=lambda _: None)
    busy.disturb = lambda: others() if next(calls) == when else None
    while place.phase != "done":
        place = advance(busy, site.company, site.project.id, place)


class Busy(Store):
    """A store before whose calls somebody else changes source rows and the stream functions run."""

    disturb: Callable[[], None]

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        self.disturb()
        return super().call(operation, **parameters)

    def together(self, *calls: Callable[[], Any]) -> list[Any]:
        """One after another, so that others come in between."""
        return [call() for call in calls]


def test_a_recompute_that_found_nothing_keeps_an_older_one_from_committing(stage: Stage) -> None:
    """A plan changed there and back: who read in between must not write what it read."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    assert not settle(site.records)
    site.do("plan", BUDGETED | {"budget": Decimal(10)})
    target = Target(site.company, site.project.id, site.activities[0].id)
    changed = compute(site.store, target, None)
    site.do("plan", BUDGETED)
    assert apply(site.store, {target: None}).changed == 0
    assert compute(site.store, target, None).version > changed.version


def test_every_project_is_checked_once_a_day(stage: Stage) -> None:
    """A schedule runs it in slices; a new project joins by its own stream record."""
    site = Site(stage)
    while leave_due(site.store, datetime.now(UTC) + timedelta(days=400)):
        if not site.store.query("rollups", "rebuilds", between=(None, "2027"), limit=1).rows:
            break
    image = site.project.serialize()
    for _ in range(2):
        settle([{"NewImage": image}])
    day = NOW + timedelta(days=1)
    assert not leave_due(site.store, NOW), "not before its day"
    assert leave_due(site.store, day)
    assert [row["reason"]["S"] for row in left(site)] == ["check"]
    assert not leave_due(site.store, day), "once"
    assert repair(site.store, always, day) >= 1
    assert left(site) == []
    assert leave_due(site.store, day + timedelta(days=1))


def test_installed_quantity_never_shows_below_nothing(stage: Stage) -> None:
    """Negative quantities are corrections; the activity's total never goes below 0."""
    site = Site(stage)
    work = {"activity": 0, "day": DAYS[1], "hours": Decimal(1), "rate": None}
    site.do("book", work | {"quantity": Decimal(-3)})
    assert not settle(site.records)
    seen = stage.owner.ok("GET", f"/wbs/{site.activities[0].id}/")
    assert Decimal(seen["installed_quantity"]) == 0
    site.do("book", work | {"quantity": Decimal(5)})
    assert not settle(site.records)
    seen = stage.owner.ok("GET", f"/wbs/{site.activities[0].id}/")
    assert Decimal(seen["installed_quantity"]) == 2


def test_the_rebuild_command_says_what_it_mended(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """An operator rebuilds one project by its ids; an id that is not there is no success."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    assert not settle(site.records)
    spoil(site, {"node": 10, "row": "total", "how": "add", "name": "bac", "value": 7, "other": 0})
    for code, expected in ((1, "1 rows were wrong and are mended\n"), (0, "0 rows were wrong\n")):
        assert rebuild_command([site.company, site.project.id]) == code
        assert capsys.readouterr().out == expected
    assert rebuild_command([site.company, "no-such-project"]) == 2
    site.check()


def test_the_schedule_of_a_minute_does_what_was_left(stage: Stage) -> None:
    """The deployed function, called as its schedule calls it."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    leave_for_repair(site.store, Target(site.company, site.project.id, site.activities[0].id), "test")
    assert repair_rollups(scheduled_event("repair_rollups"), LambdaContext("repair_rollups", 120)) >= 1
    assert left(site) == []
    site.check()
