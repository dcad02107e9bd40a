"""What wakes somebody; all of it goes to the topic ``Alerts``, which operators subscribe to."""

from typing import Any

from chalicelib.functions import SCHEDULED_FUNCTIONS, STREAM_FUNCTIONS
from chalicelib.http.telemetry import SERVICE
from infra.provision import definitions
from infra.template.functions import QUEUE, all_named, named
from infra.template.tables import Resources, logical

Dimensions = list[dict[str, Any]]
FIVE_MINUTES = 300
THROTTLED_WRITES = 100


def alarms(stage: str) -> Resources:
    """The topic, and an alarm for whatever needs somebody. The topic is not encrypted with the account's own SNS key,
    which CloudWatch may not use: an alarm would never arrive."""
    found = _of_functions() | _of_tables(stage) | _of_indexes(stage) | _of_service(stage)
    for name, alarm in found.items():
        alarm["Properties"]["AlarmName"] = f"wbsync-{stage}-{name}"
    return {"Alerts": {"Type": "AWS::SNS::Topic"}} | found


def _of_functions() -> Resources:
    found = {}
    for name in all_named():
        here = _named("FunctionName", {"Ref": name})
        found[f"{name}Errors"] = _alarm(f"{name} failed", "AWS/Lambda", "Errors", here)
        found[f"{name}Throttled"] = _alarm(f"{name} had no room to run", "AWS/Lambda", "Throttles", here)
    for stream in STREAM_FUNCTIONS:
        name = named(stream.name)
        here = _named("FunctionName", {"Ref": name})
        behind = _alarm(f"{name} is minutes behind", "AWS/Lambda", "IteratorAge", here, 300_000, "Maximum")
        found[f"{name}Behind"] = behind
    for schedule in SCHEDULED_FUNCTIONS:
        name = named(schedule.name)
        here = _named("FunctionName", {"Ref": name})
        found[f"{name}Silent"] = _alarm(f"{name} does not run", "AWS/Lambda", "Invocations", here, absent=True)
    return found


def _of_tables(stage: str) -> Resources:
    return {
        f"{logical(name)}Throttled": _throttled(name, _named("TableName", {"Ref": logical(name)}))
        for name in definitions(stage)
    }


def _of_indexes(stage: str) -> Resources:
    """An index that is throttled holds up the writes of its table, and the table's own metric does not show it."""
    return {
        f"{logical(name)}{named(index['IndexName'])}Throttled": _throttled(
            f"the index {index['IndexName']} of {name}",
            [
                *_named("TableName", {"Ref": logical(name)}),
                *_named("GlobalSecondaryIndexName", index["IndexName"]),
            ],
        )
        for name, definition in definitions(stage).items()
        for index in definition.get("GlobalSecondaryIndexes", [])
    }


def _throttled(what: str, where: list[dict[str, Any]]) -> dict[str, Any]:
    return _alarm(f"writes to {what} were throttled", "AWS/DynamoDB", "WriteThrottleEvents", where, THROTTLED_WRITES)


def _of_service(stage: str) -> Resources:
    service = [{"Name": "service", "Value": SERVICE}, {"Name": "stage", "Value": stage}]
    queue = _named("QueueName", {"Fn::GetAtt": [QUEUE, "QueueName"]})
    gateway = [*_named("ApiName", f"wbsync-{stage}"), *_named("Stage", {"Fn::Sub": "${RestAPI.Stage}"})]
    waiting, visible = "records that no retry could roll up", "ApproximateNumberOfMessagesVisible"
    stuck = "work in the repair table fails again and again"
    return {
        "RollupFailuresWaiting": _alarm(waiting, "AWS/SQS", visible, queue, statistic="Maximum"),
        "ServerErrors": _alarm("requests answered with 5xx", SERVICE, "ServerErrors", service, 5),
        "GatewayErrors": _alarm("the gateway answered 5xx", "AWS/ApiGateway", "5XXError", gateway, 5),
        "SumsDrifted": _alarm("key figures were not as their sources", SERVICE, "RollupDrift", service),
        "RepairsStay": _alarm(stuck, SERVICE, "RepairsStuck", service, periods=6),
    }


def _named(name: str, value: object) -> Dimensions:
    return [{"Name": name, "Value": value}]


def _alarm(
    description: str,
    namespace: str,
    metric: str,
    dimensions: Dimensions,
    threshold: int = 1,
    statistic: str = "Sum",
    *,
    absent: bool = False,
    periods: int = 1,
) -> dict[str, Any]:
    """An alarm on five minutes of a metric that reach the threshold; ``absent``: on fifteen that have nothing."""
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": description,
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": dimensions,
            "Statistic": statistic,
            "Period": 3 * FIVE_MINUTES if absent else FIVE_MINUTES,
            "EvaluationPeriods": periods,
            "Threshold": threshold,
            "ComparisonOperator": "LessThanThreshold" if absent else "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "breaching" if absent else "notBreaching",
            "AlarmActions": [{"Ref": "Alerts"}],
            "OKActions": [{"Ref": "Alerts"}],
        },
    }
