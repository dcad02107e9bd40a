"""One way to page through every list: a key walk with a signed cursor, and pages by number.

A cursor is a place in the list's order, the page number, the count and the totals. Following it costs the same on
every page. ``?page=N`` by itself skips by a keys-only query. A place is the order's own value, which ends in an id, so
the row there may be gone and nothing is lost. An incremental read (``updated_since``) is the same walk in the order
of ``updated_at``.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import Any

from msgspec import UNSET, Raw, Struct

from chalicelib.encoding import encode
from chalicelib.errors import Invalid, InvalidPage
from chalicelib.http.call import Call
from chalicelib.http.pagination.allowance import Allowance
from chalicelib.http.pagination.answers import PAGE_SIZE, Deleted, Summed, Totals
from chalicelib.http.pagination.cursor import Place, Walk, asked, link
from chalicelib.http.pagination.reads import reads
from chalicelib.http.pagination.source import Source
from chalicelib.http.pagination.survey import survey
from chalicelib.storage.calls import Item
from chalicelib.storage.store import parse
from chalicelib.storage.tables import UPDATED
from chalicelib.times import stamp

MOST_BYTES = 4_500_000  # of a page's rows: the gateway takes 6 MB, escaped once more
SYNC_LAG = timedelta(minutes=2)  # the longest request (30 s), clocks that differ, and an index that lags


class Stretch(Struct, frozen=True):
    """One page of a walk: its rows as they are presented, and as JSON; its number, and the links to its neighbours."""

    shown: list[Any]
    encoded: list[Raw]
    page: int
    next: str | None
    previous: str | None
    walk: Walk


def listed(call: Call, source: Source, present: Callable[[list[Any]], Sequence[object]], *sums: str) -> Summed[Any]:
    """One page of a list, as the contract shapes it; ``sums`` are attributes to add up for ``totals``."""
    found = stretch(call, source, call.query.page_size or PAGE_SIZE, present, *sums)
    return Summed(
        count=found.walk.count,
        next=found.next,
        previous=found.previous,
        results=found.encoded,
        synced_until=found.walk.synced_until or UNSET,
        totals=UNSET if found.walk.totals is None else Totals(**{k: Decimal(v) for k, v in found.walk.totals.items()}),
    )


def stretch(
    call: Call, source: Source, size: int, present: Callable[[list[Any]], Sequence[Any]], *sums: str
) -> Stretch:
    """The rows that a request asks for, at most ``size`` of them and as many as an answer may hold in bytes.

    Raises:
        InvalidPage: there is no such page, or the cursor is not one of this list.
    """
    place, walk = asked(call, source)
    if walk is None:
        place, walk, rows, more = _begin(call, source, place.page, size, sums)
    else:
        rows, more = _merged(source, size, place, _together(call, reads(call, source, size, place)))
    shown = _shown(source, rows, present)
    kept, encoded = _fitting(place, shown)
    more, rows = more or len(encoded) < len(rows), rows[kept]
    neighbours = _neighbours(source, place, rows, more)
    next_link, previous_link = (link(call, source, each, walk) for each in neighbours)
    return Stretch(shown[kept], encoded, place.page, next_link, previous_link, walk)


def _begin(
    call: Call, source: Source, page: int, size: int, sums: tuple[str, ...]
) -> tuple[Place, Walk, list[Item], bool]:
    """A walk that starts here: count, and on page 1 read in the same round."""
    skip, place, allowance = (page - 1) * size, Place(page), Allowance(call, source)
    surveys: list[Callable[[], object]] = [
        partial(survey, call, part, hash, skip, sums, allowance)
        for part in ((source,) if skip else source.parts)
        for hash in source.hashes
    ]
    at_once = [] if skip else reads(call, source, size, place)
    found = _together(call, [*surveys, *at_once])
    counted = found[: len(surveys)]
    count = sum(one.count for one in counted)
    if skip:
        if count <= skip:
            raise InvalidPage
        places = sorted(chain.from_iterable(one.places for one in counted), reverse=not source.forward)
        place = Place(page, places[skip - 1])
        found = _together(call, reads(call, source, size, place))
    totals = {name: format(sum((one.sums[name] for one in counted), Decimal(0)), "f") for name in sums} or None
    until = stamp(call.now - SYNC_LAG) if source.list == UPDATED else None
    return place, Walk(count, totals, until), *_merged(source, size, place, found[0 if skip else len(surveys) :])


def _together(call: Call, jobs: Sequence[Callable[[], object]]) -> list[Any]:
    return call.store.together(*jobs) if jobs else []


def _merged(source: Source, size: int, place: Place, found: Iterable[list[Item]]) -> tuple[list[Item], bool]:
    """The page out of what each key gave, in the list's order, and whether more lies beyond."""
    forward = source.forward is not place.backward
    rows = sorted(chain.from_iterable(found), key=lambda row: str(row[source.range]["S"]), reverse=not forward)
    kept, more = rows[:size], len(rows) > size
    return (kept[::-1] if place.backward else kept), more


def _neighbours(source: Source, place: Place, rows: list[Item], more: bool) -> tuple[Place | None, Place | None]:
    """Where ``next`` and ``previous`` lead; a page that has become empty still leads back."""
    before, after = place.page - 1, place.page + 1
    first = rows[0][source.range]["S"] if rows else None
    last = rows[-1][source.range]["S"] if rows else None
    next_place = Place(after, last) if place.backward or more else None
    at_start = place.page == 1 or (place.backward and not more)
    if at_start:
        return next_place, None
    return next_place, Place(1) if before == 1 else Place(before, first, backward=True)


def _shown(source: Source, rows: list[Item], present: Callable[[list[object]], Sequence[object]]) -> list[object]:
    """The rows as the list presents them; deleted ones by id and time."""
    live = iter(present([parse(source.model, row) for row in rows if "deleted_at" not in row]))
    return [
        Deleted(id=row["id"]["S"], deleted_at=row["deleted_at"]["S"]) if "deleted_at" in row else next(live)
        for row in rows
    ]


def _fitting(place: Place, shown: list[object]) -> tuple[slice, list[Raw]]:
    """As many rows as an answer may hold in bytes, from where the page begins: which, and as JSON.

    Raises:
        Invalid: not even one fits.
    """
    encoded, fit, total = [Raw(encode(each)) for each in shown], 0, 0
    for each in reversed(encoded) if place.backward else encoded:
        total += len(bytes(each))
        if total > MOST_BYTES:
            break
        fit += 1
    if shown and not fit:
        raise Invalid(f"One row of the answer has more than {MOST_BYTES:,} bytes. Ask for a part of it.")
    kept = slice(len(shown) - fit, None) if place.backward else slice(fit)
    return kept, encoded[kept]
