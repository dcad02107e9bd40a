"""What a device said, and whether it can become hours: rules on plain values."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from msgspec import Struct

from chalicelib import zones
from chalicelib.errors import Invalid
from chalicelib.operatives.rows import Operative
from chalicelib.projects.projects import TAKES_HOURS
from chalicelib.projects.rows import Project

LONGEST = timedelta(hours=24)
YEARS = range(2, 9999)  # the days around an instant are dates too, in every time zone


class Punch(Struct, frozen=True):
    """What a device said, with instants in UTC to the second."""

    clock_id: str
    clock_in: datetime | None
    clock_out: datetime | None
    project_code: str | None
    device_id: str | None
    break_minutes: int

    @property
    def identity(self) -> str:
        """The event's place under its clock ID."""
        return f"in#{instant(self.clock_in)}" if self.clock_in is not None else f"out#{instant(self.clock_out)}"

    @property
    def start(self) -> datetime:
        """The instant that the punch is filed under."""
        start = self.clock_in or self.clock_out
        assert start is not None
        return start

    @property
    def hours(self) -> Decimal:
        """The hours of a pair."""
        assert self.clock_in is not None and self.clock_out is not None
        return hours_between(self.clock_in, self.clock_out, self.break_minutes)


def read(body: dict[str, Any], zone: str) -> Punch:
    """The punch of a request; times without an offset are in the given time zone."""
    return Punch(
        body["clock_id"],
        read_moment(body.get("clock_in"), zone, "clock_in"),
        read_moment(body.get("clock_out"), zone, "clock_out"),
        body.get("project_code"),
        body.get("device_id"),
        body.get("break_minutes") or 0,
    )


def instant(moment: datetime | None) -> str | None:
    """A moment to the second, in UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"


def read_moment(text: str | None, zone: str, field: str) -> datetime | None:
    """An ISO 8601 time; one without an offset is in the given time zone."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zones.zone(zone))
        moment = moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.year not in YEARS:
        raise Invalid(errors={field: ["Must be an ISO 8601 time such as 2026-06-08T07:00:00Z."]})
    return moment


def hours_between(start: datetime, finish: datetime, break_minutes: int) -> Decimal:
    """Elapsed real time less the unpaid break, rounded half-up to 0.01 h."""
    seconds = Decimal((finish - start).total_seconds()) - 60 * break_minutes
    return (seconds / 3600).quantize(Decimal("0.01"), ROUND_HALF_UP)


def judge(punch: Punch, operative: Operative | None, project: Project | None, day: str) -> tuple[str, str | None]:
    """The status of an event by itself, and the reason why it is not matched."""
    if operative is None:
        return "unmatched_operative", "unknown_clock_id"
    if punch.clock_in is None:
        return "needs_review", "no_clock_in"
    if punch.clock_out is None:
        return "open", None
    if project is None:
        return "unmatched_project", "unknown_project_code" if punch.project_code else "no_single_project"
    reason = _of_times(punch.clock_in, punch.clock_out, punch.break_minutes) or closed(operative, project, day)
    return ("needs_review", reason) if reason else ("matched", None)


def _of_times(start: datetime, finish: datetime, break_minutes: int) -> str | None:
    """Why two instants and a break are no hours."""
    if finish < start:
        return "out_before_in"
    if finish - start > LONGEST:
        return "longer_than_24_hours"
    if finish - start < timedelta(minutes=break_minutes):
        return "break_longer_than_shift"
    if hours_between(start, finish, break_minutes) <= 0:
        return "too_short"
    return None


def closed(operative: Operative, project: Project, day: str) -> str | None:
    """Why the operative or the project takes no hours on that day."""
    if not operative.active:
        return "operative_inactive"
    if project.status not in TAKES_HOURS:
        return "project_inactive"
    return closed_period(project, day)


def closed_period(project: Project, day: str) -> str | None:
    """The reason when the project's days are closed up to that one."""
    return "period_closed" if project.closed_to and day <= project.closed_to else None
