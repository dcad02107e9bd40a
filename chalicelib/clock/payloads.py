"""What a device sends, read into a punch: kept whenever a clock ID and one instant can be made out.

Every other field only qualifies the punch. What makes no sense in it is named in ``unreadable``,
and the event is kept as it was sent for a person to look at.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

from chalicelib.clock import moments
from chalicelib.clock.event_ids import Identity
from chalicelib.clock.moments import Moment
from chalicelib.errors import Invalid
from chalicelib.names import comparison_form

MOST_BYTES = 8 * 1024
LONGEST_CLOCK_ID = LONGEST_CODE = 64
LONGEST_DEVICE_ID = 200
MOST_BREAK = 1440
BREAK_PLACES = 6
TOO_LARGE = f"An event may have {MOST_BYTES:,} bytes."
FIELDS = ("clock_id", "clock_in", "clock_out", "project_code", "device_id", "break_minutes")
INSTANT = "Must be an ISO 8601 time with a date, such as 2026-06-08T07:00:00Z."
_DIGITS = re.compile(r"[+-]?\d{1,30}(\.\d{0,30})?", re.ASCII)
_SMALL = 10  # the exponent of any number that a field can mean


class Punch(Struct, frozen=True):
    """One event as a device sent it, as far as it can be read."""

    clock_id: str
    form: str  # the clock ID's comparison form
    clock_in: Moment | None
    clock_out: Moment | None
    project_code: str | None
    device_id: str | None
    break_minutes: Decimal | None
    unreadable: tuple[str, ...] = ()
    as_sent: str | None = None  # the event's JSON, when something in it is unreadable

    @property
    def identity(self) -> Identity:
        """What makes it the same event when it is sent again."""
        if self.clock_in is not None:
            return Identity(self.form, "in", self.clock_in)
        assert self.clock_out is not None
        return Identity(self.form, "out", self.clock_out)


class Unreadable(ValueError):
    """A value that makes no sense in its field."""


def read(event: object) -> Punch:
    """The punch that an event is.

    Raises:
        Invalid: it is too large, no object, or has no clock ID or no instant that can be made out.
    """
    if not isinstance(event, Mapping):
        raise Invalid(errors={"body": ["Must be an object."]})
    if size(event) > MOST_BYTES:
        raise Invalid(errors={"body": [TOO_LARGE]})
    values, unreadable = _values(event)
    errors = {} if values["clock_id"] else {"clock_id": [_clock_id_message(event.get("clock_id"))]}
    if values["clock_in"] is None and values["clock_out"] is None:
        named = [name for name in ("clock_in", "clock_out") if name in unreadable]
        errors |= {name: [INSTANT] for name in named} or {"clock_in": ["Give a clock_in, a clock_out, or both."]}
    if errors:
        raise Invalid("The event cannot be read.", errors=errors)
    form = comparison_form(values["clock_id"])
    return Punch(form=form, unreadable=tuple(unreadable), as_sent=as_json(event) if unreadable else None, **values)


def size(event: object) -> int:
    """Bytes of an event as JSON."""
    text = json.dumps(event, default=str, separators=(",", ":"), ensure_ascii=False)
    return len(text.encode("utf-8", "surrogatepass"))


def as_json(event: object) -> str:
    """An event as JSON of ASCII letters, numbers with the digits they were sent with."""
    return json.dumps(event, default=str, separators=(",", ":"))


def _values(event: Mapping[str, object]) -> tuple[dict[str, Any], list[str]]:
    """Each field's value, None where it is absent or unreadable, and the names of the unreadable ones."""
    values: dict[str, Any] = {}
    unreadable = []
    for name in FIELDS:
        try:
            values[name] = _READERS[name](event.get(name))
        except Unreadable:
            values[name] = None
            unreadable.append(name)
    return values, unreadable


def _clock_id_message(value: object) -> str:
    if value is None:
        return "This field is required."
    return f"Must be text or a whole number, of 1 to {LONGEST_CLOCK_ID} characters."


def clean(text: str) -> str:
    """Text without the characters that nobody sees: a punch's clock ID and project code are compared without them.

    Raises:
        Unreadable: it holds half a character (a lone surrogate), which no text has.
    """
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Unreadable(text)
    seen = (letter for letter in text if unicodedata.category(letter) not in ("Cc", "Cf"))
    return unicodedata.normalize("NFC", "".join(seen)).strip()


def code_form(code: str | None) -> str:
    """The comparison form of a project code, empty without one."""
    return comparison_form(code) if code else ""


def _text(value: object, longest: int) -> str | None:
    """Text of at most so many characters; a number stands for its digits, and an empty text for none."""
    if value is None:
        return None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > 4 * longest:
        raise Unreadable(value)
    found = clean(value)
    if len(found) > longest:
        raise Unreadable(value)
    return found if comparison_form(found) else None


def _clock_id(value: object) -> str | None:
    if isinstance(value, Decimal):
        value = _whole(value)
    return _text(value, LONGEST_CLOCK_ID)


def _whole(value: Decimal) -> int | str:
    """A whole number however it is written (JSON knows one kind); one of no sensible size as its text."""
    if not value.is_finite() or abs(value.adjusted()) > 30:
        return str(value)
    if value != value.to_integral_value():
        raise Unreadable(value)
    return int(value)


def _moment(value: object) -> Moment | None:
    text = _text(value, moments.LONGEST)
    if text is None:
        return None
    moment = moments.parse(text)
    if moment is None:
        raise Unreadable(value)
    return moment


def _break(value: object) -> Decimal | None:
    """Minutes, a fraction of one too."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        value = Decimal(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Unreadable(value)
    number = Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > _SMALL or not 0 <= number <= MOST_BREAK:
        raise Unreadable(value)
    if number != round(number, BREAK_PLACES):
        raise Unreadable(value)
    return number.normalize() + 0


_READERS: dict[str, Any] = {
    "clock_id": _clock_id,
    "clock_in": _moment,
    "clock_out": _moment,
    "project_code": lambda value: _text(value, LONGEST_CODE),
    "device_id": lambda value: _text(value, LONGEST_DEVICE_ID),
    "break_minutes": _break,
}
