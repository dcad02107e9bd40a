"""Takes the failure queue up again: reads each failed batch from its stream and hands it to its function once more.

python -m infra.redrive --stage S              says whose records each message names, and does them again
python -m infra.redrive --stage S --list       says it only
python -m infra.redrive --stage S --drop-lost  removes messages whose records no stream holds any more: after a rebuild
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.rollups.touched import touched
from infra.local.stream_events import stream_event, stream_record
from infra.stages import add_stage, require_deployed
from infra.template.functions import queue_name

LOST = {"TrimmedDataAccessException", "ResourceNotFoundException"}  # a stream forgets after 24 hours
HIDDEN_SECONDS = 120  # for which a message that is worked on is nobody else's


@dataclass(frozen=True, slots=True)
class Batch:
    """A failed batch, as its message names it."""

    function: str
    stream: str
    shard: str
    first: str
    last: str
    arrived: str
    receipt: str

    @property
    def name(self) -> str:
        """The function's name, without account and region."""
        return self.function.partition(":function:")[2].partition(":")[0] or self.function


def batch(message: dict[str, Any]) -> Batch:
    """What Lambda says of a batch that it has given up.

    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    """
    body = json.loads(message["Body"])
    info = body["DDBStreamBatchInfo"]
    return Batch(
        body["requestContext"]["functionArn"],
        info["streamArn"],
        info["shardId"],
        info["startSequenceNumber"],
        info["endSequenceNumber"],
        info["approximateArrivalOfFirstRecord"],
        message["ReceiptHandle"],
    )


def records(streams: Any, wanted: Batch) -> list[dict[str, Any]] | None:
    """The records of a batch as Lambda delivers them; None when the stream does not hold them all any more."""
    found: list[dict[str, Any]] = []
    try:
        iterator = streams.get_shard_iterator(
            StreamArn=wanted.stream,
            ShardId=wanted.shard,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=wanted.first,
        )["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            for each in page["Records"]:
                if int(each["dynamodb"]["SequenceNumber"]) > int(wanted.last):
                    return found
                found.append(_delivered(each))
                if each["dynamodb"]["SequenceNumber"] == wanted.last:
                    return found
            iterator = page.get("NextShardIterator") if page["Records"] else None
    except ClientError as error:
        if error.response["Error"]["Code"] not in LOST:
            raise
    return None


def _delivered(record: dict[str, Any]) -> dict[str, Any]:
    change = record["dynamodb"]
    created = change["ApproximateCreationDateTime"].timestamp()
    images = (change["Keys"], change.get("NewImage"), change.get("OldImage"))
    return stream_record(record["eventName"], *images, change["SequenceNumber"], created=created)


def whose(found: list[dict[str, Any]]) -> list[str]:
    """The companies and projects that records belong to."""
    changes = [each["dynamodb"] for each in found]
    places = {f"company {place.company} project {place.project}" for place in touched(changes)}
    companies = {each["Keys"]["pk"]["S"].partition("#")[0] for each in changes}
    named = {each.split()[1] for each in places}
    return sorted(places | {f"company {each}" for each in companies - named})


def again(functions: Any, wanted: Batch, found: list[dict[str, Any]]) -> str | None:
    """Hand records to their function once more; what it said when it did not do them all."""
    event = json.dumps(stream_event(found, wanted.stream)).encode()
    answer = functions.invoke(FunctionName=wanted.function, Payload=event)
    said = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        return str((said or {}).get("errorMessage", "it failed"))
    left = (said or {}).get("batchItemFailures", [])
    return f"{len(left)} records failed again" if left else None


def _messages(queue: Any, url: str) -> Iterator[dict[str, Any]]:
    """Every message once: those that were seen are hidden for a while."""
    seen: set[str] = set()
    while True:
        answer = queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=HIDDEN_SECONDS)
        new = [each for each in answer.get("Messages", []) if each["MessageId"] not in seen]
        if not new:
            return
        seen |= {each["MessageId"] for each in new}
        yield from new


def redrive(stage: str, *, only_list: bool, drop_lost: bool) -> int:
    """Go through the queue; how many messages stay in it."""
    queue, streams, functions = boto3.client("sqs"), boto3.client("dynamodbstreams"), boto3.client("lambda")
    url = queue.get_queue_url(QueueName=queue_name(stage))["QueueUrl"]
    stay = 0
    for message in list(_messages(queue, url)):  # all first: what is put back would come again
        one = batch(message)
        found = records(streams, one)
        if found is None:
            outcome, done = f"no longer in the stream: run python -m infra.rebuild --stage {stage} --all", drop_lost
        elif only_list:
            outcome, done = "can be done again", False
        else:
            failed = again(functions, one, found)
            outcome, done = failed or "done", failed is None
        names = "; ".join(whose(found or [])) or "records"
        print(f"{one.name}, {one.arrived}, {names}: {outcome}{', dropped' if found is None and done else ''}")
        if done:
            queue.delete_message(QueueUrl=url, ReceiptHandle=one.receipt)
        elif only_list or found is None:
            queue.change_message_visibility(QueueUrl=url, ReceiptHandle=one.receipt, VisibilityTimeout=0)
        stay += not done
    return stay


def main(arguments: list[str] | None = None) -> int:
    """The command line: 0 when the queue is empty afterwards, 1 when messages stay, 2 when it could not be read."""
    parser = argparse.ArgumentParser(prog="python -m infra.redrive", description="Take the failure queue up again.")
    add_stage(parser)
    parser.add_argument("--list", action="store_true", help="say whose records the messages name, and do nothing")
    parser.add_argument("--drop-lost", action="store_true", help="remove messages whose records are lost")
    chosen = parser.parse_args(arguments)
    require_deployed(parser, chosen.stage)
    try:
        stay = redrive(chosen.stage, only_list=chosen.list, drop_lost=chosen.drop_lost)
    except (ClientError, BotoCoreError) as error:
        print(f"redrive failed: {error}", file=sys.stderr)
        return 2
    print(f"{stay} messages stay in the queue")
    return int(stay > 0)


if __name__ == "__main__":
    sys.exit(main())
