"""Instants of requests: RFC 3339 with an offset."""

from datetime import UTC, datetime

from msgspec import Meta, Struct

EXAMPLE = "2026-06-08T07:00:00Z"
LONGEST = 40  # characters


class Instant(Struct, frozen=True):
    """A time with an offset from UTC."""

    def check(self, value: object) -> datetime:
        """The instant, in UTC.

        Raises:
            ValueError: says what is taken; of a plus that has become a space in a query, how to write it.
        """
        moment = _read(value)
        if moment is not None:
            return moment
        hint = ""
        if isinstance(value, str) and _read("+".join(value.rsplit(" ", 1))) is not None:
            hint = " In a query a plus sign is written %2B."
        raise ValueError(f"Must be a time such as {EXAMPLE}.{hint}")


def _read(value: object) -> datetime | None:
    if not isinstance(value, str) or len(value) > LONGEST or "T" not in value.upper():
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def instant() -> Meta:
    """What a field of an instant takes, and the same in the schema."""
    return Meta(
        description="RFC 3339 time with its offset from UTC.",
        examples=[EXAMPLE],
        extra={"rule": Instant()},
        extra_json_schema={"type": "string", "format": "date-time"},
    )
