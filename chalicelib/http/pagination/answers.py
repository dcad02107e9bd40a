"""What a list takes and gives: paging parameters, and the answer generic over its rows."""

from typing import Annotated, Generic, TypeVar

from msgspec import UNSET, Meta, UnsetType

from chalicelib.http.fields import Answer, Body, Moment, QuantityFigure, Stamp, TotalHours
from chalicelib.http.texts import text

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
MOST_PAGES = 999_999
Row = TypeVar("Row")


class PageQuery(Body, kw_only=True):
    """Query parameters that every list takes."""

    page: (
        Annotated[
            str,
            Meta(
                description="Which page, from 1. Better follow `next`: it never repeats or leaves out a row.",
                extra_json_schema={"pattern": "^[1-9][0-9]{0,5}$"},
            ),
        ]
        | None
    ) = None
    cursor: (
        Annotated[
            str,
            Meta(
                description="Where `next` and `previous` lead. Taken from their links; never made by hand.",
                extra_json_schema={"pattern": "^[!-~]*$"},
            ),
        ]
        | None
    ) = None
    page_size: (
        Annotated[int, Meta(ge=1, le=MAX_PAGE_SIZE, description="Rows of a page; 50 by default.", examples=[50])] | None
    ) = None


Since = Annotated[Moment, Meta(description="Rows changed at or after this time, by the time of their change.")]


class ChangesQuery(PageQuery, kw_only=True):
    """Query parameters of lists that can be read incrementally."""

    updated_since: Since | None = None
    include_deleted: (
        Annotated[bool, Meta(description="With updated_since: deleted rows too, by id and time.", examples=[True])]
        | None
    ) = None


Search = Annotated[str, text("nor qu", 0, 200, description="Beginnings of words in the name or code.")]


class Deleted(Answer, kw_only=True):
    """A row that is gone, with ``include_deleted=true``."""

    id: str
    deleted_at: Stamp


class Totals(Answer, kw_only=True):
    """Sums over everything that matches, not only this page."""

    hours: TotalHours
    quantity: QuantityFigure


class Listed(Answer, Generic[Row], kw_only=True):
    """A page of a list."""

    count: Annotated[int, Meta(description="Rows that matched when the walk began.")]
    next: Annotated[str | None, Meta(description="The next page, relative to the host; null on the last.")]
    previous: Annotated[str | None, Meta(description="The page before, relative to the host; null on the first.")]
    results: list[Row]


class Changes(Listed[Row], Generic[Row], kw_only=True):
    """A page of a list that can be read incrementally; with ``updated_since`` it says what to send next time."""

    synced_until: Stamp | UnsetType = UNSET


class Summed(Changes[Row], Generic[Row], kw_only=True):
    """A page of a list with totals when they are asked for."""

    totals: Totals | UnsetType = UNSET
