"""What a page of a long list costs: first, middle and last, at three lengths of the list.

Emulators walk the whole table for each query of an index, so the labour list's index is stood in for
by `LongIndex`, which answers queries from a sorted list by DynamoDB's rules for pages: up to the limit
or 1 MB of index entries. Everything else of a request goes to a local moto.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bench.capacity import Index, index_entry
from bench.item_size import Item, item_size
from bench.meter import Call, Meter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from infra.demo import Client

LENGTHS = (1_000, 10_000, 100_000)
PAGE_SIZE = 50
PAGE_BYTES = 1_048_576
TABLE_KEYS = ("pk", "sk")
_LAYOUT = "{:>8} {:<20} {:>10} {:>12} {:>10} {:>9} {:>9}"
HEADING = _LAYOUT.format("rows", "page", "sequential", "count calls", "count RCU", "page RCU", "rest RCU")


class LongIndex:
    """A query's answers from one key's rows in an index of a table, in place of the emulator's."""

    def __init__(self, table: str, index: Index, rows: list[Item]) -> None:
        self.table, self.index = table, index
        self._hash, self._range = index["keys"]
        self._rows = sorted(rows, key=self._place)
        self._places = [self._place(row) for row in self._rows]

    def attach(self, client: DynamoDBClient) -> None:
        """Answer this client's queries of the index from now on."""
        client.meta.events.register_last("before-parameter-build.dynamodb", _remember)
        client.meta.events.register_last("before-call.dynamodb", self._answer, unique_id=f"long-{self.index['name']}")

    def detach(self, client: DynamoDBClient) -> None:
        """Leave the queries to the emulator again."""
        client.meta.events.unregister("before-call.dynamodb", unique_id=f"long-{self.index['name']}")

    def page(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one query.

        Raises:
            ValueError: the query has a filter, or a condition that the store does not make.
        """
        if "FilterExpression" in parameters:
            raise ValueError("this index stands for queries without filters")
        forward = parameters.get("ScanIndexForward", True)
        found = self._between(parameters, forward)
        taken: list[Item] = []
        size = 0
        for row in found if forward else reversed(found):
            entry = index_entry(row, self.index, TABLE_KEYS) or {}
            size += item_size(entry)
            if taken and (size > PAGE_BYTES or len(taken) == parameters.get("Limit")):
                break
            taken.append(entry)
        answer: dict[str, Any] = {"Count": len(taken), "ScannedCount": len(taken)}
        if len(taken) < len(found) or len(taken) == parameters.get("Limit"):
            answer["LastEvaluatedKey"] = {name: taken[-1][name] for name in (*TABLE_KEYS, *self.index["keys"])}
        if parameters.get("Select") == "COUNT":
            return answer
        shown = _shown(parameters)
        return answer | {"Items": [{name: row[name] for name in row.keys() & (shown or row.keys())} for row in taken]}

    def _answer(self, context: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]] | None:
        parameters = context["long_index_parameters"]  # registered after the meter, and for every operation
        if (parameters.get("TableName"), parameters.get("IndexName")) != (self.table, self.index["name"]):
            return None
        return _Sent(), self.page(parameters) | {"ResponseMetadata": {"HTTPStatusCode": 200}}

    def _between(self, parameters: Mapping[str, Any], forward: bool) -> list[Item]:
        """The rows that the key condition and the starting key leave."""
        low, high = 0, len(self._rows)
        values = {name: value["S"] for name, value in parameters["ExpressionAttributeValues"].items()}
        _, *bounds = parameters["KeyConditionExpression"].split(" AND ", 1)
        for condition in bounds:
            match = re.fullmatch(r"#\w+ (?:BETWEEN (:\w+) AND (:\w+)|(>=|<=) (:\w+))", condition)
            if match is None:
                raise ValueError(condition)
            lower = match[1] or (match[4] if match[3] == ">=" else None)
            upper = match[2] or (match[4] if match[3] == "<=" else None)
            low = bisect_left(self._places, values[lower]) if lower else low
            high = bisect_right(self._places, values[upper]) if upper else high
        if start := parameters.get("ExclusiveStartKey"):
            place = start[self._range]["S"]
            low = max(low, bisect_right(self._places, place)) if forward else low
            high = high if forward else min(high, bisect_left(self._places, place))
        return self._rows[low:high]

    def _place(self, row: Item) -> str:
        return str(row[self._range]["S"])


def _shown(parameters: Mapping[str, Any]) -> set[str]:
    """The attributes that a query's projection names; none without one. What it leaves out is paid for all the same."""
    asked = parameters.get("ProjectionExpression", "")
    names: Mapping[str, str] = parameters.get("ExpressionAttributeNames", {})
    return {names.get(name.strip(), name.strip()) for name in asked.split(",") if name.strip()}


class _Sent:
    """What botocore looks at of an answer that came without a wire."""

    status_code = 200


def _remember(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["long_index_parameters"] = params


@dataclass(frozen=True)
class PageCost:
    """The cost of one page: the counting pass by itself, the page's rows, and the rest of the request."""

    rows: int
    name: str
    sequential_calls: int
    count_calls: int
    count: Decimal
    page: Decimal
    rest: Decimal

    def __str__(self) -> str:
        """A row under HEADING."""
        shown = (self.rows, self.name, self.sequential_calls, self.count_calls, self.count, self.page, self.rest)
        return _LAYOUT.format(*shown)


def pagination_section() -> None:
    """Read capacity of first, middle and last pages of the labour list."""
    os.environ |= {"POWERTOOLS_LOG_LEVEL": "WARNING", "POWERTOOLS_METRICS_DISABLED": "true"}  # the table is the output
    from infra.local.moto_server import MotoServer

    with MotoServer() as moto:
        _measure(moto.endpoint_url)


def _measure(endpoint: str) -> None:
    import boto3

    from app import app
    from bench.application import indexes, prepared
    from chalicelib.access import credentials
    from chalicelib.storage.store import store
    from infra.demo import Client
    from infra.local.gateway import serve

    _, token, _ = prepared(endpoint)
    credential = credentials.parse(token, "wbs")
    assert credential is not None
    probe, table = boto3.client("dynamodb"), store().name("labour")
    meter = Meter(probe, indexes())
    meter.attach(store().client)
    wanted = [index for index in indexes()[table] if index["name"] in {"company", "company_keys"}]
    print(HEADING)
    with serve(app, "127.0.0.1", 0).running() as server:
        client = Client(server.url.rstrip("/"), token)
        for length in LENGTHS:
            rows = list(entries_of(credential.company, length))
            stands = [LongIndex(table, index, rows) for index in wanted]  # type: ignore[arg-type]  # plain dicts
            for stand in stands:
                stand.attach(store().client)
                stand.attach(probe)
            for name, request in _pages(client, length):
                print(_cost(meter, length, name, request), flush=True)
            for stand in stands:
                stand.detach(store().client)
                stand.detach(probe)


def entries_of(company: str, length: int) -> Iterator[Item]:
    """Entries of a company as they lie in the table, a hundred a day."""
    from datetime import date, timedelta

    from chalicelib.ids import new_id

    project, hand = new_id(), new_id()
    for number in range(length):
        id, day = new_id(), (date(2024, 1, 1) + timedelta(days=number // 100)).isoformat()
        at = f"{day}T16:00:00.000000Z"
        plain = {
            "pk": f"{company}#{id}",
            "sk": "entry",
            "id": id,
            "project": project,
            "operative": hand,
            "date": day,
            "note": "Second lift, north side",
            "status": "approved",
            "source": "clock",
            "wbs": project + hand,
            "submitted_by": hand,
            "submitted_at": at,
            "approved_by": hand,
            "approved_at": at,
            "created_at": at,
            "updated_at": at,
            "list_company": company,
            "list_project": f"{company}#{project}",
            "list_operative": f"{company}#{hand}",
            "list_status": f"{company}#approved",
            "list_project_operative": f"{company}#{project}#{hand}",
            "list_project_status": f"{company}#{project}#approved",
            "list_updated": company,
            "list_order": f"{day}#{id}",
            "updated_order": f"{at}#{id}",
        }
        numbers = {"hours": "8", "quantity": "12.5", "hourly_rate": "31.5", "version": "3"}
        yield {name: {"S": text} for name, text in plain.items()} | {
            name: {"N": text} for name, text in numbers.items()
        }


def _pages(client: Client, length: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The measured requests by name."""
    start, last = f"/labour/?page_size={PAGE_SIZE}", length // PAGE_SIZE

    def following(page: int) -> str:
        return str(client.call("GET", f"{start}&page={page - 1}")["next"]).removeprefix("/api/v1")

    middle, end = following(last // 2), following(last)
    yield "first", lambda: client.call("GET", start)
    yield "middle, by next", lambda: client.call("GET", middle)
    yield "last, by next", lambda: client.call("GET", end)
    yield "middle, by page=N", lambda: client.call("GET", f"{start}&page={last // 2}")


def _cost(meter: Meter, length: int, name: str, request: Callable[[], Any]) -> PageCost:
    meter.clear()
    answer = request()
    if (answer["count"], len(answer["results"])) != (length, PAGE_SIZE):
        raise RuntimeError(f"{name} is not a page of {length} rows")
    queries = [call for call in meter.calls if call.operation == "Query"]
    counting = [call for call in queries if call.parameters["IndexName"].endswith("_keys")]
    reading = [call for call in queries if call not in counting]
    rest = [call for call in meter.calls if call.operation != "Query"]
    return PageCost(
        length, name, meter.sequential_calls(), len(counting), _reads(counting), _reads(reading), _reads(rest)
    )


def _reads(calls: list[Call]) -> Decimal:
    return sum((call.capacity.read for call in calls), Decimal(0))
