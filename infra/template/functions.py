"""What every function gets beside Chalice's own: stage, runtime, logs that end, a role of its own, and its stream."""

import json

from chalicelib.functions import FUNCTIONS, STREAM_FUNCTIONS, StreamFunction
from infra.template.roles import role
from infra.template.tables import Resources, logical

API = "APIHandler"
RUNTIME, ARCHITECTURE = "python3.11", "x86_64"  # what the wheels in the package are made for
LOG_DAYS = 90
QUEUE = "RollupFailures"


def queue_name(stage: str) -> str:
    """The failure queue of a stage, under a name that commands find."""
    return f"wbsync-{stage}-{QUEUE}"


def named(function: str) -> str:
    """A function's name as Chalice's template has it."""
    return "".join(part.capitalize() for part in function.split("_"))


def all_named() -> tuple[str, ...]:
    """Every function of the deployment."""
    return (API, *(named(function.name) for function in FUNCTIONS))


def functions(stage: str) -> Resources:
    """The functions' own resources and what is merged into Chalice's."""
    found: Resources = {
        QUEUE: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": queue_name(stage),
                "MessageRetentionPeriod": 1209600,
                "SqsManagedSseEnabled": True,
            },
        }
    }
    streaming = {named(function.name): function.table for function in STREAM_FUNCTIONS}
    for name in all_named():
        found[f"{name}Logs"] = _logs(stage, name)
        found[name] = {"Properties": _function(stage, name)}
        found["ApiHandlerRole" if name == API else f"{name}Role"] = role(stage, name == API, streaming.get(name))
    for each in FUNCTIONS:
        found[named(each.name)]["Properties"]["Timeout"] = each.seconds
    for function in STREAM_FUNCTIONS:
        name = named(function.name)
        found[name]["Properties"]["Events"] = {f"{name}DynamodbEventSource": _source(function)}
    return found


def _logs(stage: str, name: str) -> dict[str, object]:
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": f"/wbsync/{stage}/{name}", "RetentionInDays": LOG_DAYS},
    }


def _function(stage: str, name: str) -> dict[str, object]:
    return {
        "Runtime": RUNTIME,
        "Architectures": [ARCHITECTURE],
        "Environment": {"Variables": {"WBSYNC_STAGE": stage}},
        "LoggingConfig": {"LogGroup": {"Ref": f"{name}Logs"}},
    }


def _source(function: StreamFunction) -> dict[str, object]:
    """A stream source that loses nothing: from the oldest record, halves failing batches, keeps what failed.

    Records that are none of the function's do not wake it.
    """
    wanted = [{"dynamodb": {"Keys": {"sk": {"S": [{"prefix": start}]}}}} for start in function.keys]
    return {
        "Properties": {
            "Stream": {"Fn::GetAtt": [logical(function.table), "StreamArn"]},
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 100,
            "MaximumBatchingWindowInSeconds": function.window,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": 10,
            "ParallelizationFactor": 2,
            "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": [QUEUE, "Arn"]}}},
            **({"FilterCriteria": {"Filters": [{"Pattern": json.dumps(each)} for each in wanted]}} if wanted else {}),
        }
    }
