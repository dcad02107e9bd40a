"""Instants, and how rows and answers write them."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The moment it is."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """A moment as RFC 3339 in UTC, to the microsecond, so that the order of texts is the order of time."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def minute(moment: datetime) -> int:
    """The minute since 1970 that a moment is in."""
    return int(moment.timestamp()) // 60
