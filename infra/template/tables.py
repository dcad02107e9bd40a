"""The stage's tables as CloudFormation resources: protected, recoverable, made one after the other."""

from typing import Any

from chalicelib.tables import TABLES
from infra.provision import EXPIRES, definitions

Resources = dict[str, Any]


def logical(table: str) -> str:
    """A table's name in the template."""
    return f"{table.capitalize()}Table"


def tables(stage: str) -> Resources:
    """Every table. One waits for the other: DynamoDB makes a few tables with indexes at once, and no more."""
    found: Resources = {}
    streaming = {table.name for table in TABLES if table.stream}
    before: list[str] = []
    for name, definition in definitions(stage).items():
        found[logical(name)] = _table(name, definition, name in streaming) | ({"DependsOn": before} if before else {})
        before = [logical(name)]
    return found


def _table(name: str, definition: dict[str, object], streams: bool) -> dict[str, object]:
    properties = definition | {
        "SSESpecification": {"SSEEnabled": True},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    }
    if streams:
        properties["StreamSpecification"] = {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    if name in EXPIRES:
        properties["TimeToLiveSpecification"] = {"AttributeName": EXPIRES[name], "Enabled": True}
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": properties,
    }
