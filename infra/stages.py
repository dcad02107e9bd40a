"""The stage that a command works on: named on its line and in its environment, and there at all."""

import argparse
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.settings import settings

SET = "Set WBSYNC_STAGE, AWS_REGION and credentials; for `make run` the README's part for operators sets them."


def add_stage(parser: argparse.ArgumentParser) -> None:
    """The argument that every command takes that touches an account."""
    parser.add_argument("--stage", required=True, help="the stage to work on, as WBSYNC_STAGE names it")


def require_stage(parser: argparse.ArgumentParser, stage: str) -> None:
    """End the command when the environment names another stage, or none: tables are named by it."""
    try:
        named = settings().stage
    except ValueError as error:
        parser.error(f"{error} {SET}")
    if named != stage:
        parser.error(f"WBSYNC_STAGE is {named!r}, not {stage!r}: tables are named by it")


def parameters_below(client: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every parameter below a path of Parameter Store, decrypted: name and value."""
    pages = client.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True, WithDecryption=True)
    return ((each["Name"], each["Value"]) for page in pages for each in page["Parameters"])


def require_deployed(parser: argparse.ArgumentParser, stage: str) -> None:
    """The same, and the stage's tables must be in this account and region."""
    require_stage(parser, stage)
    table = f"{settings().table_prefix}companies"
    try:
        boto3.client("dynamodb").describe_table(TableName=table)
    except (ClientError, BotoCoreError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        missing = "is not in this account and region: nothing was written"
        why = missing if code == "ResourceNotFoundException" else f"cannot be read: {error} {SET}"
        parser.error(f"the table {table} {why}")


def company_ids() -> list[str]:
    """The companies of the stage in the order of their ids, found by their ingest parameters: no table is scanned."""
    path = f"{settings().parameter_prefix}ingest"
    pages = boto3.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=path)
    return sorted(parameter["Name"].rpartition("/")[2] for page in pages for parameter in page["Parameters"])
