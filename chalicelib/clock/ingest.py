"""Clock events: a punch is kept, a pair becomes one labour entry, a repeat becomes nothing new.

An event's identity is its key: (clock ID, clock-in to the second), or (clock ID, clock-out) for a
lone out. The event and its entry are written in one transaction on condition that the event is
not there yet, so the same punch from any number of devices at once gives one event and one entry.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from chalicelib import zones
from chalicelib.access.rows import Company
from chalicelib.clock import punches
from chalicelib.clock.punches import Punch, closed, closed_period, instant, judge
from chalicelib.clock.rows import ClockEvent
from chalicelib.errors import Conflict, InvalidTransition, Unavailable
from chalicelib.ids import new_id
from chalicelib.labour import clock_entries, entries, shifts
from chalicelib.labour.days import Days, Judged
from chalicelib.labour.days import place as days_of
from chalicelib.labour.rows import Entry
from chalicelib.names import comparison_form
from chalicelib.operatives import operatives
from chalicelib.operatives.rows import ClockIdClaim, Operative
from chalicelib.projects import projects
from chalicelib.projects.projects import code_key
from chalicelib.projects.rows import BY_STATUS, Project, ProjectCodeClaim
from chalicelib.storage.changes import Change, Put, absent
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import ConditionFailed, Store
from chalicelib.times import stamp

OVERLAP = "overlaps_another_shift"
SETTLED = frozenset({"open", "matched", "dismissed"})  # a repeat changes nothing; other events are judged anew
MOST_EARLIER = 100
ATTEMPTS = 10


class Case(Struct, frozen=True):
    """A punch and what decides on it; ``operative`` and ``project`` are those it names, as far as they are known."""

    reading: Reading
    tenant: Company
    punch: Punch
    operative: Operative | None
    project: Project | None
    now: datetime

    @property
    def company(self) -> str:
        return str(self.tenant.id)

    @property
    def day(self) -> str:
        """The local date of the clock-in."""
        zone = zones.zone(self.project.timezone if self.project else self.tenant.timezone)
        return self.punch.start.astimezone(zone).date().isoformat()

    def days(self) -> Days:
        """The operative-days that the clock's hours change."""
        return Days(self.reading, Judged(self.company, self.tenant.daily_cap_hours, stamp(self.now), None))


class Outcome(Struct, frozen=True):
    """What became of a punch; ``refusal`` is the answer when it is kept and its entry may not follow."""

    changes: list[Change]
    event: ClockEvent
    duplicate: bool
    refusal: Conflict | None = None


def ingest(store: Store, company: str, body: dict[str, Any], now: datetime) -> Outcome:
    """Keep one punch and make its entry when it is a pair. Two rounds of reads, as a rule."""
    reading, code, early = Reading(store), body.get("project_code"), punches.read(body, "UTC")
    (claim, owner, tenant, seen), only = store.together(
        lambda: reading.rows(
            (ProjectCodeClaim, key(company, "codes"), code_key(code or "")),
            (ClockIdClaim, key(company, "clock", body["clock_id"]), "clock"),
            (Company, company, "company"),
            _place(company, early),
        ),
        lambda: _only_active(store, company) if code is None else "",
    )
    guess, holder = punches.read(body, tenant.timezone), owner.holder if owner else ""
    operative, project, *_ = reading.rows(
        operatives.place(company, holder),
        projects.place(company, claim.holder if claim else only),
        _place(company, guess),
        *([entries.place(company, seen.labour_entry)] if seen and seen.labour_entry else []),
        *(days_of(company, holder, day) for day in _days_near(guess)),
        *shifts.places(company, holder, guess.start),
    )
    punch = punches.read(body, project.timezone) if claim and project else guess
    if code is None and operative is not None:
        project = _of_operative(store, company, operative, project)
    return _decide(Case(reading, tenant, punch, operative, project, now))


def accept(store: Store, company: str, body: dict[str, Any], now: datetime) -> Outcome:
    """Decide on one punch, for the caller to commit.

    Raises:
        Conflict: its entry may not follow; the punch has been kept for review.
    """
    for attempt in range(ATTEMPTS):
        outcome = ingest(store, company, body, now)
        if outcome.refusal is None:
            return outcome
        try:
            store.transact(outcome.changes)
            raise outcome.refusal
        except ConditionFailed:
            store.pause(attempt)
    raise Unavailable


def keep(
    store: Store,
    company: str,
    body: dict[str, Any],
    now: datetime,
    along: Callable[[Outcome], Sequence[Change]],
) -> Outcome:
    """Decide and commit one punch by itself; decided anew when something changed in between.

    Raises:
        ConditionFailed: a change that ``along`` adds to the punch's own does not hold.
    """
    for attempt in range(ATTEMPTS):
        outcome = ingest(store, company, body, now)
        if not outcome.changes:
            return outcome
        try:
            store.transact([*outcome.changes, *along(outcome)])
            return outcome
        except ConditionFailed as error:
            if any(place >= len(outcome.changes) for place in error.failed):
                raise
            store.pause(attempt)
    raise Unavailable


def _place(company: str, punch: Punch) -> tuple[type[ClockEvent], str, str]:
    return ClockEvent, key(company, punch.clock_id), punch.identity


def _days_near(punch: Punch) -> list[str]:
    """Every date that the punch can fall on in some time zone."""
    return [(punch.start.date() + timedelta(days=shift)).isoformat() for shift in (-1, 0, 1)]


def _only_active(store: Store, company: str) -> str:
    """The id of the company's only active project, empty when there are none or several."""
    page = store.page(Query(model=Project, hash=key(company, "active"), list=BY_STATUS), limit=2)
    return str(page.rows[0]["id"]["S"]) if len(page.rows) == 1 else ""


def _of_operative(store: Store, company: str, operative: Operative, only: Project | None) -> Project | None:
    """No code named: the only active one of the operative's projects, else the company's only active one."""
    ids = operative.projects
    if not ids:
        return only
    rows = store.get_many(*((Project, key(company, id), "project") for id in ids))
    active = [row for row in rows if row and row.status == "active"]
    return active[0] if len(active) == 1 else None


def _decide(case: Case) -> Outcome:
    """A new event; or one seen before: a repeat, the out of an open shift, or a correction."""
    event, seen = _event(case), case.reading.row(*_place(case.company, case.punch))
    if seen is None:
        changes = _new_entry(case, event)
        return Outcome([Put(event, absent(ClockEvent)), *changes], event, False)
    said, before = _said(event), _said(seen)
    repeat = said == before
    if _is_old(seen, event) or (repeat and seen.status in SETTLED):
        return Outcome([], seen, True)
    event.id, event.created_at, event.version = seen.id, seen.created_at, seen.version + 1
    event.labour_entry, event.earlier = seen.labour_entry, seen.earlier
    if not repeat:
        event.earlier = [*(seen.earlier or []), before][-MOST_EARLIER:]
    changes, refusal = _settle_again(case, event, seen)
    if repeat and (event.status, event.reason) == (seen.status, seen.reason):
        return Outcome([], seen, True, refusal)
    return Outcome([Put(event, ClockEvent.version == seen.version), *changes], event, repeat, refusal)


def _said(event: ClockEvent) -> str:
    """What a device says of a clock-in; a project's code by its comparison form."""
    return f"{event.clock_out or ''}#{event.break_minutes}#{comparison_form(event.project_code or '')}"


def _is_old(seen: ClockEvent, event: ClockEvent) -> bool:
    """Whether it was told so before it was told as it is now; an in alone says nothing once the out is known."""
    return _said(event) in (seen.earlier or []) or bool(seen.clock_out and not event.clock_out)


def _settle_again(case: Case, event: ClockEvent, seen: ClockEvent) -> tuple[list[Change], Conflict | None]:
    """Status and reason of an event told anew, and what becomes of the entry that it has or had."""
    entry = case.reading.row(*entries.place(case.company, seen.labour_entry)) if seen.labour_entry else None
    if seen.reason == shifts.DELETED or (seen.labour_entry and entry is None):  # or just being deleted
        event.status, event.reason = "needs_review", shifts.DELETED
        return [], None
    if entry is None:
        return _new_entry(case, event), None
    if entry.status == "approved":
        event.status, event.reason = "needs_review", "entry_approved"
        return [], InvalidTransition("The shift's entry is approved. The punch is kept for review.", event=event.id)
    return _correct(case, event, entry), None


def _new_entry(case: Case, event: ClockEvent) -> list[Change]:
    """Status and reason of the event, and the entry that it becomes if it does."""
    event.status, event.reason = judge(case.punch, case.operative, case.project, case.day)
    if event.status != "matched":
        return []
    assert case.operative is not None
    shift = _shift(case, case.operative.id)
    places = shifts.places(case.company, case.operative.id, case.punch.start)
    held = case.reading.rows(*places)
    if shifts.overlaps(held, shift):
        event.status, event.reason = "needs_review", OVERLAP
        return []
    event.labour_entry, changes = _entry(case, shift)
    return [*changes, *shifts.hold(places, held, event.labour_entry, shift)]


def _correct(case: Case, event: ClockEvent, entry: Entry) -> list[Change]:
    """The entry follows in what the clock says otherwise; what a person set besides stays."""
    was, day = entry.shift, entry.date
    operative, left = case.reading.rows(
        operatives.place(case.company, entry.operative), projects.place(case.company, entry.project)
    )
    event.status, event.reason = judge(case.punch, operative, case.project, case.day)
    if event.status != "matched":
        return []
    assert case.project is not None
    shift = _shift(case, was["operative"])
    values = {name: shift[name] for name in ("hours", "date", "project") if shift[name] != was[name]}
    project = case.project if "project" in values else left
    places = shifts.places(case.company, shift["operative"], case.punch.start)
    held = case.reading.rows(*places)
    reason = (
        (OVERLAP if shifts.overlaps(held, shift, entry.id) else None)
        or closed(operative, project, values.get("date", day))
        or closed_period(left, day)
    )
    if reason:
        event.status, event.reason = "needs_review", reason
        return []
    days = case.days()
    changes = clock_entries.correct(days, entry, values, shift, case.now)
    return [*changes, *days.changes(), *shifts.hold(places, held, entry.id, shift, was)]


def _shift(case: Case, operative: str) -> dict[str, Any]:
    """What the entry of a pair keeps of it: whose time it holds, and what the clock alone makes of it."""
    assert case.project is not None
    punch = case.punch
    return {
        "clock_id": punch.clock_id,
        "event": punch.identity,
        "operative": operative,
        "clock_in": instant(punch.clock_in),
        "clock_out": instant(punch.clock_out),
        "hours": punch.hours,
        "date": case.day,
        "project": case.project.id,
    }


def _event(case: Case) -> ClockEvent:
    at, punch = stamp(case.now), case.punch
    return ClockEvent(
        pk=key(case.company, punch.clock_id),
        sk=punch.identity,
        id=new_id(),
        clock_id=punch.clock_id,
        clock_in=instant(punch.clock_in),
        clock_out=instant(punch.clock_out),
        project_code=punch.project_code,
        device_id=punch.device_id,
        break_minutes=punch.break_minutes,
        version=1,
        created_at=at,
        updated_at=at,
    )


def _entry(case: Case, shift: dict[str, Any]) -> tuple[str, list[Change]]:
    assert case.operative is not None and case.project is not None
    days, id = case.days(), new_id()
    clocked = clock_entries.Clocked(case.operative.id, case.project.id, case.day, shift["hours"])
    changes = clock_entries.create(days, id, clocked, shift, case.now)
    return id, [*changes, *days.changes()]
