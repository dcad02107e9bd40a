"""The pump delivers stream records as Lambda's event source mappings do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from chalice.app import Chalice, DynamoDBEvent
from moto import mock_aws

from infra.local.moto_dynamodb import install
from infra.local.pump import Retries, StreamPump

REGION = "eu-west-1"
QUICK = Retries(attempts=2, backoff_seconds=0.001)


@dataclass
class Tables:
    """Two tables with streams."""

    dynamodb: Any
    streams: Any

    def put(self, name: str, table: str = "first") -> None:
        self.dynamodb.put_item(TableName=table, Item={"pk": {"S": name}, "data": {"B": b"\xff"}})

    def pump(self, *subscriptions: tuple[str, Callable[..., Any]], size: int = 100) -> StreamPump:
        return StreamPump(self.dynamodb, self.streams, subscriptions, 0.01, size, QUICK)


@pytest.fixture
def tables() -> Iterator[Tables]:
    install()
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name=REGION)
        for name in ("first", "second"):
            make_table(dynamodb, name)
        yield Tables(dynamodb, boto3.client("dynamodbstreams", region_name=REGION))


def make_table(dynamodb: Any, name: str) -> None:
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={
            "StreamEnabled": True,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    )


@dataclass
class Recorder:
    """A stream function that remembers its calls and fails as it is told."""

    answer: Callable[[list[str], dict[str, Any]], Any] = lambda names, event: None
    calls: list[list[str]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        names = [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]
        self.calls.append(names)
        self.events.append(event)
        return self.answer(names, event)


def failure_at(event: dict[str, Any], position: int) -> dict[str, Any]:
    sequence = event["Records"][position]["dynamodb"]["SequenceNumber"]
    return {"batchItemFailures": [{"itemIdentifier": sequence}]}


def test_records_from_before_and_after_the_start_arrive_in_order(
    tables: Tables,
) -> None:
    seen = Recorder()
    for number in range(5):
        tables.put(str(number))
    with tables.pump(("first", seen), size=2) as pump:
        pump.drain()
        tables.put("5")
        pump.drain()
    assert [name for call in seen.calls for name in call] == [
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
    ]
    assert all(len(call) <= 2 for call in seen.calls)


def test_an_event_is_as_lambda_delivers_it(tables: Tables) -> None:
    seen = Recorder()
    tables.put("a")
    tables.dynamodb.delete_item(TableName="first", Key={"pk": {"S": "a"}})
    with tables.pump(("first", seen)) as pump:
        pump.drain()
    inserted, removed = seen.events[0]["Records"]
    image = {"pk": {"S": "a"}, "data": {"B": "/w=="}}
    assert (inserted["eventName"], inserted["dynamodb"]["NewImage"]) == (
        "INSERT",
        image,
    )
    assert (removed["eventName"], removed["dynamodb"]["OldImage"]) == ("REMOVE", image)
    assert isinstance(inserted["dynamodb"]["ApproximateCreationDateTime"], int)
    assert inserted["awsRegion"] == REGION
    assert ":table/first/stream/" in inserted["eventSourceARN"]


def test_a_chalice_function_is_called_with_an_event_and_a_context(
    tables: Tables,
) -> None:
    app = Chalice("sample", configure_logs=False, env={})
    seen: list[tuple[str, bool]] = []

    @app.on_dynamodb_record(stream_arn="arn")
    def changed(event: DynamoDBEvent) -> None:
        context: Any = event.context  # Chalice types it as a dictionary
        for record in event:
            in_time = context.get_remaining_time_in_millis() > 0
            seen.append((record.table_name, in_time))

    tables.put("a")
    with tables.pump(("first", changed)) as pump:
        pump.drain()
    assert seen == [("first", True)]


def test_a_reported_record_is_tried_again_with_those_after_it(tables: Tables) -> None:
    def fail_once(names: list[str], event: dict[str, Any]) -> Any:
        return failure_at(event, 1) if len(names) == 3 else {"batchItemFailures": []}

    seen = Recorder(fail_once)
    for name in "abc":
        tables.put(name)
    with tables.pump(("first", seen)) as pump:
        pump.drain()
    assert seen.calls == [["a", "b", "c"], ["b", "c"]]


def test_a_record_that_always_fails_is_given_up_and_the_rest_goes_on(
    tables: Tables,
) -> None:
    def refuse_b(names: list[str], event: dict[str, Any]) -> Any:
        return failure_at(event, names.index("b")) if "b" in names else None

    seen = Recorder(refuse_b)
    for name in "abc":
        tables.put(name)
    with tables.pump(("first", seen)) as pump:
        pump.drain()
    assert seen.calls == [["a", "b", "c"], ["b", "c"], ["b", "c"], ["c"]]


def test_an_exception_retries_the_whole_batch(tables: Tables) -> None:
    def crash_once(names: list[str], event: dict[str, Any]) -> Any:
        if len(seen.calls) == 1:
            raise RuntimeError("once")

    seen = Recorder(crash_once)
    tables.put("a")
    tables.put("b")
    with tables.pump(("first", seen)) as pump:
        pump.drain()
    assert seen.calls == [["a", "b"], ["a", "b"]]


def test_a_batch_that_always_crashes_is_bisected(tables: Tables) -> None:
    done: list[str] = []

    def crash_on_b(names: list[str], event: dict[str, Any]) -> Any:
        if "b" in names:
            raise RuntimeError("b")
        done.extend(names)

    seen = Recorder(crash_on_b)
    for name in "abcd":
        tables.put(name)
    with tables.pump(("first", seen)) as pump:
        pump.drain()
    assert done == ["a", "c", "d"]
    assert seen.calls.count(["b"]) == 3


def test_a_report_of_an_unknown_record_fails_the_batch(tables: Tables) -> None:
    def unknown(names: list[str], event: dict[str, Any]) -> Any:
        return {"batchItemFailures": [{"itemIdentifier": ""}]} if len(seen.calls) == 1 else None

    seen = Recorder(unknown)
    tables.put("a")
    with tables.pump(("first", seen)) as pump:
        pump.drain()
    assert seen.calls == [["a"], ["a"]]


def test_draining_waits_for_what_the_functions_cause(tables: Tables) -> None:
    seen = Recorder()

    def copy(event: dict[str, Any], context: Any) -> None:
        for record in event["Records"]:
            tables.put(record["dynamodb"]["Keys"]["pk"]["S"], "second")

    with tables.pump(("second", seen), ("first", copy)) as pump:
        for number in range(10):
            tables.put(str(number))
            pump.drain()
            assert seen.calls[-1] == [str(number)]


def test_a_failing_function_does_not_hold_up_another(tables: Tables) -> None:
    hold, reached = threading.Event(), threading.Event()

    def waiting(event: dict[str, Any], context: Any) -> None:
        hold.wait(10)

    def quick(event: dict[str, Any], context: Any) -> None:
        reached.set()

    tables.put("a")
    with tables.pump(("first", waiting), ("first", quick)) as pump:
        assert reached.wait(10)
        with pytest.raises(TimeoutError):
            pump.drain(0.05)
        hold.set()
        pump.drain()


def test_a_table_made_later_is_found(tables: Tables) -> None:
    seen = Recorder()
    with tables.pump(("third", seen)) as pump:
        with pytest.raises(TimeoutError):
            pump.drain(0.1)
        make_table(tables.dynamodb, "third")
        tables.put("a", "third")
        pump.drain()
    assert seen.calls == [["a"]]


def test_a_refused_transaction_reaches_no_function(tables: Tables) -> None:
    seen = Recorder()
    item = {"pk": {"S": "a"}}
    put = {"Put": {"TableName": "first", "Item": item}}
    check = {
        "ConditionCheck": {
            "TableName": "second",
            "Key": item,
            "ConditionExpression": "attribute_exists(pk)",
        }
    }
    with tables.pump(("first", seen)) as pump:
        with pytest.raises(tables.dynamodb.exceptions.TransactionCanceledException):
            tables.dynamodb.transact_write_items(TransactItems=[put, check])
        tables.put("b")
        pump.drain()
    assert seen.calls == [["b"]]


def test_stopping_ends_retries(tables: Tables) -> None:
    reached = threading.Event()

    def crash(event: dict[str, Any], context: Any) -> None:
        reached.set()
        raise RuntimeError("always")

    tables.put("a")
    slow = Retries(attempts=100, backoff_seconds=2.0)
    pump = StreamPump(tables.dynamodb, tables.streams, [("first", crash)], retries=slow)
    with pump:
        assert reached.wait(10)
