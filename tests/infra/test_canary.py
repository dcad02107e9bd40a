"""The API of a package moves gradually: the gateway calls the alias, and alarms turn it back."""

import json
from typing import Any

import pytest

from infra.canary import ALARMS, gradual, main
from infra.template.alarms import alarms

URI = {"Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/functions/${APIHandler.Arn}/invocations"}


def package() -> dict[str, Any]:
    """As much of Chalice's package as is touched."""
    paths = {path: {"get": {"x-amazon-apigateway-integration": {"uri": URI}}} for path in ("/a", "/b")}
    return {
        "Resources": {
            "APIHandler": {"Properties": {"MemorySize": 1024}},
            "APIHandlerInvokePermission": {"Properties": {"FunctionName": {"Ref": "APIHandler"}}},
            "RestAPI": {"Properties": {"DefinitionBody": {"paths": paths}}},
        }
    }


def test_every_route_calls_the_alias_and_alarms_that_exist_turn_it_back(tmp_path: Any) -> None:
    file = tmp_path / "sam.json"
    file.write_text(json.dumps(package()))
    main([str(file)])
    resources = json.loads(file.read_text())["Resources"]
    text = json.dumps(resources["RestAPI"])
    assert text.count("${APIHandler.Arn}:live/invocations") == 2 == text.count("APIHandler.Arn")
    assert resources["APIHandlerInvokePermission"]["Properties"]["FunctionName"] == {"Ref": "APIHandler.Alias"}
    assert resources["APIHandler"]["Properties"]["AutoPublishAlias"] == "live"
    assert resources["APIHandler"]["Properties"]["MemorySize"] == 1024
    assert set(ALARMS) <= alarms("production").keys()


def test_at_once_there_are_versions_and_the_alias_alone(tmp_path: Any) -> None:
    files = [tmp_path / "gradual.json", tmp_path / "at-once.json"]
    for file, options in zip(files, ([], ["--at-once"]), strict=True):
        file.write_text(json.dumps(package()))
        main([str(file), *options])
    moving, at_once = (json.loads(file.read_text()) for file in files)
    assert moving["Resources"]["APIHandler"]["Properties"].pop("DeploymentPreference")["Type"].startswith("Canary")
    assert at_once == moving and at_once["Resources"]["APIHandler"]["Properties"]["AutoPublishAlias"] == "live"


def test_a_package_that_is_not_chalices_is_refused() -> None:
    other = package()
    other["Resources"]["RestAPI"]["Properties"]["DefinitionBody"] = {}
    with pytest.raises(ValueError, match="ARN"):
        gradual(other)
