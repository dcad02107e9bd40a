"""The one way to DynamoDB: reads, list queries and the transaction, with bounded retries.

Conflicts, throttling and time-outs are normal on AWS: they are retried with jitter while the
function has time (:func:`function_time`) and then become :class:`Unavailable`. The client itself
retries nothing. A condition that does not hold is :class:`ConditionFailed`: the caller read
something that has changed since, and decides anew.
"""

import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct
from pynamodb.connection import Connection
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.expressions.update import Update as UpdateExpression

from chalicelib.errors import Unavailable
from chalicelib.settings import settings
from chalicelib.storage.rows import Row, Tracked

R = TypeVar("R", bound=Row)
T = TypeVar("T")
Key = tuple[str, str]

CONFLICTS = frozenset(
    {
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
        "ReplicatedWriteConflictException",
    }
)
PASSING = CONFLICTS | frozenset(
    {
        # throttling
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        # outages
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)
ATTEMPTS = 8
CONTESTED = 50  # attempts on a row that others change: while one fails, another succeeds; the function's time ends it
UNANSWERED = 3  # attempts when nothing answers: each may take both time-outs
CONNECT_SECONDS, READ_SECONDS = 2, 5
ROOM = 12.0  # seconds that a repeat, the freeing of the lock and the answer may take

_remaining: ContextVar[Callable[[], int] | None] = ContextVar("remaining", default=None)


@contextmanager
def function_time(context: Any) -> Iterator[None]:
    """Inside, a call is repeated only while the function of this Lambda context has time for it."""
    token = _remaining.set(context.get_remaining_time_in_millis)
    try:
        yield
    finally:
        _remaining.reset(token)


class ConditionFailed(Exception):
    """A transaction's condition did not hold; ``failed`` are the places of the changes it names."""

    def __init__(self, failed: Sequence[int] = ()) -> None:
        super().__init__("a condition did not hold")
        self.failed = tuple(failed)


class Put(Struct, frozen=True):
    """Write a whole row."""

    row: Row
    condition: Condition | None = None


class Update(Struct, frozen=True):
    """Change some attributes of a row; of a :class:`Tracked` one none that it shows, or its lists would not know."""

    model: type[Row]
    key: Key
    actions: tuple[Action, ...]
    condition: Condition | None = None

    def __post_init__(self) -> None:
        if issubclass(self.model, Tracked):
            paths: list[Any] = [action.values[0] for action in self.actions]
            seen = {str(each.path[0]) for each in paths} - self.model.unseen
            if seen:
                raise ValueError(f"{self.model.__name__} is put whole: {', '.join(sorted(seen))}")


class Delete(Struct, frozen=True):
    """Remove a row."""

    model: type[Row]
    key: Key
    condition: Condition | None = None


class Check(Struct, frozen=True):
    """Require something of a row that is not written."""

    model: type[Row]
    key: Key
    condition: Condition


class Raw(Struct, frozen=True):
    """A transaction item given as DynamoDB takes it (the idempotency completion)."""

    item: Mapping[str, Any]


Change = Put | Update | Delete | Check | Raw


def absent(model: type[Row]) -> Condition:
    """The row must not be there yet."""
    return model.pk.does_not_exist()


class Page(Struct, frozen=True):
    """Rows of one query and where it stopped; ``read`` counts those that were dropped after reading too."""

    rows: list[dict[str, Any]]
    last: dict[str, Any] | None
    count: int
    read: int = 0


@dataclass
class Store:
    """Reads and transactions over the tables of one stage."""

    client: Any
    prefix: str
    session: Any = None
    sleep: Callable[[float], None] = time.sleep
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=16))

    def name(self, table: str) -> str:
        """The physical name of a table."""
        return self.prefix + table

    def together(self, *calls: Callable[[], Any]) -> list[Any]:
        """Run calls at the same time; they cost one round."""
        first, *rest = calls
        futures = [self.pool.submit(copy_context().run, call) for call in rest]
        return [first(), *(future.result() for future in futures)]

    def pause(self, attempt: int) -> None:
        """Wait before another attempt: longer each time, with jitter, a second at most.

        Raises:
            Unavailable: the function has no time for another attempt.
        """
        seconds = random.uniform(0, min(1.0, 0.02 * 2**attempt))  # noqa: S311 - jitter, not a secret
        self.require_time(seconds)
        self.sleep(seconds)

    def require_time(self, seconds: float = 0) -> None:
        """Raises :class:`Unavailable` when the function has no time to try again after so many seconds."""
        remaining = _remaining.get()
        if remaining is not None and remaining() / 1000 < seconds + ROOM:
            raise Unavailable

    def patiently(self, request: Callable[[], T]) -> T:
        """The result of an AWS request; passing faults are retried, then :class:`Unavailable`."""
        for attempt in count():
            try:
                return request()
            except (ClientError, BotoCoreError) as error:
                if not _passes(error):
                    raise
                if attempt + 1 >= _attempts(error):
                    raise Unavailable from error
                self.pause(attempt)
        raise AssertionError("a count does not end")

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """One DynamoDB call; passing faults are retried, then :class:`Unavailable`."""
        answer: dict[str, Any] = self.patiently(lambda: getattr(self.client, operation)(**parameters))
        return answer

    def get(self, model: type[R], pk: str, sk: str) -> R | None:
        """One row, as it is now."""
        answer = self.call(
            "get_item", TableName=self.name(model.table), ConsistentRead=True, Key={"pk": {"S": pk}, "sk": {"S": sk}}
        )
        return parse(model, answer["Item"]) if "Item" in answer else None

    def get_many(self, *wanted: tuple[type[Row], str, str]) -> list[Any]:
        """Rows of any tables as they are now, in the order asked, None where there is none."""
        items = self.raw_many(*wanted)
        return [parse(model, item) if item else None for (model, _, _), item in zip(wanted, items, strict=True)]

    def raw_many(self, *wanted: tuple[type[Row], str, str]) -> list[dict[str, Any] | None]:
        """The same as DynamoDB gives them."""
        keys = list(dict.fromkeys((model.table, pk, sk) for model, pk, sk in wanted))
        found: dict[tuple[str, str, str], dict[str, Any]] = {}
        for start in range(0, len(keys), 100):
            found.update(self._batch(keys[start : start + 100]))
        return [found.get((model.table, pk, sk)) for model, pk, sk in wanted]

    def _batch(self, keys: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], dict[str, Any]]:
        request: dict[str, Any] = {}
        for table, pk, sk in keys:
            rows = request.setdefault(self.name(table), {"ConsistentRead": True, "Keys": []})
            rows["Keys"].append({"pk": {"S": pk}, "sk": {"S": sk}})
        return {
            (name.removeprefix(self.prefix), item["pk"]["S"], item["sk"]["S"]): item
            for name, item in self.batch(request)
        }

    def batch(self, request: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """The items of a BatchGetItem with the names of their tables; what was left unprocessed is asked for again."""
        found: list[tuple[str, dict[str, Any]]] = []
        for attempt in range(ATTEMPTS):
            answer = self.call("batch_get_item", RequestItems=request)
            found += [(name, item) for name, items in answer.get("Responses", {}).items() for item in items]
            request = answer.get("UnprocessedKeys") or {}
            if not request:
                return found
            self.pause(attempt)
        raise Unavailable

    def query(
        self,
        table: str,
        pk: str,
        *,
        index: str | None = None,
        hash_name: str = "pk",
        range_name: str = "sk",
        between: tuple[str | None, str | None] | None = None,
        forward: bool = True,
        limit: int | None = None,
        start: Mapping[str, Any] | None = None,
        filters: Mapping[str, Any] | None = None,
        tests: Sequence[tuple[str, str, Any]] = (),
        attributes: Sequence[str] = (),
        count_only: bool = False,
        consistent: bool = False,
    ) -> Page:
        """One page of a query.

        ``between`` are inclusive bounds, None where a side is open. ``filters`` (equalities) and
        ``tests`` (``contains`` or ``begins_with``, attribute, value) are dropped by DynamoDB after
        reading. ``attributes`` are all that is sent back; by default everything.
        """
        names: dict[str, str] = {}
        values: dict[str, Any] = {}

        def named(name: str) -> str:
            return names.setdefault(name, f"#n{len(names)}")

        def valued(value: Any) -> str:
            values[alias := f":v{len(values)}"] = value
            return alias

        condition = f"{named(hash_name)} = {valued({'S': pk})}" + _bounds(range_name, between, named, valued)
        parameters: dict[str, Any] = {
            "TableName": self.name(table),
            "KeyConditionExpression": condition,
            "ScanIndexForward": forward,
        }
        clauses = [f"{named(name)} = {valued(value)}" for name, value in sorted((filters or {}).items())]
        clauses += [f"{test}({named(name)}, {valued(value)})" for test, name, value in tests]
        parameters |= {"FilterExpression": " AND ".join(clauses)} if clauses else {}
        if attributes and not count_only:
            parameters["ProjectionExpression"] = ", ".join(named(name) for name in attributes)
        parameters["ExpressionAttributeNames"] = {alias: name for name, alias in names.items()}
        parameters["ExpressionAttributeValues"] = values
        parameters |= {"IndexName": index} if index else {}
        parameters |= {"Limit": limit} if limit else {}
        parameters |= {"ExclusiveStartKey": start} if start else {}
        parameters |= {"Select": "COUNT"} if count_only else {}
        parameters |= {"ConsistentRead": True} if consistent else {}
        answer = self.call("query", **parameters)
        return Page(answer.get("Items", []), answer.get("LastEvaluatedKey"), answer["Count"], answer["ScannedCount"])

    def query_all(
        self, model: type[R], pk: str, *, between: tuple[str, str] | None = None, consistent: bool = True
    ) -> Iterator[R]:
        """Every row under one key, in key order."""
        start: Mapping[str, Any] | None = None
        while True:
            page = self.query(model.table, pk, between=between, start=start, consistent=consistent)
            for item in page.rows:
                yield parse(model, item)
            start = page.last
            if start is None:
                return

    def transact(self, changes: Iterable[Change]) -> None:
        """All of the changes or none.

        The request token makes a repeat after a lost reply one effect on DynamoDB.

        Raises:
            ConditionFailed: a row has changed since it was read.
            Unavailable: conflicts or faults outlasted the retries.
        """
        items = [self._item(change) for change in changes]
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

    def transact_or_skip(self, item: dict[str, Any]) -> bool:
        """One conditional item; False when its condition does not hold."""
        try:
            self.transact([Raw(item)])
        except ConditionFailed:
            return False
        return True

    def _item(self, change: Change) -> dict[str, Any]:
        if isinstance(change, Raw):
            return dict(change.item)
        names: dict[str, str] = {}
        values: dict[str, Any] = {}
        operation: dict[str, Any]
        if isinstance(change, Put):
            kind, model = "Put", type(change.row)
            operation = {"Item": change.row.serialize()}
        else:
            kind, model = _KINDS[type(change)], change.model
            operation = {"Key": {"pk": {"S": change.key[0]}, "sk": {"S": change.key[1]}}}
        if isinstance(change, Update):
            operation["UpdateExpression"] = UpdateExpression(*change.actions).serialize(names, values)
        if change.condition is not None:
            operation["ConditionExpression"] = change.condition.serialize(names, values)
        if names:
            operation["ExpressionAttributeNames"] = {alias: name for name, alias in names.items()}
        if values:
            operation["ExpressionAttributeValues"] = values
        return {kind: operation | {"TableName": self.name(model.table)}}


def _bounds(
    name: str,
    between: tuple[str | None, str | None] | None,
    named: Callable[[str], str],
    valued: Callable[[Any], str],
) -> str:
    """The part of a key condition that bounds the range."""
    low, high = between or (None, None)
    if low is not None and high is not None:
        return f" AND {named(name)} BETWEEN {valued({'S': low})} AND {valued({'S': high})}"
    if low is not None:
        return f" AND {named(name)} >= {valued({'S': low})}"
    return f" AND {named(name)} <= {valued({'S': high})}" if high is not None else ""


_KINDS = {Update: "Update", Delete: "Delete", Check: "ConditionCheck"}


def _passes(error: ClientError | BotoCoreError) -> bool:
    """Whether the same request may succeed a little later."""
    if isinstance(error, BotoCoreError):
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    causes = _causes(error)
    return error.response["Error"]["Code"] in PASSING or status >= 500 or (bool(causes) and causes <= PASSING)


def _attempts(error: ClientError | BotoCoreError) -> int:
    """After how many errors in a row, this one the last, a request is given up."""
    if isinstance(error, BotoCoreError):
        return UNANSWERED
    return CONTESTED if (_causes(error) or {error.response["Error"]["Code"]}) <= CONFLICTS else ATTEMPTS


def _causes(error: ClientError) -> set[str | None]:
    """What stood in the way of a cancelled transaction's items."""
    return {reason.get("Code") for reason in error.response.get("CancellationReasons", [])} - {"None", None}


def parse(model: type[R], item: Mapping[str, Any]) -> R:
    """A row from DynamoDB's form."""
    return model.from_raw_data(dict(item))


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
