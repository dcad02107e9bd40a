"""The merge template of ``chalice package``: tables, failure queue, stream sources, permissions, alarms.

    python -m infra.template .build/merge-template.json

It is made from the same declarations that the code reads its tables by, so the two cannot differ.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from chalicelib.functions import FUNCTIONS as FUNCTION_TABLE
from chalicelib.functions import STREAM_FUNCTIONS
from chalicelib.http.telemetry import SERVICE
from chalicelib.settings import settings
from infra import gateway_answers
from infra.provision import EXPIRES, definitions


def _named(function: str) -> str:
    """A function's name as Chalice's template has it."""
    return "".join(part.capitalize() for part in function.split("_"))


STREAMS = {_named(each.name): each.table for each in STREAM_FUNCTIONS}
FUNCTIONS = ("APIHandler", *(_named(each.name) for each in FUNCTION_TABLE))


def merge_template() -> dict[str, Any]:
    """What is merged over Chalice's own template of the stage in the settings."""
    resources: dict[str, Any] = {_logical(name): _table(name, body) for name, body in definitions().items()}
    resources["RollupFailures"] = {
        "Type": "AWS::SQS::Queue",
        "Properties": {"MessageRetentionPeriod": 1209600, "SqsManagedSseEnabled": True},
    }
    resources |= {
        name: {"Properties": {"Environment": {"Variables": {"WBSYNC_STAGE": settings().stage}}}} for name in FUNCTIONS
    }
    for function, table in STREAMS.items():
        resources[function]["Properties"]["Events"] = {f"{function}DynamodbEventSource": _source(table)}
    resources["RestAPI"] = {
        "Properties": {"DefinitionBody": {"x-amazon-apigateway-gateway-responses": gateway_answers.definitions()}}
    }
    return {"Resources": resources | _alarms()}


def _logical(table: str) -> str:
    return f"{table.capitalize()}Table"


def _table(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    properties = definition | {
        "SSESpecification": {"SSEEnabled": True},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    }
    if name in STREAMS.values():
        properties["StreamSpecification"] = {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    if name in EXPIRES:
        properties["TimeToLiveSpecification"] = {"AttributeName": EXPIRES[name], "Enabled": True}
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": properties,
    }


def _source(table: str) -> dict[str, Any]:
    """A stream source that loses nothing: from the oldest record, halves failing batches, keeps what failed."""
    return {
        "Properties": {
            "Stream": {"Fn::GetAtt": [_logical(table), "StreamArn"]},
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 100,
            "MaximumBatchingWindowInSeconds": 0,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": 10,
            "ParallelizationFactor": 2,
            "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["RollupFailures", "Arn"]}}},
        }
    }


def _alarms() -> dict[str, Any]:
    """What wakes somebody; all of it goes to the topic ``Alerts``, which operators subscribe to."""
    function = {name: [{"Name": "FunctionName", "Value": {"Ref": name}}] for name in FUNCTIONS}
    queue = [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["RollupFailures", "QueueName"]}}]
    service = [{"Name": "service", "Value": SERVICE}]
    found = {f"{name}Errors": _alarm(f"{name} failed", "AWS/Lambda", "Errors", function[name]) for name in FUNCTIONS}
    found |= {
        f"{name}Behind": _alarm(f"{name} is minutes behind", "AWS/Lambda", "IteratorAge", function[name], 300_000)
        for name in STREAMS
    }
    found["RollupFailuresWaiting"] = _alarm(
        "records that no retry could roll up", "AWS/SQS", "ApproximateNumberOfMessagesVisible", queue
    )
    found["ServerErrors"] = _alarm("requests answered with 5xx", SERVICE, "ServerErrors", service, 5)
    return found | {"Alerts": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": "alias/aws/sns"}}}


def _alarm(
    description: str, namespace: str, metric: str, dimensions: list[dict[str, Any]], threshold: int = 1
) -> dict[str, Any]:
    counts = metric.endswith("Errors")
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": description,
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": dimensions,
            "Statistic": "Sum" if counts else "Maximum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": threshold,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [{"Ref": "Alerts"}],
            "OKActions": [{"Ref": "Alerts"}],
        },
    }


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.template", description="Write the merge template.")
    parser.add_argument("file", type=Path)
    file = parser.parse_args(arguments).file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(merge_template(), indent=1))


if __name__ == "__main__":
    main()
