"""The stream events are those Lambda delivers."""

from __future__ import annotations

import json
from decimal import Decimal

from boto3.dynamodb.types import TypeDeserializer
from chalice.app import DynamoDBEvent

from infra.local.lambda_context import LambdaContext
from infra.local.stream_events import Image, lambda_image, stream_event, stream_record

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/labour/stream/2026-01-01T00:00:00.000"
KEYS = {"pk": {"S": "a"}}


def test_an_event_has_lambdas_shape() -> None:
    new = {**KEYS, "hours": {"N": "7.5"}}
    event = stream_event([stream_record("INSERT", KEYS, new, None, 100, created=1700000000.9)], ARN)
    record = event["Records"][0]
    assert record["eventID"]
    assert (record["eventName"], record["eventVersion"]) == ("INSERT", "1.1")
    assert (record["eventSource"], record["awsRegion"]) == ("aws:dynamodb", "eu-west-1")
    assert record["eventSourceARN"] == ARN
    change = record["dynamodb"]
    assert change["ApproximateCreationDateTime"] == 1700000000
    assert (change["Keys"], change["NewImage"]) == (KEYS, new)
    assert "OldImage" not in change
    assert (change["SequenceNumber"], change["StreamViewType"]) == (
        "100",
        "NEW_AND_OLD_IMAGES",
    )
    assert change["SizeBytes"] > 0
    assert json.loads(json.dumps(event)) == event


def test_chalice_reads_the_event() -> None:
    removed = stream_record("REMOVE", KEYS, None, KEYS, 1)
    inserted = stream_record("INSERT", KEYS, KEYS, None, 2)
    event = DynamoDBEvent(stream_event([removed, inserted], ARN), None)
    read = [(r.event_name, r.sequence_number, r.old_image, r.new_image) for r in event]
    assert read == [("REMOVE", "1", KEYS, None), ("INSERT", "2", None, KEYS)]
    assert next(iter(event)).table_name == "labour"


def test_binary_values_are_base64_at_every_depth() -> None:
    image: Image = {
        "a": {"L": [{"M": {"b": {"B": b"\x00"}}}]},
        "c": {"BS": [b"\xff"]},
        "d": {"N": "1.0"},
    }
    assert lambda_image(image) == {
        "a": {"L": [{"M": {"b": {"B": "AA=="}}}]},
        "c": {"BS": ["/w=="]},
        "d": {"N": "1.0"},
    }
    assert TypeDeserializer().deserialize(lambda_image(image)["d"]) == Decimal("1.0")


def test_the_remaining_time_of_a_context_runs_out() -> None:
    time = [100.0]
    context = LambdaContext("stream", 2, now=lambda: time[0])
    assert context.get_remaining_time_in_millis() == 2000
    time[0] = 103.0
    assert context.get_remaining_time_in_millis() == 0
