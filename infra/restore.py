"""Brings all tables of a stage, as they were at one instant, up as another stage, and proves its key figures.

WBSYNC_STAGE=restored python -m infra.restore --stage restored --from production [--at 2026-05-04T10:00:00Z]
"""

import argparse
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import WbsyncError
from chalicelib.settings import settings, table_prefix
from chalicelib.storage.store import store
from chalicelib.tables import TABLES
from infra.company_rows import REMOVALS
from infra.provision import SECRETS, definitions, protect_tables
from infra.rebuild import places_of_the_stage, rebuild_all
from infra.stages import add_stage, parameters_below, require_stage

SECOND = timedelta(seconds=1)  # as exact as a restore is


class Refused(Exception):
    """What stands in the way of a restore."""


def restorable(client: Any, source: str) -> tuple[datetime, datetime]:
    """From when to when every table of a stage can be brought back."""
    windows = []
    for name in definitions(source):
        backups = client.describe_continuous_backups(TableName=table_prefix(source) + name)
        windows.append(backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"])
    missing = [each for each in windows if "LatestRestorableDateTime" not in each]
    if missing:
        raise Refused(f"{len(missing)} tables of {source} have no point-in-time recovery")
    earliest = max(each["EarliestRestorableDateTime"] for each in windows)
    return earliest, min(each["LatestRestorableDateTime"] for each in windows)


def begin(client: Any, source: str, stage: str, at: datetime) -> None:
    """Begin to restore every table; one that an earlier run began is left, if it is of the same instant."""
    for name in definitions(stage):
        target = table_prefix(stage) + name
        try:
            client.restore_table_to_point_in_time(
                SourceTableName=table_prefix(source) + name,
                TargetTableName=target,
                RestoreDateTime=at,
                BillingModeOverride="PAY_PER_REQUEST",
                SSESpecificationOverride={"Enabled": True},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "TableAlreadyExistsException":
                raise
            _require_same(client, target, at)


def _require_same(client: Any, target: str, at: datetime) -> None:
    summary = client.describe_table(TableName=target)["Table"].get("RestoreSummary", {})
    if abs((summary.get("RestoreDateTime", at) - at).total_seconds()) >= 1:
        raise Refused(f"{target} was restored to {summary['RestoreDateTime'].isoformat()}: go on with that --at")


def finish(client: Any, stage: str) -> None:
    """Wait for the tables, and give them what a restore leaves out: streams, protection, recovery, expiry."""
    streaming = {table.name for table in TABLES if table.stream}
    for name in definitions(stage):
        table = table_prefix(stage) + name
        client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 10, "MaxAttempts": 2160})
        shown = client.describe_table(TableName=table)["Table"]
        if name in streaming and not shown.get("StreamSpecification", {}).get("StreamEnabled"):
            stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
            client.update_table(TableName=table, StreamSpecification=stream)
            client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 2})
        if not shown.get("DeletionProtectionEnabled"):
            client.update_table(TableName=table, DeletionProtectionEnabled=True)
    protect_tables()


def copy_keys(source: str, stage: str) -> None:
    """The stage's keys and the companies' ingest secrets, where the new stage has none of its own.

    Raises:
        Refused: a key is in neither stage.
    """
    client = boto3.client("ssm")
    old, new = f"/wbsync/{source}/", f"/wbsync/{stage}/"
    there = {name.removeprefix(new) for name, _ in parameters_below(client, new)}
    for name, value in parameters_below(client, old):
        if (short := name.removeprefix(old)) not in there:
            client.put_parameter(Name=new + short, Value=value, Type="SecureString", Overwrite=False)
            there.add(short)
    missing = [name for name in SECRETS if name not in there]
    if missing:
        raise Refused(f"{' and '.join(missing)} is in neither stage: put it below {new} from your copy, and run again")


def counts(client: Any, stage: str) -> dict[str, int]:
    """How many rows each table has."""
    pages = client.get_paginator("scan")
    return {
        name: sum(page["Count"] for page in pages.paginate(TableName=table_prefix(stage) + name, Select="COUNT"))
        for name in definitions(stage)
    }


def removed_since(client: Any, source: str, at: datetime) -> list[str]:
    """Companies that the source has removed after the instant, and that are back with it."""
    rows = client.query(
        TableName=table_prefix(source) + "companies",
        KeyConditionExpression="pk = :removals",
        ExpressionAttributeValues={":removals": {"S": REMOVALS}},
        ConsistentRead=True,
    )["Items"]
    gone = {row["sk"]["S"]: row["removed_at"]["S"] for row in rows if "removed_at" in row}
    return sorted(company for company, when in gone.items() if datetime.fromisoformat(when) >= at)


def restore(source: str, stage: str, at: datetime | None) -> dict[str, Any]:
    """All of it; what the drill writes down.

    Raises:
        Refused: there is no such instant, another restore stands there, or a key is missing.
    """
    client, began = boto3.client("dynamodb"), time.monotonic()
    earliest, latest = restorable(client, source)
    instant = at or latest
    if not earliest - SECOND <= instant <= latest + SECOND:
        raise Refused(f"{source} can be restored from {earliest.isoformat()} to {latest.isoformat()}")
    copy_keys(source, stage)
    begin(client, source, stage, instant)
    finish(client, stage)
    mended, _ = rebuild_all(store(), places_of_the_stage(store()), lambda: True)
    drift, _ = rebuild_all(store(), places_of_the_stage(store()), lambda: True) if mended else (0, None)
    return {
        "stage": stage,
        "recovery_point": instant.isoformat(),
        "seconds": round(time.monotonic() - began, 1),
        "rows": counts(client, stage),
        "rows_of_source_now": counts(client, source),
        "sums_mended": mended,
        "drift": drift,
        "remove_again": removed_since(client, source, instant),
    }


def main(arguments: list[str] | None = None) -> int:
    """The command line: 0 when the key figures are as their sources, 1 when not, 2 when it could not be done."""
    parser = argparse.ArgumentParser(prog="python -m infra.restore", description="Restore a stage as another.")
    add_stage(parser)
    parser.add_argument("--from", dest="source", required=True, help="the stage whose tables are brought back")
    parser.add_argument("--at", type=_instant, help="the instant, with its offset; the newest possible by default")
    chosen = parser.parse_args(arguments)
    require_stage(parser, chosen.stage)
    if chosen.source == settings().stage:
        parser.error("a stage is restored under another name: its tables are there")
    try:
        done = restore(chosen.source, chosen.stage, chosen.at)
    except (Refused, WbsyncError, ClientError, BotoCoreError) as error:
        print(f"restore failed: {error}", file=sys.stderr)
        return 2
    print(json.dumps(done, indent=2))
    return int(done["drift"] > 0)


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError("an instant has an offset, such as Z")
    return found.astimezone(UTC)


if __name__ == "__main__":
    sys.exit(main())
