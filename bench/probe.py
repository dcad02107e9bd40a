"""An unmetered look at the tables: what emulators do not tell about a call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bench.footprint import Parameters
from bench.item_size import Item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SAME_PAGE = {
    "TableName",
    "IndexName",
    "KeyConditionExpression",
    "KeyConditions",
    "ConsistentRead",
    "ExclusiveStartKey",
    "Limit",
    "ScanIndexForward",
    "Segment",
    "TotalSegments",
}
"""The parameters that decide what a page evaluates; filters and projections come after."""


class Probe:
    """Reads through a client of its own, which no meter is attached to."""

    def __init__(self, client: DynamoDBClient) -> None:
        # Any: requests are built from recorded ones, not written out.
        self._client: Any = client
        self._table_keys: dict[str, tuple[str, ...]] = {}

    def table_keys(self, table: str) -> tuple[str, ...]:
        """The names of a table's key attributes."""
        if table not in self._table_keys:
            schema = self._client.describe_table(TableName=table)["Table"]["KeySchema"]
            self._table_keys[table] = tuple(key["AttributeName"] for key in schema)
        return self._table_keys[table]

    def key(self, table: str, item: Item) -> Item:
        """The key of an item (or of a key: itself)."""
        return {name: item[name] for name in self.table_keys(table)}

    def item(self, table: str, key: Item) -> Item | None:
        """A whole item as it is now; None if there is none."""
        answer = self._client.get_item(TableName=table, Key=key, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item

    def evaluated(self, operation: str, parameters: Parameters) -> Sequence[Item]:
        """The items a Query or Scan evaluates: the same page without filter and projection."""
        run = self._client.query if operation == "Query" else self._client.scan
        items: Sequence[Item] = run(**_unfiltered(parameters))["Items"]
        return items


def _unfiltered(parameters: Parameters) -> dict[str, Any]:
    request = {name: value for name, value in parameters.items() if name in _SAME_PAGE}
    # Names and values that no expression uses are refused.
    used = set(re.findall(r"[#:]\w+", request.get("KeyConditionExpression", "")))
    for field in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        kept = {name: value for name, value in parameters.get(field, {}).items() if name in used}
        if kept:
            request[field] = kept
    return request
