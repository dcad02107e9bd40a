"""The rows of one page of a list, read from each of its keys."""

from collections.abc import Callable
from functools import partial

from chalicelib.http.call import Call
from chalicelib.http.pagination.allowance import Allowance
from chalicelib.http.pagination.answers import MAX_PAGE_SIZE
from chalicelib.http.pagination.cursor import Place
from chalicelib.http.pagination.source import Source
from chalicelib.storage.calls import Item

MOST_AT_ONCE = 3000  # rows in one call when rows are dropped after reading


def reads(call: Call, source: Source, size: int, place: Place) -> list[Callable[[], list[Item]]]:
    """A read of each key: its rows beyond the place, one more than the page, and their place itself."""
    allowance = Allowance(call, source)
    return [partial(_read, call, source, hash, size, place, allowance) for hash in source.hashes]


def _read(call: Call, source: Source, hash: str, size: int, place: Place, allowance: Allowance) -> list[Item]:
    forward = source.forward is not place.backward
    between = _beyond(source, place.beyond, forward)
    if between and None not in between and str(between[0]) > str(between[1]):
        return []  # the place has left the bounds: the subtree was moved
    rows: list[Item] = []
    start, most = None, size + 2 if source.by_keys else MAX_PAGE_SIZE + 2
    while len(rows) <= size:
        limit = most if source.drops else size + 2 - len(rows)
        page = source.query(call, hash, between=between, forward=forward, limit=limit, start=start)
        allowance.spend(page.read if source.drops and not source.by_keys else 0)
        rows += [row for row in page.rows if row[source.range]["S"] != place.beyond]
        start, most = page.last, min(MOST_AT_ONCE, most * 4)
        if start is None:
            break
    return rows


def _beyond(source: Source, place: str | None, forward: bool) -> tuple[str | None, str | None] | None:
    """The bounds from the place on; the place itself is in, and is left out after reading."""
    if place is None:
        return source.between
    low, high = source.between or (None, None)
    return (place, high) if forward else (low, place)
