"""The time that clock entries hold: freed with an entry that a person deletes.

What becomes of its event follows by itself: nobody makes again what a person has deleted.
"""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.labour.rows import Entry, Shifts
from chalicelib.storage.changes import Change, Update
from chalicelib.storage.rows import key


def free(entry: Entry, at: str) -> list[Change]:
    """The time of an entry that a person deletes held no more."""
    company, shift = entry.pk.partition("#")[0], entry.shift
    actions = (Shifts.held[entry.id].remove(), Shifts.version.add(1))
    return [Update(Shifts, (key(company, shift["operative"], date), "shifts"), actions) for date in _dates(shift)]


def _dates(shift: Any) -> list[str]:
    """The UTC dates that a shift touches; its clock-out is the first instant after it."""
    first, after = (datetime.fromisoformat(shift[name]) for name in ("clock_in", "clock_out"))
    return sorted({first.date().isoformat(), (after - timedelta(seconds=1)).date().isoformat()})
