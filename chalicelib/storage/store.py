"""The one way to DynamoDB: reads of rows, queries of lists, and the transaction."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from pynamodb.attributes import UnicodeAttribute
from pynamodb.connection import Connection

from chalicelib.errors import Unavailable
from chalicelib.settings import settings
from chalicelib.storage.calls import ATTEMPTS, CONNECT_SECONDS, READ_SECONDS, Calls, Item
from chalicelib.storage.changes import Change, Raw, wire
from chalicelib.storage.queries import Page, Query
from chalicelib.storage.rows import Row

R = TypeVar("R", bound=Row)
Wanted = tuple[type[Row], str, str]  # which row: its model and its key
MOST_GOT = 100  # keys in one BatchGetItem


class ConditionFailed(Exception):
    """A transaction's condition did not hold: a row has changed since it was read.

    ``failed`` are the places of the changes whose conditions it was.
    """

    def __init__(self, failed: Sequence[int] = ()) -> None:
        super().__init__("a condition did not hold")
        self.failed = tuple(failed)


class Store(Calls):
    """Reads and transactions over the tables of one stage."""

    def name(self, table: str) -> str:
        """The physical name of a table."""
        return self.prefix + table

    def get(self, model: type[R], pk: str, sk: str) -> R | None:
        """One row, as it is now."""
        answer = self.call(
            "get_item", TableName=self.name(model.table), ConsistentRead=True, Key={"pk": {"S": pk}, "sk": {"S": sk}}
        )
        return parse(model, answer["Item"]) if "Item" in answer else None

    def get_many(self, *wanted: Wanted) -> list[Any]:
        """Rows of any tables as they are now, in the order asked, None where there is none."""
        items = self.raw_many(*wanted)
        return [parse(model, item) if item else None for (model, _, _), item in zip(wanted, items, strict=True)]

    def raw_many(self, *wanted: Wanted) -> list[Item | None]:
        """The same as DynamoDB gives them; a hundred a call, the calls together."""
        keys = list(dict.fromkeys((model.table, pk, sk) for model, pk, sk in wanted))
        pieces = [keys[start : start + MOST_GOT] for start in range(0, len(keys), MOST_GOT)]
        found: dict[tuple[str, str, str], dict[str, object]] = {}
        for rows in self.together(*(lambda piece=piece: self._batch(piece) for piece in pieces)) if pieces else []:
            found.update(rows)
        return [found.get((model.table, pk, sk)) for model, pk, sk in wanted]

    def _batch(self, keys: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], dict[str, object]]:
        request: Item = {}
        for table, pk, sk in keys:
            rows = request.setdefault(self.name(table), {"ConsistentRead": True, "Keys": []})
            rows["Keys"].append({"pk": {"S": pk}, "sk": {"S": sk}})
        return {
            (name.removeprefix(self.prefix), item["pk"]["S"], item["sk"]["S"]): item
            for name, item in self.batch(request)
        }

    def batch(self, request: Item) -> list[tuple[str, Item]]:
        """The items of a BatchGetItem with the names of their tables; what was left unprocessed is asked for again."""
        found: list[tuple[str, Item]] = []
        for attempt in range(ATTEMPTS):
            answer = self.call("batch_get_item", RequestItems=request)
            found += [(name, item) for name, items in answer.get("Responses", {}).items() for item in items]
            request = answer.get("UnprocessedKeys") or {}
            if not request:
                return found
            self.pause(attempt)
        raise Unavailable

    def page(
        self,
        query: Query[Any],
        *,
        limit: int | None = None,
        start: Mapping[str, Any] | None = None,
        count_only: bool = False,
    ) -> Page:
        """One call of a query: at most ``limit`` rows, read after ``start``."""
        parameters = query.parameters(self.prefix, count_only=count_only)
        parameters |= {"Limit": limit} if limit else {}
        parameters |= {"ExclusiveStartKey": start} if start else {}
        answer = self.call("query", **parameters)
        return Page(answer.get("Items", []), answer.get("LastEvaluatedKey"), answer["Count"], answer["ScannedCount"])

    def pages(self, query: Query[Any], *, limit: int | None = None, count_only: bool = False) -> Iterator[Page]:
        """The calls of a query to its end, each with at most ``limit`` rows; who has enough stops asking."""
        start: Mapping[str, Any] | None = None
        while True:
            page = self.page(query, limit=limit, start=start, count_only=count_only)
            yield page
            start = page.last
            if start is None:
                return

    def items(self, query: Query[Any]) -> Iterator[Item]:
        """Everything that a query finds, as DynamoDB gives it."""
        for page in self.pages(query):
            yield from page.rows

    def each(self, query: Query[R]) -> Iterator[R]:
        """Every row that a query finds, in its order."""
        return (parse(query.model, item) for item in self.items(query))

    def count(self, query: Query[Any]) -> int:
        """How many rows a query finds."""
        return sum(page.count for page in self.pages(query, count_only=True))

    def transact(self, changes: Iterable[Change]) -> None:
        """All of the changes or none.

        The request token makes a repeat after a lost reply one effect on DynamoDB.

        Raises:
            ConditionFailed: a row has changed since it was read.
            Unavailable: conflicts or faults outlasted the retries.
        """
        items = [wire(change, self.prefix) for change in changes]
        if not items:
            return
        try:
            self.call("transact_write_items", TransactItems=items, ClientRequestToken=str(uuid.uuid4()))
        except ClientError as error:
            reasons = error.response.get("CancellationReasons", [])
            failed = [place for place, reason in enumerate(reasons) if reason.get("Code") == "ConditionalCheckFailed"]
            if not failed:
                raise
            raise ConditionFailed(failed) from error

    def transact_or_skip(self, item: Item) -> bool:
        """One conditional item; False when its condition does not hold."""
        try:
            self.transact([Raw(item)])
        except ConditionFailed:
            return False
        return True


def parse(model: type[R], item: Mapping[str, Any]) -> R:
    """A row from DynamoDB's form, as PynamoDB itself would make it, in a fifth of the time."""
    row = model.__new__(model)
    row.attribute_values = values = {}
    for name, kind, read, default in _attributes(model):
        wire = item.get(name)
        if wire is None or "NULL" in wire:
            if default is not None:
                values[name] = default
        else:
            values[name] = read(wire[kind]) if read else wire[kind]
    return row


@lru_cache
def _attributes(model: type[Row]) -> tuple[tuple[str, str, Callable[[object], object] | None, object], ...]:
    """A model's attributes: name, type, what reads its wire form where that is not the value itself, and default."""
    return tuple(
        (name, each.attr_type, None if isinstance(each, UnicodeAttribute) else each.deserialize, each.default)
        for name, each in model.get_attributes().items()
    )


def connect() -> Store:
    """A store for the stage of this process."""
    connection = Connection(
        max_pool_connections=32,
        connect_timeout_seconds=CONNECT_SECONDS,
        read_timeout_seconds=READ_SECONDS,
        retry_configuration={"total_max_attempts": 1, "mode": "standard"},
    )
    return Store(connection.client, settings().table_prefix, connection.session)


@lru_cache(maxsize=1)
def store() -> Store:
    """The store of this process, made at first use."""
    return connect()
