"""Read and write capacity units, by DynamoDB's published rules.

Rules, from the developer guide:

* https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
  A read costs 1 unit per 4 KB, rounded up; half of that when eventually consistent, twice that
  in a transaction. An item that does not exist costs as a smallest one. GetItem and BatchGetItem
  round each item; Query and Scan add up what they evaluate, before filters and projections, and
  round once per page. A write costs 1 unit per 1 KB, rounded up, of the larger of the item before
  and after; twice that in a transaction. A write whose condition fails costs the item as it is.
* https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
  A read from an index counts the projected attributes. A write to the table writes to an index
  only if the entry changes: once to add, change or remove it, twice (remove, add) if one of the
  index's key attributes changes. An item without all the index's keys has no entry.
* https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
  A transaction prepares and commits each of its items: that is the factor 2. Index entries follow
  asynchronously from the committed item, so they are counted once. (The guide does not give a
  figure for them; a reader who wants the upper bound doubles them.)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypedDict

from bench.item_size import Item, item_size

READ_STEP = 4096
WRITE_STEP = 1024

EVENTUAL = Decimal("0.5")
STRONG = Decimal(1)
TRANSACTIONAL = Decimal(2)


class Index(TypedDict):
    """A global secondary index, as far as its cost depends on it."""

    name: str
    keys: list[str]
    projection: Literal["ALL", "KEYS_ONLY"]


Indexes = Mapping[str, list[Index]]
"""Table name -> its global secondary indexes."""


@dataclass(frozen=True)
class Capacity:
    """Read and write capacity units."""

    read: Decimal = Decimal(0)
    write: Decimal = Decimal(0)

    def __add__(self, other: Capacity) -> Capacity:
        """Both costs together."""
        return Capacity(self.read + other.read, self.write + other.write)


@dataclass(frozen=True)
class Change:
    """One item as it was and as it is after a write; None where there is no item."""

    table_keys: tuple[str, ...]
    before: Item | None
    after: Item | None


def read_units(size: int, factor: Decimal) -> Decimal:
    """Units to read `size` bytes at once; `factor` is EVENTUAL, STRONG or TRANSACTIONAL."""
    return _steps(size, READ_STEP) * factor


def write_units(change: Change, factor: Decimal) -> Decimal:
    """Units to write one item of a table, without its indexes."""
    size = max(_size(change.before), _size(change.after))
    return _steps(size, WRITE_STEP) * factor


def index_units(change: Change, indexes: Iterable[Index]) -> Decimal:
    """Units to bring a table's indexes up to date after one item changed."""
    return sum((_entry_units(change, index) for index in indexes), Decimal(0))


def index_entry(item: Item | None, index: Index, table_keys: Iterable[str]) -> Item | None:
    """What an index holds of an item; None if the item lacks one of the index's keys."""
    if item is None or not all(name in item for name in index["keys"]):
        return None
    if index["projection"] == "ALL":
        return item
    names = {*index["keys"], *table_keys}
    return {name: value for name, value in item.items() if name in names}


def _entry_units(change: Change, index: Index) -> Decimal:
    old = index_entry(change.before, index, change.table_keys)
    new = index_entry(change.after, index, change.table_keys)
    if old == new:
        return Decimal(0)
    if old and new and any(old[name] != new[name] for name in index["keys"]):
        return _steps(item_size(old), WRITE_STEP) + _steps(item_size(new), WRITE_STEP)
    return _steps(max(_size(old), _size(new)), WRITE_STEP)


def _size(item: Item | None) -> int:
    return item_size(item) if item else 0


def _steps(size: int, step: int) -> Decimal:
    return Decimal(max(1, math.ceil(size / step)))
