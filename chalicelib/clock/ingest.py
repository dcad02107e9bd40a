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
from chalicelib.clock.punches import Punch, hours_between, instant, judge
from chalicelib.errors import Unavailable
from chalicelib.identity.access import stamp
from chalicelib.identity.secrets import new_id
from chalicelib.labour import entries
from chalicelib.labour.entries import Surroundings
from chalicelib.names import comparison_form
from chalicelib.projects.projects import code_key
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a punch."""

    changes: list[Change]
    event: ClockEvent
    duplicate: bool


def ingest(store: Store, company: str, body: dict[str, Any], now: datetime) -> Outcome:
    """Keep one punch and make its entry when it is a pair. Two rounds of reads, as a rule."""
    clock_id, code = body["clock_id"], body.get("project_code")
    (claim, owner, tenant), only = store.together(
        lambda: store.get_many(
            (ProjectCode, key(company, "codes"), code_key(code or "")),
            (ClockId, key(company, "clock", clock_id), "clock"),
            (Company, company, "company"),
        ),
        lambda: _only_active(store, company) if code is None else "",
    )
    guess = punches.read(body, tenant.timezone)
    days = _days_near(guess)
    operative, project, seen, *rows = store.get_many(
        (Operative, key(company, owner.holder if owner else ""), "operative"),
        (Project, key(company, claim.holder if claim else only), "project"),
        (ClockEvent, key(company, clock_id), guess.identity),
        *((OperativeDay, key(company, owner.holder if owner else "", day), "day") for day in days),
    )
    punch = punches.read(body, project.timezone) if claim and project else guess
    if punch.identity != guess.identity:
        seen = store.get(ClockEvent, key(company, clock_id), punch.identity)
    if code is None and operative is not None:
        project = _of_operative(store, company, operative, project)
    return _keep(store, company, tenant, punch, seen, operative, project, dict(zip(days, rows, strict=True)), now)


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


def _days_near(punch: Punch) -> list[str]:
    """Every date that the punch can fall on in some time zone."""
    day = punch.start.date()
    return [(day + timedelta(days=shift)).isoformat() for shift in (-1, 0, 1)]


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


def _keep(
    store: Store,
    company: str,
    tenant: Company,
    punch: Punch,
    seen: ClockEvent | None,
    operative: Operative | None,
    project: Project | None,
    days: dict[str, OperativeDay | None],
    now: datetime,
) -> Outcome:
    zone = ZoneInfo(project.timezone if project else tenant.timezone)
    day = punch.start.astimezone(zone).date().isoformat()
    event, condition = _event(company, punch, now), absent(ClockEvent)
    if seen is not None:
        if _same(seen, event) or (seen.clock_out and not event.clock_out):
            return Outcome([], seen, True)
        if seen.status != "open":
            return _keep_correction(store, company, seen, event)
        event, condition = _closing(seen, event, now), ClockEvent.version == seen.version
    event.status, event.reason = judge(punch, operative, project, day)
    changes: list[Change] = []
    if event.status == "matched":
        assert operative is not None and project is not None
        row = days.get(day) or OperativeDay(
            pk=key(company, operative.id, day), sk="day", operative=operative.id, date=day, entries={}, version=0
        )
        entry, changes = _entry(company, tenant, punch, Surroundings(project, operative, row), day, now)
        event.labour_entry = entry.id
    _list(event, company)
    return Outcome([Put(event, condition), *changes], event, False)


def _same(seen: ClockEvent, event: ClockEvent) -> bool:
    """The very punch that was kept."""
    codes = [comparison_form(row.project_code or "") for row in (seen, event)]
    return (seen.clock_out, seen.break_minutes, codes[0]) == (event.clock_out, event.break_minutes, codes[1])


def _closing(seen: ClockEvent, event: ClockEvent, now: datetime) -> ClockEvent:
    """An open shift with its out."""
    event.id, event.created_at, event.version = seen.id, seen.created_at, seen.version + 1
    return event


def _keep_correction(store: Store, company: str, seen: ClockEvent, event: ClockEvent) -> Outcome:
    """The same clock-in told otherwise: kept beside the first for a person to settle."""
    event.sk = f"{event.sk}#{event.clock_out}#{event.break_minutes}#{event.project_code or ''}"
    kept = store.get(ClockEvent, event.pk, event.sk)
    if kept is not None:
        return Outcome([], kept, True)
    event.status, event.reason, event.labour_entry = "needs_review", "differs_from_earlier_punch", seen.labour_entry
    _list(event, company)
    return Outcome([Put(event, absent(ClockEvent))], event, False)


def _event(company: str, punch: Punch, now: datetime) -> ClockEvent:
    at = stamp(now)
    return ClockEvent(
        pk=key(company, punch.clock_id),
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


def _entry(
    company: str,
    tenant: Company,
    punch: Punch,
    around: Surroundings,
    day: str,
    now: datetime,
) -> tuple[Entry, list[Change]]:
    assert punch.clock_in is not None and punch.clock_out is not None
    hours = hours_between(punch.clock_in, punch.clock_out, punch.break_minutes)
    values = {"date": day, "hours": hours, "status": "submitted", "source": "clock"}
    entry = entries.new_entry(company, around, values, now)
    entry.submitted_at = stamp(now)
    trail = entries.audit(entry, None, "clock", None, now)
    return entry, entries.commit(entry, None, around.day, tenant.daily_cap_hours, trail)


def _list(event: ClockEvent, company: str) -> None:
    event.list_company, event.list_status = company, key(company, event.status)
    event.list_order = f"{event.clock_in or event.clock_out}#{event.id}"
