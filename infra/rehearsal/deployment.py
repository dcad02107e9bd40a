"""What the rehearsal looks up in the stack, and what stands for the release before this one."""

import json
from pathlib import Path
from typing import Any

import boto3

from infra.main_job import Mismatch
from infra.provision import definitions
from infra.release.compare import findings
from infra.release.shape import shape
from infra.template.stack import merge_template

TEMPLATE = Path(".build/package/sam.json")
INDEX = "updated_keys"  # the index that this release is taken to bring where it has no release before it


def outputs(stack: str) -> dict[str, str]:
    """The outputs of a stack."""
    [found] = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}


def resource(stack: str, logical: str) -> str:
    """The physical name of a resource."""
    found = boto3.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=logical)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def make_previous() -> None:
    """Turn the package into one of a release before this: an index, its alarm and the dashboard were not there yet.

    It stands for the release before where the history has none.
    """
    template: dict[str, Any] = json.loads(TEMPLATE.read_text())
    resources = template["Resources"]
    for name in ("Dashboard", "ClockTableUpdatedKeysThrottled"):
        del resources[name]
    table = resources["ClockTable"]["Properties"]
    indexes = [each for each in table["GlobalSecondaryIndexes"] if each["IndexName"] != INDEX]
    assert len(indexes) == len(table["GlobalSecondaryIndexes"]) - 1
    table["GlobalSecondaryIndexes"] = indexes
    TEMPLATE.write_text(json.dumps(template))


def refused(tree: Path, stage: str) -> list[str]:
    """Why AWS would not take an update from the packaged release of a tree; the emulator takes all of it."""
    return findings(shape(json.loads((tree / TEMPLATE).read_text())), shape(merge_template(stage)))


def require_indexes(stage: str) -> None:
    """Every table has the indexes that this release declares, and no other.

    Raises:
        Mismatch: a table has not.
    """
    client = boto3.client("dynamodb")
    for definition in definitions(stage).values():
        shown = client.describe_table(TableName=definition["TableName"])["Table"]
        names, wanted = (
            {each["IndexName"] for each in of.get("GlobalSecondaryIndexes", [])} for of in (shown, definition)
        )
        if names != wanted:
            raise Mismatch(f"{definition['TableName']} has the indexes {sorted(names)}")


def function_logs() -> str:
    """What every function wrote, which is gone once MiniStack stops."""
    logs = boto3.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    pages = [page for group in groups for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)]
    return "".join(event["message"].rstrip() + "\n" for page in pages for event in page["events"])
