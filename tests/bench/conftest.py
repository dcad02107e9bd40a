"""A table with two indexes, on moto, and a meter on its client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from bench.meter import Meter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REGION = "eu-west-1"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.fixture
def client() -> Iterator[DynamoDBClient]:
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name=REGION)
        create_projects(dynamodb)
        yield dynamodb


@pytest.fixture
def probe(client: DynamoDBClient) -> DynamoDBClient:
    return boto3.client("dynamodb", region_name=REGION)


@pytest.fixture
def meter(client: DynamoDBClient, probe: DynamoDBClient) -> Meter:
    metered = Meter(
        probe,
        {
            "projects": [
                {"name": "by_status", "keys": ["company", "status"], "projection": "ALL"},
                {"name": "by_owner", "keys": ["owner"], "projection": "KEYS_ONLY"},
            ]
        },
    )
    metered.attach(client)
    return metered


def create_projects(dynamodb: DynamoDBClient) -> None:
    """Key (company, id); one index with all attributes and one with keys only."""
    dynamodb.create_table(
        TableName="projects",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("company", "id", "status", "owner")
        ],
        KeySchema=[
            {"AttributeName": "company", "KeyType": "HASH"},
            {"AttributeName": "id", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_status",
                "KeySchema": [
                    {"AttributeName": "company", "KeyType": "HASH"},
                    {"AttributeName": "status", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            },
            {
                "IndexName": "by_owner",
                "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
    )
