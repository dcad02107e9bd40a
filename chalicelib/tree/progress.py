"""Dated measurements of activities: recorded, corrected, taken away."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from chalicelib.access.callers import Caller
from chalicelib.errors import InUse, Invalid, NotFound, PeriodClosed
from chalicelib.ids import new_id, project_of
from chalicelib.names import comparison_form
from chalicelib.storage.changes import Change, Delete, Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Wanted
from chalicelib.storage.work import Decided
from chalicelib.times import stamp
from chalicelib.tree.ground import Found, find, node_key, outline_key, place_key, project_key
from chalicelib.tree.order import LEVELS
from chalicelib.tree.rows import Measured, Measurement

MOST = 1000  # measurements of one activity
EARLIEST = "2000-01-01"
AHEAD = timedelta(days=31)
MEASURES = ("installed_quantity", "percent_complete", "milestone")


class Recorded(Struct, frozen=True):
    """A measurement and the activity's row that guards all of its measurements, as they are in the table."""

    activity: Found
    row: Measurement
    guard: Measured


def measurement_key(company: str, activity: str, id: str) -> Wanted:
    """Which row a measurement is."""
    return Measurement, key(company, activity), f"progress#{id}"


def guard_key(company: str, activity: str) -> Wanted:
    """Which row guards the measurements of an activity."""
    return Measured, key(company, activity), "measured"


def measured(reading: Reading, company: str, activities: Sequence[str]) -> set[str]:
    """Which of some activities have measurements."""
    guards: list[Measured | None] = reading.rows(*(guard_key(company, id) for id in activities))
    return {id for id, guard in zip(activities, guards, strict=True) if guard is not None and guard.held}


def find_measurement(reading: Reading, company: str, activity: str, id: str) -> Recorded:
    """A measurement of an activity, or :class:`NotFound`."""
    _read_ahead(reading, company, activity, measurement_key(company, activity, id))
    found = find(reading, company, activity)
    row, guard = reading.rows(measurement_key(company, activity, id), guard_key(company, activity))
    if row is None or guard is None:
        raise NotFound
    return Recorded(found, row, guard)


def _read_ahead(reading: Reading, company: str, activity: str, *more: Wanted) -> None:
    project = project_of(activity)
    of_project = project_key(company, project), outline_key(company, project)
    of_node = node_key(company, activity), place_key(company, activity), guard_key(company, activity)
    reading.rows(*of_project, *of_node, *more)


def record(
    reading: Reading, caller: Caller, activity: str, values: Mapping[str, object], now: datetime
) -> Decided[Measurement]:
    """What a person measured at the end of a date.

    Raises:
        Invalid: the node is no activity, or a field may not be like this.
        PeriodClosed: the date lies in a closed period.
        InUse: the activity has as many measurements as it may have.
    """
    company = caller.company
    _read_ahead(reading, company, activity)
    found = find(reading, company, activity)
    _check(found, values, now)
    values = _as_named(found, values)
    guard: Measured | None = reading.rows(guard_key(company, activity))[0]
    if guard is not None and guard.held >= MOST:
        raise InUse(f"An activity has at most {MOST:,} measurements. Change or delete an earlier one.")
    id, at, recorded = new_id(), stamp(now), (guard.last if guard else 0) + 1
    row = Measurement(
        pk=key(company, activity),
        sk=f"progress#{id}",
        id=id,
        activity=activity,
        recorded=recorded,
        measured_by=caller.user,
        version=1,
        created_at=at,
        updated_at=at,
        **values,
    )
    return Decided([Put(row, absent(Measurement)), _guarded(company, activity, guard, 1, recorded)], row)


def correct(
    reading: Reading, caller: Caller, activity: str, id: str, values: Mapping[str, object], now: datetime
) -> Decided[Measurement]:
    """Another date, measure or note; it keeps its place in the order of recording."""
    was = find_measurement(reading, caller.company, activity, id)
    before = was.row
    measures = dict.fromkeys(MEASURES) if any(values.get(name) is not None for name in MEASURES) else {}
    after = {**before.plain(), **measures, **values}
    require_open(was.activity, before.date)
    _check(was.activity, after, now)
    row = Measurement(**(_as_named(was.activity, after) | {"version": before.version + 1, "updated_at": stamp(now)}))
    guard = _guarded(caller.company, activity, was.guard, 0, was.guard.last)
    return Decided([Put(row, Measurement.version == before.version), guard], row, str(before.version))


def take_away(reading: Reading, caller: Caller, activity: str, id: str) -> Decided[None]:
    """A measurement that was none."""
    was = find_measurement(reading, caller.company, activity, id)
    require_open(was.activity, was.row.date)
    gone = Delete(Measurement, (was.row.pk, was.row.sk), Measurement.version == was.row.version)
    return Decided(
        [gone, _guarded(caller.company, activity, was.guard, -1, was.guard.last)], None, str(was.row.version)
    )


def _guarded(company: str, activity: str, guard: Measured | None, more: int, last: int) -> Change:
    """The activity's guard after a change of its measurements, on condition that there was no other."""
    version, count = (guard.version, guard.held) if guard else (0, 0)
    _, pk, sk = guard_key(company, activity)
    row = Measured(pk=pk, sk=sk, held=count + more, last=last, version=version + 1)
    return Put(row, Measured.version == version if guard else absent(Measured))


def require_open(found: Found, day: str) -> None:
    """Raises :class:`PeriodClosed` where a date lies in a closed period of the project."""
    closed_to = found.project.closed_to
    if closed_to is not None and day <= closed_to:
        raise PeriodClosed(f"The period is closed to {closed_to}. Reopen it first.")


def _check(found: Found, values: Mapping[str, Any], now: datetime) -> None:
    if found.node.level != LEVELS:
        raise Invalid("Only an activity (level 4) is measured.")
    errors: dict[str, list[str]] = {}
    latest = (now.astimezone(ZoneInfo(found.project.timezone)).date() + AHEAD).isoformat()
    if not EARLIEST <= values["date"] <= latest:
        errors["date"] = [f"Must lie between {EARLIEST} and {latest}."]
    given = [name for name in MEASURES if values.get(name) is not None]
    if len(given) != 1:
        message = "Give one of installed_quantity, percent_complete and milestone."
        errors |= {name: [message] for name in given or MEASURES}
    errors |= _no_milestone(found, values)
    if errors:
        raise Invalid(errors=errors)
    require_open(found, values["date"])


def _milestones(found: Found) -> dict[str, str]:
    """The activity's milestones as they are written, by their comparison form."""
    return {comparison_form(each["name"]): each["name"] for each in found.node.milestones or []}


def _no_milestone(found: Found, values: Mapping[str, Any]) -> dict[str, list[str]]:
    name = values.get("milestone")
    if name is None or comparison_form(name) in _milestones(found):
        return {}
    return {"milestone": ["The activity has no such milestone."]}


def _as_named(found: Found, values: Mapping[str, Any]) -> dict[str, Any]:
    """A milestone is kept as the activity writes it."""
    name = values.get("milestone")
    return {**values, **({} if name is None else {"milestone": _milestones(found)[comparison_form(name)]})}
