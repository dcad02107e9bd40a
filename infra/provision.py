"""Tables and secrets of a stage, from the declarations in the code: for local runs and plain deploys.

    python -m infra.provision --stage trial

makes what is missing, protected as the template makes it, and prints the ARNs of the streams.
"""

import argparse
import secrets
from typing import Any

import boto3
from botocore.exceptions import ClientError

from chalicelib.settings import settings, table_prefix
from chalicelib.storage.tables import IDEMPOTENCY_TABLE, Table
from chalicelib.tables import TABLES
from infra.stages import add_stage, require_stage

SECRETS = ("digest-key", "session-key")
EXPIRES = {table.name: table.expires for table in TABLES if table.expires} | {IDEMPOTENCY_TABLE: "expiration"}


def table_definition(table: Table, name: object) -> dict[str, object]:
    """A table as CreateTable and CloudFormation both take it; lists are indexes."""
    attributes = {"pk", "sk"} | {part for each in table.lists for part in (each.hash, each.range)}
    definition: dict[str, object] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": each, "AttributeType": "S"} for each in sorted(attributes)],
        "KeySchema": _keys("pk", "sk"),
    }
    indexes = [
        _index(name, each.hash, each.range, projected)
        for each in table.lists
        for name, projected in each.indexes.items()
    ]
    return definition | ({"GlobalSecondaryIndexes": indexes} if indexes else {})


def _index(name: str, hash: str, range: str, projection: str) -> dict[str, object]:
    return {"IndexName": name, "KeySchema": _keys(hash, range), "Projection": {"ProjectionType": projection}}


def _keys(hash: str, range: str) -> list[dict[str, str]]:
    return [{"AttributeName": hash, "KeyType": "HASH"}, {"AttributeName": range, "KeyType": "RANGE"}]


def idempotency_definition(name: object) -> dict[str, object]:
    """Powertools' records: one key, made of company, user, path and the client's key."""
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    }


def definitions(stage: str) -> dict[str, dict[str, Any]]:
    """Every table of a stage by its logical name, protected from deletion."""
    prefix = table_prefix(stage)
    found = {table.name: table_definition(table, prefix + table.name) for table in TABLES}
    found[IDEMPOTENCY_TABLE] = idempotency_definition(prefix + IDEMPOTENCY_TABLE)
    return {name: each | {"DeletionProtectionEnabled": True} for name, each in found.items()}


def create_tables() -> None:
    """Make the stage's tables where they are missing."""
    client = boto3.client("dynamodb")
    streaming = {table.name for table in TABLES if table.stream}
    for name, definition in definitions(settings().stage).items():
        definition |= {"SSESpecification": {"Enabled": True}}
        if name in streaming:
            definition |= {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}
        _create(client, definition)


def protect_tables() -> None:
    """Recovery to any second, and expiry where rows expire: what CreateTable does not take."""
    client = boto3.client("dynamodb")
    for name, definition in definitions(settings().stage).items():
        table = definition["TableName"]
        client.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        expiry = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"]
        if name in EXPIRES and expiry == "DISABLED":
            client.update_time_to_live(
                TableName=table, TimeToLiveSpecification={"AttributeName": EXPIRES[name], "Enabled": True}
            )


def stream_arns() -> dict[str, str]:
    """The ARN of each stream by its table: what ``app.py`` needs for a plain ``chalice deploy``."""
    client, prefix = boto3.client("dynamodb"), settings().table_prefix
    return {
        table.name: client.describe_table(TableName=prefix + table.name)["Table"]["LatestStreamArn"]
        for table in TABLES
        if table.stream
    }


def _create(client: Any, definition: dict[str, Any]) -> None:
    try:
        client.create_table(**definition)
        client.get_waiter("table_exists").wait(TableName=definition["TableName"], WaiterConfig={"Delay": 1})
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":
            raise


def create_secrets() -> None:
    """Make the stage's keys in Parameter Store where they are missing; CloudFormation cannot."""
    client = boto3.client("ssm")
    for name in SECRETS:
        try:
            client.put_parameter(
                Name=settings().parameter_prefix + name,
                Value=secrets.token_urlsafe(48),
                Type="SecureString",
                Overwrite=False,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ParameterAlreadyExists":
                raise


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.provision", description="Make the stage's tables and keys that are missing, protected."
    )
    add_stage(parser)
    require_stage(parser, parser.parse_args(arguments).stage)
    create_tables()
    protect_tables()
    create_secrets()
    for table, arn in stream_arns().items():
        print(f"{table}: {arn}")


if __name__ == "__main__":
    main()
