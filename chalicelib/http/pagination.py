"""One way to page through every list: a key walk with a signed cursor, and pages by number.

A cursor is a place in the list's order, the page number, the count and the totals, signed and tied
to the company, the path, the filters and whose rows the caller sees. Following it costs the same on
every page. ``?page=N`` by itself skips by a keys-only query. A place is the order's own value, which
ends in an id, so the row there may be gone and nothing is lost.

An incremental read (``updated_since``) is the same walk in the order of ``updated_at``.
"""

import base64
import hmac
import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from chalicelib.encoding import encode
from chalicelib.errors import Invalid, InvalidPage
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Body, Figure
from chalicelib.http.texts import text
from chalicelib.identity.secrets import keyed
from chalicelib.names import comparison_form
from chalicelib.storage.queries import Page, Query
from chalicelib.storage.rows import Row
from chalicelib.storage.store import parse
from chalicelib.storage.tables import UPDATED, List
from chalicelib.times import stamp

R = TypeVar("R", bound=Row)
PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
MOST_PAGES = 999_999
MOST_AT_ONCE = 3000  # rows in one call when rows are dropped after reading
MOST_READ = 50_000  # rows for one answer when no key serves its filters, or when their attributes are added up
MOST_BYTES = 4_500_000  # of a page's rows: the gateway takes 6 MB, escaped once more
SYNC_LAG = timedelta(minutes=2)  # the longest request (30 s), clocks that differ, and an index that lags
EPOCH = datetime.fromtimestamp(0, UTC)
SIGNATURE = 26


class PageQuery(Body, kw_only=True):
    """Query parameters that every list takes."""

    page: Annotated[str, Meta(extra_json_schema={"pattern": "^[1-9][0-9]{0,5}$"})] | None = None
    cursor: Annotated[str, Meta(extra_json_schema={"pattern": "^[!-~]*$"})] | None = None
    page_size: Annotated[int, Meta(ge=1, le=MAX_PAGE_SIZE)] | None = None


Since = Annotated[str, text("2026-06-08T07:00:00Z", 1, 40, description="RFC 3339 time, inclusive")]


class ChangesQuery(PageQuery, kw_only=True):
    """Query parameters of lists that can be read incrementally."""

    updated_since: Since | None = None
    include_deleted: bool | None = None


Search = Annotated[str, text("nor qu", 0, 200, description="Beginnings of words in the name or code")]


class Deleted(Answer, kw_only=True):
    """A row that is gone, with ``include_deleted=true``."""

    id: str
    deleted_at: str


class Totals(Answer, kw_only=True):
    """Sums over everything that matches, not only this page."""

    hours: Figure
    quantity: Figure


class Listed(Answer, kw_only=True):
    """The shape of every list answer."""

    count: int
    next: str | None
    previous: str | None
    results: list[Any]


class Changes(Listed, kw_only=True):
    """A list that can be read incrementally; with ``updated_since`` it says what to send next time."""

    synced_until: str | UnsetType = UNSET


class Summed(Changes, kw_only=True):
    """A list with totals when they are asked for."""

    totals: Totals | UnsetType = UNSET


Rule = tuple[str, Callable[[str], bool]]
Sift = Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]]


class Source(Struct, frozen=True):
    """Where a list's rows are: an index, the keys in it, an order, and what is dropped after reading.

    ``hash`` may be several keys, whose rows are merged, or none. DynamoDB drops by ``filters``
    (equalities) and ``tests``; ``rules`` are tests of one text attribute that only we can make.
    ``view`` says whose rows these are; a cursor is good for one view only. ``narrower`` are the query parameters that
    an answer asks for when too many rows would have to be read.
    """

    model: type[Row]
    list: List | None
    hash: str | tuple[str, ...]
    between: tuple[str | None, str | None] | None = None
    forward: bool = True
    filters: tuple[tuple[str, Any], ...] = ()
    tests: tuple[tuple[str, str, Any], ...] = ()
    rules: tuple[Rule, ...] = ()
    view: str = ""
    narrower: tuple[str, ...] = ()
    sift: Sift | None = None

    @property
    def order(self) -> str:
        """The attribute by which the rows are ordered."""
        return self.list.range if self.list else "sk"

    @property
    def hashes(self) -> tuple[str, ...]:
        return (self.hash,) if isinstance(self.hash, str) else self.hash

    @property
    def drops(self) -> bool:
        """Whether rows are read that do not match."""
        return bool(self.filters or self.tests or self.rules or self.sift)

    @property
    def by_keys(self) -> bool:
        """Whether keys alone tell which rows match."""
        return not (self.filters or self.rules or self.sift) and all(name == "sk" for _, name, _ in self.tests)

    def query(self, call: Call, hash: str, **options: Any) -> Page:
        """Matching rows of one key."""
        query = Query(
            model=self.model,
            hash=hash,
            list=self.list,
            filters=dict(self.filters),
            tests=self.tests,
            **{name: options.pop(name) for name in options.keys() & {"keys_only", "between", "forward", "attributes"}},
        )
        page = call.store.page(query, **options)
        if not (self.rules or self.sift):
            return page
        rows = [row for row in page.rows if self._keeps(row)]
        rows = self.sift(rows) if self.sift and rows else rows
        return Page(rows, page.last, len(rows), page.read)

    def _keeps(self, row: dict[str, Any]) -> bool:
        return all(rule(row[name]["S"] if name in row else "") for name, rule in self.rules)


def words(text: str | None) -> tuple[tuple[str, str, Any], ...]:
    """The tests that ``search=`` stands for: each word begins a word of the row's."""
    return tuple(("contains", "search_text", {"S": f" {word}"}) for word in comparison_form(text or "").split())


def incremental(call: Call) -> bool:
    """Whether the list is asked for what has changed since a time."""
    if call.query.include_deleted and call.query.updated_since is None:
        raise Invalid(errors={"include_deleted": ["Needs updated_since."]})
    return call.query.updated_since is not None


def changed(call: Call, model: type[Row], scope: str | tuple[str, ...], live: str, **dropped: Any) -> Source:
    """Rows by the time of their last change: every filter is one that is dropped after reading.

    ``scope`` is the key in the list ``updated``, or () when nothing can match; ``live`` begins the sort
    keys of rows that are not deleted.
    """
    tests = tuple(dropped.pop("tests", ()))
    if not call.query.include_deleted:
        tests = (*tests, ("begins_with", "sk", {"S": live}))
    between = (_moment(call.query.updated_since), None)
    return Source(model, UPDATED, scope, between, tests=tests, **dropped)


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None or "T" not in text.upper():
            raise ValueError
        return stamp(max(moment.astimezone(UTC), EPOCH))
    except (ValueError, OverflowError):
        raise Invalid(errors={"updated_since": ["Must be a time such as 2026-06-08T07:00:00Z."]}) from None


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


class Allowance:
    """How many rows one answer may read, shared by the keys that are read together."""

    def __init__(self, call: Call, source: Source) -> None:
        self.call, self.source = call, source
        self.left = MOST_READ

    def spend(self, rows: int) -> None:
        """Raises :class:`Invalid`, which names what would narrow the list, when nothing is left."""
        self.left -= rows
        if self.left < 0:
            raise _too_many(self.call, self.source)


def _too_many(call: Call, source: Source) -> Invalid:
    many = f"More than {MOST_READ:,} rows would have to be read."
    if source.list == UPDATED:
        return Invalid(errors={"updated_since": [f"{many} Take a later time, or no other filter."]})
    missing = [name for name in source.narrower if getattr(call.query, name, None) is None]
    return Invalid(f"{many} Give a narrower filter.", errors={name: [f"Needed here. {many}"] for name in missing})


class Survey(Struct):
    """One pass over the matching rows of a key: how many, their sums, and the first of their places."""

    count: int = 0
    places: list[str] = field(default_factory=list)
    sums: dict[str, Decimal] = field(default_factory=dict)


class Stretch(Struct, frozen=True):
    """One page of a walk: its rows as they are presented, its number, and the links to its neighbours."""

    shown: list[Any]
    encoded: list[Raw]
    page: int
    next: str | None
    previous: str | None
    walk: Walk


def listed(call: Call, source: Source, present: Callable[[list[Any]], Sequence[Any]], *sums: str) -> Summed:
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
    place, walk = _asked(call, source)
    if walk is None:
        place, walk, rows, more = _begin(call, source, place.page, size, sums)
    else:
        rows, more = _merged(source, size, place, _together(call, _reads(call, source, size, place)))
    shown = _shown(source, rows, present)
    kept, encoded = _fitting(place, shown)
    more, rows = more or len(encoded) < len(rows), rows[kept]
    next_place, previous_place = _neighbours(source, place, rows, more)
    next_link, previous_link = (_link(call, source, each, walk) for each in (next_place, previous_place))
    return Stretch(shown[kept], encoded, place.page, next_link, previous_link, walk)


def _asked(call: Call, source: Source) -> tuple[Place, Walk | None]:
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


def _begin(
    call: Call, source: Source, page: int, size: int, sums: tuple[str, ...]
) -> tuple[Place, Walk, list[dict[str, Any]], bool]:
    """A walk that starts here: count, and on page 1 read in the same round."""
    skip, place, allowance = (page - 1) * size, Place(page), Allowance(call, source)
    surveys = [partial(_survey, call, source, hash, skip, sums, allowance) for hash in source.hashes]
    reads = [] if skip else _reads(call, source, size, place)
    found = _together(call, [*surveys, *reads])
    counted = found[: len(surveys)]
    count = sum(survey.count for survey in counted)
    if skip:
        if count <= skip:
            raise InvalidPage("There is no such page.")
        places = sorted(chain.from_iterable(survey.places for survey in counted), reverse=not source.forward)
        place = Place(page, places[skip - 1])
        found = _together(call, _reads(call, source, size, place))
    totals = {name: format(sum((one.sums[name] for one in counted), Decimal(0)), "f") for name in sums} or None
    until = stamp(call.now - SYNC_LAG) if source.list == UPDATED else None
    return place, Walk(count, totals, until), *_merged(source, size, place, found[0 if skip else len(surveys) :])


def _together(call: Call, jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    return call.store.together(*jobs) if jobs else []


def _survey(call: Call, source: Source, hash: str, skip: int, sums: tuple[str, ...], allowance: Allowance) -> Survey:
    """Count; where keys tell what matches and nothing is summed, over the keys-only twin."""
    survey = Survey(sums=dict.fromkeys(sums, Decimal(0)))
    by_keys = source.by_keys and not sums
    wanted = (source.order, *sums, *(name for name, _ in source.rules))
    start = None
    while True:
        left = skip - survey.count
        page = source.query(
            call,
            hash,
            keys_only=by_keys and source.list is not None,
            between=source.between,
            forward=source.forward,
            count_only=left <= 0 and not sums and not source.rules and not source.sift,
            attributes=() if source.sift else tuple(dict.fromkeys(wanted)),
            limit=left if left > 0 and by_keys else None,
            start=start,
        )
        if not by_keys and (source.drops or sums):
            allowance.spend(page.read)
        survey.count += page.count
        survey.places += [row[source.order]["S"] for row in page.rows[: max(0, left)]]
        for name in sums:
            survey.sums[name] += sum((Decimal(row[name]["N"]) for row in page.rows if name in row), Decimal(0))
        start = page.last
        if start is None:
            return survey


def _reads(call: Call, source: Source, size: int, place: Place) -> list[Callable[[], list[dict[str, Any]]]]:
    """A read of each key: its rows beyond the place, one more than the page, and their place itself."""
    allowance = Allowance(call, source)
    return [partial(_read, call, source, hash, size, place, allowance) for hash in source.hashes]


def _read(call: Call, source: Source, hash: str, size: int, place: Place, allowance: Allowance) -> list[dict[str, Any]]:
    forward = source.forward is not place.backward
    between = _beyond(source, place.beyond, forward)
    if between and None not in between and str(between[0]) > str(between[1]):
        return []  # the place has left the bounds: the subtree was moved
    rows: list[dict[str, Any]] = []
    start, most = None, size + 2 if source.by_keys else MAX_PAGE_SIZE + 2
    while len(rows) <= size:
        limit = most if source.drops else size + 2 - len(rows)
        page = source.query(call, hash, between=between, forward=forward, limit=limit, start=start)
        allowance.spend(page.read if source.drops and not source.by_keys else 0)
        rows += [row for row in page.rows if row[source.order]["S"] != place.beyond]
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


def _merged(
    source: Source, size: int, place: Place, found: Iterable[list[dict[str, Any]]]
) -> tuple[list[dict[str, Any]], bool]:
    """The page out of what each key gave, in the list's order, and whether more lies beyond."""
    forward = source.forward is not place.backward
    rows = sorted(chain.from_iterable(found), key=lambda row: str(row[source.order]["S"]), reverse=not forward)
    kept, more = rows[:size], len(rows) > size
    return (kept[::-1] if place.backward else kept), more


def _neighbours(
    source: Source, place: Place, rows: list[dict[str, Any]], more: bool
) -> tuple[Place | None, Place | None]:
    """Where ``next`` and ``previous`` lead; a page that has become empty still leads back."""
    before, after = place.page - 1, place.page + 1
    first = rows[0][source.order]["S"] if rows else None
    last = rows[-1][source.order]["S"] if rows else None
    next_place = Place(after, last) if place.backward or more else None
    at_start = place.page == 1 or (place.backward and not more)
    if at_start:
        return next_place, None
    return next_place, Place(1) if before == 1 else Place(before, first, backward=True)


def _shown(source: Source, rows: list[dict[str, Any]], present: Callable[[list[Any]], Sequence[Any]]) -> list[Any]:
    """The rows as the list presents them; deleted ones by id and time."""
    live = iter(present([parse(source.model, row) for row in rows if "deleted_at" not in row]))
    return [
        Deleted(id=row["id"]["S"], deleted_at=row["deleted_at"]["S"]) if "deleted_at" in row else next(live)
        for row in rows
    ]


def _fitting(place: Place, shown: list[Any]) -> tuple[slice, list[Raw]]:
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


def _filters(call: Call) -> list[tuple[str, list[str]]]:
    return [(name, values) for name, values in call.raw_query.items() if name not in {"page", "cursor"}]


def _signed(call: Call, source: Source, packed: str) -> str:
    scope = json.dumps([call.company, call.resource, sorted(_filters(call)), source.view])
    return keyed("session-key", "cursor", scope, packed)[:SIGNATURE]


def _link(call: Call, source: Source, place: Place | None, walk: Walk) -> str | None:
    if place is None:
        return None
    said: dict[str, Any] = {"p": place.page, "k": place.beyond, "b": int(place.backward), "c": walk.count}
    said |= {"t": walk.totals} if walk.totals is not None else {}
    said |= {"s": walk.synced_until} if walk.synced_until else {}
    packed = base64.urlsafe_b64encode(json.dumps(said, separators=(",", ":")).encode()).decode().rstrip("=")
    kept = [(name, value) for name, values in _filters(call) for value in values]
    link = [*kept, ("page", place.page), ("cursor", _signed(call, source, packed) + packed)]
    return f"{call.path}?{urlencode(link)}"


def _read_cursor(call: Call, source: Source) -> dict[str, Any] | None:
    text = call.query.cursor
    if text is None:
        return None
    signature, packed = text[:SIGNATURE], text[SIGNATURE:]
    if not text.isascii() or not hmac.compare_digest(signature, _signed(call, source, packed)):
        raise InvalidPage("The cursor is not one of this list.")
    cursor: dict[str, Any] = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    return cursor
