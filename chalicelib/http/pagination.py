"""One way to page through every list: a key walk with a signed cursor, and pages by number.

A cursor is the key of the last row seen, the page number and the count, signed and tied to the
company, path and filters. Following it costs the same on every page. ``?page=N`` by itself skips
by a keys-only query.
"""

import base64
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from msgspec import Meta

from chalicelib.errors import InvalidPage
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Body
from chalicelib.identity.secrets import keyed
from chalicelib.storage.rows import Row
from chalicelib.storage.store import Page, parse

R = TypeVar("R", bound=Row)
PAGE_SIZE = 50
MAX_PAGE_SIZE = 200


class PageQuery(Body, kw_only=True):
    """Query parameters that every list takes."""

    page: Annotated[str, Meta(extra_json_schema={"pattern": "^[1-9][0-9]{0,8}$"})] | None = None
    cursor: str | None = None
    page_size: Annotated[int, Meta(ge=1, le=MAX_PAGE_SIZE)] = PAGE_SIZE


class Listed(Answer, kw_only=True):
    """The shape of every list answer."""

    count: int
    next: str | None
    previous: str | None
    results: list[Any]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a list's rows are: an index, its key, an order, and what DynamoDB drops after reading."""

    model: type[Row]
    index: str
    hash_name: str
    hash: str
    range_name: str = "list_order"
    between: tuple[str, str] | None = None
    forward: bool = True
    filters: tuple[tuple[str, Any], ...] = ()

    def query(self, call: Call, *, keys_only: bool = False, **options: Any) -> Page:
        """A page of the index, or of its keys-only twin where no filter needs the rows."""
        index = f"{self.index}_keys" if keys_only and not self.filters else self.index
        forward = options.pop("forward", self.forward)
        return call.store.query(
            self.model.table,
            self.hash,
            index=index,
            hash_name=self.hash_name,
            range_name=self.range_name,
            between=self.between,
            forward=forward,
            filters=dict(self.filters),
            **options,
        )


def listed(call: Call, source: Source, present: Callable[[list[Any]], Sequence[Any]]) -> Listed:
    """One page of a list, as the contract shapes it."""
    size = call.query.page_size
    cursor = _read_cursor(call)
    if cursor:
        page, count, start = int(cursor["p"]), int(cursor["c"]), cursor["k"]
        backward = bool(cursor.get("b"))
    else:
        page, backward = _page_number(call), False
        count, start = _count_and_skip(call, source, (page - 1) * size)
    rows, more = _read(call, source, size, start, backward)
    if not rows and page > 1:
        raise InvalidPage("There is no such page.")
    results = list(present([parse(source.model, row) for row in rows]))
    has_next = more if not backward else True
    return Listed(
        count=max(count, 0),
        results=results,
        next=_link(call, page + 1, count, _key(source, rows[-1]), False) if rows and has_next else None,
        previous=_link(call, page - 1, count, _key(source, rows[0]), True) if rows and page > 1 else None,
    )


def _page_number(call: Call) -> int:
    text = call.query.page
    if text is None:
        return 1
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10**9):
        raise InvalidPage("The page must be a number from 1.")
    return int(text)


def _read(call: Call, source: Source, size: int, start: Any, backward: bool) -> tuple[list[dict[str, Any]], bool]:
    """Up to ``size`` rows after ``start`` and whether there are more."""
    rows: list[dict[str, Any]] = []
    forward = source.forward is not backward
    while len(rows) <= size:
        limit = size + 1 - len(rows) if not source.filters else max(MAX_PAGE_SIZE, size + 1)
        page = source.query(call, forward=forward, limit=limit, start=start)
        rows += page.rows
        start = page.last
        if start is None:
            break
    kept, more = rows[:size], len(rows) > size
    return (kept[::-1] if backward else kept), more


def _count_and_skip(call: Call, source: Source, skip: int) -> tuple[int, Any]:
    """How many rows match, and the key of the last row before the page: one pass over the keys."""
    count, start, key = 0, None, None
    while True:
        left = skip - count
        options = {"limit": left} if left > 0 and not source.filters else {}
        if left > 0 and source.filters:
            page = source.query(call, start=start)
            if page.count >= left:
                key = _key(source, page.rows[left - 1])
        else:
            page = source.query(call, keys_only=True, count_only=not (left > 0), start=start, **options)
            if left > 0 and page.count == left:
                key = _key(source, page.rows[-1])
        count += page.count
        start = page.last
        if start is None:
            if skip and count <= skip:
                raise InvalidPage("There is no such page.")
            return count, key


def _key(source: Source, row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("pk", "sk", source.hash_name, source.range_name)}


def _scope(call: Call) -> str:
    names = sorted((name, values) for name, values in call.raw_query.items() if name not in {"page", "cursor"})
    return json.dumps([call.user.company, call.resource, names])


def _link(call: Call, page: int, count: int, key: dict[str, Any], backward: bool) -> str:
    payload = json.dumps({"p": page, "c": count, "b": int(backward), "k": key}, separators=(",", ":"))
    packed = base64.urlsafe_b64encode(payload.encode()).decode().rstrip("=")
    signature = keyed("session-key", "cursor", _scope(call), packed)[:26]
    kept = [
        (name, value) for name, values in call.raw_query.items() if name not in {"page", "cursor"} for value in values
    ]
    return f"{call.path}?{urlencode([*kept, ('page', page), ('cursor', f'{signature}{packed}')])}"


def _read_cursor(call: Call) -> dict[str, Any] | None:
    text = call.query.cursor
    if text is None:
        return None
    signature, packed = text[:26], text[26:]
    if not text.isascii() or not hmac.compare_digest(
        signature, keyed("session-key", "cursor", _scope(call), packed)[:26]
    ):
        raise InvalidPage("The cursor is not one of this list.")
    cursor: dict[str, Any] = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    return cursor
