"""The failure queue is taken up again: each batch is named, read from its stream and given to its function."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from infra import redrive
from infra.redrive import Batch, again, records, whose
from infra.template.functions import queue_name
from tests.infra.test_company_rows import worked
from tests.stage import Stage, running

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:wbsync-LabourRollup-1A2B"


class Functions:
    """Lambda, as far as it is needed here: it keeps what it was given, and answers as it is told."""

    def __init__(self, answer: dict[str, Any] | None = None, error: str | None = None) -> None:
        self.answer, self.error, self.events = answer, error, list[dict[str, Any]]()

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        assert FunctionName == ARN
        self.events.append(json.loads(Payload))
        said = {"errorMessage": self.error} if self.error else self.answer
        answer: dict[str, Any] = {"Payload": io.BytesIO(json.dumps(said).encode())}
        return answer | ({"FunctionError": "Unhandled"} if self.error else {})


@pytest.fixture
def stage() -> Iterator[Stage]:
    with running() as stage:
        boto3.client("sqs").create_queue(QueueName=queue_name("test"))
        yield stage


def stream_batch(table: str = "labour") -> Batch:
    """A batch of everything that a table's stream holds."""
    arn = boto3.client("dynamodb").describe_table(TableName=f"wbsync-test-{table}")["Table"]["LatestStreamArn"]
    streams = boto3.client("dynamodbstreams")
    [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
    numbers = [
        each["dynamodb"]["SequenceNumber"]
        for each in streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    ]
    at = datetime.now(UTC).isoformat()
    return Batch(ARN, arn, shard["ShardId"], numbers[0], numbers[-1], at, "receipt")


def send(one: Batch) -> None:
    """The message that Lambda sends of a batch."""
    info = {
        "shardId": one.shard,
        "startSequenceNumber": one.first,
        "endSequenceNumber": one.last,
        "approximateArrivalOfFirstRecord": one.arrived,
        "approximateArrivalOfLastRecord": one.arrived,
        "batchSize": 1,
        "streamArn": one.stream,
    }
    body = {"requestContext": {"functionArn": one.function}, "DDBStreamBatchInfo": info}
    queue = boto3.client("sqs")
    url = queue.get_queue_url(QueueName=queue_name("test"))["QueueUrl"]
    queue.send_message(QueueUrl=url, MessageBody=json.dumps(body))


def test_a_failed_batch_names_its_projects_and_is_given_to_its_function_as_it_was(stage: Stage) -> None:
    """The deployed function takes the very event, and the figures are right afterwards."""
    import app

    made = worked(stage, "redrive")
    one = stream_batch()
    found = records(boto3.client("dynamodbstreams"), one)
    assert found and found[0]["dynamodb"]["SequenceNumber"] == one.first
    assert found[-1]["dynamodb"]["SequenceNumber"] == one.last
    assert whose(found) == [f"company {made['company']['id']} project {made['project']}"]
    functions = Functions({"batchItemFailures": []})
    assert again(functions, one, found) is None
    from infra.local.lambda_context import LambdaContext

    [event] = functions.events
    assert event["Records"][0]["eventSourceARN"] == one.stream
    assert app.labour_rollup(event, LambdaContext("labour_rollup", 30)) == {"batchItemFailures": []}


@pytest.mark.parametrize(
    ("functions", "said"),
    [
        (Functions({"batchItemFailures": [{"itemIdentifier": "1"}]}), "1 records failed again"),
        (Functions(error="no memory"), "no memory"),
    ],
)
def test_what_fails_again_is_said(stage: Stage, functions: Functions, said: str) -> None:
    worked(stage, "again")
    one = stream_batch()
    assert again(functions, one, records(boto3.client("dynamodbstreams"), one) or []) == said


def test_records_that_no_stream_holds_ask_for_a_rebuild_and_stay_until_they_are_dropped(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = stream_batch("projects").stream if worked(stage, "lost") else ""
    send(Batch(ARN, arn.replace("projects", "gone"), "shard" * 6, "1" * 21, "2" * 21, "2026-05-01T00:00:00Z", ""))
    assert redrive.main(["--stage", "test", "--list"]) == 1
    out = capsys.readouterr().out
    assert "wbsync-LabourRollup-1A2B, 2026-05-01" in out and "infra.rebuild --stage test --all" in out
    assert "1 messages stay" in out
    assert redrive.main(["--stage", "test", "--drop-lost"]) == 0
    assert "dropped" in capsys.readouterr().out


def test_an_empty_queue_is_no_work_and_a_missing_one_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with running():
        assert redrive.main(["--stage", "test"]) == 2
        assert "redrive failed" in capsys.readouterr().err
        boto3.client("sqs").create_queue(QueueName=queue_name("test"))
        assert redrive.main(["--stage", "test"]) == 0
        assert capsys.readouterr().out == "0 messages stay in the queue\n"
