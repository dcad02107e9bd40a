"""Labour entries: found, created, edited, submitted, deleted.

Every change is one transaction over the entry's own rows: the entry, its operative-day (which holds the clash
and gates approval) and its audit row. Rows that many requests share (project, operative, node) are read and never
written or checked here.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from chalicelib.access.callers import Caller
from chalicelib.errors import Denied, NotFound
from chalicelib.ids import new_id
from chalicelib.labour import four_eyes, shifts, states
from chalicelib.labour.actors import Actor, acting, hand_of
from chalicelib.labour.audit import Step, trail
from chalicelib.labour.days import Days, Judged
from chalicelib.labour.rows import DeletedEntry, Entry
from chalicelib.labour.states import Action, State
from chalicelib.labour.surroundings import (
    Around,
    Shown,
    Wants,
    around,
    changers,
    facts,
    kept_changers,
    kept_hands,
    may_log,
    refuse_date,
    sees,
    show,
    submitters,
    wants,
)
from chalicelib.storage.changes import Change, Delete, Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.work import Decided
from chalicelib.times import stamp

SHOWN_CHANGES = ("project", "operative", "date", "hours", "quantity", "wbs", "note")


def place(company: str, id: str) -> tuple[type[Entry], str, str]:
    """Where an entry is."""
    return Entry, key(company, id), "entry"


def find(reading: Reading, caller: Caller, id: str) -> Entry:
    """An entry the caller may see, else :class:`NotFound`."""
    entry = reading.row(*place(caller.company, id))
    if entry is None or not sees(caller, entry):
        raise NotFound
    return entry


def judged(caller: Caller, now: datetime) -> Judged:
    """Days as the caller's change makes them, by the cap of this moment."""
    return Judged(caller.company, caller.tenant.daily_cap_hours, stamp(now), caller.user)


def read(reading: Reading, caller: Caller, id: str, now: datetime) -> Shown:
    """An entry as the caller is told of it."""
    entry = find(reading, caller, id)
    near = around(reading, caller.company, wants(entry))
    return show(caller, entry, near, Days(reading, judged(caller, now)).of(entry.operative, entry.date))


def create(reading: Reading, caller: Caller, values: Mapping[str, object], now: datetime) -> Decided[Shown]:
    """A new entry by a person, submitted unless it is to be a draft."""
    days = Days(reading, judged(caller, now))
    entry, near = made(reading, caller, values, new_id(), now)
    days.put(entry)
    changes = [*written(entry, None, Step("create"), acting(caller), now), *days.changes()]
    return Decided(changes, show(caller, entry, near, days.of(entry.operative, entry.date)))


def made(reading: Reading, caller: Caller, values: Mapping[str, Any], id: str, now: datetime) -> tuple[Entry, Around]:
    """The row of a new entry by a person, and what it depends on.

    Raises:
        Invalid: a field names nothing, or the date is out of bounds.
        Denied: the caller may not log this operative's hours on the project.
        Inactive, PeriodClosed: no entries are taken there.
    """
    wanted = Wants(values["project"], values["operative"], values["date"], values.get("cost_code"))
    near = around(reading, caller.company, wanted)
    refuse_date(near.project, values["date"], now)
    entry = new_entry(caller.company, near, values, id, now)
    if entry.status == State.SUBMITTED:
        hand_in(entry, acting(caller), now)
    entry.changers = kept_changers(four_eyes.first_changers(hand_of(caller), values))
    refuse_closed(caller, entry, near)
    return entry, near


def new_entry(company: str, near: Around, values: Mapping[str, Any], id: str, now: datetime) -> Entry:
    """An entry's row before anyone has handed it in."""
    at = stamp(now)
    return Entry(
        pk=key(company, id),
        sk="entry",
        id=id,
        project=near.project.id,
        operative=near.operative.id,
        date=values["date"],
        hours=values["hours"],
        wbs=near.wbs,
        quantity=values.get("quantity"),
        note=values.get("note"),
        status=State(values.get("status", State.SUBMITTED)).value,
        source=values.get("source", "manual"),
        version=1,
        created_at=at,
        updated_at=at,
    )


def hand_in(entry: Entry, actor: Actor, now: datetime) -> None:
    """The entry as submitted by somebody: with those behind them, they never approve it."""
    entry.status = State.SUBMITTED.value
    entry.submitted_by, entry.submitted_at, entry.rejection_reason = actor.user, stamp(now), None
    if actor.hand is not None:
        entry.submitters = kept_hands({*submitters(entry), actor.hand})


def refuse_closed(caller: Caller, entry: Entry, near: Around) -> None:
    """What creating shares with handing in: the right to log, an open period, an active project and operative."""
    if not may_log(caller, entry.project, entry.operative):
        raise Denied("You may log only your own hours.")
    refused = states.refused_place(entry.date, near.project.closed_to, near.project.status, near.operative.active)
    if refused is not None:
        raise refused


def written(entry: Entry, before: int | None, step: Step, actor: Actor, now: datetime) -> list[Change]:
    """The entry on condition of its version, and the audit row."""
    return [Put(entry, absent(Entry) if before is None else Entry.version == before), trail(entry, actor, step, now)]


def moved_on(entry: Entry, now: datetime, status: State | None = None) -> int:
    """The entry one version further, perhaps in another state; the version before."""
    before = entry.version
    entry.version, entry.updated_at = before + 1, stamp(now)
    entry.status = status.value if status else entry.status
    return before


def submit(reading: Reading, caller: Caller, id: str, now: datetime) -> Decided[Shown]:
    """Hand a draft or corrected entry in."""
    entry = find(reading, caller, id)
    near, days = around(reading, caller.company, wants(entry)), Days(reading, judged(caller, now))
    states.require(Action.SUBMIT, facts(caller, entry, near, days.of(entry.operative, entry.date)))
    step, before = Step("submit", entry.status), moved_on(entry, now)
    hand_in(entry, acting(caller), now)
    days.put(entry)
    changes = [*written(entry, before, step, acting(caller), now), *days.changes()]
    return Decided(changes, show(caller, entry, near, days.of(entry.operative, entry.date), before))


def change(reading: Reading, caller: Caller, id: str, values: Mapping[str, object], now: datetime) -> Decided[Shown]:
    """Edit an entry that does not count yet; the state stays. On a move both days are worked out."""
    entry = find(reading, caller, id)
    target = _target(entry, values)
    reading.rows(*wants(entry).places(caller.company), *target.places(caller.company))  # both in one round
    left, near = around(reading, caller.company, wants(entry)), around(reading, caller.company, target)
    days, day = Days(reading, judged(caller, now)), (entry.operative, entry.date)
    was, before = _plain(entry), entry.version
    leaving = facts(caller, entry, left, days.of(*day))
    _apply(entry, values, target, near)
    arriving = facts(caller, entry, near, days.of(*day))
    states.require(
        Action.EDIT, replace(leaving, project_status=near.project.status, operative_active=near.operative.active)
    )
    states.require(Action.EDIT, arriving)
    if entry.date != was["date"]:
        refuse_date(near.project, entry.date, now)
    changed = four_eyes.changed_fields(was, _plain(entry))
    entry.changers = kept_changers(four_eyes.changers_after(changers(entry), hand_of(caller), changed))
    moved_on(entry, now)
    days.put(entry, day)
    step = Step("edit", entry.status, changes=changed)
    changes = [*written(entry, before, step, acting(caller), now), *days.changes()]
    return Decided(changes, show(caller, entry, near, days.of(entry.operative, entry.date), before))


def _target(entry: Entry, values: Mapping[str, Any]) -> Wants:
    """Where the entry goes: to a new project without the activity that it had."""
    project = values.get("project", entry.project)
    stays = project == entry.project and "cost_code" not in values
    return Wants(
        project,
        values.get("operative", entry.operative),
        values.get("date", entry.date),
        values.get("cost_code"),
        entry.wbs if stays else None,
    )


def _apply(entry: Entry, values: Mapping[str, object], target: Wants, near: Around) -> None:
    entry.project, entry.operative, entry.date = target.project, target.operative, target.date
    entry.wbs = near.wbs if target.cost_code is not None else target.wbs
    for name in ("hours", "quantity", "note"):
        if name in values:
            setattr(entry, name, values[name])


def _plain(entry: Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in SHOWN_CHANGES}


def delete(reading: Reading, caller: Caller, id: str, now: datetime) -> Decided[int]:
    """Remove an entry that does not count; its audit rows stay. The answer is the version that it had."""
    entry = find(reading, caller, id)
    near, days = around(reading, caller.company, wants(entry)), Days(reading, judged(caller, now))
    day = days.of(entry.operative, entry.date)
    states.require(Action.DELETE, facts(caller, entry, near, day))
    day.drop(entry.id)
    return Decided([*removed(entry, acting(caller), now), *days.changes()], entry.version - 1)


def removed(entry: Entry, actor: Actor, now: datetime) -> list[Change]:
    """The entry gone, with what stays of it; of a clock also its event and its time."""
    step, before = Step("delete", entry.status), moved_on(entry, now)
    return [
        Delete(Entry, (entry.pk, entry.sk), Entry.version == before),
        Put(DeletedEntry.of(entry, "deleted", stamp(now))),
        trail(entry, actor, step, now, State.DELETED.value),
        *(shifts.free(entry, stamp(now)) if entry.shift else []),
    ]
