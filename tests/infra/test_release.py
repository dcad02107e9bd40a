"""The release gate refuses what AWS refuses and emulators accept: a planted fault each."""

from copy import deepcopy
from typing import Any

import pytest

from infra.release.__main__ import main
from infra.release.compare import findings
from infra.release.shape import Shape, shape_of_now

KEY = [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}]


@pytest.fixture
def now() -> Shape:
    return deepcopy(shape_of_now())


def table(shape: Shape) -> dict[str, Any]:
    """The table that faults are planted in."""
    properties: dict[str, Any] = shape["LabourTable"]["Properties"]
    return properties


def index(name: str) -> dict[str, Any]:
    return {"IndexName": name, "KeySchema": KEY, "Projection": {"ProjectionType": "ALL"}}


def test_this_code_may_follow_the_last_release() -> None:
    assert main(["check"]) == 0


def test_the_same_template_and_one_index_more_or_less_may_follow(now: Shape) -> None:
    more, less = deepcopy(now), deepcopy(now)
    table(more)["GlobalSecondaryIndexes"].append(index("new"))
    del table(less)["GlobalSecondaryIndexes"][0]
    for new in (now, more, less):
        assert findings(now, new) == []


def test_two_index_changes_of_a_table_are_so_many_releases(now: Shape) -> None:
    new = deepcopy(now)
    indexes = table(new)["GlobalSecondaryIndexes"]
    indexes.append(index("new"))
    indexes[1]["KeySchema"] = KEY
    [found] = findings(now, new)
    assert "LabourTable: 3 index changes must come in 3 releases" in found and "make new" in found
    assert f"remove {indexes[1]['IndexName']}, make {indexes[1]['IndexName']}" in found


def other_key(shape: Shape) -> None:
    table(shape)["KeySchema"] = KEY


def other_name(shape: Shape) -> None:
    table(shape)["TableName"] = "wbsync-production-hours"


def gone(shape: Shape) -> None:
    del shape["LabourTable"]


def other_logical_name(shape: Shape) -> None:
    shape["HoursTable"] = shape.pop("LabourTable")


def other_type(shape: Shape) -> None:
    table(shape)["AttributeDefinitions"][0]["AttributeType"] = "N"


def other_stream(shape: Shape) -> None:
    table(shape)["StreamSpecification"] = {"StreamViewType": "KEYS_ONLY"}


def other_queue(shape: Shape) -> None:
    shape["Failures"] = shape.pop("RollupFailures")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (other_key, "empty table"),
        (other_name, "empty table"),
        (gone, "gone from the template"),
        (other_logical_name, "cannot take it in one update"),
        (other_type, "changes its type"),
        (other_stream, "2 releases"),
        (other_queue, "cannot take it in one update"),
    ],
)
def test_what_loses_rows_or_is_refused_is_found(now: Shape, fault: Any, said: str) -> None:
    new = deepcopy(now)
    fault(new)
    assert any(said in each for each in findings(now, new)), findings(now, new)


def test_more_than_twenty_indexes_are_found(now: Shape) -> None:
    new = deepcopy(now)
    table(new)["GlobalSecondaryIndexes"] = [index(f"i{n}") for n in range(21)]
    assert any("21 indexes" in each for each in findings(now, new))
