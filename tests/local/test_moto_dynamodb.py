"""The local DynamoDB keeps the promises of the real one that moto's own breaks."""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from moto import mock_aws
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import Item

from infra.local.moto_dynamodb import LocalDynamoDB, install
from infra.local.request_tokens import IdempotentParameterMismatch, RequestTokens

REGION = "eu-west-1"
TABLE = "accounts"


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    install()
    with mock_aws():
        client = make_client("dynamodb")
        make_table(client)
        yield client


def make_client(service: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]  # the name is not a literal
        service, region_name=REGION, config=Config(max_pool_connections=40)
    )


def make_table(client: Any) -> None:
    client.create_table(
        TableName=TABLE,
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={
            "StreamEnabled": True,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    )


def key(name: str, sort: str = "1") -> dict[str, Any]:
    return {"pk": {"S": name}, "sk": {"S": sort}}


def add(name: str, amount: int, **more: Any) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": TABLE,
            "Key": key(name),
            "UpdateExpression": "ADD amount :amount",
            "ExpressionAttributeValues": {":amount": {"N": str(amount)}},
            **more,
        }
    }


def put(name: str, **more: Any) -> dict[str, Any]:
    return {"Put": {"TableName": TABLE, "Item": {**key(name), "text": {"S": "new"}}, **more}}


REFUSED = {"ConditionExpression": "attribute_exists(pk)"}


def item(client: Any, name: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = client.get_item(TableName=TABLE, Key=key(name), ConsistentRead=True).get("Item")
    return found


def stream(client: Any) -> list[dict[str, Any]]:
    """Read the table's whole stream."""
    streams = make_client("dynamodbstreams")
    arn = client.describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    records: list[dict[str, Any]] = []
    while page := streams.get_records(ShardIterator=iterator, Limit=7):
        if not page["Records"]:
            break
        records, iterator = records + page["Records"], page["NextShardIterator"]
    return records


@pytest.mark.long
def test_concurrent_transactions_on_the_same_items_lose_nothing(dynamodb: Any) -> None:
    names = ["a", "b", "c", "d"]

    def transfer(number: int) -> None:
        first, second = names[number % 4], names[(number + 1) % 4]
        dynamodb.transact_write_items(TransactItems=[add(first, 1), add(second, -1)])
        dynamodb.query(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": first}},
        )
        dynamodb.put_item(TableName=TABLE, Item=key(f"other-{number}"))

    with ThreadPoolExecutor(32) as threads:
        list(threads.map(transfer, range(320)))

    assert [item(dynamodb, name) for name in names] == [{**key(name), "amount": {"N": "0"}} for name in names]
    assert dynamodb.scan(TableName=TABLE)["Count"] == 324
    changes = [r for r in stream(dynamodb) if "amount" in r["dynamodb"]["NewImage"]]
    assert len(changes) == 640


def test_concurrent_guarded_transactions_let_one_win(dynamodb: Any) -> None:
    def claim(number: int) -> bool:
        guard = {"ConditionExpression": "attribute_not_exists(pk)"}
        try:
            dynamodb.transact_write_items(TransactItems=[put("seat", **guard), add("taken", 1)])
        except dynamodb.exceptions.TransactionCanceledException:
            return False
        return True

    with ThreadPoolExecutor(32) as threads:
        assert sum(threads.map(claim, range(64))) == 1
    assert item(dynamodb, "taken") == {**key("taken"), "amount": {"N": "1"}}


def test_a_refused_transaction_changes_no_item_and_leaves_no_record(
    dynamodb: Any,
) -> None:
    dynamodb.put_item(TableName=TABLE, Item={**key("a"), "amount": {"N": "5"}})
    before = stream(dynamodb)
    with pytest.raises(ClientError) as refusal:
        dynamodb.transact_write_items(TransactItems=[add("a", 1), put("b"), add("c", 1, **REFUSED)])
    codes = [reason["Code"] for reason in refusal.value.response["CancellationReasons"]]
    assert codes == ["None", "None", "ConditionalCheckFailed"]
    assert item(dynamodb, "a") == {**key("a"), "amount": {"N": "5"}}
    assert item(dynamodb, "b") is None
    assert stream(dynamodb) == before


def test_a_transaction_that_breaks_off_half_way_is_undone(dynamodb: Any) -> None:
    dynamodb.put_item(TableName=TABLE, Item={**key("text"), "amount": {"S": "no number"}})
    dynamodb.put_item(TableName=TABLE, Item={**key("gone"), "amount": {"N": "1"}})
    before, rows = stream(dynamodb), dynamodb.scan(TableName=TABLE)["Items"]
    delete = {"Delete": {"TableName": TABLE, "Key": key("gone")}}
    with pytest.raises(ClientError, match="ValidationException"):
        dynamodb.transact_write_items(TransactItems=[add("fresh", 1), put("b"), delete, add("text", 1)])
    assert dynamodb.scan(TableName=TABLE)["Items"] == rows
    assert stream(dynamodb) == before


def test_a_condition_check_can_return_the_item_it_failed_on(dynamodb: Any) -> None:
    dynamodb.put_item(TableName=TABLE, Item={**key("a"), "amount": {"N": "5"}})
    check = {
        "ConditionCheck": {
            "TableName": TABLE,
            "Key": key("a"),
            "ConditionExpression": "amount > :limit",
            "ExpressionAttributeValues": {":limit": {"N": "9"}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }
    with pytest.raises(ClientError) as refusal:
        dynamodb.transact_write_items(TransactItems=[put("b"), check])
    reason = refusal.value.response["CancellationReasons"][1]
    assert reason["Item"] == {**key("a"), "amount": {"N": "5"}}


def test_a_transaction_refuses_two_operations_on_one_item(dynamodb: Any) -> None:
    with pytest.raises(ClientError, match="multiple operations on one item"):
        dynamodb.transact_write_items(TransactItems=[add("a", 1), put("a")])


@pytest.mark.parametrize("rows", [10, 1000])
def test_the_cost_of_a_transaction_does_not_grow_with_the_table(
    dynamodb: Any, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = dynamodb_backends["123456789012"][REGION]
    for number in range(rows):
        backend.put_item(TABLE, key(f"row-{number}"))
    copies: list[Item] = []
    original = Item.__deepcopy__

    def counted(self: Item, memo: dict[int, Any]) -> Item:
        copies.append(self)
        return original(self, memo)

    monkeypatch.setattr(Item, "__deepcopy__", counted)
    dynamodb.transact_write_items(TransactItems=[add("row-1", 1), add("row-2", 1), put("row-3")])
    assert 0 < len(copies) <= 9
    copies.clear()
    with pytest.raises(ClientError):
        dynamodb.transact_write_items(TransactItems=[add("row-1", 1), add("new", 1, **REFUSED)])
    assert len(copies) <= 6


def test_a_query_returns_its_partition_in_order(dynamodb: Any) -> None:
    for name in ("a", "b"):
        for sort in ("3", "1", "2"):
            dynamodb.put_item(TableName=TABLE, Item=key(name, sort))
    page = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk AND sk > :after",
        ExpressionAttributeValues={":pk": {"S": "b"}, ":after": {"S": "1"}},
        Limit=1,
    )
    assert page["Items"] == [key("b", "2")]
    assert page["LastEvaluatedKey"] == key("b", "2")


def test_the_same_token_with_the_same_request_has_one_effect(dynamodb: Any) -> None:
    request = {"TransactItems": [add("a", 1)], "ClientRequestToken": "token-1"}
    for _ in range(3):
        dynamodb.transact_write_items(**request)
    assert item(dynamodb, "a") == {**key("a"), "amount": {"N": "1"}}
    assert len(stream(dynamodb)) == 1


def test_the_same_token_with_another_request_is_refused(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[add("a", 1)], ClientRequestToken="token-1")
    with pytest.raises(ClientError, match="IdempotentParameterMismatchException"):
        dynamodb.transact_write_items(TransactItems=[add("a", 2)], ClientRequestToken="token-1")


def test_the_token_of_a_failed_transaction_can_be_tried_again(dynamodb: Any) -> None:
    request = {"TransactItems": [put("a", **REFUSED)], "ClientRequestToken": "token-1"}
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        dynamodb.transact_write_items(**request)
    dynamodb.put_item(TableName=TABLE, Item=key("a"))
    dynamodb.transact_write_items(**request)
    assert item(dynamodb, "a") == {**key("a"), "text": {"S": "new"}}


def test_a_token_is_forgotten_after_ten_minutes() -> None:
    time = [0.0]
    tokens = RequestTokens(now=lambda: time[0])
    tokens.remember("token-1", [put("a")])
    time[0] = 599.0
    assert tokens.already_committed("token-1", [put("a")])
    with pytest.raises(IdempotentParameterMismatch):
        tokens.already_committed("token-1", [put("b")])
    time[0] = 601.0
    assert not tokens.already_committed("token-1", [put("b")])


def test_each_change_leaves_one_record_with_both_images(dynamodb: Any) -> None:
    update = add("a", 1)["Update"]
    dynamodb.update_item(**update)
    dynamodb.update_item(**update)
    dynamodb.put_item(TableName=TABLE, Item={**key("a"), "data": {"B": b"\x00\xff"}})
    dynamodb.put_item(TableName=TABLE, Item={**key("a"), "data": {"B": b"\x00\xff"}})
    dynamodb.delete_item(TableName=TABLE, Key=key("a"))
    dynamodb.delete_item(TableName=TABLE, Key=key("a"))
    images = [(r["eventName"], r["dynamodb"].get("OldImage"), r["dynamodb"].get("NewImage")) for r in stream(dynamodb)]
    one, two = ({**key("a"), "amount": {"N": n}} for n in ("1", "2"))
    data = {**key("a"), "data": {"B": b"\x00\xff"}}
    assert images == [
        ("INSERT", None, one),
        ("MODIFY", one, two),
        ("MODIFY", two, data),
        ("REMOVE", data, None),
    ]


def test_records_are_in_order_and_carry_their_region(dynamodb: Any) -> None:
    for number in range(20):
        dynamodb.put_item(TableName=TABLE, Item=key(f"row-{number}"))
    records = stream(dynamodb)
    sequences = [int(r["dynamodb"]["SequenceNumber"]) for r in records]
    assert sequences == sorted(set(sequences))
    assert {r["awsRegion"] for r in records} == {REGION}


def test_an_update_that_fails_half_way_changes_nothing(dynamodb: Any) -> None:
    dynamodb.put_item(TableName=TABLE, Item={**key("a"), "amount": {"S": "no number"}})
    before = stream(dynamodb)
    with pytest.raises(ClientError, match="ValidationException"):
        dynamodb.update_item(
            TableName=TABLE,
            Key=key("a"),
            UpdateExpression="SET other = :one ADD amount :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
    assert item(dynamodb, "a") == {**key("a"), "amount": {"S": "no number"}}
    assert stream(dynamodb) == before


def test_a_long_stream_forgets_its_oldest_records(dynamodb: Any) -> None:
    shard: Any = dynamodb_backends["123456789012"][REGION].tables[TABLE].stream_shard
    shard.records_kept = 10
    arn = dynamodb.describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
    streams = make_client("dynamodbstreams")
    first = streams.get_shard_iterator(StreamArn=arn, ShardId=shard.id, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    for number in range(55):
        dynamodb.put_item(TableName=TABLE, Item=key(f"row-{number}"))
    kept = [r["dynamodb"]["Keys"]["pk"]["S"] for r in stream(dynamodb)]
    assert 10 <= len(kept) < 20
    assert kept[-1] == "row-54"
    with pytest.raises(ClientError, match="TrimmedDataAccessException"):
        streams.get_records(ShardIterator=first)


def test_polling_a_stream_leaves_nothing_behind(dynamodb: Any) -> None:
    from moto.dynamodbstreams.models import dynamodbstreams_backends

    stream(dynamodb)
    stream(dynamodb)
    assert dynamodbstreams_backends["123456789012"][REGION].shard_iterators == {}


def test_a_hundred_items_can_be_read_in_one_transaction(dynamodb: Any) -> None:
    reads = [{"Get": {"TableName": TABLE, "Key": key(str(n))}} for n in range(100)]
    assert len(dynamodb.transact_get_items(TransactItems=reads)["Responses"]) == 100


def test_install_can_be_repeated(dynamodb: Any) -> None:
    handlers: list[Callable[..., Any]] = [LocalDynamoDB.transact_write_items]
    install()
    assert isinstance(dynamodb_backends["123456789012"][REGION], LocalDynamoDB)
    assert issubclass(LocalDynamoDB, DynamoDBBackend)
    assert handlers == [LocalDynamoDB.transact_write_items]


def test_a_table_can_still_be_copied_for_a_backup(dynamodb: Any) -> None:
    dynamodb.put_item(TableName=TABLE, Item=key("a"))
    table = dynamodb_backends["123456789012"][REGION].tables[TABLE]
    assert len(copy.deepcopy(table)) == 1


@pytest.mark.parametrize(
    ("amount", "expression", "total"),
    [
        ("1E+2", "ADD amount :amount", "200"),
        ("1.50", "ADD amount :amount", "3"),
        ("1E-7", "ADD amount :amount", "0.0000002"),
        (
            "0.12345678901234567890123456789012345678",
            "SET amount = amount - :amount",
            "0",
        ),
        (
            "0.12345678901234567890123456789012345678",
            "SET amount = amount + :amount",
            "0.24691357802469135780246913578024691356",
        ),
    ],
)
def test_sums_are_exact_to_38_digits(dynamodb: Any, amount: str, expression: str, total: str) -> None:
    dynamodb.put_item(TableName=TABLE, Item={**key("a"), "amount": {"N": amount}})
    dynamodb.update_item(
        TableName=TABLE,
        Key=key("a"),
        UpdateExpression=expression,
        ExpressionAttributeValues={":amount": {"N": amount}},
    )
    assert item(dynamodb, "a") == {**key("a"), "amount": {"N": total}}


def test_a_list_leaves_nothing_behind(dynamodb: Any) -> None:
    for number in range(50):
        dynamodb.put_item(TableName=TABLE, Item={**key("a", f"{number:03}"), "text": {"S": "x"}})

    def kept() -> int:
        gc.collect()
        return sum(isinstance(each, Item) for each in gc.get_objects())

    before = kept()
    for _ in range(5):
        found = dynamodb.query(
            TableName=TABLE, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "a"}}
        )
        assert found["Count"] == 50
    assert kept() == before


def test_an_empty_transaction_and_an_empty_batch_are_refused(dynamodb: Any) -> None:
    with pytest.raises(ParamValidationError):
        dynamodb.transact_write_items(TransactItems=[])
    with pytest.raises(ParamValidationError):
        dynamodb.batch_get_item(RequestItems={TABLE: {"Keys": []}})


def test_a_batch_reads_a_hundred_keys_and_none_of_them_twice(dynamodb: Any) -> None:
    keys = [key("a", str(n)) for n in range(101)]
    assert dynamodb.batch_get_item(RequestItems={TABLE: {"Keys": keys[:100]}})["Responses"] == {TABLE: []}
    for refused in (keys, [keys[0], keys[0]]):
        with pytest.raises(ClientError, match="ValidationException"):
            dynamodb.batch_get_item(RequestItems={TABLE: {"Keys": refused}})


@pytest.mark.parametrize(("part", "most"), [("hash", 2048), ("range", 1024)])
def test_a_key_that_is_too_long_for_an_index_refuses_the_item(dynamodb: Any, part: str, most: int) -> None:
    names = {"hash": "listed", "range": "ordered"}
    dynamodb.create_table(
        TableName="listed",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", *names.values())],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "list",
                "KeySchema": [
                    {"AttributeName": "listed", "KeyType": "HASH"},
                    {"AttributeName": "ordered", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )

    def put(length: int) -> None:
        item = {"pk": {"S": "x"}, "listed": {"S": "l"}, "ordered": {"S": "o"}, names[part]: {"S": "x" * length}}
        dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "listed", "Item": item}}])

    put(most)
    for length in (0, most + 1):
        with pytest.raises(ClientError):
            put(length)
