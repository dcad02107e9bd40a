"""How many bytes DynamoDB counts for an item.

Rules: "DynamoDB item sizes and formats",
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html

* an attribute is its name in UTF-8 plus its value;
* a string is its length in UTF-8, a binary its raw length, a null or Boolean 1;
* a number is about one byte for two significant digits plus 1, without leading and trailing
  zeroes; the page is silent on the sign, and measured sizes show 1 byte more below zero;
* a list or map is 3, plus its contents, plus 1 for each element;
* a set is the sum of its elements (not on the page; as measured sizes show).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

Item = Mapping[str, Mapping[str, Any]]
"""An item, or a key, in DynamoDB's own notation: {"name": {"S": "Tower"}}."""

CONTAINER_BYTES = 3
ELEMENT_BYTES = 1


def item_size(item: Item) -> int:
    """Bytes of a whole item: every attribute's name and value."""
    return sum(_text(name) + value_size(value) for name, value in item.items())


def value_size(value: Mapping[str, Any]) -> int:
    """Bytes of one typed value such as {"S": "Tower"}."""
    ((kind, content),) = value.items()
    return _SIZES[kind](content)


def _text(content: str) -> int:
    return len(content.encode())


def _number(content: str) -> int:
    sign, digits, _ = Decimal(content).as_tuple()
    significant = "".join(map(str, digits)).strip("0")
    return math.ceil(len(significant) / 2) + 1 + (sign if significant else 0)


def _one(_: bool) -> int:
    return 1


def _list(content: Iterable[Mapping[str, Any]]) -> int:
    return CONTAINER_BYTES + sum(ELEMENT_BYTES + value_size(value) for value in content)


def _map(content: Item) -> int:
    return CONTAINER_BYTES + item_size(content) + ELEMENT_BYTES * len(content)


def _each(size: Callable[[Any], int]) -> Callable[[Iterable[Any]], int]:
    return lambda content: sum(map(size, content))


_SIZES: Mapping[str, Callable[[Any], int]] = {
    "S": _text,
    "N": _number,
    "B": len,
    "BOOL": _one,
    "NULL": _one,
    "L": _list,
    "M": _map,
    "SS": _each(_text),
    "NS": _each(_number),
    "BS": _each(len),
}
