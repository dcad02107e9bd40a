"""A list answers within bounds: of rows read, of pages, and of bytes."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec import UNSET, Struct

from chalicelib.encoding import encode
from chalicelib.errors import Invalid, InvalidPage
from chalicelib.http.call import Call
from chalicelib.http.pagination import ChangesQuery, Source, changed, listed
from chalicelib.http.pagination.allowance import MOST_READ
from chalicelib.http.pagination.walk import MOST_BYTES
from chalicelib.labour.rows import ENTRIES, Entry
from chalicelib.storage.queries import Page, Query
from tests.stage import running

NOW = datetime(2026, 6, 8, tzinfo=UTC)


class Asked(ChangesQuery, kw_only=True):
    project: str | None = None
    date_from: str | None = None


class Table(Struct):
    """A table with no end: each call reads so many rows, of which none matches."""

    each: int
    read: int = 0

    def page(self, *_: Any, **__: Any) -> Page:
        self.read += self.each
        return Page([], {"pk": {"S": "on"}}, 0, self.each)

    def together(self, *calls: Callable[[], Any]) -> list[Any]:
        return [call() for call in calls]


class Finite(Struct):
    """A table whose rows all match, in order."""

    rows: int

    def page(self, query: Query[Any], *, limit: int | None = None, **_: Any) -> Page:
        low, high = query.between or (None, None)
        places = [f"{number:04d}" for number in range(self.rows)]
        places = [place for place in places if (low or "") <= place <= (high or "~")][:: 1 if query.forward else -1]
        rows = [{"pk": {"S": "c"}, "sk": {"S": "e"}, "id": {"S": p}, "list_order": {"S": p}} for p in places[:limit]]
        return Page(rows, None, len(rows), len(rows))

    def together(self, *calls: Callable[[], Any]) -> list[Any]:
        return [call() for call in calls]


@pytest.fixture(autouse=True, scope="module")
def _stage() -> Iterator[None]:
    with running():
        yield


def call_of(store: Any, query: Asked) -> Call:
    """A device's request for a list."""
    event = {"path": "/x", "requestContext": {"httpMethod": "GET", "path": "/x"}}
    raw = {name: [str(getattr(query, name))] for name in ("page", "cursor") if getattr(query, name) is not None}
    event["multiValueQueryStringParameters"] = raw
    return Call(event, None, store, NOW, device_company="c", query=query)


def source_of(**more: Any) -> Source:
    return Source(Entry, ENTRIES, "c", **more)


DROPS = {"filters": (("source", {"S": "clock"}),), "narrower": ("project", "date_from")}


@pytest.mark.parametrize(
    ("query", "sums", "source", "named"),
    [
        (Asked(), (), DROPS, {"project", "date_from"}),
        (Asked(project="p"), (), DROPS, {"date_from"}),
        (Asked(project="p", date_from="2026-06-08"), (), DROPS, set()),
        (Asked(), ("hours",), {"narrower": ("project", "date_from")}, {"project", "date_from"}),
        (Asked(), (), {"tests": (("contains", "search_text", {"S": " a"}),)}, set()),
        (Asked(), (), {"rules": (("date", bool),), "narrower": ("project",)}, {"project"}),
    ],
)
def test_a_filter_set_that_no_key_serves_reads_50000_rows_at_most_and_asks_for_a_narrower_one(
    query: Asked, sums: tuple[str, ...], source: dict[str, Any], named: set[str]
) -> None:
    table = Table(10_000)
    with pytest.raises(Invalid) as refused:
        listed(call_of(table, query), source_of(**source), list, *sums)
    assert set(refused.value.errors or {}) == named
    assert "50,000" in str(refused.value.errors or refused.value.detail)
    assert table.read <= MOST_READ + 10_000


def test_an_incremental_read_with_a_filter_is_asked_for_a_later_time() -> None:
    call = call_of(Table(10_000), Asked(updated_since=NOW))
    with pytest.raises(Invalid) as refused:
        listed(call, changed(call, Entry, "c", "entry", filters=DROPS["filters"]), list)
    assert set(refused.value.errors or {}) == {"updated_since"}


def test_a_copy_is_read_again_from_two_minutes_before_its_last_read() -> None:
    """As long as a request may still be writing rows that are stamped already."""
    answer = listed(call_of(Finite(3), Asked()), source_of(), small)
    assert answer.synced_until is UNSET
    query = Asked(updated_since=NOW)
    answer = listed(call_of(Finite(3), query), changed(call_of(Finite(3), query), Entry, "c", "entry"), small)
    assert answer.synced_until == "2026-06-07T23:58:00.000000Z"


@pytest.mark.parametrize("page", ["0", "1000000", "2147483648", "9" * 40, "-1", "x", "1.0", "", "\u00b2", " 1"])
def test_a_page_number_that_no_list_has_is_refused_before_anything_is_read(page: str) -> None:
    table = Table(1)
    with pytest.raises(InvalidPage):
        listed(call_of(table, Asked(page=page, page_size=200)), source_of(), list)
    assert table.read == 0


def test_a_page_of_large_rows_holds_as_many_as_fit_and_the_walk_gives_every_row_once() -> None:
    """Also backwards, from the end to page 2."""
    store, seen, back = Finite(9), [], []
    query = Asked(page_size=4)
    while True:
        answer = listed(call_of(store, query), source_of(), large)
        assert len(encode(answer)) < MOST_BYTES + 1000
        seen += [row["id"] for row in json.loads(encode(answer.results))]
        if answer.next is None:
            break
        query = following(answer.next)
    assert seen == [f"{number:04d}" for number in range(9)]
    while answer.previous is not None:
        back.append([row["id"] for row in json.loads(encode(answer.results))])
        answer = listed(call_of(store, following(answer.previous)), source_of(), large)
    assert back[:2] == [["0008"], ["0006", "0007"]]


def test_a_row_that_is_larger_than_any_answer_is_refused() -> None:
    with pytest.raises(Invalid):
        listed(call_of(Finite(1), Asked()), source_of(), lambda rows: ["x" * MOST_BYTES])


def small(rows: list[Any]) -> list[Any]:
    return [{"id": row.id} for row in rows]


def large(rows: list[Any]) -> list[Any]:
    """Rows of which two fit into an answer."""
    return [{"id": row.id, "text": "x" * (MOST_BYTES // 3)} for row in rows]


def following(link: str) -> Asked:
    asked = parse_qs(urlsplit(link).query)
    return Asked(page=asked["page"][0], cursor=asked["cursor"][0], page_size=4)
