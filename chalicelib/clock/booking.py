"""The labour entries of clock events: made, corrected and taken back, with the time that they hold."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.access.rows import Company
from chalicelib.clock import moments
from chalicelib.clock.records import kept_shift, shift_of
from chalicelib.clock.values import Held, Shift
from chalicelib.labour import clock_entries, entries
from chalicelib.labour.clock_entries import Clocked, Doers
from chalicelib.labour.days import Days, Judged
from chalicelib.labour.rows import Entry, Shifts
from chalicelib.storage.changes import Change, Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Wanted
from chalicelib.times import stamp


def dates(start: datetime, finish: datetime) -> list[str]:
    """The UTC dates that a shift touches; its finish is the first instant after it."""
    last = max(start, finish - moments.SECOND)
    return sorted({start.date().isoformat(), last.date().isoformat()})


def shifts_place(company: str, operative: str, date: str) -> Wanted:
    """Where the time is kept that an operative's clock entries hold on a UTC date."""
    return Shifts, key(company, operative, date), "shifts"


class Books:
    """The entries under one decision: each row of labour read once and written once."""

    def __init__(self, reading: Reading, tenant: Company, form: str, now: datetime) -> None:
        self.reading, self.tenant, self.form, self.now = reading, tenant, form, now
        self._company = str(tenant.id)
        self._days = Days(reading, Judged(self._company, tenant.daily_cap_hours, stamp(now), None))
        self._changes: list[Change] = []
        self._held: dict[Wanted, Shifts] = {}

    def held(self, operative: str, over: Iterable[str]) -> tuple[Held, ...]:
        """The time that the operative's clock entries hold on these UTC dates."""
        rows = self.reading.rows(*(shifts_place(self._company, operative, date) for date in over))
        found = {id: each for row in rows if row is not None for id, each in row.held.items()}
        read = datetime.fromisoformat
        return tuple(Held(id, read(each["clock_in"]), read(each["clock_out"])) for id, each in found.items())

    def entry(self, id: str) -> Entry | None:
        """An entry as it is."""
        found: Entry | None = self.reading.row(*entries.place(self._company, id))
        return found

    def make(self, id: str, shift: Shift, name: str, by: Doers) -> None:
        """A new entry, submitted by nobody; ``by`` are those who want it again, where there was one before."""
        clocked = Clocked(shift.operative, shift.project, shift.date, shift.hours)
        kept = kept_shift(shift, self.form, name)
        self._changes += clock_entries.create(self._days, id, clocked, kept, by, self.now)
        self._hold(id, None, shift)

    def correct(self, entry: Entry, shift: Shift, name: str, by: Doers) -> None:
        """The entry follows what the clock or a person says otherwise; its state, and what a person set besides, stay.

        ``by`` are the doers of the fields that change; without one it is the clock.
        """
        was = shift_of(entry.shift)
        said = ("operative", "project", "date", "hours")
        values = {each: getattr(shift, each) for each in said if getattr(shift, each) != getattr(was, each)}
        kept = kept_shift(shift, self.form, name)
        self._changes += clock_entries.correct(self._days, entry, values, kept, by, self.now)
        self._hold(entry.id, was, shift)

    def withdraw(self, entry: Entry) -> None:
        """The entry goes, as the clock has found its out to belong to another shift; its trail stays."""
        was = shift_of(entry.shift)
        self._changes += clock_entries.withdraw(self._days, entry, self.now)
        self._hold(entry.id, was, None)

    def _hold(self, id: str, before: Shift | None, after: Shift | None) -> None:
        spans = {each: dates(each.start, each.finish) for each in (before, after) if each}
        for shift, over in spans.items():
            for date in over:
                self._write(id, shift.operative, date, after if after and shift.operative == after.operative else None)

    def _write(self, id: str, operative: str, date: str, shift: Shift | None) -> None:
        place = shifts_place(self._company, operative, date)
        kept: Shifts | None = self.reading.rows(place)[0]
        row = self._held[place] = kept or self._new(place)
        held: dict[str, object] = {each: time for each, time in row.held.items() if each != id}
        if shift and date in dates(shift.start, shift.finish):
            held[id] = {"clock_in": moments.written(shift.start), "clock_out": moments.written(shift.finish)}
        row.held = held

    def _new(self, place: Wanted) -> Shifts:
        row = Shifts(pk=place[1], sk=place[2], held={}, version=0)
        self.reading.know(place, row)
        return row

    def changes(self) -> list[Change]:
        """Every change, each row once: as it becomes, on condition that it is still what it was."""
        held: list[Change] = []
        for row in self._held.values():
            condition = Shifts.version == row.version if row.version else absent(Shifts)
            row.version += 1
            held.append(Put(row, condition))
        return [*merged(self._changes), *self._days.changes(), *held]


def merged(changes: Iterable[Change]) -> list[Change]:
    """Puts of one row made one: the row as it becomes, on the first condition."""
    found: dict[object, Change] = {}
    for change in changes:
        place = (type(change.row), change.row.pk, change.row.sk) if isinstance(change, Put) else id(change)
        first = found.get(place)
        if isinstance(first, Put) and isinstance(change, Put):
            change = Put(change.row, first.condition)
        found[place] = change
    return list(found.values())
