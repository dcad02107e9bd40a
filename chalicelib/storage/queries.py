"""A query of one key, as a value: what is read, in which order, and what is dropped after reading."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from msgspec import Struct

from chalicelib.storage.calls import Item
from chalicelib.storage.rows import Row
from chalicelib.storage.tables import List

R = TypeVar("R", bound=Row)
Bounds = tuple[str | None, str | None]
COMPARISONS = frozenset({"<", "<=", ">", ">="})


class Query(Struct, Generic[R], frozen=True, kw_only=True):
    """The rows of ``hash``: in a list, or in the table itself where none is named.

    ``between`` are inclusive bounds of the order, None where a side is open. ``filters`` (attribute, equal to a
    DynamoDB value) and ``tests`` (``contains``, ``begins_with`` or a comparison, attribute, value) are dropped by
    DynamoDB after reading. ``attributes`` are all that is sent back; by default everything. ``keys_only`` reads the
    list's twin, which holds keys alone. The table itself is read as it is now, lists lag a little behind.
    """

    model: type[R]
    hash: str
    list: List | None = None
    keys_only: bool = False
    between: Bounds | None = None
    forward: bool = True
    filters: Mapping[str, Any] = {}
    tests: tuple[tuple[str, str, Any], ...] = ()
    attributes: tuple[str, ...] = ()

    def parameters(self, prefix: str, *, count_only: bool = False) -> dict[str, object]:
        """The parameters of DynamoDB's Query, but for the limit and the start."""
        names, values = _Names(), _Values()
        condition = f"{names[self.list.hash if self.list else 'pk']} = {values.add({'S': self.hash})}"
        parameters: dict[str, object] = {
            "TableName": prefix + self.model.table,
            "KeyConditionExpression": condition + self._bounds(names, values),
            "ScanIndexForward": self.forward,
        }
        clauses = [f"{names[name]} = {values.add(value)}" for name, value in sorted(self.filters.items())]
        clauses += [_clause(test, names[name], values.add(value)) for test, name, value in self.tests]
        parameters |= {"FilterExpression": " AND ".join(clauses)} if clauses else {}
        if self.attributes and not count_only:
            parameters["ProjectionExpression"] = ", ".join(names[name] for name in self.attributes)
        parameters["ExpressionAttributeNames"] = names.by_alias()
        parameters["ExpressionAttributeValues"] = values.by_alias
        if self.list:
            parameters["IndexName"] = self.list.keys if self.keys_only else self.list.name
        else:
            parameters["ConsistentRead"] = True
        return parameters | ({"Select": "COUNT"} if count_only else {})

    def _bounds(self, names: "_Names", values: "_Values") -> str:
        low, high = self.between or (None, None)
        if low is None and high is None:
            return ""
        name = names[self.list.range if self.list else "sk"]
        if low is not None and high is not None:
            return f" AND {name} BETWEEN {values.add({'S': low})} AND {values.add({'S': high})}"
        bound, sign = (low, ">=") if low is not None else (high, "<=")
        return f" AND {name} {sign} {values.add({'S': bound})}"


def _clause(test: str, name: str, value: str) -> str:
    return f"{name} {test} {value}" if test in COMPARISONS else f"{test}({name}, {value})"


class _Names:
    """Aliases of attribute names: some of ours are words that DynamoDB keeps for itself."""

    def __init__(self) -> None:
        self._aliases: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        return self._aliases.setdefault(name, f"#n{len(self._aliases)}")

    def by_alias(self) -> dict[str, str]:
        return {alias: name for name, alias in self._aliases.items()}


class _Values:
    """Aliases of values."""

    def __init__(self) -> None:
        self.by_alias: dict[str, object] = {}

    def add(self, value: object) -> str:
        alias = f":v{len(self.by_alias)}"
        self.by_alias[alias] = value
        return alias


class Page(Struct, frozen=True):
    """What one call of a query found: items as DynamoDB gives them, and where it stopped.

    ``read`` counts those that were dropped after reading too.
    """

    rows: list[Item]
    last: Item | None
    count: int
    read: int = 0
