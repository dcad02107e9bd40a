"""What each function may do, on its own stage alone."""

from typing import Any

from chalicelib.storage.tables import IDEMPOTENCY_TABLE
from chalicelib.tables import TABLES

ROWS = [
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:ConditionCheckItem",
]
STREAM = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
OF_REQUESTS = {"requests", IDEMPOTENCY_TABLE}  # counters and keys: event functions have neither


def role(stage: str, api: bool, streaming: str | None) -> dict[str, object]:
    """The policies that replace those of Chalice's role for the API, or for an event function.

    ``streaming`` is the table whose stream the function reads.
    """
    names = [*(table.name for table in TABLES), IDEMPOTENCY_TABLE]
    tables = [f"wbsync-{stage}-{name}" for name in names if api or name not in OF_REQUESTS]
    own = [_rows(tables), _tracing(), _logs(stage), *(_of_api(stage) if api else ())]
    own += _of_stream(stage, streaming) if streaming else []
    document = {"Version": "2012-10-17", "Statement": own}
    return {"Properties": {"Policies": [{"PolicyName": "wbsync", "PolicyDocument": document}]}}


def _allow(actions: list[str], *resources: str) -> dict[str, object]:
    found = [{"Fn::Sub": each} if "${" in each else each for each in resources]
    return {"Effect": "Allow", "Action": actions, "Resource": found}


def _rows(tables: list[str]) -> dict[str, object]:
    base = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"
    return _allow(ROWS, *(base + name for name in tables), *(f"{base}{name}/index/*" for name in tables))


def _tracing() -> dict[str, object]:
    return _allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*")  # X-Ray knows no resources


def _logs(stage: str) -> dict[str, object]:
    group = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/wbsync/" + stage + "/*"
    return _allow(["logs:CreateLogStream", "logs:PutLogEvents"], group)


def _of_api(stage: str) -> list[dict[str, object]]:
    base = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/wbsync/" + stage
    keys = (f"{base}/digest-key", f"{base}/session-key")
    return [_allow(["ssm:GetParameter"], *keys), _allow(["ssm:PutParameter"], f"{base}/ingest/*")]


def _of_stream(stage: str, table: str) -> list[dict[str, Any]]:
    """What Lambda does in the function's name; the listing of streams knows no resources."""
    base = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"
    failed = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": {"Fn::GetAtt": ["RollupFailures", "Arn"]}}
    return [_allow(STREAM, f"{base}wbsync-{stage}-{table}/stream/*"), _allow(["dynamodb:ListStreams"], "*"), failed]
