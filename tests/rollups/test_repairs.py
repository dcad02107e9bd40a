"""Long work in slices, the repair table, and the daily check of every project."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app import repair_rollups
from chalicelib.errors import Unavailable
from chalicelib.handlers.streams import settle
from chalicelib.projects.rows import Project
from chalicelib.rollups import sheets
from chalicelib.rollups.attempt import REPAIRS, slices_of
from chalicelib.rollups.reads import Touched
from chalicelib.rollups.recompute import leave_for_repair, recompute
from chalicelib.rollups.repairs import leave_due, rebuild, repair
from chalicelib.rollups.rows import CheckDue, Half, Head, Repair, Root, Slices
from chalicelib.rollups.steps import Touch
from chalicelib.storage.changes import Delete, Put
from chalicelib.storage.queries import Query
from chalicelib.storage.store import store
from chalicelib.times import stamp
from infra.local.lambda_context import LambdaContext
from infra.local.schedule import scheduled_event
from infra.rebuild import main as rebuild_command
from tests.rollups.disturbed import Killed, disturbed
from tests.rollups.site import DAYS, NOW, PLANNED, Site
from tests.stage import Stage

BUDGETED = PLANNED | {"activity": 0, "budget": Decimal(80), "length": 9, "dated": True}
BOOKED = {"activity": 0, "day": DAYS[1], "hours": Decimal(8), "rate": None, "quantity": Decimal(2)}
WEEKENDS = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "holidays": [DAYS[2]]}


def always() -> bool:
    """Time for one more slice."""
    return True


def left(site: Site) -> list[dict[str, Any]]:
    """The rows of the repair table that are about the site's project."""
    rows = site.store.items(Query(model=Repair, hash="repairs"))
    return [row for row in rows if row["sk"]["S"].startswith(site.place.pk)]


def drifted(site: Site) -> None:
    """The project's sums of one half-year, wrong by hand."""
    root = site.store.get(Root, site.place.pk, "root")
    assert root is not None
    row = site.store.get(Half, site.place.pk, "a#2026-1") or site.store.get(Half, site.place.pk, "b#2026-1")
    assert row is not None
    sheet = sheets.unpack(row.content)
    sheets.put(sheet, "ac", DAYS[0].toordinal(), 7)
    row.content = sheets.pack(sheet)
    site.store.transact([Put(row)])


def test_a_check_finds_what_no_record_spoke_of_and_mends_it(stage: Stage) -> None:
    """A check recomputes every activity from its sources."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    site.do("book", BOOKED)
    assert rebuild(site.store, site.place) > 0, "no stream record has been looked at"
    assert rebuild(site.store, site.place) == 0
    site.check()


def test_a_check_finds_sums_that_are_wrong_and_builds_them_anew(stage: Stage) -> None:
    """It adds up, node by node, what lies below."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    assert not settle(site.store, site.records)
    drifted(site)
    site.store.transact([Put(slices_of(site.place, "check", "activities", stamp(NOW)))])
    assert repair(site.store, always, NOW).drift == 1, "it is a metric with an alarm"
    assert repair(site.store, always, NOW).done == 1, "and built anew"
    site.check()
    assert rebuild(site.store, site.place) == 0


def test_a_change_larger_than_a_transaction_is_written_in_several(stage: Stage) -> None:
    """Fifteen years of work at once."""
    site = Site(stage)
    for shift in range(30):
        site.do("book", BOOKED | {"day": DAYS[0] + timedelta(days=183 * shift), "quantity": Decimal("0.1")})
    assert not settle(site.store, site.records)
    site.do("plan", BUDGETED | {"budget": Decimal(1000)})
    assert not settle(site.store, site.records[-1:])
    site.check()
    before = len(site.records)
    site.do("move", ([id for id, level in site.levels.items() if level > 1].index(site.activities[0]), 1))
    assert not settle(site.store, site.records[before:])
    repair(site.store, always, NOW)
    site.check()
    assert rebuild(site.store, site.place) == 0


def test_a_change_of_calendar_is_right_within_the_batch_for_a_small_project(stage: Stage) -> None:
    """Planned value spreads over the days that the project works now."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    assert not settle(site.store, site.records)
    site.do("calendar", WEEKENDS)
    assert not settle(site.store, site.records[-1:])
    site.check()
    assert left(site) == []


def test_a_change_of_calendar_of_a_large_project_is_rolled_forward_in_slices(stage: Stage) -> None:
    """No invocation does more than fits; a slice that died is done again and earlier ones are kept."""
    site = Site(stage)
    for activity in range(4):
        site.do("plan", BUDGETED | {"activity": activity})
    assert not settle(site.store, site.records)
    site.do("calendar", WEEKENDS)
    change = site.records[-1:]
    assert not settle(site.store, change, 0)
    [waiting] = left(site)
    for _ in range(20):
        once = iter((True, True, False))  # one row, one slice
        repair(site.store, lambda once=once: next(once, False), NOW)
        rows = left(site)
        if not rows:
            break
        assert int(rows[0]["steps"]["N"]) == int(waiting["steps"]["N"]) + 1, "the slice is kept"
        [waiting] = rows
        if waiting["phase"]["S"] == "known":
            settle(site.store, change, 0)
            assert left(site) == rows, "a record that comes again does not begin it again"
    assert left(site) == []
    site.check()


@pytest.mark.long
def test_long_work_that_meets_another_change_is_left_for_the_next_run(stage: Stage) -> None:
    """Whatever moment the other change picks: nothing fails, and the numbers are right in the end."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    assert not settle(site.store, site.records)
    for when in range(30):
        site.do("calendar", WEEKENDS | {"holidays": [DAYS[when % 3]]})
        change = site.records[-1:]

        def work(number: int, when: int = when) -> None:
            if number == when:
                site.do("book", BOOKED | {"hours": Decimal(1)})
                settle(site.store, site.records[-1:])

        settle(disturbed(site.store, work), change)
        while left(site):
            repair(site.store, always, NOW)
    site.check()


def test_a_newer_change_of_calendar_begins_the_slices_again(stage: Stage) -> None:
    """What an earlier slice counted under the older calendar is counted anew."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    assert not settle(site.store, site.records)
    site.do("calendar", WEEKENDS)
    assert not settle(site.store, site.records[-1:], 1)
    assert left(site)[0]["steps"] == {"N": "2"}
    site.do("calendar", {"weekdays": [2], "holidays": []})
    assert not settle(site.store, site.records[-1:], 0)
    assert left(site)[0]["steps"] == {"N": "1"}
    assert repair(site.store, always, NOW).done == 1
    site.check()


@contextmanager
def broken(site: Site, activity: int) -> Iterator[None]:
    """An activity that cannot be computed, and in the end can; then what was left of it is done."""
    ruled(site, activity, "no such rule")
    yield
    ruled(site, activity, "units")
    assert repair(site.store, always, NOW).done == 1
    site.check()


def ruled(site: Site, activity: int, rule: str) -> None:
    row = site.row(site.activities[activity])
    row.earning_rule = rule
    site.store.transact([Put(row)])


def test_one_row_that_never_works_keeps_no_other_from_its_repair(stage: Stage) -> None:
    """The repair table is done row by row; a record whose activity lies there is done."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    with broken(site, 1):
        assert settle(site.store, site.records) == 1, "the others are counted"
        leave_for_repair(site.store, site.place, site.activities[0], "test")
        assert repair(site.store, always, NOW).done == 1
        assert [each["sk"]["S"] for each in left(site)] == [f"{site.place.pk}#{site.activities[1]}"]


def test_a_check_counts_what_it_mends_beside_what_it_cannot(stage: Stage) -> None:
    """It is a metric with an alarm."""
    site = Site(stage)
    assert not settle(site.store, site.records)
    site.do("plan", BUDGETED)
    with broken(site, 1):
        assert rebuild(disturbed(site.store, lambda _: None), site.place) == 2
        assert [each["sk"]["S"] for each in left(site)] == [f"{site.place.pk}#{site.activities[1]}"]


def test_storage_that_fails_while_activities_are_tried_one_by_one_ends_the_batch(stage: Stage) -> None:
    """The record comes again, as long as it is not said to be done."""
    site = Site(stage)
    assert not settle(site.store, site.records)
    one_by_one = Touched({id: Touch(None, True) for id in site.activities})
    once = iter([Unavailable])

    def fail(_: int) -> None:
        if left(site):  # the first was tried, and the others were not yet
            raise next(once, Killed)

    with broken(site, 0), pytest.raises(Unavailable):
        recompute(disturbed(site.store, fail), site.place, one_by_one)


@pytest.mark.long
@pytest.mark.parametrize("gone", ["head", "root"])
def test_rows_that_went_missing_are_built_anew(stage: Stage, gone: str) -> None:
    """Whatever happened to the sums, the sources are the truth."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    site.do("book", BOOKED)
    assert not settle(site.store, site.records)
    model, pk = (Head, site.place.of(site.activities[0])) if gone == "head" else (Root, site.place.pk)
    site.store.transact([Delete(model, (pk, gone))])
    for _ in range(3):
        rebuild(site.store, site.place)
    site.check()


@pytest.mark.long
def test_every_project_is_checked_once_a_day(stage: Stage) -> None:
    """A schedule runs it in slices; a new project joins by its own stream record."""
    site = Site(stage)
    while leave_due(site.store, datetime.now(UTC) + timedelta(days=400)):
        if not site.store.page(Query(model=CheckDue, hash="checks", between=(None, "2028")), limit=1).rows:
            break
    project = site.store.get(Project, site.place.pk, "project")
    assert project is not None
    image = project.serialize()
    for _ in range(2):
        settle(site.store, [{"NewImage": image}])
    today = datetime.now(UTC)
    day = today + timedelta(days=1)
    assert not leave_due(site.store, today), "not before its day"
    assert leave_due(site.store, day)
    assert [row["reason"]["S"] for row in left(site)] == ["check"]
    assert not leave_due(site.store, day), "once"
    assert repair(site.store, always, day).done >= 1
    assert left(site) == []
    assert leave_due(site.store, day + timedelta(days=1))
    site.store.transact([Delete(Slices, ("repairs", site.place.pk))])


@pytest.mark.long
def test_a_malformed_row_of_the_schedule_does_not_stop_the_others(stage: Stage) -> None:
    """Checks and repairs that name nothing: what is behind them is done all the same."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    settle(site.store, site.records)
    site.do("book", BOOKED)
    leave_for_repair(site.store, site.place, site.activities[0], "failed")
    broken = [Repair(pk="repairs", sk="nobody", reason="?", since="?"), CheckDue(pk="checks", sk="2000-01-01#nobody")]
    due = CheckDue(pk="checks", sk=f"2000-01-02#{site.place.pk}")
    site.store.transact([Put(row) for row in (*broken, due)])
    while repair(site.store, always, NOW).done:
        pass
    assert left(site) == []
    assert not [row for row in site.store.items(Query(model=CheckDue, hash="checks")) if row["sk"]["S"] < "2001"]
    assert rebuild(site.store, site.place) == 0
    site.store.transact([Delete(Repair, ("repairs", "nobody"))])


def test_installed_quantity_never_shows_below_nothing(stage: Stage) -> None:
    """Negative quantities are corrections; the activity's total never goes below 0."""
    site = Site(stage)
    site.do("book", BOOKED | {"quantity": Decimal(-3)})
    assert not settle(site.store, site.records)
    seen = stage.owner.ok("GET", f"/wbs/{site.activities[0]}/")
    assert Decimal(seen["installed_quantity"]) == 0
    site.do("book", BOOKED | {"quantity": Decimal(5)})
    assert not settle(site.store, site.records)
    seen = stage.owner.ok("GET", f"/wbs/{site.activities[0]}/")
    assert Decimal(seen["installed_quantity"]) == 2


def test_the_rebuild_command_says_what_it_mended(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """An operator rebuilds one project by its ids; an id that is not there is no success."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    assert not settle(site.store, site.records)
    drifted(site)
    for code, expected in ((1, "1 rows were wrong and are mended"), (0, "0 rows were wrong")):
        assert rebuild_command(["--stage", "test", site.company, site.project]) == code
        assert capsys.readouterr().out.splitlines()[-1] == expected
    assert rebuild_command(["--stage", "test", site.company, "no-such-project"]) == 2
    site.check()


def test_the_schedule_of_a_minute_does_what_was_left(stage: Stage) -> None:
    """The deployed function, called as its schedule calls it."""
    site = Site(stage)
    site.do("plan", BUDGETED)
    leave_for_repair(site.store, site.place, site.activities[0], "test")
    assert repair_rollups(scheduled_event("repair_rollups"), LambdaContext("repair_rollups", 120)) >= 1
    assert left(site) == []


@pytest.mark.long
def test_every_project_is_rebuilt_in_slices(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """What a slice leaves undone is named, and the next goes on there."""
    sites = [Site(stage) for _ in range(2)]
    for site in sites:
        site.do("plan", BUDGETED)
        assert not settle(site.store, site.records)
        drifted(site)
    slice, lines = ["--stage", "test", "--all", "--seconds", "0"], list[str]()
    while rebuild_command([*slice, *(["--after", lines[-1].partition(":")[0]] if lines else [])]) == 3:
        done, how = capsys.readouterr().out.splitlines()
        lines.append(done)
        assert how.endswith(f"--all --after {done.partition(':')[0]}")
    lines += capsys.readouterr().out.splitlines()
    wrong = [f"{site.company}/{site.place.project}: 1 rows were wrong and are mended" for site in sites]
    assert lines == sorted(lines) and len(set(lines)) == len(lines) and set(wrong) <= set(lines)
    assert rebuild_command(["--stage", "test", "--all"]) == 0
    for site in sites:
        site.check()


def test_work_that_fails_again_and_again_is_counted(stage: Stage) -> None:
    """A metric of each run, from which an alarm knows rows that stay."""
    here = store()
    here.transact([Put(Repair(pk=REPAIRS, sk="a#row#of#no#form", reason="test", since="2026-01-01"))])
    assert repair(here, always, NOW).stuck == 1
    here.transact([Delete(Repair, (REPAIRS, "a#row#of#no#form"))])
    assert repair(here, always, NOW).stuck == 0
