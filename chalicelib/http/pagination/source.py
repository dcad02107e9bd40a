"""Where a list's rows are: an index, the keys in it, an order, and what is dropped after reading."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.errors import Invalid
from chalicelib.http.call import Call
from chalicelib.names import comparison_form
from chalicelib.storage.calls import Item
from chalicelib.storage.queries import Page, Query
from chalicelib.storage.rows import Row
from chalicelib.storage.tables import UPDATED, List
from chalicelib.times import stamp

EPOCH = datetime.fromtimestamp(0, UTC)
Rule = tuple[str, Callable[[str], bool]]
Sift = Callable[[Sequence[Item]], Sequence[Item]]


class Source(Struct, frozen=True):
    """Where a list's rows are: an index, the keys in it, an order, and what is dropped after reading.

    ``hash`` may be several keys, whose rows are merged, or none. DynamoDB drops by ``filters``
    (equalities) and ``tests``; ``rules`` are tests of one text attribute that only we can make.
    ``view`` says whose rows these are; a cursor is good for one view only. ``narrower`` are the query parameters that
    an answer asks for when too many rows would have to be read. Without a ``list`` the rows are those of the table
    itself. ``seldom`` are tests that nearly every row passes. ``stretches`` are bounds that lie side by side and make
    up all of it: a long list is counted in all of them at the same time. ``sift`` keeps of many rows those that
    match, where that takes more than their attributes.
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
    seldom: tuple[tuple[str, str, Any], ...] = ()
    stretches: tuple[tuple[str, str], ...] = ()
    sift: Sift | None = None

    @property
    def range(self) -> str:
        """The attribute that the rows are in the order of."""
        return self.list.range if self.list else "sk"

    @property
    def parts(self) -> tuple["Source", ...]:
        """What is counted at the same time."""
        return tuple(replace(self, between=stretch) for stretch in self.stretches) or (self,)

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
        apart = self.filters or self.rules or self.sift
        return bool(self.list) and not apart and all(name == "sk" for _, name, _ in self.tests)

    def query(self, call: Call, hash: str, **options: Any) -> Page:
        """Matching rows of one key."""
        query = Query(
            model=self.model,
            hash=hash,
            list=self.list,
            filters=dict(self.filters),
            tests=self.tests + self.seldom,
            **{name: options.pop(name) for name in options.keys() & {"keys_only", "between", "forward", "attributes"}},
        )
        page = call.store.page(query, **options)
        if not (self.rules or self.sift):
            return page
        rows = [row for row in page.rows if self._keeps(row)]
        rows = list(self.sift(rows)) if self.sift and rows else rows
        return Page(rows, page.last, len(rows), page.read)

    def _keeps(self, row: Item) -> bool:
        return all(rule(row[name]["S"] if name in row else "") for name, rule in self.rules)


def words(text: str | None) -> tuple[tuple[str, str, object], ...]:
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
    between = (stamp(max(call.query.updated_since, EPOCH)), None)
    return Source(model, UPDATED, scope, between, tests=tests, **dropped)
