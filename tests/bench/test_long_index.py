"""The stand-in for a long index answers a query as the emulator does, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, Literal

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from bench.capacity import Index
from bench.pagination import LongIndex
from chalicelib.storage.queries import Page, Query
from chalicelib.storage.rows import Row
from chalicelib.storage.store import Store
from chalicelib.storage.tables import List
from infra.local.moto_dynamodb import install

TABLE = "entries"
PROJECTIONS: tuple[Literal["ALL", "KEYS_ONLY"], ...] = ("ALL", "KEYS_ONLY")
COMPANIES = count(1)
ORDERS = st.text("ab#", min_size=1, max_size=4)
"""Few letters, so that bounds and rows meet; each row's is its own, as every list's order ends in an id."""


@pytest.fixture(scope="module")
def emulated() -> Iterator[Store]:
    """A table with an index of each projection."""
    with mock_aws():
        install()
        client = boto3.client("dynamodb", region_name="eu-west-1")
        keys = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
        listed = [{"AttributeName": "list", "KeyType": "HASH"}, {"AttributeName": "order", "KeyType": "RANGE"}]
        client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "list", "order")
            ],
            KeySchema=keys,  # type: ignore[arg-type]  # the stubs want literals
            GlobalSecondaryIndexes=[
                {"IndexName": kind, "KeySchema": listed, "Projection": {"ProjectionType": kind}}  # type: ignore[typeddict-item]  # as above
                for kind in PROJECTIONS
            ],
        )
        yield Store(client, "")


class Listed(Row):
    """A row of the emulated table."""

    table = TABLE


def row(company: str, order: str) -> dict[str, Any]:
    """A row whose place in the table tells nothing of its place in the index."""
    plain = {"pk": f"{company}#{order[::-1]}", "sk": "entry", "list": company, "order": order, "note": order * 3}
    return {name: {"S": text} for name, text in plain.items()} | {"hours": {"N": "8"}}


BOUND = st.none() | ORDERS
QUERIES = st.fixed_dictionaries(
    {
        "between": st.none() | st.tuples(BOUND, BOUND).filter(lambda pair: None in pair or pair[0] <= pair[1]),
        "forward": st.booleans(),
        "limit": st.none() | st.integers(1, 9),
        "count_only": st.booleans(),
        "attributes": st.sampled_from([(), ("order",), ("order", "pk", "note")]),
    }
)


def walk(store: Store, company: str, query: dict[str, Any]) -> Iterator[Page]:
    """The pages that DynamoDB's own key of the last row leads to."""
    start, kind = query.pop("start", None), query.pop("index")
    options = {name: query.pop(name) for name in ("limit", "count_only") if name in query}
    asked = query | {"list": List(kind, "list", "order")}
    while True:
        page = store.page(Query(model=Listed, hash=company, **asked), start=start, **options)
        yield page
        start = page.last
        if start is None:
            return


@pytest.mark.proof
@settings(max_examples=150, deadline=None)
@given(
    orders=st.lists(ORDERS, unique=True, max_size=8),
    kind=st.sampled_from(PROJECTIONS),
    query=QUERIES,
    after=st.none() | st.integers(0, 7),
)
def test_every_page_of_a_walk_is_the_emulators(
    emulated: Store, orders: list[str], kind: Literal["ALL", "KEYS_ONLY"], query: dict[str, Any], after: int | None
) -> None:
    company = f"c{next(COMPANIES)}"
    rows = [row(company, order) for order in orders]
    for each in rows:
        emulated.client.put_item(TableName=TABLE, Item=each)
    low, high = query["between"] or (None, None)
    within = [each for each in rows if (low or "") <= each["order"]["S"] <= (high or "~")]
    if after is not None and within:
        started = within[after % len(within)]
        query["start"] = {name: started[name] for name in ("pk", "sk", "list", "order")}
    query["index"] = kind
    expected = list(walk(emulated, company, dict(query)))
    index: Index = {"name": kind, "keys": ["list", "order"], "projection": kind}
    stand_in = LongIndex(TABLE, index, rows)
    stand_in.attach(emulated.client)
    try:
        found = list(walk(emulated, company, dict(query)))
    finally:
        stand_in.detach(emulated.client)
    if query["limit"] and expected[-1].count == query["limit"]:
        assert found.pop() == Page([], None, 0), "DynamoDB does not look whether anything comes after a full page"
        assert found[-1].last is not None
        found[-1] = Page(found[-1].rows, None, found[-1].count, found[-1].read)
    assert found == expected


def test_a_query_that_it_does_not_stand_for_is_refused() -> None:
    index: Index = {"name": "ALL", "keys": ["list", "order"], "projection": "ALL"}
    stand_in = LongIndex(TABLE, index, [row("c", "a")])
    plain = {"KeyConditionExpression": "#n0 = :v0", "ExpressionAttributeValues": {":v0": {"S": "c"}, ":v1": {"S": "a"}}}
    assert stand_in.page(plain)["Count"] == 1
    for query in ({"FilterExpression": "#n1 = :v1"}, {"KeyConditionExpression": "#n0 = :v0 AND begins_with(#n1, :v1)"}):
        with pytest.raises(ValueError):
            stand_in.page(plain | query)


def test_queries_of_other_indexes_go_to_the_emulator(emulated: Store) -> None:
    company = f"c{next(COMPANIES)}"
    emulated.client.put_item(TableName=TABLE, Item=row(company, "real"))
    stand_in = LongIndex(TABLE, {"name": "ALL", "keys": ["list", "order"], "projection": "ALL"}, [])
    stand_in.attach(emulated.client)
    try:
        counts = [next(walk(emulated, company, {"index": kind})).count for kind in PROJECTIONS]
    finally:
        stand_in.detach(emulated.client)
    assert counts == [0, 1]


def test_a_page_ends_at_a_megabyte_of_entries() -> None:
    index: Index = {"name": "ALL", "keys": ["list", "order"], "projection": "ALL"}
    rows = [row("c", f"{n:03}") | {"note": {"S": "x" * 400_000}} for n in range(4)]
    query = {"KeyConditionExpression": "#n0 = :v0", "ExpressionAttributeValues": {":v0": {"S": "c"}}}
    first = LongIndex(TABLE, index, rows).page(query)
    assert (first["Count"], first["LastEvaluatedKey"]["order"]) == (2, {"S": "001"})
    keys: Index = {"name": "KEYS", "keys": ["list", "order"], "projection": "KEYS_ONLY"}
    assert LongIndex(TABLE, keys, rows).page(query)["Count"] == 4
