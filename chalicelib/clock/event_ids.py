"""Ids of clock events: they carry the clock ID and the time that identify the event, so that it is found by its key.

An id is the clock ID's comparison form in base 32, a digit that base 32 does not use, and fourteen digits of the time.
"""

import base64
import binascii
import re
from datetime import datetime

from msgspec import Struct

from chalicelib.clock.moments import Moment, stored

PREFIX = "event#"
_KINDS = {("in", True): "0", ("out", True): "1", ("in", False): "8", ("out", False): "9"}
_KNOWN = {digit: kind for kind, digit in _KINDS.items()}
_ID = re.compile(r"([a-z2-7]+)([0189])(\d{14})", re.ASCII)


class Identity(Struct, frozen=True):
    """What makes an event the same event: whose it is, and its clock-in, or of a lone out its clock-out."""

    form: str  # the clock ID's comparison form
    kind: str  # "in" or "out"
    moment: Moment

    @property
    def name(self) -> str:
        """The event's place among those of its clock ID, in the order of time."""
        return f"{PREFIX}{self.moment.text}#{self.kind}"

    @property
    def id(self) -> str:
        """The event's id."""
        letters = base64.b32encode(self.form.encode()).decode().rstrip("=").lower()
        digits = "".join(filter(str.isdigit, self.moment.time.isoformat()))
        return f"{letters}{_KINDS[self.kind, self.moment.fixed]}{digits}"


def identity(id: str) -> Identity | None:
    """The identity that an id carries, None when no event can have it."""
    match = _ID.fullmatch(id)
    if match is None:
        return None
    kind, fixed = _KNOWN[match[2]]
    try:
        letters = match[1].upper()
        form = base64.b32decode(letters + "=" * (-len(letters) % 8)).decode()
        found = Identity(form, kind, Moment(datetime.strptime(match[3], "%Y%m%d%H%M%S"), fixed))
    except (binascii.Error, ValueError):
        return None
    return found if found.id == id else None


def named(form: str, name: str) -> Identity:
    """The identity of an event from its clock ID and its place among the clock ID's events."""
    moment, _, kind = name.removeprefix(PREFIX).partition("#")
    return Identity(form, kind, stored(moment))
