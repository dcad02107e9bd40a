"""The template holds what cannot be changed easily after a first deploy, and nothing that AWS refuses."""

import json
from typing import Any

import pytest

from chalicelib.functions import FUNCTIONS, STREAM_FUNCTIONS
from infra.template.__main__ import main
from infra.template.functions import all_named, named
from infra.template.stack import merge_template

RESOURCES: dict[str, Any] = merge_template("production")["Resources"]


def test_every_function_logs_to_a_group_of_its_own_that_forgets() -> None:
    for name in all_named():
        group = RESOURCES[f"{name}Logs"]["Properties"]
        assert group["LogGroupName"] == f"/wbsync/production/{name}" and group["RetentionInDays"] > 0
        assert RESOURCES[name]["Properties"]["LoggingConfig"] == {"LogGroup": {"Ref": f"{name}Logs"}}


def test_every_function_has_the_time_that_it_is_declared_with() -> None:
    """The package and the local runtime take it from one place."""
    for function in FUNCTIONS:
        assert RESOURCES[named(function.name)]["Properties"]["Timeout"] == function.seconds, function.name


def test_a_role_reaches_its_own_stage_alone_and_event_functions_reach_no_secret() -> None:
    for name in all_named():
        role = RESOURCES["ApiHandlerRole" if name == "APIHandler" else f"{name}Role"]
        text = json.dumps(role)
        assert "wbsync-production-" in text and "wbsync-*" not in text and "parameter/wbsync/*" not in text
        assert ("ssm:" in text) is (name == "APIHandler")
        assert ("wbsync-production-requests" in text) is (name == "APIHandler")


def test_tables_are_made_one_after_the_other() -> None:
    tables = [name for name, each in RESOURCES.items() if each.get("Type") == "AWS::DynamoDB::Table"]
    assert [RESOURCES[name].get("DependsOn") for name in tables] == [None, *([name] for name in tables[:-1])]


def test_alarms_arrive_and_cover_every_function_stream_and_schedule() -> None:
    assert "KmsMasterKeyId" not in RESOURCES["Alerts"].get("Properties", {}), "CloudWatch may not use the account's key"
    for function in FUNCTIONS:
        name = named(function.name)
        wanted = {"Errors", "Throttled", "Behind" if function in STREAM_FUNCTIONS else "Silent"}
        assert all(RESOURCES[name + kind]["Properties"]["AlarmActions"] == [{"Ref": "Alerts"}] for kind in wanted)
    silent = RESOURCES["RepairRollupsSilent"]["Properties"]
    assert (silent["ComparisonOperator"], silent["TreatMissingData"]) == ("LessThanThreshold", "breaching")


def test_a_stream_wakes_a_function_only_with_records_that_it_wants() -> None:
    source = RESOURCES["WorkForward"]["Properties"]["Events"]["WorkForwardDynamodbEventSource"]["Properties"]
    patterns = [json.loads(each["Pattern"]) for each in source["FilterCriteria"]["Filters"]]
    assert patterns == [{"dynamodb": {"Keys": {"sk": {"S": [{"prefix": "intent"}]}}}}]


def test_the_template_keeps_within_the_limits_of_aws() -> None:
    tables = [each["Properties"] for each in RESOURCES.values() if each.get("Type") == "AWS::DynamoDB::Table"]
    assert len(RESOURCES) < 400, "500 at most, and Chalice adds its own"
    assert all(len(table.get("GlobalSecondaryIndexes", [])) <= 20 for table in tables)
    policies = [
        each["Properties"]["Policies"] for each in RESOURCES.values() if "Policies" in each.get("Properties", {})
    ]
    assert all(len(json.dumps(policy)) < 10_240 for policy in policies)
    streams = [function.table for function in STREAM_FUNCTIONS]
    assert all(streams.count(table) <= 2 for table in streams)


@pytest.mark.parametrize("arguments", [["x.json"], ["x.json", "--stage", "production"]])
def test_a_stage_that_is_not_named_or_is_another_than_the_environments_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert "stage" in capsys.readouterr().err.lower()
