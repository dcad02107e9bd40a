"""DynamoDB in memory: the six calls that the product makes, one at a time and always alike.

Checked against moto by random calls (tests/simulator). A transaction names an item once and has at most 100, and a
repeat with its token has no second effect.
"""

import json
import marshal
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.storage.tables import IDEMPOTENCY_TABLE, List
from chalicelib.tables import TABLES
from infra.simulator.expressions import Item, condition, copied, update

MOST_ITEMS, MOST_GOT, PAGE = 100, 100, 1_000_000
READS, WRITES = ("get_item", "batch_get_item", "query"), ("transact_write_items", "put_item", "update_item")
REMEMBERED = 60  # changes of a table by which its lists may lag
Key = tuple[str, str]
Change = tuple[str, Item | None, Item | None]  # table, before, after


def refused(code: str, message: str, **more: Any) -> ClientError:
    """An error as botocore raises it."""
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}, **more}
    return ClientError(response, "AnyOperation")


class Table:
    """The items of a table by key, and its lists by their name."""

    def __init__(self, key: tuple[str, ...], lists: Mapping[str, List], streams: bool) -> None:
        self.key, self.lists, self.streams = key, lists, streams
        self.items: dict[Key, Item] = {}
        self.newest: deque[tuple[float, Key, Item | None]] = deque(
            maxlen=REMEMBERED
        )  # when, what, what was there before
        self.parts: dict[str, list[str]] = {}  # pk -> its sort keys in order

    def place(self, key: Item) -> Key:
        """The key of an item."""
        return key[self.key[0]]["S"], key[self.key[1]]["S"] if len(self.key) > 1 else ""

    def write(self, place: Key, item: Item | None) -> Item | None:
        """Put or remove; what was there before."""
        before = self.items.pop(place, None)
        if item is not None:
            self.items[place] = item
            if before is None:
                insort(self.parts.setdefault(place[0], []), place[1], key=str.encode)
        elif before is not None:
            self.parts[place[0]].remove(place[1])
        return before


class Memory:
    """A client of the tables of a stage. ``changed`` hears of every change of a table that streams, in order.

    ``now`` says which second it is; ``lag`` by how many seconds the lists of a query lag behind their table.
    """

    def __init__(
        self,
        prefix: str,
        changed: Callable[[str, Item | None, Item | None], None],
        now: Callable[[], float] = lambda: 0.0,
        lag: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.prefix, self.changed, self.now, self.lag = prefix, changed, now, lag
        self.tables = {
            prefix + table.name: Table(("pk", "sk"), _by_name(table.lists), table.stream) for table in TABLES
        }
        self.tables[prefix + IDEMPOTENCY_TABLE] = Table(("id",), {}, streams=False)
        self.tokens: dict[str, str] = {}
        self.written: list[Change] = []  # by the call that wrote last

    # reads

    def get_item(self, TableName: str, Key: Item, **_: Any) -> dict[str, Any]:
        table = self.tables[TableName]
        item = table.items.get(table.place(Key))
        return {} if item is None else {"Item": copied(item)}

    def batch_get_item(self, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        asked = [(name, key) for name, each in RequestItems.items() for key in each["Keys"]]
        places = [(name, self.tables[name].place(key)) for name, key in asked]
        if not 1 <= len(asked) <= MOST_GOT or len(set(places)) < len(asked):
            raise refused("ValidationException", "Too many items, none, or one twice")
        answers: dict[str, list[Item]] = {name: [] for name in RequestItems}
        for name, place in places:
            item = self.tables[name].items.get(place)
            if item is not None:
                answers[name].append(copied(item))
        return {"Responses": answers, "UnprocessedKeys": {}}

    def query(self, TableName: str, KeyConditionExpression: str, **asked: Any) -> dict[str, Any]:
        table = self.tables[TableName]
        index = table.lists[asked["IndexName"]] if "IndexName" in asked else None
        names, values = asked.get("ExpressionAttributeNames", {}), asked.get("ExpressionAttributeValues", {})
        holds = condition(KeyConditionExpression)
        keep = condition(asked["FilterExpression"]) if "FilterExpression" in asked else None
        rows = [item for item in self._rows(table, index, values) if holds(item, names, values)]
        if not asked.get("ScanIndexForward", True):
            rows.reverse()
        if "ExclusiveStartKey" in asked:
            order = _order(table, index)
            start, forward = order(asked["ExclusiveStartKey"]), asked.get("ScanIndexForward", True)
            rows = [item for item in rows if (order(item) > start if forward else order(item) < start)]
        limit = asked.get("Limit", len(rows) + 1)
        read, spent = list[Item](), 0
        for item in rows:
            spent += len(marshal.dumps(item))
            if len(read) == limit or (read and spent > PAGE):
                break
            read.append(item)
        kept = [item for item in read if keep is None or keep(item, names, values)]
        answer: dict[str, Any] = {"Count": len(kept), "ScannedCount": len(read)}
        if asked.get("Select") != "COUNT":
            answer["Items"] = [_projected(item, asked, index, names) for item in kept]
        if len(read) < len(rows) or len(read) == limit:
            last = read[-1] if read else None
            if last is not None:
                parts = {*table.key, *((index.hash, index.range) if index else ())}
                answer["LastEvaluatedKey"] = {name: last[name] for name in sorted(parts)}
        return answer

    def _rows(self, table: Table, index: List | None, values: Mapping[str, Any]) -> Iterator[Item]:
        """The candidates in order; the product's first value is always the hash."""
        hash = values[":v0"]["S"] if ":v0" in values else next(iter(values.values()))["S"]
        if index is None:
            yield from (table.items[hash, sk] for sk in table.parts.get(hash, ()))
            return
        items: Mapping[Key, Item] = table.items
        if (lag := self.lag()) > 0:
            items = _earlier(table, self.now() - lag)
        fitting = [item for item in items.values() if index.range in item and item.get(index.hash) == {"S": hash}]
        yield from sorted(fitting, key=_order(table, index))

    # writes

    def put_item(self, TableName: str, Item: Item, **asked: Any) -> dict[str, Any]:
        table = self.tables[TableName]
        place = table.place(Item)
        self._require(table.items.get(place), asked)
        self._commit([(TableName, place, copied(Item))])
        return {}

    def update_item(self, TableName: str, Key: Item, UpdateExpression: str, **asked: Any) -> dict[str, Any]:
        table = self.tables[TableName]
        place = table.place(Key)
        before = table.items.get(place)
        self._require(before, asked)
        after = self._updated(table, place, Key, UpdateExpression, asked)
        self._commit([(TableName, place, after)])
        kind = asked.get("ReturnValues", "NONE")
        if kind == "NONE":
            return {}
        shown = {"ALL_NEW": after, "ALL_OLD": before}.get(kind)
        if shown is None and kind not in ("ALL_NEW", "ALL_OLD"):
            raise NotImplementedError(kind)
        return {"Attributes": copied(shown)} if shown else {}

    def transact_write_items(self, TransactItems: Any, ClientRequestToken: str = "", **_: Any) -> dict[str, Any]:
        text = json.dumps(TransactItems, sort_keys=True, default=repr)
        if self.tokens.get(ClientRequestToken) == text:
            self.written = []
            return {}
        if not 1 <= len(TransactItems) <= MOST_ITEMS:
            raise refused("ValidationException", f"{len(TransactItems)} items")
        asked_for = [(*next(iter(each.items())), self._place(each)) for each in TransactItems]
        if len({(asked["TableName"], place) for _, asked, place in asked_for}) < len(asked_for):
            raise refused("ValidationException", "A transaction names an item once")
        held = [self._holds(self.tables[asked["TableName"]].items.get(place), asked) for _, asked, place in asked_for]
        if not all(held):
            reasons = [{"Code": "None" if each else "ConditionalCheckFailed"} for each in held]
            raise refused("TransactionCanceledException", "Transaction cancelled", CancellationReasons=reasons)
        writes: list[tuple[str, Key, Item | None]] = []
        for kind, asked, place in asked_for:
            name = asked["TableName"]
            if kind == "Put":
                writes.append((name, place, copied(asked["Item"])))
            elif kind == "Update":
                after = self._updated(self.tables[name], place, asked["Key"], asked["UpdateExpression"], asked)
                writes.append((name, place, after))
            elif kind == "Delete":
                writes.append((name, place, None))
        self._commit(writes)
        if ClientRequestToken:
            self.tokens[ClientRequestToken] = text
        return {}

    def _place(self, item: dict[str, Any]) -> Key:
        """Which row an item of a transaction is about."""
        [asked] = item.values()
        return self.tables[asked["TableName"]].place(asked.get("Key") or asked["Item"])

    def _updated(self, table: Table, place: Key, key: Item, text: str, asked: Any) -> Item:
        names, values = asked.get("ExpressionAttributeNames", {}), asked.get("ExpressionAttributeValues", {})
        try:
            return update(text)(table.items.get(place) or copied(key), names, values)
        except ValueError as error:
            raise refused("ValidationException", str(error)) from error

    def _require(self, before: Item | None, asked: Any) -> None:
        if self._holds(before, asked):
            return
        shown = asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and before is not None
        more = {"Item": copied(before)} if shown else {}
        raise refused("ConditionalCheckFailedException", "The conditional request failed", **more)

    @staticmethod
    def _holds(before: Item | None, asked: Any) -> bool:
        text = asked.get("ConditionExpression")
        names, values = asked.get("ExpressionAttributeNames", {}), asked.get("ExpressionAttributeValues", {})
        return text is None or condition(text)(before or {}, names, values)

    def _commit(self, writes: list[tuple[str, Key, Item | None]]) -> None:
        self.written = []
        for name, place, item in writes:
            table = self.tables[name]
            before = table.write(place, item)
            table.newest.append((self.now(), place, before))
            self.written.append((name.removeprefix(self.prefix), before, item))
            if table.streams and before != item:
                self.changed(name.removeprefix(self.prefix), before, item)

    def touched(self, operation: str, parameters: Mapping[str, Any]) -> frozenset[tuple[str, Key]]:
        """The items that a write names."""
        if operation != "transact_write_items":
            parameters = {"TransactItems": [{"Put": parameters}]}
        named = parameters["TransactItems"]
        return frozenset((next(iter(each.values()))["TableName"], self._place(each)) for each in named)

    def expire(self, before: float) -> None:
        """Remove what has expired before that second."""
        for name, table in self.tables.items():
            attribute = EXPIRES.get(name.removeprefix(self.prefix))
            if attribute:
                gone = [place for place, item in table.items.items() if _second(item.get(attribute)) < before]
                self._commit([(name, place, None) for place in gone])

    def close(self) -> None:
        """Nothing is open."""


EXPIRES = {**{table.name: table.expires for table in TABLES if table.expires}, IDEMPOTENCY_TABLE: "expiration"}


def _second(value: Any) -> float:
    return float(value["N"]) if value else float("inf")


def _earlier(table: Table, moment: float) -> dict[Key, Item]:
    """The items as they were at a moment, as far as is remembered."""
    items = dict(table.items)
    for when, place, before in reversed(table.newest):
        if when <= moment:
            break
        if before is None:
            items.pop(place, None)
        else:
            items[place] = before
    return items


def _by_name(lists: Iterable[List]) -> dict[str, List]:
    return {name: each for each in lists for name in each.indexes}


def _order(table: Table, index: List | None) -> Callable[[Item], tuple[bytes, ...]]:
    names = ([index.range] if index else []) + list(table.key)
    return lambda item: tuple(item[name]["S"].encode() for name in names)


def _projected(item: Item, asked: Mapping[str, Any], index: List | None, names: Mapping[str, str]) -> Item:
    if "ProjectionExpression" in asked:
        wanted = {names.get(part.strip(), part.strip()) for part in asked["ProjectionExpression"].split(",")}
    elif index is not None and asked["IndexName"] == index.keys:
        wanted = {"pk", "sk", index.hash, index.range}
    else:
        return copied(item)
    return {name: copied(value) for name, value in item.items() if name in wanted}
