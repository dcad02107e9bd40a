"""The sizes of items: each rule of the published page, by an example."""

from __future__ import annotations

from typing import Any

import pytest

from bench.item_size import item_size, value_size


@pytest.mark.parametrize(
    ("value", "size"),
    [
        pytest.param({"S": "été"}, 5, id="a string counts its UTF-8 bytes"),
        pytest.param({"B": b"\x00\xff\x10"}, 3, id="a binary counts its raw bytes"),
        pytest.param({"BOOL": False}, 1, id="a Boolean is one byte"),
        pytest.param({"NULL": True}, 1, id="a null is one byte"),
        pytest.param({"N": "7"}, 2, id="one digit takes a byte beside the fixed one"),
        pytest.param({"N": "1234"}, 3, id="two digits share a byte"),
        pytest.param({"N": "120000"}, 2, id="trailing zeroes are trimmed"),
        pytest.param({"N": "0.0050"}, 2, id="leading zeroes are trimmed"),
        pytest.param({"N": "10.01"}, 3, id="inner zeroes count"),
        pytest.param({"N": "0"}, 1, id="zero has no significant digit"),
        pytest.param({"N": "-1234"}, 4, id="a negative number takes a byte more"),
        pytest.param({"L": []}, 3, id="an empty list is three bytes"),
        pytest.param({"L": [{"S": "ab"}, {"BOOL": True}]}, 8, id="a list adds one per element"),
        pytest.param({"M": {"ab": {"S": "c"}}}, 7, id="a map adds one per element and its name"),
        pytest.param({"SS": ["ab", "c"]}, 3, id="a set is the sum of its elements"),
        pytest.param({"NS": ["12", "7"]}, 4, id="a set of numbers too"),
        pytest.param({"BS": [b"ab"]}, 2, id="a set of binaries too"),
    ],
)
def test_a_value_has_its_documented_size(value: dict[str, Any], size: int) -> None:
    assert value_size(value) == size


def test_an_item_counts_names_and_values() -> None:
    assert item_size({"é": {"S": "ab"}, "hours": {"N": "7.5"}}) == (2 + 2) + (5 + 2)
