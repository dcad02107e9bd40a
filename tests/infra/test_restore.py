"""A stage is brought back as another at one instant, with its keys, its protection and its figures."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from chalicelib.access import keys
from chalicelib.rollups.rows import Half
from chalicelib.settings import settings
from chalicelib.storage.changes import Delete
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from chalicelib.tables import TABLES
from infra import restore
from infra.provision import definitions, protect_tables
from tests.infra.test_company_rows import worked
from tests.stage import running


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Work on another stage of the same account from now on."""

    def become(stage: str) -> None:
        monkeypatch.setenv("WBSYNC_STAGE", stage)
        for cached in (settings, store, keys._provider):
            cached.cache_clear()

    return become


@pytest.mark.long
def test_everything_comes_back_under_a_new_name(become: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """What a restore leaves out is there: streams, protection, recovery, expiry; lost figures are mended."""
    with running() as stage:
        protect_tables()
        made = worked(stage, "restored")
        id = made["company"]["id"]
        halves = list(store().each(Query(model=Half, hash=key(id, made["project"]), between=("a#2", "b#3"))))
        store().transact([Delete(Half, (each.pk, each.sk)) for each in halves])
        assert halves
        become("back")
        assert restore.main(["--stage", "back", "--from", "test"]) == 0
        out = capsys.readouterr().out
        first = json.loads(out[out.index("{\n") :])
        assert first["sums_mended"] >= 1 and first["drift"] == 0 and first["rows"]["labour"] > 0
        again = ["--stage", "back", "--from", "test", "--at", first["recovery_point"]]
        assert restore.main(again) == 0, "a run that broke off goes on"
        client = boto3.client("dynamodb")
        for name in definitions("back"):
            shown = client.describe_table(TableName=f"wbsync-back-{name}")["Table"]
            assert shown["DeletionProtectionEnabled"], name
            streams = {table.name for table in TABLES if table.stream}
            assert shown.get("StreamSpecification", {}).get("StreamEnabled", False) is (name in streams), name
            source = client.describe_table(TableName=f"wbsync-test-{name}")["Table"]
            assert [each["IndexName"] for each in shown.get("GlobalSecondaryIndexes", [])] == [
                each["IndexName"] for each in source.get("GlobalSecondaryIndexes", [])
            ]
            backups = client.describe_continuous_backups(TableName=f"wbsync-back-{name}")
            recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
            assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
        owner = made["owner_client"]
        assert owner.ok("GET", f"/projects/{made['project']}/kpis/")["ac"] == "7.50", (
            "tokens go on, and the sums are mended"
        )


@pytest.mark.long
@pytest.mark.parametrize("shift", [timedelta(days=-400), timedelta(hours=1)])
def test_an_instant_outside_the_window_is_refused_before_anything_is_made(
    become: Any, capsys: pytest.CaptureFixture[str], shift: timedelta
) -> None:
    with running():
        protect_tables()
        become("back")
        at = (datetime.now(UTC) + shift).isoformat()
        assert restore.main(["--stage", "back", "--from", "test", "--at", at]) == 2
        assert "can be restored from" in capsys.readouterr().err
        assert not [name for name in boto3.client("dynamodb").list_tables()["TableNames"] if "back" in name]


def test_without_the_digest_key_the_operator_is_told_where_the_copy_goes(
    become: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without it nobody could sign in to what comes back; a copy that is put there is used."""
    with running():
        protect_tables()
        ssm = boto3.client("ssm")
        kept = ssm.get_parameter(Name="/wbsync/test/digest-key", WithDecryption=True)["Parameter"]["Value"]
        ssm.delete_parameter(Name="/wbsync/test/digest-key")
        become("back")
        assert restore.main(["--stage", "back", "--from", "test"]) == 2
        assert "digest-key" in capsys.readouterr().err
        ssm.put_parameter(Name="/wbsync/back/digest-key", Value=kept, Type="SecureString")
        assert restore.main(["--stage", "back", "--from", "test"]) == 0


def test_a_stage_is_not_restored_over_itself(become: Any) -> None:
    with running(), pytest.raises(SystemExit):
        restore.main(["--stage", "test", "--from", "test"])
