"""A stage made without CloudFormation is protected as the template makes it."""

import boto3

from chalicelib.settings import settings
from chalicelib.storage.tables import IDEMPOTENCY_TABLE
from chalicelib.tables import TABLES
from infra import provision
from tests.stage import Stage


def test_provisioned_tables_are_protected_recoverable_and_forget_what_expires(stage: Stage) -> None:
    for _ in range(2):  # a second time finds nothing to do
        provision.create_tables()
        provision.protect_tables()
    client = boto3.client("dynamodb")
    for name in [*(table.name for table in TABLES), IDEMPOTENCY_TABLE]:
        physical = settings().table_prefix + name
        assert client.describe_table(TableName=physical)["Table"]["DeletionProtectionEnabled"]
        backups = client.describe_continuous_backups(TableName=physical)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
        expiry = client.describe_time_to_live(TableName=physical)["TimeToLiveDescription"]
        assert (expiry["TimeToLiveStatus"] == "ENABLED") is (name in {"requests", "idempotency", "work"})
    assert provision.stream_arns().keys() == {table.name for table in TABLES if table.stream}
