"""Events between their rows and the plain values that they are settled on."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.clock import moments, versions
from chalicelib.clock.judging import OVERLAP
from chalicelib.clock.moments import Moment
from chalicelib.clock.payloads import Punch, code_form
from chalicelib.clock.rows import ClockEvent, event_place
from chalicelib.clock.values import Booked, Decision, Event, Shift, Site, Worker
from chalicelib.labour.actors import again
from chalicelib.labour.rows import Entry
from chalicelib.operatives.rows import Operative
from chalicelib.projects.rows import Project
from chalicelib.times import stamp


def new_row(company: str, punch: Punch, now: datetime) -> ClockEvent:
    """The row of an event that comes for the first time, before it is settled."""
    identity, at = punch.identity, stamp(now)
    _, pk, sk = event_place(company, punch.form, identity.name)
    row = ClockEvent(pk=pk, sk=sk, id=identity.id, version=0, received_at=at, updated_at=at, status="needs_review")
    versions.send(row, punch, now)
    return row


def moment(text: str | None) -> Moment | None:
    """A kept moment."""
    return moments.stored(text) if text else None


def instant(text: str) -> datetime:
    """A kept time of ours."""
    return datetime.fromisoformat(text)


def event_of(row: ClockEvent, booked: Booked | None, new_entry: str) -> Event:
    """An event's row as a value; ``booked`` is its entry."""
    return Event(
        name=row.sk,
        sent_at=instant(row.sent_at),
        clock_in=moment(row.sent_in),
        clock_out=moment(row.sent_out),
        project_code=code_form(row.project_code),
        break_minutes=row.break_minutes,
        unreadable=tuple(row.unreadable or ()),
        decision=decision_of(row),
        closed=row.closed,
        closed_at=instant(row.closed_at) if row.closed_at else None,
        partner=row.partner,
        entry=booked,
        applied=row.applied,
        blocked=row.reason == OVERLAP,
        new_entry=new_entry,
    )


def decision_of(row: ClockEvent) -> Decision:
    """What people decided about an event."""
    kept = row.decision or {}
    pause = kept.get("break_minutes")
    return Decision(
        at=instant(kept["at"]) if "at" in kept else None,
        operative=kept.get("operative"),
        project=kept.get("project"),
        clock_in=moment(kept.get("clock_in")),
        clock_out=moment(kept.get("clock_out")),
        break_minutes=None if pause is None else Decimal(pause),
        by={what: again(who) for what, who in kept.get("by", {}).items()},
    )


def owns_entry(row: ClockEvent) -> bool:
    """Whether the entry that an event names is its own, not that of the in that it belongs to."""
    return row.labour_entry is not None and row.applied is not None


def booked_of(entry: Entry) -> Booked:
    """A clock's entry as a value."""
    given = (entry.wbs, entry.quantity, entry.note)
    return Booked(
        id=entry.id,
        status=entry.status,
        shift=shift_of(entry.shift),
        operative=entry.operative,
        project=entry.project,
        date=entry.date,
        hours=Decimal(entry.hours),
        worked_on=any(each is not None for each in given),
    )


def shift_of(kept: dict[str, Any]) -> Shift:
    """The shift that an entry keeps."""
    return Shift(
        operative=kept["operative"],
        project=kept["project"],
        date=kept["date"],
        hours=Decimal(kept["hours"]),
        start=instant(kept["clock_in"]),
        finish=instant(kept["clock_out"]),
    )


def kept_shift(shift: Shift, form: str, name: str) -> dict[str, object]:
    """A shift as its entry keeps it, with the event that it is of."""
    return {
        "clock_id": form,
        "event": name,
        "operative": shift.operative,
        "project": shift.project,
        "date": shift.date,
        "hours": shift.hours,
        "clock_in": moments.written(shift.start),
        "clock_out": moments.written(shift.finish),
    }


def worker_of(row: Operative) -> Worker:
    """An operative as a value."""
    return Worker(row.id, row.active, tuple(row.projects))


def site_of(row: Project) -> Site:
    """A project as a value."""
    return Site(row.id, row.timezone, row.status, row.closed_to)
