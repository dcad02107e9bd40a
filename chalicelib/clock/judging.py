"""Whether times, an operative and a project make hours: rules on plain values, each with the reason when not."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

from chalicelib.clock.pairing import LONGEST
from chalicelib.clock.values import Booked, Event, Facts, Site, Worker
from chalicelib.projects.projects import TAKES_HOURS

AHEAD, BACK = timedelta(hours=24), timedelta(days=366)
UNKNOWN_CLOCK_ID = "unknown_clock_id"
UNKNOWN_CODE, NO_SINGLE_PROJECT = "unknown_project_code", "no_single_project"
NO_CLOCK_IN, OVERLAP, DAY_FULL = "no_clock_in", "overlaps_another_shift", "day_full"
APPROVED, CHANGED, REJECTED, PERIOD = "entry_approved", "entry_changed", "entry_rejected", "period_closed"


class Reason(Struct, frozen=True):
    """Why an event is not what it could be, and what it waits for."""

    status: str
    reason: str
    causes: tuple[str, ...] = ()


def hours_between(start: datetime, finish: datetime, break_minutes: Decimal) -> Decimal:
    """Elapsed real time less the unpaid break, rounded half-up to 0.01 h."""
    seconds = Decimal(int((finish - start).total_seconds())) - 60 * break_minutes
    return (seconds / 3600).quantize(Decimal("0.01"), ROUND_HALF_UP)


def of_times(start: datetime, finish: datetime, break_minutes: Decimal) -> str | None:
    """Why two instants and a break are no hours."""
    if finish < start:
        return "out_before_in"
    if finish - start > LONGEST:
        return "longer_than_24_hours"
    if int((finish - start).total_seconds()) < 60 * break_minutes:
        return "break_longer_than_shift"
    return "too_short" if hours_between(start, finish, break_minutes) <= 0 else None


def of_distance(instants: tuple[datetime, ...], sent_at: datetime) -> str | None:
    """Why the device's clock is not believed: the instants lie too far from when they were sent."""
    if any(each - sent_at > AHEAD for each in instants):
        return "in_the_future"
    return "too_old" if any(sent_at - each > BACK for each in instants) else None


def unclear(event: Event) -> str | None:
    """The first field that makes no sense and that no person has set since."""
    decided = {
        "clock_in": event.decision.clock_in,
        "clock_out": event.decision.clock_out,
        "break_minutes": event.decision.break_minutes,
        "project_code": event.decision.project,
        "device_id": event.decision.at,
    }
    left = [name for name in event.unreadable if decided[name] is None]
    return f"unreadable_{left[0]}" if left else None


def closed(worker: Worker, site: Site, day: str) -> Reason | None:
    """Why the operative or the project takes no hours on that day."""
    if not worker.active:
        return Reason("needs_review", "operative_inactive", (f"operative#{worker.id}",))
    if site.status not in TAKES_HOURS:
        return Reason("needs_review", "project_inactive", (f"project#{site.id}",))
    return in_period(site, day)


def in_period(site: Site | None, day: str) -> Reason | None:
    """Whether the project's days are closed up to that one."""
    if site is None or not site.closed_to or day > site.closed_to:
        return None
    return Reason("needs_review", PERIOD, (f"project#{site.id}",))


def site_of(
    codes: tuple[str, ...], decided: str | None, booked: Booked | None, worker: Worker, facts: Facts
) -> Site | Reason:
    """Which project: the one that a person set, or that is named; else the only one that it can be."""
    code = next(filter(None, codes), "")
    if decided:
        return facts.sites[decided]
    if code:
        known = facts.codes.get(code)
        return facts.sites[known] if known else Reason("unmatched_project", UNKNOWN_CODE, (f"code#{code}",))
    if booked is not None:
        return facts.sites[booked.shift.project]
    own = [facts.sites[id] for id in worker.projects if id in facts.sites]
    open_sites = [site.id for site in own if site.status == "active"] if worker.projects else facts.active
    if len(open_sites) == 1:
        return facts.sites[open_sites[0]]
    return Reason("unmatched_project", NO_SINGLE_PROJECT, ("projects", f"operative#{worker.id}"))


def held_by(booked: Booked, facts: Facts) -> str | None:
    """Why an entry cannot be taken back when the out turns out to be another shift's."""
    if booked.status == "approved":
        return APPROVED
    if booked.changed or booked.worked_on:
        return CHANGED
    if booked.status == "rejected":
        return REJECTED
    return PERIOD if in_period(facts.sites.get(booked.project), booked.date) else None
