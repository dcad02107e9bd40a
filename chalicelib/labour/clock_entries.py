"""What the clock does to hours: it makes an entry of a shift, corrects it, or withdraws it.

It is nobody's hand, but where somebody settles the punch of an entry that is there: what changes with that is theirs.

All of it goes into the operative-days that the caller collects (:class:`~chalicelib.labour.days.Days`), whose
changes belong into the same transaction: the days are written once, whatever the clock changes in them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from chalicelib.labour import four_eyes
from chalicelib.labour.actors import THE_CLOCK, Actor
from chalicelib.labour.audit import Step, trail
from chalicelib.labour.days import Days
from chalicelib.labour.entries import moved_on, written
from chalicelib.labour.rows import DeletedEntry, Entry
from chalicelib.labour.states import State
from chalicelib.labour.surroundings import changers, kept_changers
from chalicelib.storage.changes import Change, Delete, Put
from chalicelib.storage.rows import key
from chalicelib.times import stamp

Doers = Mapping[str, Actor]  # of the fields that change: who has said so; nobody is named where it is the clock


class Clocked(Struct, frozen=True):
    """The hours that the clock makes of a shift."""

    operative: str
    project: str
    date: str
    hours: Decimal


def create(
    days: Days, id: str, clocked: Clocked, shift: Mapping[str, object], by: Doers, now: datetime
) -> list[Change]:
    """A submitted entry without an activity; ``shift`` is what the clock keeps on it for itself.

    ``by`` are those who say what it is, where there was an entry before that somebody has deleted.

    Raises:
        InUse: the operative's day is full.
    """
    at = stamp(now)
    entry = Entry(
        pk=key(days.by.company, id),
        sk="entry",
        id=id,
        project=clocked.project,
        operative=clocked.operative,
        date=clocked.date,
        hours=clocked.hours,
        status=State.SUBMITTED.value,
        source="clock",
        submitted_at=at,
        shift=dict(shift),
        changers=_changers_after({}, by, by),
        version=1,
        created_at=at,
        updated_at=at,
    )
    days.put(entry)
    return written(entry, None, Step("clock"), _doer(by, by), now)


def correct(
    days: Days, entry: Entry, values: Mapping[str, object], shift: Mapping[str, object], by: Doers, now: datetime
) -> list[Change]:
    """What the clock, or whoever settles its punch, says otherwise of operative, project, date and hours.

    The state stays. What really changes is of whom ``by`` says, else nobody's any more, so that whoever changed it
    before may approve it.
    """
    day, before = (entry.operative, entry.date), {name: getattr(entry, name) for name in (*values, "wbs")}
    if values.get("project", entry.project) != entry.project:
        entry.wbs = None
    for name, value in values.items():
        setattr(entry, name, value)
    changed = four_eyes.changed_fields(before, {name: getattr(entry, name) for name in before})
    entry.changers = _changers_after(changers(entry), by, changed)
    entry.shift = dict(shift)
    version = moved_on(entry, now)
    days.put(entry, day)
    return written(entry, version, Step("correct", entry.status, changes=changed), _doer(by, changed), now)


def withdraw(days: Days, entry: Entry, now: datetime) -> list[Change]:
    """The entry gone, as its punches turned out to be another shift's; its trail stays."""
    step, before = Step("withdraw", entry.status), moved_on(entry, now)
    days.of(entry.operative, entry.date).drop(entry.id)
    return [
        Delete(Entry, (entry.pk, entry.sk), Entry.version == before),
        Put(DeletedEntry.of(entry, "deleted", stamp(now))),
        trail(entry, THE_CLOCK, step, now, State.DELETED.value),
    ]


def _changers_after(before: four_eyes.Changers, by: Doers, changed: Iterable[str]) -> dict[str, list[str]]:
    for name in changed:
        before = four_eyes.changers_after(before, by.get(name, THE_CLOCK).hand, [name])
    return kept_changers(before)


def _doer(by: Doers, changed: Iterable[str]) -> Actor:
    """Who is named for a change: the first person who has said some of it."""
    return next((by[name] for name in changed if name in by and by[name].user), THE_CLOCK)
