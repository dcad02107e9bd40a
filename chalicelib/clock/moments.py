"""Times as devices write them: ISO 8601 with its odd corners, and what instant they are.

A time with an offset is an instant. One without is kept as the local time that was sent; which
instant it is depends on a time zone that may become known later.
"""

import re
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from chalicelib.zones import zone

LONGEST = 64  # characters
SECOND = timedelta(seconds=1)
YEARS = range(2, 9999)  # the days around an instant are dates too, in every time zone
_FORM = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d|\d{8})(?:[Tt]| {1,3})"
    r"(?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,]\d{1,12})?)?"
    r" {0,3}(?P<offset>[Zz]|[+\u2212-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)


class Moment(Struct, frozen=True):
    """A time to the second: in UTC when ``fixed``, else the local time as sent."""

    time: datetime  # naive
    fixed: bool

    @property
    def text(self) -> str:
        """The moment as keys and ids hold it; texts of one kind are in the order of time."""
        return self.time.isoformat() + ("Z" if self.fixed else "")

    def instants(self, zone_name: str) -> tuple[datetime, ...]:
        """The instants that it can be, the first one first: two where the local clock shows this time twice."""
        if self.fixed:
            return (self.time.replace(tzinfo=UTC),)
        local = self.time.replace(tzinfo=zone(zone_name))
        first, second = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        return (first, second) if second > first else (first,)

    def instant(self, zone_name: str, after: datetime | None = None) -> datetime:
        """The first instant that it can be, or the second where only that one lies after ``after``."""
        found = self.instants(zone_name)
        return next((each for each in found if after is None or each > after), found[0])


def parse(text: str) -> Moment | None:
    """The moment that a text names, or None: a date alone and what no calendar has are none."""
    match = _FORM.fullmatch(text.strip()) if len(text) <= LONGEST else None
    if match is None:
        return None
    try:
        return _moment(match)
    except (ValueError, OverflowError):
        return None


def _moment(match: re.Match[str]) -> Moment | None:
    """24:00 is the next day's midnight, and a leap second the first of the next minute."""
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    midnight, leap = (hour, minute, second) == (24, 0, 0), second == 60
    time = datetime.strptime(match["date"].replace("-", ""), "%Y%m%d").replace(
        hour=0 if midnight else hour, minute=minute, second=59 if leap else second
    )
    time += timedelta(days=midnight, seconds=leap)
    offset = match["offset"]
    moment = Moment(time - _offset(offset), True) if offset else Moment(time, False)
    return moment if moment.time.year in YEARS else None


def _offset(text: str) -> timedelta:
    if text in "Zz":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    return timedelta(hours=hours, minutes=minutes) * (1 if text[0] == "+" else -1)


def stored(text: str) -> Moment:
    """A moment from its own text."""
    return Moment(datetime.fromisoformat(text.removesuffix("Z")), text.endswith("Z"))


def written(instant: datetime | None) -> str | None:
    """An instant as answers show it: to the second, in UTC."""
    return None if instant is None else instant.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"


def read(text: str | None) -> datetime | None:
    """An instant from how answers show it."""
    return None if text is None else datetime.fromisoformat(text)
