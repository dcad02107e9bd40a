"""The runner of the endpoint section: one warm-up, one measured request, one row."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from bench.endpoints import HEADING, EndpointBench, EndpointCost
from bench.meter import Meter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def test_only_the_second_request_is_measured(client: DynamoDBClient, meter: Meter) -> None:
    sent = []

    def request() -> None:
        sent.append("request")
        if len(sent) == 1:
            client.describe_table(TableName="projects")
        client.put_item(TableName="projects", Item={"company": {"S": "a"}, "id": {"S": "b"}})

    lines: list[str] = []
    cost = EndpointBench(meter, lines.append).measure("PUT project", request)
    assert cost == EndpointCost("PUT project", 1, 1, Decimal(0), Decimal(1))
    assert lines == [HEADING, str(cost)]


def test_the_heading_is_printed_once(meter: Meter) -> None:
    lines: list[str] = []
    bench = EndpointBench(meter, lines.append)
    bench.measure("nothing", lambda: None)
    bench.measure("nothing again", lambda: None)
    assert lines.count(HEADING) == 1
    assert len(lines) == 3
