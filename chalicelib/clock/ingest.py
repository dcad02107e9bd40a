"""Clock events: a punch is kept, a pair becomes one labour entry, a repeat becomes nothing new.

An event's identity is its key: (clock ID, clock-in to the second), or (clock ID, clock-out) for a
lone out. The event and its entry are written in one transaction on condition that the event is
not there yet, so the same punch from any number of devices at once gives one event and one entry.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.clock import punches
from chalicelib.clock.punches import Punch, instant, judge
from chalicelib.errors import Unavailable
from chalicelib.identity.access import stamp
from chalicelib.identity.secrets import new_id
from chalicelib.labour import entries, shifts
from chalicelib.labour.entries import Surroundings
from chalicelib.names import comparison_form
from chalicelib.operatives import operatives
from chalicelib.projects.projects import code_key
from chalicelib.storage.reading import Place, Reading
from chalicelib.storage.rows import (
    ClockEvent,
    ClockId,
    Company,
    Entry,
    Operative,
    OperativeDay,
    Project,
    ProjectCode,
    key,
)
from chalicelib.storage.store import Change, ConditionFailed, Put, Store, absent

OVERLAP = "overlaps_another_shift"


@dataclass(frozen=True, slots=True)
class Case:
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
        zone = ZoneInfo(self.project.timezone if self.project else self.tenant.timezone)
        return self.punch.start.astimezone(zone).date().isoformat()

    def operative_day(self, operative: str, day: str) -> OperativeDay:
        """The operative's day as it is, or a new one."""
        place = _day_place(self.company, operative, day)
        return self.reading.row(*place) or OperativeDay(
            pk=place[1], sk=place[2], operative=operative, date=day, entries={}, version=0
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a punch."""

    changes: list[Change]
    event: ClockEvent
    duplicate: bool


def ingest(store: Store, company: str, body: dict[str, Any], now: datetime) -> Outcome:
    """Keep one punch and make its entry when it is a pair. Two rounds of reads, as a rule."""
    reading, code = Reading(store), body.get("project_code")
    (claim, owner, tenant), only = store.together(
        lambda: reading.rows(
            (ProjectCode, key(company, "codes"), code_key(code or "")),
            (ClockId, key(company, "clock", body["clock_id"]), "clock"),
            (Company, company, "company"),
        ),
        lambda: _only_active(store, company) if code is None else "",
    )
    guess, holder = punches.read(body, tenant.timezone), owner.holder if owner else ""
    operative, project, *_ = reading.rows(
        operatives.place(company, holder),
        (Project, key(company, claim.holder if claim else only), "project"),
        _place(company, guess),
        *(_day_place(company, holder, day) for day in _days_near(guess)),
        *shifts.places(company, holder, guess.start),
    )
    punch = punches.read(body, project.timezone) if claim and project else guess
    if code is None and operative is not None:
        project = _of_operative(store, company, operative, project)
    return _decide(Case(reading, tenant, punch, operative, project, now))


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
    for attempt in range(10):
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


def _place(company: str, punch: Punch) -> Place:
    return ClockEvent, key(company, punch.clock_id), punch.identity


def _day_place(company: str, operative: str, day: str) -> Place:
    return OperativeDay, key(company, operative, day), "day"


def _days_near(punch: Punch) -> list[str]:
    """Every date that the punch can fall on in some time zone."""
    return [(punch.start.date() + timedelta(days=shift)).isoformat() for shift in (-1, 0, 1)]


def _only_active(store: Store, company: str) -> str:
    """The id of the company's only active project, empty when there are none or several."""
    page = store.query("projects", key(company, "active"), index="status", hash_name="list_status", limit=2)
    return str(page.rows[0]["id"]["S"]) if len(page.rows) == 1 else ""


def _of_operative(store: Store, company: str, operative: Operative, only: Project | None) -> Project | None:
    """No code named: the only active one of the operative's projects, else the company's only active one."""
    ids = operative.projects["ids"]
    if not ids:
        return only
    rows = store.get_many(*((Project, key(company, id), "project") for id in ids))
    active = [row for row in rows if row and row.status == "active"]
    return active[0] if len(active) == 1 else None


def _decide(case: Case) -> Outcome:
    event, condition = _event(case), absent(ClockEvent)
    seen = case.reading.row(*_place(case.company, case.punch))
    if seen is not None:
        if _same(seen, event) or (seen.clock_out and not event.clock_out):
            return Outcome([], seen, True)
        if seen.status != "open":
            return _keep_correction(case, seen, event)
        event, condition = _closing(seen, event), ClockEvent.version == seen.version
    changes = _settle(case, event)
    _list(event)
    return Outcome([Put(event, condition), *changes], event, False)


def _settle(case: Case, event: ClockEvent) -> list[Change]:
    """Status and reason of the event, and the entry that it becomes if it does."""
    event.status, event.reason = judge(case.punch, case.operative, case.project, case.day)
    if event.status != "matched":
        return []
    assert case.operative is not None
    shift = {"clock_in": event.clock_in, "clock_out": event.clock_out, "operative": case.operative.id}
    places = shifts.places(case.company, case.operative.id, case.punch.start)
    held = case.reading.rows(*places)
    if shifts.overlaps(held, shift):
        event.status, event.reason = "needs_review", OVERLAP
        return []
    entry, changes = _entry(case, shift)
    event.labour_entry = entry.id
    return [*changes, *shifts.hold(places, held, entry)]


def _same(seen: ClockEvent, event: ClockEvent) -> bool:
    """The very punch that was kept."""
    codes = [comparison_form(row.project_code or "") for row in (seen, event)]
    return (seen.clock_out, seen.break_minutes, codes[0]) == (event.clock_out, event.break_minutes, codes[1])


def _closing(seen: ClockEvent, event: ClockEvent) -> ClockEvent:
    """An open shift with its out."""
    event.id, event.created_at, event.version = seen.id, seen.created_at, seen.version + 1
    return event


def _keep_correction(case: Case, seen: ClockEvent, event: ClockEvent) -> Outcome:
    """The same clock-in told otherwise: kept beside the first for a person to settle."""
    event.sk = f"{event.sk}#{event.clock_out}#{event.break_minutes}#{event.project_code or ''}"
    kept = case.reading.row(ClockEvent, event.pk, event.sk)
    if kept is not None:
        return Outcome([], kept, True)
    event.status, event.reason, event.labour_entry = "needs_review", "differs_from_earlier_punch", seen.labour_entry
    _list(event)
    return Outcome([Put(event, absent(ClockEvent))], event, False)


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


def _entry(case: Case, shift: dict[str, Any]) -> tuple[Entry, list[Change]]:
    assert case.operative is not None and case.project is not None
    day = case.operative_day(case.operative.id, case.day)
    values = {"date": case.day, "hours": case.punch.hours, "status": "submitted", "source": "clock"}
    entry = entries.new_entry(case.company, Surroundings(case.project, case.operative, day), values, case.now)
    entry.submitted_at, entry.shift = stamp(case.now), shift
    trail = entries.audit(entry, None, "clock", None, case.now)
    return entry, entries.commit(entry, None, day, case.tenant.daily_cap_hours, trail)


def _list(event: ClockEvent) -> None:
    company = event.pk.partition("#")[0]
    event.list_company, event.list_status = company, key(company, event.status)
    event.list_order = f"{event.clock_in or event.clock_out}#{event.id}"
