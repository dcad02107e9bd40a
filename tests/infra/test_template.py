"""The template holds what cannot be changed easily after a first deploy, and nothing that AWS refuses."""

import json
import re
from typing import Any

import pytest

from chalicelib.functions import FUNCTIONS, STREAM_FUNCTIONS
from infra.template.__main__ import main
from infra.template.functions import all_named, named
from infra.template.gateway import Options
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


def test_a_stream_gathers_records_for_a_second_but_for_jobs_which_somebody_waits_for() -> None:
    windows = {
        name: source["Properties"]["MaximumBatchingWindowInSeconds"]
        for name, resource in RESOURCES.items()
        for source in resource.get("Properties", {}).get("Events", {}).values()
        if "MaximumBatchingWindowInSeconds" in source["Properties"]
    }
    assert windows.pop("WorkForward") == 0
    assert len(windows) == 5 and set(windows.values()) == {1}


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


def test_a_throttled_index_wakes_somebody() -> None:
    """Its table's own metric does not show it."""
    tables = {
        name: each["Properties"] for name, each in RESOURCES.items() if each.get("Type") == "AWS::DynamoDB::Table"
    }
    watched = [each["Properties"].get("Dimensions") for each in RESOURCES.values() if "Properties" in each]
    for name, table in tables.items():
        for index in table.get("GlobalSecondaryIndexes", []):
            dimensions = [
                {"Name": "TableName", "Value": {"Ref": name}},
                {"Name": "GlobalSecondaryIndexName", "Value": index["IndexName"]},
            ]
            assert dimensions in watched, index["IndexName"]


def test_the_gateways_of_two_stages_are_told_apart() -> None:
    for stage in ("production", "trial"):
        resources: dict[str, Any] = merge_template(stage)["Resources"]  # type: ignore[assignment]  # it is JSON
        name = resources["RestAPI"]["Properties"]["DefinitionBody"]["info"]["title"]
        assert {"Name": "ApiName", "Value": name} in resources["GatewayErrors"]["Properties"]["Dimensions"]
        assert name == f"wbsync-{stage}"


def test_the_access_log_holds_no_path_as_it_was_sent() -> None:
    """A one-time key is part of some paths."""
    logged = merge_template("production", Options(access_log=True))["Resources"]["RestAPI"]  # type: ignore[index]
    format = logged["Properties"]["AccessLogSetting"]["Format"]
    assert "$context.resourcePath" in format and "$context.path" not in format
    assert "AccessLogSetting" not in RESOURCES["RestAPI"]["Properties"]


def test_a_domain_is_mapped_once_its_stage_is_there() -> None:
    made: dict[str, Any] = merge_template("production", Options("api.acme.example", "arn:certificate"))
    assert made["Resources"]["DomainMapping"]["Properties"]["Stage"] == {"Ref": "RestAPI.Stage"}
    assert "DomainTarget" in made["Outputs"] and "Domain" not in RESOURCES


def test_the_dashboard_and_the_outputs_name_what_is_there() -> None:
    body = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    named = set(re.findall(r"\$\{(\w+)[.}]", body))
    assert named <= RESOURCES.keys() and {"RepairsStay", "RollupFailures", "LabourTable"} <= named
    assert len(body) < 400_000 and json.loads(body)["widgets"]
    outputs: dict[str, Any] = merge_template("production")["Outputs"]  # type: ignore[assignment]  # it is JSON
    prefix = outputs["AlarmPrefix"]["Value"]
    alarms = [each for each in RESOURCES.values() if each.get("Type") == "AWS::CloudWatch::Alarm"]
    assert all(each["Properties"]["AlarmName"].startswith(prefix) for each in alarms)
    assert outputs["AlertsTopic"]["Value"] == {"Ref": "Alerts"}
