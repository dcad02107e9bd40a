"""The sums above activities: of each node a tip, and a sheet for each half-year. Read, added to, and put back.

Everything here is read after the project's root and put in a transaction that depends on the root's version, so it
needs no guards of its own.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from chalicelib.rollups import sheets
from chalicelib.rollups.generations import Generation, worked_before
from chalicelib.rollups.rows import Half, Known, Tip
from chalicelib.rollups.sheets import Sheet
from chalicelib.rollups.sources import Place, bulk_of, outline_of
from chalicelib.storage.changes import Change, Delete, Put
from chalicelib.storage.store import Store, Wanted

OFFSET = "@"
"""Ends the name of a sum of slope times the working days before it, of a column of slopes."""
FIRST, LAST = "<", ">"
"""End the names of the first and the last day of a column of counts."""


class Summary(Struct, frozen=True, array_like=True):
    """A half-year in short: the root's version when its row was put, and the sum of each column."""

    version: int
    sums: dict[str, int]


class Contents(Struct, frozen=True):
    """What a tip says: undated sums, and each half-year in short; ``parent`` is None for the project."""

    generation: int
    parent: str | None = None
    undated: dict[str, int] = {}
    halves: dict[str, Summary] = {}


def pack(contents: Contents) -> bytes:
    """Contents as one value of a row."""
    return zlib.compress(msgspec.json.encode(contents), 6)


def unpack(packed: bytes) -> Contents:
    """The reverse of :func:`pack`."""
    return msgspec.json.decode(zlib.decompress(packed), type=Contents)


class Book(Struct):
    """The sums of one node in one generation while they are worked on."""

    node: str
    generation: Generation
    contents: Contents | None  # None: there are none in this generation yet
    undated: Sheet = field(default_factory=dict)
    halves: dict[str, Sheet] = field(default_factory=dict)  # those that were read
    changed: set[str] = field(default_factory=set)
    touched: bool = False
    is_new: bool = False  # or has another parent

    def lacks(self, halves: Iterable[str]) -> list[str]:
        """Which of the half-years there are and were not read."""
        known = self.contents.halves if self.contents else {}
        return [half for half in halves if half and half in known and half not in self.halves]

    def add(self, sheet: Sheet) -> None:
        """Add a sheet, all of whose half-years were read."""
        self.touched = True
        for half, part in sheets.by_half(sheet).items():
            if half:
                sheets.add(self.halves.setdefault(half, {}), part)
                self.changed.add(half)
            else:
                sheets.add(self.undated, part)

    def whole(self) -> Sheet:
        """All of its sums; every half-year was read."""
        return sheets.total([self.undated, *self.halves.values()])

    def changes(self, place: Place, version: int, at: str) -> Iterator[Change]:
        """The rows that changed; afterwards it counts as unchanged."""
        pk, slot = place.of(self.node), self.generation.slot
        assert self.contents is not None
        halves = dict(self.contents.halves)
        for half in sorted(self.changed):
            sheet = self.halves[half]
            if sheet:
                halves[half] = Summary(version, in_short(sheet, half, self.generation))
                yield Put(Half(pk=pk, sk=f"{slot}#{half}", version=version, content=sheets.pack(sheet)))
            elif halves.pop(half, None):
                yield Delete(Half, (pk, f"{slot}#{half}"))
        undated = {column: days[sheets.UNDATED] for column, days in self.undated.items()}
        self.contents = Contents(self.generation.number, self.contents.parent, undated, halves)
        yield Put(Tip(pk=pk, sk=f"{slot}#tip", version=version, content=pack(self.contents), computed_at=at))
        self.changed, self.touched, self.is_new = set(), False, False


class Books:
    """The books of a project that one piece of work needs."""

    def __init__(self, store: Store, place: Place) -> None:
        self.store, self.place = store, place
        self.bulk: int | None = None  # the newest bulk change that showed at the last reading
        self._books: dict[tuple[int, str], Book] = {}

    def read(self, needs: Mapping[tuple[str, int], set[str]], generations: Iterable[Generation]) -> None:
        """Read tips and half-years of (node, generation), in one round, and those of half-years already known to be."""
        numbered = {each.number: each for each in generations}
        asked: list[tuple[str, Generation, str]] = []
        for (node, number), halves in needs.items():
            book = self._books.get((number, node))
            missing = ["tip", *sorted(halves - {""})] if book is None else book.lacks(sorted(halves))
            asked += [(node, numbered[number], what) for what in missing]
        if not asked:
            return
        models = [(Tip if what == "tip" else Half) for _, _, what in asked]
        rows: list[Wanted] = [
            (model, self.place.of(node), f"{generation.slot}#{what}")
            for model, (node, generation, what) in zip(models, asked, strict=True)
        ]
        outline, *found = self.store.raw_many(outline_of(self.place), *rows)
        self.bulk = bulk_of(outline)
        for (node, generation, what), item in zip(asked, found, strict=True):
            if what == "tip":
                self._books[generation.number, node] = opened(node, generation, item)
        for (node, generation, what), item in zip(asked, found, strict=True):
            book = self._books[generation.number, node]
            if what != "tip" and item and book.contents and what in book.contents.halves:
                book.halves[what] = sheets.unpack(item["content"]["B"])

    def opened(self, node: str, generation: Generation) -> Book:
        """The book of a node, read now if it was not."""
        if (generation.number, node) not in self._books:
            self.read({(node, generation.number): set()}, [generation])
        return self._books[generation.number, node]

    def changes(self, version: int, at: str) -> list[Change]:
        """The rows of all books that changed; a node with another parent is known under the newest generation's."""
        touched = [book for _, book in sorted(self._books.items()) if book.touched]
        parents = {book.node: book.contents.parent for book in touched if book.is_new and book.contents}
        known = [
            Put(Known(pk=self.place.pk, sk=f"known#upper#{node}", parent=parent))
            for node, parent in parents.items()
            if parent is not None
        ]
        return [*known, *(change for book in touched for change in book.changes(self.place, version, at))]


def opened(node: str, generation: Generation, item: Mapping[str, Any] | None) -> Book:
    """A book from its tip; a tip of an older generation in the same slot says nothing."""
    contents = unpack(item["content"]["B"]) if item else None
    if contents is None or contents.generation != generation.number:
        return Book(node, generation, None)
    undated = {column: {sheets.UNDATED: value} for column, value in contents.undated.items()}
    return Book(node, generation, contents, undated)


def in_short(sheet: Sheet, half: str, generation: Generation) -> dict[str, int]:
    """The sum of each column of a half-year, and what readers need of it without its days.

    Of slopes that is the sum of slope times the working days before its day, of counts the first and the last day.
    """
    sums = {column: sum(days.values()) for column, days in sheet.items()}
    first = sheets.days_of(half)[0]
    for column, days in sheet.items():
        plan, _, what = column.partition("/")
        if "slope" in what:
            before = worked_before(generation.days[plan], half)
            sums[column + OFFSET] = sum(slope * before[day - first] for day, slope in days.items())
        elif what.endswith(("starts", "finishes")):
            sums |= {column + FIRST: min(days), column + LAST: max(days)}
    return sums
