"""One page of graphs for a stage: requests, streams, storage, and which alarms are on."""

import json
from collections.abc import Iterable
from typing import Any

from chalicelib.functions import STREAM_FUNCTIONS
from chalicelib.http.telemetry import SERVICE
from infra.template.functions import QUEUE, all_named, named
from infra.template.tables import Resources, logical

Metric = list[Any]
WIDTH, HEIGHT = 8, 6


def dashboard(stage: str, alarm_names: Iterable[str], tables: Iterable[str]) -> Resources:
    """The dashboard ``wbsync-STAGE``."""
    own = [SERVICE, "service", SERVICE, "stage", stage]

    def ours(*names: str) -> list[Metric]:
        return [[own[0], name, *own[1:]] for name in names]

    def of_functions(metric: str, names: Iterable[str]) -> list[Metric]:
        return [["AWS/Lambda", metric, "FunctionName", f"${{{name}}}"] for name in names]

    graphs = [
        ("Requests", "Sum", ours("Requests", "ClientErrors", "ServerErrors", "RateLimited")),
        ("Milliseconds of a request, 99 of 100", "p99", ours("Latency")),
        ("Functions that failed", "Sum", of_functions("Errors", all_named())),
        (
            "How far streams are behind, milliseconds",
            "Maximum",
            of_functions("IteratorAge", (named(each.name) for each in STREAM_FUNCTIONS)),
        ),
        ("Roll-ups", "Sum", ours("Runs", "RunErrors", "RunLeft", "RollupDrift", "RepairsStuck")),
        (
            "Throttled writes of tables",
            "Sum",
            [["AWS/DynamoDB", "WriteThrottleEvents", "TableName", f"${{{logical(each)}}}"] for each in tables],
        ),
        (
            "Batches in the failure queue",
            "Maximum",
            [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", f"${{{QUEUE}.QueueName}}"]],
        ),
    ]
    widgets = [_graph(place, *graph) for place, graph in enumerate(graphs)]
    widgets.append({"type": "alarm", "width": 3 * WIDTH, "height": HEIGHT, "properties": _alarms(alarm_names)})
    body = json.dumps({"widgets": widgets})
    return {
        "Dashboard": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardName": f"wbsync-{stage}", "DashboardBody": {"Fn::Sub": body}},
        }
    }


def _graph(place: int, title: str, statistic: str, metrics: list[Metric]) -> dict[str, object]:
    properties = {
        "title": title,
        "stat": statistic,
        "period": 300,
        "region": "${AWS::Region}",
        "view": "timeSeries",
        "metrics": metrics,
    }
    where = {"x": place % 3 * WIDTH, "y": place // 3 * HEIGHT, "width": WIDTH, "height": HEIGHT}
    return {"type": "metric", **where, "properties": properties}


def _alarms(names: Iterable[str]) -> dict[str, object]:
    return {"title": "Alarms", "alarms": [f"${{{name}.Arn}}" for name in names]}
