"""The storage of the simulator answers as moto and MiniStack do, whatever it is asked."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.clock.rows import TABLE
from chalicelib.storage.store import store
from infra import provision
from infra.rehearsal import ministack
from infra.simulator.memory import Memory
from tests.examples import slow
from tests.stage import Stage

HASHES, SORTS = ["a", "b"], ["1", "2", "3"]
SEEN = {"Attributes", "Count", "Item", "Items", "LastEvaluatedKey", "Responses", "ScannedCount"}
NAMES = {"#n": "n", "#s": "s", "#m": "m", "#l": "l", "#set": "set", "#k": "k"}
numbers = st.integers(-5, 5).map(lambda n: {"N": str(n)})
from_low = st.integers(-2, 5).map(lambda n: {"N": str(n)})  # no less than :low
texts = st.sampled_from(["", "x", "xy", "z"]).map(lambda text: {"S": text})
keys = st.tuples(st.sampled_from(HASHES), st.sampled_from(SORTS)).map(
    lambda key: {"pk": {"S": key[0]}, "sk": {"S": key[1]}}
)
conditions = st.sampled_from(
    [
        None,
        "attribute_exists (pk)",
        "attribute_not_exists (pk)",
        "#n = :n",
        "#n <> :n AND attribute_exists (#s)",
        "#n BETWEEN :low AND :n",
        "NOT (#n < :n OR begins_with (#s, :x))",
        "#n IN (:n, :low) AND NOT contains (#l, :x)",
        "attribute_exists (#s) AND size (#s) >= :one",
        "#m.#k = :n OR attribute_not_exists (#m.#k)",
        "contains (#set, :x)",
        "#l[0] = :x",
        "attribute_type (#n, :type)",
    ]
)
updates = st.sampled_from(
    [
        "SET #n = :n",
        "SET #n = #n + :n",
        "SET #n = if_not_exists(#n, :low) + :one, #s = :s",
        "SET #m = :m",
        "SET #m.#k = :n",
        "SET #l = list_append(if_not_exists(#l, :empty), :list)",
        "REMOVE #s, #n",
        "REMOVE #m.#k",
        "ADD #n :n",
        "SET #s = :s ADD #n :one REMOVE #l",
        "ADD #set :set",
        "DELETE #set :set",
    ]
)
kinds = st.sampled_from(["put", "update", "Put", "Update", "Delete", "ConditionCheck"])
NEEDS_WHAT_IT_CHANGES = ("SET #n = #n + :n", "SET #m.#k = :n", "REMOVE #m.#k")


def steps_with(updates: st.SearchStrategy[str], numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Calls, and items of transactions."""
    return st.lists(st.tuples(kinds, keys, conditions, updates, numbers, texts, st.booleans()), min_size=1, max_size=12)


def values(text: str, number: Any, word: Any) -> dict[str, Any]:
    """The values that an expression names, and no others: AWS refuses what is not used."""
    every = {
        ":n": number,
        ":s": word,
        ":low": {"N": "-2"},
        ":one": {"N": "1"},
        ":x": {"S": "x"},
        ":m": {"M": {"k": number}},
        ":empty": {"L": []},
        ":list": {"L": [word]},
        ":type": {"S": "N"},
        ":set": {"SS": ["x", "y"]},
    }
    return {name: value for name, value in every.items() if name in _words(text)}


def _words(text: str) -> set[str]:
    for sign in "(),.[]=<>+":
        text = text.replace(sign, " ")
    return set(text.split())


def asked(table: str, step: Any) -> tuple[str, dict[str, Any]]:
    """A call, or an item of a transaction."""
    kind, key, condition, update, number, word, old = step
    request: dict[str, Any] = {"TableName": table}
    text = condition or ""
    if kind in ("put", "Put"):
        request["Item"] = {
            **key,
            "n": number,
            "s": word,
            "list_company": {"S": "c"},
            "list_order": {"S": word["S"] + "#"},
        }
    else:
        request["Key"] = key
    if kind in ("update", "Update"):
        request["UpdateExpression"] = update
        text += " " + update
    if kind == "ConditionCheck" and condition is None:
        condition = text = "attribute_not_exists (pk)"
    if condition is not None:
        request["ConditionExpression"] = condition
    names = {alias: name for alias, name in NAMES.items() if alias in _words(text)}
    request |= {"ExpressionAttributeNames": names} if names else {}
    request |= {"ExpressionAttributeValues": found} if (found := values(text, number, word)) else {}
    if kind == "update":
        request["ReturnValues"] = "ALL_NEW"
    if kind in ("put", "update") and old and condition:
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return {"put": "put_item", "update": "update_item"}.get(kind, kind), request


def outcome(client: Any, operation: str, request: dict[str, Any]) -> Any:
    """What comes of a call, as far as the product looks at it."""
    try:
        answer = getattr(client, operation)(**request)
    except ClientError as error:
        reasons = [reason["Code"] for reason in error.response.get("CancellationReasons", [])]
        return error.response["Error"]["Code"], reasons, error.response.get("Item")
    return plain({name: value for name, value in answer.items() if name in SEEN})


def plain(value: Any) -> Any:
    """Sets in some order, whichever it was."""
    if isinstance(value, dict):
        return {name: sorted(each) if name == "SS" else plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def queries(table: str) -> list[dict[str, Any]]:
    """Queries of both kinds, forwards and backwards, in pages."""
    base = {"TableName": table, "ExpressionAttributeValues": {":v0": {"S": "a"}}}
    listed = {
        "TableName": table,
        "ExpressionAttributeValues": {":v0": {"S": "c"}},
        "ExpressionAttributeNames": {"#h": "list_company"},
    }
    found = []
    for forward in (True, False):
        for limit in (None, 1, 2):
            more = {"ScanIndexForward": forward} | ({"Limit": limit} if limit else {})
            found.append({**base, "KeyConditionExpression": "pk = :v0", "ConsistentRead": True, **more})
            found.append({**listed, "KeyConditionExpression": "#h = :v0", "IndexName": "company", **more})
    found.append({**listed, "KeyConditionExpression": "#h = :v0", "IndexName": "company_keys"})
    found.append({**base, "KeyConditionExpression": "pk = :v0", "Select": "COUNT"})
    bounded = {**base["ExpressionAttributeValues"], ":low": {"S": "2"}, ":n": {"N": "0"}}
    found.append(
        {
            "TableName": table,
            "KeyConditionExpression": "pk = :v0 AND sk >= :low",
            "FilterExpression": "n > :n",
            "ProjectionExpression": "sk, n",
            "ExpressionAttributeValues": bounded,
        }
    )
    return found


def walked(client: Any, query: dict[str, Any]) -> Any:
    """The rows and counts of all pages of a query. AWS may end with an empty one, moto does not."""
    rows: list[Any] = []
    counts, start = [0, 0], dict[str, Any]()
    while True:
        answer = outcome(client, "query", query | start)
        if not isinstance(answer, dict):
            return answer
        rows += answer.get("Items", [])
        counts = [counts[0] + answer["Count"], counts[1] + answer["ScannedCount"]]
        if "LastEvaluatedKey" not in answer:
            return rows, counts
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


@pytest.fixture(scope="module")
def table(stage: Stage) -> str:
    return store().name(TABLE.name)


@pytest.fixture(scope="module")
def elsewhere(table: str) -> Iterator[Any]:
    """A client of MiniStack, which has the same table."""
    with ministack.running(ministack.install()) as url:
        named = {"region_name": ministack.REGION, "aws_access_key_id": "test", "aws_secret_access_key": "test"}
        client = boto3.client("dynamodb", endpoint_url=url, **named)
        client.create_table(**provision.table_definition(TABLE, table))
        yield client


@slow(25)
@given(steps_with(updates, numbers), st.data())
def test_every_call_has_the_outcome_that_moto_gives(
    stage: Stage, table: str, drawn: list[Any], data: st.DataObject
) -> None:
    require_alike(store().client, table, drawn, data)


@pytest.mark.ministack
@slow(150)
@given(steps_with(updates.filter(lambda text: text not in NEEDS_WHAT_IT_CHANGES), from_low), st.data())
def test_every_call_has_the_outcome_that_ministack_gives(
    elsewhere: Any, table: str, drawn: list[Any], data: st.DataObject
) -> None:
    """Which of several reasons a refusal names is its own, so nothing is drawn that is wrong in itself."""
    require_alike(elsewhere, table, drawn, data)


def require_alike(other: Any, table: str, drawn: list[Any], data: st.DataObject) -> None:
    """Fails unless calls that change a table, and reads of it afterwards, have the same outcome in memory."""
    memory = Memory(store().prefix, lambda *_: None)
    for key in [{"pk": {"S": pk}, "sk": {"S": sk}} for pk in HASHES for sk in SORTS]:
        other.delete_item(TableName=table, Key=key)
    pending: list[dict[str, Any]] = []
    for step in drawn:
        kind, request = asked(table, step)
        if kind in ("put_item", "update_item"):
            assert outcome(other, kind, request) == outcome(memory, kind, request), (kind, request)
            continue
        pending.append({kind: request})
        if data.draw(st.booleans()):
            items = {"TransactItems": _each_once(pending)}
            pending = []
            assert outcome(other, "transact_write_items", items) == outcome(memory, "transact_write_items", items), (
                items
            )
    for query in queries(table):
        assert walked(other, query) == walked(memory, query), query
    wanted = {table: {"Keys": [{"pk": {"S": "a"}, "sk": {"S": sk}} for sk in SORTS], "ConsistentRead": True}}
    one, mine = (outcome(client, "batch_get_item", {"RequestItems": wanted}) for client in (other, memory))
    assert sorted(one["Responses"][table], key=str) == sorted(mine["Responses"][table], key=str)


def _each_once(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last of the items for each key."""
    by_key = {}
    for each in items:
        [request] = each.values()
        key = request.get("Key") or request["Item"]
        by_key[key["pk"]["S"], key["sk"]["S"]] = each
    return list(by_key.values())


def row(sk: str, **more: Any) -> dict[str, Any]:
    return {"pk": {"S": "a"}, "sk": {"S": sk}, "list_company": {"S": "c"}, "list_order": {"S": sk}, **more}


def listed(memory: Memory, table: str) -> list[str]:
    found = memory.query(
        TableName=table,
        IndexName="company",
        KeyConditionExpression="#h = :v0",
        ExpressionAttributeNames={"#h": "list_company"},
        ExpressionAttributeValues={":v0": {"S": "c"}},
    )
    return [item["sk"]["S"] for item in found["Items"]]


def test_a_list_that_lags_shows_what_was_there_and_the_table_what_is(table: str) -> None:
    now, lag = [0.0], [0.0]
    memory = Memory(store().prefix, lambda *_: None, lambda: now[0], lambda: lag[0])
    memory.put_item(TableName=table, Item=row("1"))
    now[0] = 10.0
    memory.put_item(TableName=table, Item=row("2"))
    memory.transact_write_items(
        TransactItems=[{"Delete": {"TableName": table, "Key": {"pk": {"S": "a"}, "sk": {"S": "1"}}}}]
    )
    assert listed(memory, table) == ["2"]
    lag[0] = 5.0
    assert listed(memory, table) == ["1"]
    assert memory.get_item(TableName=table, Key={"pk": {"S": "a"}, "sk": {"S": "2"}})["Item"] == row("2")
    lag[0] = 11.0
    assert listed(memory, table) == []


@pytest.mark.usefixtures("table")
def test_what_has_expired_goes_and_what_has_not_stays() -> None:
    memory = Memory(store().prefix, lambda *_: None)
    name = store().name("idempotency")
    for id, second in (("old", "10"), ("new", "30")):
        memory.put_item(TableName=name, Item={"id": {"S": id}, "expiration": {"N": second}})
    memory.expire(20.0)
    assert list(memory.tables[name].items) == [("new", "")]


def test_a_write_names_the_items_that_it_touches(table: str) -> None:
    memory = Memory(store().prefix, lambda *_: None)
    one, two = ({"pk": {"S": "a"}, "sk": {"S": sk}} for sk in "12")
    assert memory.touched("put_item", {"TableName": table, "Item": row("1")}) == {(table, ("a", "1"))}
    items = [{"Put": {"TableName": table, "Item": one}}, {"ConditionCheck": {"TableName": table, "Key": two}}]
    both = {(table, ("a", "1")), (table, ("a", "2"))}
    assert memory.touched("transact_write_items", {"TransactItems": items}) == both


def test_a_repeated_token_has_no_second_effect(table: str) -> None:
    memory = Memory(store().prefix, lambda *_: None)
    item = {"Update": {"TableName": table, "Key": {"pk": {"S": "a"}, "sk": {"S": "1"}}, "UpdateExpression": "ADD n :n"}}
    item["Update"]["ExpressionAttributeValues"] = {":n": {"N": "2"}}
    for _ in range(2):
        memory.transact_write_items(TransactItems=[item], ClientRequestToken="once")
    assert memory.get_item(TableName=table, Key={"pk": {"S": "a"}, "sk": {"S": "1"}})["Item"]["n"] == {"N": "2"}
