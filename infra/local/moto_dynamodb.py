"""DynamoDB for moto with cheap transactions, and safe under threads.

Why moto's own will not do (5.2):

* ``TransactWriteItems`` deep-copies every table it touches (47 ms at 1,000 rows, 857 ms at
  10,000), and while it runs other threads see half of it or fail with "dictionary changed size".
* The copies leave behind rolled back tables whose identity changed: a write of another thread in
  between is lost, and the stream's shard belongs to the wrong table.
* ``ClientRequestToken`` is ignored: a client's retry of a committed transaction applies it twice.
* An update that creates an item leaves two INSERT records in the stream, the first with the key
  alone; an update that fails half-way leaves its first half in the table.
* A query of a base table sorts the whole table first.
* Sums lose digits beyond the 28th, and ``1E+2`` fails (see ``moto_numbers``).
* Every copy of an item, one for each row that a query looks at, is kept for ever in a list of all instances:
  6 MB for a list of a thousand rows.
* In process, requests with a stream's ARN get 404: botocore uses the account's own address.

``install()`` mends these by subclassing moto's backends; it is the same in the server process and
for tests under ``mock_aws``. Global indexes are still found by walking the table.
"""

from __future__ import annotations

import copy
import functools
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any, cast

from moto import backend_index
from moto.core.responses import ActionResult, BaseResponse
from moto.dynamodb import responses as dynamodb_responses
from moto.dynamodb import urls as dynamodb_urls
from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.exceptions import (
    ItemSizeTooLarge,
    ItemSizeToUpdateTooLarge,
    MockValidationException,
    MultipleTransactionsException,
    TooManyTransactionsException,
    TransactionCanceledException,
    TransactWriteSingleOpException,
)
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import RestoredPITTable, StreamRecord, Table
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams import urls as streams_urls
from moto.dynamodbstreams.models import dynamodbstreams_backends
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from infra.local.moto_limits import check_index_keys, install_limits
from infra.local.moto_numbers import install_arithmetic
from infra.local.moto_speed import check_size, install_speed
from infra.local.moto_streams import LocalShard, LocalStreams
from infra.local.request_tokens import RequestTokens

TRANSACTION_LIMIT = 100
ACCOUNT_STREAMS = r"https?://(.+)\.streams-ddb\.(.+)\.amazonaws\.com"
Key = dict[str, dict[str, Any]]
Reason = tuple[str | None, str | None, dict[str, Any] | None]


def install() -> None:
    """Put the mended DynamoDB in moto's place, for the whole process. Repeating it is harmless.

    Call it before the first table is made: tables of moto's own backend would be forgotten.
    """
    if dynamodb_backends.backend is LocalDynamoDB:
        return
    if any(backend.tables for _, _, backend in _backends()):
        raise RuntimeError("install() must come before the first table is made")
    lock = threading.RLock()
    for backends, mended in (
        (dynamodb_backends, LocalDynamoDB),
        (dynamodbstreams_backends, LocalStreams),
    ):
        backends.clear()
        backends.backend = mended
    _mend_handlers(lock)
    _mend_addresses()
    _forget_copies()
    install_arithmetic()
    install_limits()
    install_speed()


def _mend_addresses() -> None:
    """Let moto answer the address botocore builds from the account in a stream's ARN."""
    streams_urls.url_bases.append(ACCOUNT_STREAMS)
    backend_index.backend_url_patterns.append(("dynamodbstreams", re.compile(ACCOUNT_STREAMS)))


def _forget_copies() -> None:
    """Let items and stream records go when nothing uses them; moto's models note each instance for its resets."""

    def untracked(cls: type[object], *_: object, **__: object) -> Any:
        return object.__new__(cls)

    for model in (Item, StreamRecord):
        model.__new__ = untracked  # type: ignore[method-assign]  # replacing it is the point


def _backends() -> Iterator[tuple[str, str, DynamoDBBackend]]:
    """Iterate over (account, region, backend) of moto's DynamoDB."""
    return cast("Iterator[tuple[str, str, DynamoDBBackend]]", dynamodb_backends.iter_backends())


def _mend_handlers(lock: AbstractContextManager[bool]) -> None:
    """Change moto's two request handlers, whose classes its URL table holds by reference.

    (mypy forbids assigning to a method, which is the point here.)
    """
    for handler in (DynamoHandler, DynamoDBStreamsHandler):
        locked = one_at_a_time(handler.call_action, lock)
        handler.call_action = locked  # type: ignore[method-assign]  # replacing it is the point
    once = once_per_token(DynamoHandler.transact_write_items)
    DynamoHandler.transact_write_items = once  # type: ignore[method-assign, assignment]  # same
    # Moto still has the limit of 2018; it is 100 for reads as for writes.
    dynamodb_responses.TRANSACTION_MAX_ITEMS = TRANSACTION_LIMIT


def one_at_a_time(call: Callable[..., object], lock: AbstractContextManager[bool]) -> Callable[..., object]:
    """Serialise requests, from the reading of a table to the text of the answer."""

    @functools.wraps(call)
    def locked(handler: BaseResponse) -> object:
        with lock:
            return call(handler)

    return locked


def once_per_token(
    transact: Callable[[DynamoHandler], ActionResult],
) -> Callable[[DynamoHandler], ActionResult]:
    """Answer a repeated client request token without a second effect."""

    @functools.wraps(transact)
    def once(handler: DynamoHandler) -> ActionResult:
        backend = cast("LocalDynamoDB", handler.dynamodb_backend)
        token, items = (
            handler.body.get("ClientRequestToken"),
            handler.body["TransactItems"],
        )
        if backend.tokens.already_committed(token, items):
            return ActionResult({"ConsumedCapacity": [], "ItemCollectionMetrics": {}})
        result = transact(handler)
        backend.tokens.remember(token, items)
        return result

    return once


class LocalTable(Table):
    """A table that can put one item back, and whose queries read one partition, of the table or of an index."""

    @classmethod
    def adopt(cls, table: Table) -> None:
        """Turn a table moto has just made into one of these."""
        table.__class__ = cls
        if table.stream_shard is not None and not isinstance(table.stream_shard, LocalShard):
            table.stream_shard = LocalShard(table.account_id, table)

    def partition(self, hash_key: DynamoType) -> Table:
        """Return this table reduced to one partition, without copying an item."""
        view = copy.copy(self)
        view.items = defaultdict(dict)
        if hash_key in self.items:
            view.items[hash_key] = self.items[hash_key]
        return view

    def index_partition(self, index_name: str, hash_key: DynamoType) -> Table:
        """Return this table reduced to one partition of an index: a tenth of the time of moto's own walk."""
        view, wanted = copy.copy(self), hash_key.value
        hash_name = self.get_index(index_name, error_if_not=True).schema[0]["AttributeName"]
        view.items = defaultdict(dict)
        for hash_key, partition in self.items.items():
            found = {
                range_key: item
                for range_key, item in partition.items()
                if (value := item.attrs.get(hash_name)) is not None and value.value == wanted
            }
            if found:
                view.items[hash_key] = found
        return view

    def put_back(self, hash_key: DynamoType, range_key: DynamoType | None, item: Item | None) -> None:
        """Make the place of one item hold what it held before: an item, or nothing."""
        place: dict[object, Any] = self.items[hash_key] if range_key else self.items
        name = range_key or hash_key
        if item is None:
            place.pop(name, None)
        else:
            place[name] = item
        if range_key and not self.items[hash_key]:
            del self.items[hash_key]


@dataclass(frozen=True)
class Operation:
    """One operation of a transaction: its kind, its request and the key of its item."""

    kind: str
    request: dict[str, Any]
    table: LocalTable
    key: Key

    @property
    def place(self) -> tuple[str, str]:
        """What two operations of one transaction may not share."""
        return self.table.name, str(sorted(self.key.items()))

    def condition(self) -> dict[str, Any]:
        """The condition's text with its names and values, as moto's parser takes them."""
        return {
            "expr": self.request.get("ConditionExpression"),
            "names": self.request.get("ExpressionAttributeNames"),
            "values": self.request.get("ExpressionAttributeValues"),
        }


class LocalDynamoDB(DynamoDBBackend):
    """Moto's DynamoDB with transactions that remember the touched items only."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.tokens = RequestTokens()
        self._queried: Table | None = None

    @property
    def _url_module(self) -> ModuleType:
        """Moto's URLs: it would look for them beside this class's module."""
        return dynamodb_urls

    def create_table(self, *args: Any, **kwargs: Any) -> Table:
        """Create a table."""
        table = super().create_table(*args, **kwargs)
        LocalTable.adopt(table)
        return table

    def restore_table_to_point_in_time(self, target_table_name: str, source_table_name: str) -> RestoredPITTable:
        """Copy a table under another name."""
        table = super().restore_table_to_point_in_time(target_table_name, source_table_name)
        LocalTable.adopt(table)
        return table

    def update_table_streams(self, table: Table, stream_specification: dict[str, object]) -> None:
        """Switch a table's stream on or off."""
        super().update_table_streams(table, stream_specification)
        LocalTable.adopt(table)

    def get_table(self, table_name: str) -> Table:
        """Return a table; while a query of the base table runs, only the queried partition."""
        return self._queried or super().get_table(table_name)

    def query(self, table_name: str, hash_key_dict: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a query that sees the items of its partition only."""
        if not hash_key_dict:
            return super().query(table_name, hash_key_dict, *args, **kwargs)
        table, index = cast("LocalTable", self.get_table(table_name)), kwargs.get("index_name")
        value = DynamoType(hash_key_dict)
        self._queried = table.index_partition(index, value) if index else table.partition(value)
        try:
            return super().query(table_name, hash_key_dict, *args, **kwargs)
        finally:
            self._queried = None

    def update_item(self, table_name: str, key: Key, *args: Any, **kwargs: Any) -> Item:
        """Update one item wholly or not at all, with one stream record."""
        table = cast("LocalTable", self.get_table(table_name))
        before = copy.deepcopy(self.get_item(table_name, key))
        with ExitStack() as undo:
            undo.callback(table.put_back, *self.get_keys_value(table, key), before)
            with without_records(table):
                after = super().update_item(table_name, key, *args, **kwargs)
            _check_updated(after)
            undo.pop_all()
        if table.stream_shard is not None:
            table.stream_shard.add(before, after)
        return after

    def transact_write_items(self, transact_items: list[dict[str, object]]) -> None:
        """Check every condition, then apply every operation; undo all if one cannot be applied."""
        if len(transact_items) > TRANSACTION_LIMIT:
            raise TooManyTransactionsException
        operations = [self._operation(item) for item in transact_items]
        if len({operation.place for operation in operations}) < len(operations):
            raise MultipleTransactionsException
        reasons = [self._refusal(operation) for operation in operations]
        if any(code is not None for code, _, _ in reasons):
            raise TransactionCanceledException(reasons)
        with ExitStack() as undo:
            for operation in operations:
                undo.callback(self._undo(operation))
                self._apply(operation)
            undo.pop_all()

    def _operation(self, item: dict[str, Any]) -> Operation:
        """Read one entry of the request."""
        if len(item) != 1:
            raise TransactWriteSingleOpException
        kind, request = next(iter(item.items()))
        table = cast("LocalTable", self.get_table(request["TableName"]))
        key = _key_of(request["Item"], table) if kind == "Put" else request["Key"]
        return Operation(kind, request, table, key)

    def _refusal(self, operation: Operation) -> Reason:
        """Return why the operation's condition cancels the transaction; Nones if it does not."""
        current = self.get_item(operation.table.name, operation.key)
        condition = operation.condition()
        holds = get_filter_expression(condition["expr"], condition["names"], condition["values"])
        if holds.expr(current):
            return None, None, None
        wanted = operation.request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        old = current.to_json()["Attributes"] if wanted and current else None
        return "ConditionalCheckFailed", "The conditional request failed", old

    def _apply(self, operation: Operation) -> None:
        """Do one operation whose condition is known to hold."""
        name, request = operation.table.name, operation.request
        if operation.kind == "Put":
            check_index_keys(operation.table, request["Item"])
            self.put_item(name, request["Item"])
        elif operation.kind == "Delete":
            self.delete_item(name, operation.key)
        elif operation.kind == "Update":
            self.update_item(
                name,
                operation.key,
                update_expression=request["UpdateExpression"],
                expression_attribute_names=request.get("ExpressionAttributeNames"),
                expression_attribute_values=request.get("ExpressionAttributeValues"),
            )

    def _undo(self, operation: Operation) -> Callable[[], None]:
        """Return what takes the operation back: its item and its stream record."""
        table, shard = operation.table, operation.table.stream_shard
        keys = self.get_keys_value(table, operation.key)
        before = copy.deepcopy(table.get_item(*keys))
        sequence = shard.next_sequence if isinstance(shard, LocalShard) else 0

        def undo() -> None:
            table.put_back(*keys, before)
            if isinstance(shard, LocalShard):
                shard.take_back(sequence)

        return undo


def _check_updated(item: Item) -> None:
    try:
        check_size(item)
    except ItemSizeTooLarge:
        raise ItemSizeToUpdateTooLarge from None


def _key_of(attributes: dict[str, Any], table: Table) -> Key:
    """Return the key of an item that is to be put."""
    missing = [name for name in table.table_key_attrs if name not in attributes]
    if missing:
        raise MockValidationException(
            f"One or more parameter values were invalid: Missing the key {missing[0]} in the item"
        )
    return {name: attributes[name] for name in table.table_key_attrs}


@contextmanager
def without_records(table: Table) -> Iterator[None]:
    """Keep the table's stream silent for the steps moto takes within one write."""
    shard = table.stream_shard
    if isinstance(shard, LocalShard):
        shard.muted = True
    try:
        yield
    finally:
        if isinstance(shard, LocalShard):
            shard.muted = False
