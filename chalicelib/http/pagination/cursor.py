"""Where a walk through a list stands: a place in the list's order, signed, and tied to its list and caller."""

import base64
import hmac
import json
import re
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from chalicelib.access.keys import keyed
from chalicelib.errors import InvalidPage
from chalicelib.http.call import Call
from chalicelib.http.pagination.answers import MOST_PAGES
from chalicelib.http.pagination.source import Source

SIGNATURE = 26


class Walk(Struct, frozen=True):
    """What every page of a walk says alike: taken when the walk starts, then carried in the cursors."""

    count: int
    totals: dict[str, str] | None = None
    synced_until: str | None = None


class Place(Struct, frozen=True):
    """Which page: its number, and the value of the order that it lies beyond; None is the list's end."""

    page: int
    beyond: str | None = None
    backward: bool = False


def asked(call: Call, source: Source) -> tuple[Place, Walk | None]:
    """Which page a request wants, and the walk that it is of; none when a walk begins with it.

    Raises:
        InvalidPage: no list has such a page, or the cursor is not one of this list.
    """
    number, cursor = _page_number(call), _read_cursor(call, source)
    if cursor is None:
        return Place(number or 1), None
    if number is not None and number != cursor["p"]:
        raise InvalidPage("The cursor is that of another page.")
    walk = Walk(cursor["c"], cursor.get("t"), cursor.get("s"))
    return Place(cursor["p"], cursor["k"], bool(cursor["b"])), walk


def _page_number(call: Call) -> int | None:
    text = call.query.page
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,6}", text) or not 1 <= int(text) <= MOST_PAGES:
        raise InvalidPage(f"The page must be a number from 1 to {MOST_PAGES:,}.")
    return int(text)


def _filters(call: Call) -> list[tuple[str, list[str]]]:
    return [(name, values) for name, values in call.raw_query.items() if name not in {"page", "cursor"}]


def _signed(call: Call, source: Source, packed: str) -> str:
    scope = json.dumps([call.company, call.resource, sorted(_filters(call)), source.view])
    return keyed("session-key", "cursor", scope, packed)[:SIGNATURE]


def link(call: Call, source: Source, place: Place | None, walk: Walk) -> str | None:
    """The link to a page, with every filter kept; None leads nowhere."""
    if place is None:
        return None
    said: dict[str, object] = {"p": place.page, "k": place.beyond, "b": int(place.backward), "c": walk.count}
    said |= {"t": walk.totals} if walk.totals is not None else {}
    said |= {"s": walk.synced_until} if walk.synced_until else {}
    packed = base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).decode().rstrip("=")
    kept = [(name, value) for name, values in _filters(call) for value in values]
    parameters = [*kept, ("page", place.page), ("cursor", _signed(call, source, packed) + packed)]
    return f"{call.path}?{urlencode(parameters)}"


def _read_cursor(call: Call, source: Source) -> dict[str, Any] | None:
    text = call.query.cursor
    if text is None:
        return None
    signature, packed = text[:SIGNATURE], text[SIGNATURE:]
    if not text.isascii() or not hmac.compare_digest(signature, _signed(call, source, packed)):
        raise InvalidPage("The cursor is not one of this list.")
    cursor: dict[str, object] = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    return cursor
