"""The drills of the runbook: an alarm that arrives, a failed batch that is done again, a stage that comes back."""

import json
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from infra.main_job import Mismatch
from infra.rehearsal import deployment
from infra.rehearsal.runbook import Runbook

HEARD = "heard"
UPKEEP = (
    "What an update may change",
    "Where it is",
    "Read an ingest secret",
    "The repair table",
    "Rebuild",
    "Rebuild everything",
    "Subscribe to alarms",
    "Rotate session-key",
)
PACKAGE = Path(".build/package/deployment.zip")
SOURCES = ("companies", "projects", "tree", "operatives", "labour", "clock")  # the others go on by themselves


def listen(topic: str) -> str:
    """A queue that hears what goes to a topic, in place of somebody's mail box."""
    queue = boto3.client("sqs")
    url = queue.create_queue(QueueName=HEARD)["QueueUrl"]
    arn = queue.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [allowed | {"Resource": arn}]}
    queue.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


def alarm(book: Runbook, topic: str, name: str) -> None:
    """An alarm is set off by hand, and arrives."""
    url = listen(topic)
    book.run("An alarm drill", ALARM=name)
    answer = boto3.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=10)
    if not any(name in message["Body"] for message in answer.get("Messages", [])):
        raise Mismatch(f"the alarm {name} did not arrive")


def versions(book: Runbook, stack: str, answers: Callable[[], object]) -> tuple[str, str]:
    """The API behind its alias: another version serves with the next package, and the one before again by hand.

    The emulator keeps the weights of an alias and sends every request to its first version.
    """
    served = []
    for heading in ("Package", "A move by hand", "Stack"):
        book.run(heading)
    function = deployment.outputs(stack)["APIHandlerName"]
    served.append(_serves(book, answers))
    with zipfile.ZipFile(PACKAGE, "a") as package:  # code that differs is a version of its own
        package.writestr("another.txt", "another version")
    book.run("Stack")
    served.append(_serves(book, answers))
    first, second = served
    book.run("All to one version", FUNCTION=function, VERSION=first)
    back = _serves(book, answers)
    book.run("A tenth to another version", FUNCTION=function, VERSION=second)
    alias = boto3.client("lambda").get_alias(FunctionName=function, Name="live")
    weights = alias["RoutingConfig"]["AdditionalVersionWeights"]
    answers()
    book.run("All to one version", FUNCTION=function, VERSION=second)
    if (back, weights, _serves(book, answers)) != (first, {second: 0.1}, second) or first == second:
        raise Mismatch(f"versions {served}, then {back} with {weights}")
    return first, second


def _serves(book: Runbook, answers: Callable[[], object]) -> str:
    answers()
    return book.run("Which version serves").strip()


def redrive(book: Runbook, stack: str, stage: str, company: str) -> None:
    """A batch that lies in the failure queue is named and done again."""
    queue = boto3.client("sqs")
    url = queue.get_queue_url(QueueName=f"wbsync-{stage}-RollupFailures")["QueueUrl"]
    queue.send_message(QueueUrl=url, MessageBody=json.dumps(_failed_batch(stack, stage)))
    said = book.run("The failure queue")
    if f"company {company}" not in said or "0 messages stay" not in said:
        raise Mismatch(f"the redrive said: {said}")


def _failed_batch(stack: str, stage: str) -> dict[str, Any]:
    """What Lambda sends of the first record of the labour table's stream."""
    table = boto3.client("dynamodb").describe_table(TableName=f"wbsync-{stage}-labour")["Table"]
    streams, arn = boto3.client("dynamodbstreams"), table["LatestStreamArn"]
    shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    shard = shards[0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    first = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"][0]["dynamodb"]["SequenceNumber"]
    name = deployment.resource(stack, "LabourRollup")
    function = boto3.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    at = datetime.now(UTC).isoformat()
    info = {"shardId": shard, "startSequenceNumber": first, "endSequenceNumber": first, "streamArn": arn}
    info |= {"approximateArrivalOfFirstRecord": at, "batchSize": 1}
    return {"requestContext": {"functionArn": function}, "DDBStreamBatchInfo": info}


def upkeep(book: Runbook, stage: str, company: str, project: str, secret: str) -> None:
    """The short lines of the page: what somebody on duty looks up, puts right and rotates."""
    names = {"COMPANY": company, "PROJECT": project}
    session_key = f"/wbsync/{stage}/session-key"
    before = _parameter(session_key)
    said = {heading: book.run(heading, **names) for heading in UPKEEP}
    right = {
        "Read an ingest secret": said["Read an ingest secret"].strip() == secret,
        "Rotate session-key": _parameter(session_key) != before,
        "The repair table": json.loads(said["The repair table"])["Items"] == [],
        "Rebuild": said["Rebuild"].startswith("0 rows were wrong"),
        "Rebuild everything": f"{company}/{project}: 0 rows were wrong" in said["Rebuild everything"],
        "Subscribe to alarms": "arn:aws:sns" in said["Subscribe to alarms"] or "pending" in said["Subscribe to alarms"],
        "Where it is": said["Where it is"].strip().endswith("/api/"),
        "What an update may change": True,  # it ends with an error when something is found
    }
    if wrong := [heading for heading in UPKEEP if not right[heading]]:
        raise Mismatch(f"{wrong[0]}: {said[wrong[0]]}")


def trial(book: Runbook) -> None:
    """A stage without CloudFormation, whose digest key is lost or leaked."""
    book.run("Without CloudFormation")
    made = json.loads(book.run("The first company"))
    book.run("A new digest key")
    found = json.loads(book.run("Rekey a company", COMPANY=made["company"]["id"]))
    if found["users"] != 1 or found["ingest_secret"] == made["ingest_secret"]:
        raise Mismatch(f"rekey gave {found['users']} users")


def _parameter(name: str) -> str:
    return str(boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])


def restore(book: Runbook, source: str) -> dict[str, Any]:
    """The stage comes back as another, and a stack takes its tables in; the drill's figures."""
    began = time.monotonic()
    said = book.run("Restore the tables", SOURCE=source)
    done: dict[str, Any] = json.loads(said[said.index("{\n") :])
    there, here = ({table: done[side][table] for table in SOURCES} for side in ("rows", "rows_of_source_now"))
    if done["drift"] or there != here:
        raise Mismatch(f"the restore gave {done}")
    book.run("Package")
    book.run("A first deploy that failed")
    return done | {"with_the_stack": round(time.monotonic() - began, 1)}
