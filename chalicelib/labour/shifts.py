"""When operatives worked by the clock, so that no time becomes hours twice.

A clock entry holds its time, from clock-in to just before clock-out, until it is deleted; a rejected
one may be submitted again, so it holds its time too.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from chalicelib.clock.rows import BY_STATUS, ClockEvent, Shifts
from chalicelib.labour.rows import Entry
from chalicelib.storage.changes import Change, Put, Update, absent
from chalicelib.storage.rows import key

DELETED = "entry_deleted"  # of an event: what a person has deleted, no punch makes again
Place = tuple[type[Shifts], str, str]


def places(company: str, operative: str, clock_in: datetime) -> list[Place]:
    """The rows of the UTC dates that a shift of at most 24 hours from then on can touch."""
    return [_place(company, operative, (clock_in + timedelta(days=n)).date().isoformat()) for n in (0, 1)]


def _place(company: str, operative: str, date: str) -> Place:
    return Shifts, key(company, operative, date), "shifts"


def overlaps(rows: Sequence[Shifts | None], shift: dict[str, Any], entry: str | None = None) -> bool:
    """Whether another entry than ``entry`` holds some of the shift's time; to touch is no overlap."""
    return any(
        id != entry and held["clock_in"] < shift["clock_out"] and shift["clock_in"] < held["clock_out"]
        for row in rows
        if row is not None
        for id, held in row.held.items()
    )


def hold(
    places: Sequence[Place], rows: Sequence[Shifts | None], entry: str, shift: Any, before: Any = None
) -> list[Change]:
    """The entry's time held in these rows and the time ``before`` freed, unless a row has changed since it was read."""
    wanted = _dates(shift)
    touched = wanted | _dates(before)
    changes: list[Change] = []
    for (_, pk, sk), kept in zip(places, rows, strict=True):
        date = pk.rpartition("#")[2]
        if date not in touched:
            continue
        row = kept or Shifts(pk=pk, sk=sk, held={}, version=0)
        held = {id: shift for id, shift in row.held.items() if id != entry}
        if date in wanted:
            held[entry] = {name: shift[name] for name in ("clock_in", "clock_out")}
        condition = Shifts.version == row.version if kept else absent(Shifts)
        row.held, row.version = held, row.version + 1
        changes.append(Put(row, condition))
    return changes


def free(entry: Entry, at: str) -> list[Change]:
    """The time of an entry that a person deletes held no more, and its event dismissed."""
    company, shift = entry.pk.partition("#")[0], entry.shift
    place, ours = (key(company, shift["clock_id"]), shift["event"]), ClockEvent.labour_entry == entry.id
    return [
        Update(ClockEvent, place, _dismissed(company, at), ours),
        *(
            Update(Shifts, _place(company, shift["operative"], date)[1:], (Shifts.held[entry.id].remove(), _RAISED))
            for date in sorted(_dates(shift))
        ),
    ]


def _dismissed(company: str, at: str) -> tuple[Action, ...]:
    return (
        ClockEvent.status.set("dismissed"),
        Path(BY_STATUS.hash).set(key(company, "dismissed")),
        ClockEvent.reason.set(DELETED),
        ClockEvent.labour_entry.remove(),
        ClockEvent.updated_at.set(at),
        ClockEvent.version.add(1),
    )


_RAISED = Shifts.version.add(1)


def _dates(shift: Any) -> set[str]:
    """The UTC dates that a shift touches; its clock-out is the first instant after it."""
    if not shift:
        return set()
    first, after = (datetime.fromisoformat(shift[name]) for name in ("clock_in", "clock_out"))
    return {first.date().isoformat(), (after - timedelta(seconds=1)).date().isoformat()}
