"""Lists that are so short that they are read whole."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from chalicelib.errors import InvalidPage
from chalicelib.http.call import Call
from chalicelib.http.pagination.answers import PAGE_SIZE, Listed
from chalicelib.http.pagination.cursor import Place, Walk, asked, link
from chalicelib.http.pagination.source import Source
from chalicelib.storage.rows import Row

T = TypeVar("T")


def listed_whole(call: Call, rows: Sequence[T], present: Callable[[Sequence[T]], Sequence[object]]) -> Listed[object]:
    """One page of such a list.

    Raises:
        InvalidPage: there is no such page, or the cursor is not one of this list.
    """
    size, source = call.query.page_size or PAGE_SIZE, Source(Row, None, ())
    place, walk = asked(call, source)
    first, beyond = (place.page - 1) * size, place.page * size
    if first and first >= len(rows):
        raise InvalidPage
    walk = walk or Walk(len(rows))
    return Listed(
        count=walk.count,
        next=link(call, source, Place(place.page + 1) if beyond < len(rows) else None, walk),
        previous=link(call, source, Place(place.page - 1) if first else None, walk),
        results=list(present(rows[first:beyond])),
    )
