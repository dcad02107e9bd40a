"""Counts what a DynamoDB client does: rounds of calls, capacity, and contended items.

The figures are the client's own. The answers of emulators to `ReturnConsumedCapacity` are no
evidence, so sizes are taken from the items themselves (see `bench.capacity` for the rules and
their sources), read through a second, unmetered client just before and just after each call.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from bench.capacity import (
    Capacity,
    Change,
    Index,
    Indexes,
    index_entry,
    index_units,
    read_units,
    write_units,
)
from bench.footprint import PAGES, READS, Named, Parameters, consistency, named_items, tables
from bench.item_size import Item, item_size
from bench.probe import Probe

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CHARGED_FAILURES = {"ConditionalCheckFailedException", "TransactionCanceledException"}
"""Refusals that DynamoDB charges for; other errors cost nothing."""

Key = tuple[tuple[str, str], ...]
"""A key as a hashable value: (("company", "{'S': 'acme'}"), …)."""


@dataclass(frozen=True)
class Call:
    """One finished call. Times are `time.perf_counter()` seconds."""

    operation: str
    tables: tuple[str, ...]
    started: float
    ended: float
    thread: int
    parameters: Parameters
    response: Mapping[str, Any]
    capacity: Capacity
    keys: tuple[tuple[str, Key], ...]


@dataclass(frozen=True)
class SharedItem:
    """The item that most transactions touch, and the share of all transactions that do."""

    table: str
    key: Key
    transactions: int
    share: Fraction


@dataclass(frozen=True)
class _Open:
    """A call that was sent and not yet answered."""

    operation: str
    parameters: Parameters
    started: float
    before: tuple[tuple[Named, Item | None], ...]


class Meter:
    """Records every call of the clients it is attached to.

    `probe` is a client for unmetered reads; never attach the meter to it. `indexes` gives the
    global secondary indexes of each table. `latency` (seconds) stands for the wire: an emulator
    in this process may answer before a second thread has sent anything, and calls sent together
    would look like calls sent in turn. Behind that wait the calls pass one at a time, since
    emulators are not all safe under threads and an item must not change between a look and a call.
    """

    def __init__(self, probe: DynamoDBClient, indexes: Indexes | None = None, *, latency: float = 0.02) -> None:
        self._probe = Probe(probe)
        self._indexes = indexes or {}
        self._latency = latency
        self._one_at_a_time = threading.Lock()
        self._calls: list[Call] = []

    def attach(self, client: DynamoDBClient) -> None:
        """Record this client's calls from now on; attaching twice records them once."""
        for event, handler in self._handlers().items():
            client.meta.events.register_first(event, handler, unique_id=f"{event}-{id(self)}")

    def detach(self, client: DynamoDBClient) -> None:
        """Stop recording this client's calls."""
        for event, handler in self._handlers().items():
            client.meta.events.unregister(event, handler, unique_id=f"{event}-{id(self)}")

    def clear(self) -> None:
        """Forget what was recorded."""
        self._calls.clear()

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls so far, in the order of their answers. A retry inside the client is no call."""
        return tuple(self._calls)

    def sequential_calls(self) -> int:
        """Rounds of calls: the longest row of calls of which none overlaps the next in time."""
        rounds, free = 0, float("-inf")
        for call in sorted(self._calls, key=lambda call: call.ended):
            if call.started >= free:
                rounds, free = rounds + 1, call.ended
        return rounds

    def capacity(self) -> Capacity:
        """Capacity units of all recorded calls."""
        return sum((call.capacity for call in self._calls), Capacity())

    def most_shared_item(self) -> SharedItem | None:
        """The item in most TransactWriteItems calls; None if there was no such call."""
        transactions = [call for call in self._calls if call.operation == "TransactWriteItems"]
        touched = Counter(key for call in transactions for key in set(call.keys))
        if not touched:
            return None
        (((table, key), count),) = touched.most_common(1)
        return SharedItem(table, key, count, Fraction(count, len(transactions)))

    def _handlers(self) -> dict[str, Any]:
        return {
            "before-parameter-build.dynamodb": self._remember,
            "before-call.dynamodb": self._open,
            "after-call.dynamodb": self._close,
            "after-call-error.dynamodb": self._close_failed,
        }

    def _remember(self, params: Parameters, context: dict[str, Any], **_: Any) -> None:
        context["meter_parameters"] = params

    def _open(self, model: Any, context: dict[str, Any], **_: Any) -> None:
        parameters = deepcopy(context["meter_parameters"])
        started = time.perf_counter()
        time.sleep(self._latency)
        self._one_at_a_time.acquire()
        try:
            before = self._images(named_items(model.name, parameters))
        except BaseException:
            self._one_at_a_time.release()
            raise
        context["meter_open"] = _Open(model.name, parameters, started, before)

    def _close(self, parsed: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        ended = time.perf_counter()
        try:
            self._calls.append(self._call(context["meter_open"], ended, deepcopy(parsed)))
        finally:
            self._one_at_a_time.release()

    def _close_failed(self, exception: Exception, context: dict[str, Any], **_: Any) -> None:
        self._close({"Error": {"Code": type(exception).__name__}}, context)

    def _call(self, sent: _Open, ended: float, response: Mapping[str, Any]) -> Call:
        return Call(
            sent.operation,
            tables(sent.operation, sent.parameters),
            sent.started,
            ended,
            threading.get_ident(),
            sent.parameters,
            response,
            self._cost(sent, response),
            tuple((named.table, _hashable(named.item)) for named, _ in sent.before),
        )

    def _images(self, names: Iterable[Named]) -> tuple[tuple[Named, Item | None], ...]:
        return tuple(self._image(named) for named in names)

    def _image(self, named: Named) -> tuple[Named, Item | None]:
        key = self._probe.key(named.table, named.item)
        return Named(named.table, key, named.factor), self._probe.item(named.table, key)

    def _cost(self, sent: _Open, response: Mapping[str, Any]) -> Capacity:
        error = response.get("Error", {}).get("Code")
        if error and error not in CHARGED_FAILURES:
            return Capacity()
        if sent.operation in PAGES:
            return Capacity(read=self._page_cost(sent))
        if sent.operation in READS:
            units = (read_units(_size(item), named.factor) for named, item in sent.before)
            return Capacity(read=sum(units, Decimal(0)))
        return Capacity(write=sum(map(self._write_cost, sent.before), Decimal(0)))

    def _page_cost(self, sent: _Open) -> Decimal:
        items: Iterable[Item | None] = self._probe.evaluated(sent.operation, sent.parameters)
        if name := sent.parameters.get("IndexName"):
            table = sent.parameters["TableName"]
            index, keys = self._index(table, name), self._probe.table_keys(table)
            items = [index_entry(item, index, keys) for item in items]
        return read_units(sum(map(_size, items)), consistency(sent.parameters))

    def _write_cost(self, written: tuple[Named, Item | None]) -> Decimal:
        named, before = written
        after = self._probe.item(named.table, named.item)
        change = Change(self._probe.table_keys(named.table), before, after)
        indexes = self._indexes.get(named.table, [])
        return write_units(change, named.factor) + index_units(change, indexes)

    def _index(self, table: str, name: str) -> Index:
        for index in self._indexes.get(table, []):
            if index["name"] == name:
                return index
        raise LookupError(f"the meter was given no index {name!r} of table {table!r}")


def _hashable(key: Item) -> Key:
    return tuple((name, repr(value)) for name, value in sorted(key.items()))


def _size(item: Item | None) -> int:
    return item_size(item) if item else 0
