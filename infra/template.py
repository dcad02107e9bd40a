"""The merge template of ``chalice package``: tables, failure queue, stream sources, permissions, alarms.

    python -m infra.template .build/merge-template.json

It is made from the same declarations that the code reads its tables by, so the two cannot differ.
"""

import json
import sys
from pathlib import Path
from typing import Any

from chalicelib.settings import settings
from chalicelib.storage.rows import IDEMPOTENCY_TABLE, TABLES
from infra.provision import idempotency_definition, table_definition

STREAMS = {"LabourRollup": "labour", "PlanRollup": "projects"}
FUNCTIONS = ("APIHandler", "LabourRollup", "PlanRollup", "RepairRollups")
EXPIRES = {"requests": "expires", IDEMPOTENCY_TABLE: "expiration"}


def merge_template() -> dict[str, Any]:
    """What is merged over Chalice's own template of the stage in the settings."""
    resources: dict[str, Any] = {_logical(name): _table(name, body) for name, body in _definitions().items()}
    resources["RollupFailures"] = {
        "Type": "AWS::SQS::Queue",
        "Properties": {"MessageRetentionPeriod": 1209600, "SqsManagedSseEnabled": True},
    }
    resources |= {
        name: {"Properties": {"Environment": {"Variables": {"WBSYNC_STAGE": settings().stage}}}} for name in FUNCTIONS
    }
    for function, table in STREAMS.items():
        resources[function]["Properties"]["Events"] = {f"{function}DynamodbEventSource": _source(table)}
    resources["RestAPI"] = {"Properties": {"DefinitionBody": {"x-amazon-apigateway-gateway-responses": _gateway()}}}
    resources |= {f"{name}Errors": _alarm(name) for name in FUNCTIONS}
    return {"Resources": resources}


def _definitions() -> dict[str, dict[str, Any]]:
    prefix = settings().table_prefix
    found = {table.name: table_definition(table, prefix + table.name) for table in TABLES}
    for table in TABLES:
        if table.stream:
            found[table.name]["StreamSpecification"] = {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    return found | {IDEMPOTENCY_TABLE: idempotency_definition(prefix + IDEMPOTENCY_TABLE)}


def _logical(table: str) -> str:
    return f"{table.capitalize()}Table"


def _table(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    properties = definition | {
        "SSESpecification": {"SSEEnabled": True},
        "DeletionProtectionEnabled": True,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    }
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


def _gateway() -> dict[str, Any]:
    """Problem answers for what the gateway refuses by itself."""
    shapes = {
        "DEFAULT_4XX": (400, "validation_error", "The request was refused"),
        "DEFAULT_5XX": (503, "unavailable", "Try again shortly"),
        "INTEGRATION_TIMEOUT": (503, "unavailable", "The request took too long"),
        "REQUEST_TOO_LARGE": (413, "payload_too_large", "The body is too large"),
        "THROTTLED": (429, "rate_limited", "Too many requests"),
    }
    return {
        name: {
            "statusCode": status,
            "responseTemplates": {
                "application/json": json.dumps(
                    {
                        "type": f"urn:wbsync:problem:{code}",
                        "title": title,
                        "status": status,
                        "detail": title,
                        "code": code,
                        "request_id": "$context.requestId",
                    }
                )
            },
            "responseParameters": {"gatewayresponse.header.Content-Type": "'application/problem+json'"},
        }
        for name, (status, code, title) in shapes.items()
    }


def _alarm(function: str) -> dict[str, Any]:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": f"{function} failed",
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Dimensions": [{"Name": "FunctionName", "Value": {"Ref": function}}],
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        },
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(merge_template(), indent=1))
