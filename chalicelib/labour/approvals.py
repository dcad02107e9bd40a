"""Approving, rejecting and reopening: when hours begin to count, and when they leave the numbers again."""

from datetime import datetime

from chalicelib.access.callers import Caller
from chalicelib.errors import ClashUnresolved
from chalicelib.ids import project_of
from chalicelib.labour import states
from chalicelib.labour.actors import Actor, acting
from chalicelib.labour.audit import Step
from chalicelib.labour.days import Days
from chalicelib.labour.entries import find, judged, moved_on, written
from chalicelib.labour.rows import Booking, Entry
from chalicelib.labour.states import Action, State
from chalicelib.labour.surroundings import Around, Shown, around, facts, show, wants
from chalicelib.operatives.rates import rate_on
from chalicelib.storage.changes import Change, Delete, Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.work import Decided
from chalicelib.times import stamp


def approve(reading: Reading, caller: Caller, id: str, cost_code: str | None, now: datetime) -> Decided[Shown]:
    """Make hours count: the rate of the day is kept and the hours are booked, unless a clash holds them back.

    A clash that nothing has raised yet, as the daily cap is another by now, is kept with the refusal.
    """
    entry = find(reading, caller, id)
    near, days = around(reading, caller.company, wants(entry, cost_code)), Days(reading, judged(caller, now))
    day = days.of(entry.operative, entry.date)
    refused = states.refusal(Action.APPROVE, facts(caller, entry, near, day))
    if isinstance(refused, ClashUnresolved) and day.judged().event is not None:
        day.touched = True
        return Decided(days.changes(), show(caller, entry, near, day), refusal=refused)
    if refused is not None:
        raise refused
    before = entry.version
    changes = approved(entry, near, acting(caller), now)
    days.put(entry)
    return Decided([*changes, *days.changes()], show(caller, entry, near, day, before))


def approved(entry: Entry, near: Around, actor: Actor, now: datetime) -> list[Change]:
    """The entry approved with its booking; its day is not among the changes."""
    before = moved_on(entry, now, State.APPROVED)
    changed = {} if entry.wbs == near.wbs else {"wbs": (entry.wbs, near.wbs)}
    entry.wbs, entry.approved_by, entry.approved_at = near.wbs, actor.user, stamp(now)
    entry.hourly_rate = rate_on(near.operative, entry.date)
    step = Step("approve", State.SUBMITTED.value, changes=changed)
    return [*written(entry, before, step, actor, now), Put(booking(entry), absent(Booking))]


def booking(entry: Entry) -> Booking:
    """The approved hours as the source of actual cost."""
    assert entry.wbs is not None, "an approved entry has an activity"
    return Booking(
        pk=key(entry.scope(), entry.wbs),
        sk=f"{entry.date}#{entry.id}",
        project=project_of(entry.wbs),
        activity=entry.wbs,
        date=entry.date,
        hours=entry.hours,
        rate=entry.hourly_rate,
        quantity=entry.quantity,
    )


def reject(reading: Reading, caller: Caller, id: str, reason: str, now: datetime) -> Decided[Shown]:
    """Send an entry back to be corrected."""
    entry = find(reading, caller, id)
    near, days = around(reading, caller.company, wants(entry)), Days(reading, judged(caller, now))
    day, before = days.of(entry.operative, entry.date), entry.version
    states.require(Action.REJECT, facts(caller, entry, near, day))
    changes = rejected(entry, reason, acting(caller), now)
    days.put(entry)
    return Decided([*changes, *days.changes()], show(caller, entry, near, day, before))


def rejected(entry: Entry, reason: str, actor: Actor, now: datetime) -> list[Change]:
    """The entry rejected; its day is not among the changes."""
    before = moved_on(entry, now, State.REJECTED)
    entry.rejection_reason = reason
    return written(entry, before, Step("reject", State.SUBMITTED.value, reason), actor, now)


def reopen(reading: Reading, caller: Caller, id: str, reason: str, now: datetime) -> Decided[Shown]:
    """Take an approved entry's hours and quantity out of the numbers again."""
    entry = find(reading, caller, id)
    near, days = around(reading, caller.company, wants(entry)), Days(reading, judged(caller, now))
    day = days.of(entry.operative, entry.date)
    states.require(Action.REOPEN, facts(caller, entry, near, day))
    booked, before = booking(entry), moved_on(entry, now, State.SUBMITTED)
    entry.approved_by = entry.approved_at = entry.hourly_rate = None
    step = Step("reopen", State.APPROVED.value, reason)
    days.put(entry)
    changes = [*written(entry, before, step, acting(caller), now), *days.changes()]
    gone = Delete(Booking, (booked.pk, booked.sk), Booking.pk.exists())
    return Decided([*changes, gone], show(caller, entry, near, day, before))
