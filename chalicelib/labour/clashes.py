"""Clashes as people meet them: seen by whoever sees one of their entries, and resolved by whoever approves."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.errors import Denied, InUse, NotFound, PeriodClosed
from chalicelib.labour import clash_rules, days
from chalicelib.labour.actors import acting
from chalicelib.labour.approvals import rejected
from chalicelib.labour.clash_rules import Choice, Clash, DayEntry, Event
from chalicelib.labour.days import Day, Days
from chalicelib.labour.entries import judged, place
from chalicelib.labour.rows import ClashEvent, ClashRow, Entry
from chalicelib.labour.surroundings import ClashEntry, clash_entries
from chalicelib.projects.rows import Project
from chalicelib.storage.changes import Change
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import ConditionFailed
from chalicelib.storage.work import Decided

MOST_REJECTED = 40  # with one resolution: it is one transaction


class ShownClash(Struct, frozen=True):
    """A clash as the caller is told of it; ``history`` begins with its oldest event."""

    id: str
    operative: str
    date: str
    kinds: tuple[str, ...]
    entries: list[ClashEntry]
    total_hours: Decimal
    status: str
    resolution: Event | None
    history: list[Event]
    updated_at: str
    before: int = 0


def sees(caller: Caller, operative: str, projects: Sequence[str]) -> bool:
    """Whether the caller may see one of the entries."""
    return operative in caller.operatives or any(caller.may(Permission.READ_ALL_LABOUR, each) for each in projects)


def listed(caller: Caller, row: ClashRow) -> ShownClash:
    """A clash as a list shows it, with the latest of its history."""
    entries = {id: DayEntry(**{**each, "hours": Decimal(each["hours"])}) for id, each in row.entries.items()}
    resolution = days.event_of(row.resolution) if row.resolution else None
    return ShownClash(
        row.id,
        row.operative,
        row.date,
        tuple(row.kinds),
        clash_entries(caller, row.operative, row.date, entries),
        clash_rules.total_hours(entries),
        row.status,
        resolution,
        [days.event_of(each) for each in row.events],
        row.updated_at,
    )


def read(reading: Reading, caller: Caller, id: str, now: datetime) -> ShownClash:
    """A clash with its whole history, judged by the cap of this moment.

    Raises:
        NotFound: there is none, or the caller may see none of its entries.
    """
    day = _day(reading, caller, id, now)
    events = Query(model=ClashEvent, hash=_pk(caller, day), between=("clash#", "clash#~"))
    history = [days.event_of(row.event) for row in reading.each(events)]
    shown = listed(caller, day.listed(_existing(day)))
    fresh = day.judged().event  # what the cap of this moment makes of the day, and nothing has kept yet
    return ShownClash(**{**_fields(shown), "history": [*history, *([fresh] if fresh else [])], "before": day.before})


def _fields(shown: ShownClash) -> Mapping[str, Any]:
    return {name: getattr(shown, name) for name in ShownClash.__struct_fields__}


def _day(reading: Reading, caller: Caller, id: str, now: datetime) -> Day:
    """The day of a clash that the caller may see."""
    named = days.day_of_clash(id)
    if named is None:
        raise NotFound
    day = Days(reading, judged(caller, now)).of(*named)
    if day.clash is None or not sees(caller, day.operative, day.listed(day.clash).projects):
        raise NotFound
    return day


def _existing(day: Day) -> Clash:
    assert day.clash is not None, "a day without a clash is not found"
    return day.clash


def _pk(caller: Caller, day: Day) -> str:
    return key(caller.company, day.operative, day.date)


def resolve(reading: Reading, caller: Caller, id: str, choice: Choice, now: datetime) -> Decided[ShownClash]:
    """Choose the entries that are right, and perhaps reject the rest.

    Raises:
        Denied: the caller may not approve on every project with an entry in it.
        PeriodClosed: one of these projects is closed on that day.
        InvalidTransition: the clash is not open, or an approved entry would be rejected.
        InUse: more would be rejected than one transaction takes.
    """
    by, named = judged(caller, now), days.day_of_clash(id)
    if named is None:
        raise NotFound
    all_days = Days(reading, by)
    day = all_days.of(*named)
    _refuse(reading, caller, day)
    found, rest = clash_rules.resolve(day.entries, _existing(day), choice, by.at, acting(caller))
    if len(rest) > MOST_REJECTED:
        raise InUse(f"At most {MOST_REJECTED} entries are rejected with a resolution; reject some of them first.")
    changes: list[Change] = []
    for entry in reading.rows(*(place(caller.company, each) for each in rest)):
        if not isinstance(entry, Entry):  # deleted since the day was read: each write of an entry writes its day
            raise ConditionFailed
        changes += rejected(entry, choice.note, acting(caller), now)
        day.put(entry)
    day.choose(found)
    before = day.before
    changes += all_days.changes()
    shown = listed(caller, day.listed(_existing(day)))
    return Decided(changes, ShownClash(**{**_fields(shown), "before": before}))


def _refuse(reading: Reading, caller: Caller, day: Day) -> None:
    if day.clash is None or not sees(caller, day.operative, day.listed(day.clash).projects):
        raise NotFound
    projects = day.listed(day.clash).projects
    if not all(caller.may(Permission.APPROVE, each) for each in projects):
        raise Denied("Resolving needs the permission approve on every project with an entry in the clash.")
    for project in reading.rows(*((Project, key(caller.company, each), "project") for each in projects)):
        if project is not None and project.closed_to and day.date <= project.closed_to:
            raise PeriodClosed(
                f"The project {project.code} is closed up to {project.closed_to}; a manager can reopen the period."
            )
