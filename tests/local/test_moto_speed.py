"""The short cuts through moto give moto's own answers."""

import copy
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node

from infra.local.moto_dynamodb import install
from infra.local.moto_speed import install_speed

SCALARS = st.one_of(
    st.text(max_size=4).map(lambda text: {"S": text}),
    st.integers(-9, 9).map(lambda number: {"N": str(number)}),
    st.booleans().map(lambda truth: {"BOOL": truth}),
    st.just({"NULL": True}),
    st.binary(min_size=1, max_size=4).map(lambda raw: {"B": raw}),
    st.sets(st.text(min_size=1, max_size=2), min_size=1, max_size=3).map(lambda texts: {"SS": sorted(texts)}),
    st.sets(st.binary(min_size=1, max_size=2), min_size=1, max_size=3).map(lambda raws: {"BS": sorted(raws)}),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda values: {"L": values}),
        st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3).map(lambda values: {"M": values}),
    ),
    max_leaves=6,
)


KEY = {"pk": {"S": "1"}}


@pytest.fixture
def client() -> Iterator[Any]:
    """DynamoDB with one table."""
    with mock_aws():
        install()
        client = boto3.client("dynamodb", region_name="eu-west-1")
        client.create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        )
        yield client


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from("abcdef"), VALUES, max_size=4))
def test_what_is_written_is_read_back(client: Any, attributes: dict[str, Any]) -> None:
    item = {**KEY, **attributes}
    client.put_item(TableName="t", Item=item)
    read = client.get_item(TableName="t", Key=KEY)["Item"]
    condition = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "1"}}}
    assert [read] == client.query(TableName="t", **condition)["Items"]
    assert read == item


def test_an_item_that_would_be_too_large_is_refused_and_left_as_it_was(client: Any) -> None:
    half = {"S": "x" * 210_000}
    with pytest.raises(client.exceptions.ClientError, match="size has exceeded"):
        client.put_item(TableName="t", Item={**KEY, "a": half, "b": half})
    client.put_item(TableName="t", Item={**KEY, "map": {"M": {"a": half}}})
    for name in ("b", "map.b"):
        grown = {"UpdateExpression": f"SET {name} = :half", "ExpressionAttributeValues": {":half": half}}
        names = {"ExpressionAttributeNames": {"#map": "map"}} if "map" in name else {}
        grown["UpdateExpression"] = str(grown["UpdateExpression"]).replace("map", "#map")
        with pytest.raises(client.exceptions.ClientError, match="size to update has exceeded"):
            client.update_item(TableName="t", Key=KEY, **grown, **names)
    assert client.get_item(TableName="t", Key=KEY)["Item"].keys() == {"pk", "map"}
    client.put_item(TableName="t", Item={**KEY, "a": half, "b": {"S": "é" * 90_000}})


def test_a_copy_shares_nothing_that_a_write_changes_in_place() -> None:
    install_speed()
    item = Item(
        DynamoType({"S": "1"}), None, {"map": {"M": {"a": {"N": "1"}}}, "set": {"SS": ["x"]}, "one": {"N": "1"}}
    )
    before = item.to_json()
    twin = copy.deepcopy(item)
    twin.attrs["map"].value["a"] = DynamoType({"N": "2"})
    twin.attrs["set"].value.append("y")
    twin.attrs["one"] = twin.attrs["one"] + DynamoType({"N": "1"})
    assert item.to_json() == before != twin.to_json()


def test_the_short_cuts_replace_what_moto_has() -> None:
    """A moto that renames these would leave the short cuts unused."""
    install_speed()
    assert hasattr(BaseJSONSerializer._serialize_type_structure, "__wrapped__")
    assert DepthFirstTraverser.traverse_node_recursively.__module__ == "infra.local.moto_speed"
    assert Node.find_clauses.__module__ == "infra.local.moto_speed"
