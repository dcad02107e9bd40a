"""Health says that the service answers; deep health also that what requests need is there."""

import boto3
import pytest

from chalicelib.access import keys
from chalicelib.settings import settings
from chalicelib.storage.tables import IDEMPOTENCY_TABLE
from chalicelib.tables import TABLES
from tests.stage import Client, Stage, running

PLAIN, DEEP = "/api/v1/health/", "/api/v1/health/?deep=true"
NEEDED = [*(table.name for table in TABLES if table.name != "requests"), IDEMPOTENCY_TABLE]


def test_health_needs_no_token_and_a_whole_stage_is_well() -> None:
    with running() as stage:
        for path in (PLAIN, DEEP):
            reply = Client(stage.gateway).send("GET", path)
            assert (reply.status, reply.body["status"]) == (200, "ok")


@pytest.mark.long
@pytest.mark.parametrize("name", NEEDED)
def test_deep_health_is_503_without_a_table(name: str) -> None:
    with running() as stage:
        table, dynamodb = settings().table_prefix + name, boto3.client("dynamodb")
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=table)
        only_deep_is_unwell(stage)


@pytest.mark.parametrize("name", ["digest-key", "session-key"])
def test_deep_health_is_503_without_a_key(name: str) -> None:
    with running() as stage:
        boto3.client("ssm").delete_parameter(Name=settings().parameter_prefix + name)
        keys._provider.cache_clear()
        only_deep_is_unwell(stage)


def only_deep_is_unwell(stage: Stage) -> None:
    """The problem names nothing of the inside."""
    assert Client(stage.gateway).send("GET", PLAIN).status == 200
    refused = Client(stage.gateway).send("GET", DEEP)
    assert (refused.status, refused.body["code"]) == (503, "unavailable")
    assert refused.body["detail"] == "A table or a key of this stage is missing."
