"""A command writes nothing to a stage that was not meant."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from infra import company, provision, rebuild
from tests.stage import Stage, running

CREATE = ["create", "--name", "X", "--plan", "pro", "--owner-email", "o@x.example"]
COMMANDS: list[tuple[Callable[[list[str]], Any], list[str]]] = [
    (company.main, CREATE),
    (company.main, ["list"]),
    (rebuild.main, ["--all"]),
    (provision.main, []),
]


@pytest.mark.parametrize(("command", "arguments"), COMMANDS)
@pytest.mark.parametrize("stage_named", [[], ["--stage", "other"]])
def test_a_command_wants_the_stage_and_the_same_as_the_environment(
    stage: Stage,
    command: Callable[[list[str]], Any],
    arguments: list[str],
    stage_named: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        command([*arguments, *stage_named])
    assert "stage" in capsys.readouterr().err.lower()


def test_a_stage_that_is_not_deployed_gets_no_key_and_no_parameter(capsys: pytest.CaptureFixture[str]) -> None:
    """Another region, another account: the same line, and nothing there."""
    with running():
        boto3.client("dynamodb").update_table(TableName="wbsync-test-companies", DeletionProtectionEnabled=False)
        boto3.client("dynamodb").delete_table(TableName="wbsync-test-companies")
        before = boto3.client("ssm").describe_parameters()["Parameters"]
        with pytest.raises(SystemExit):
            company.main([*CREATE, "--stage", "test"])
        assert "not in this account and region" in capsys.readouterr().err
        assert boto3.client("ssm").describe_parameters()["Parameters"] == before
