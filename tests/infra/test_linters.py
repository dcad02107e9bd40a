"""The linters' gate reads what the template holds, and each kind of fault is one that it finds: see `make linters`."""

import json

from infra.linters.__main__ import plain, policies
from infra.template.stack import merge_template


def test_policies_are_read_without_functions_of_cloudformation() -> None:
    resources = merge_template("production")["Resources"]
    assert isinstance(resources, dict)
    roles = {name: {"Type": "AWS::IAM::Role"} | each for name, each in resources.items() if name.endswith("Role")}
    documents = policies({"Resources": roles})
    text = json.dumps(documents)
    assert len(documents) == len(roles) > 5 and "Fn::" not in text and "${" not in text
    assert "arn:aws:dynamodb:eu-west-1:123456789012:table/wbsync-production-labour" in text


def test_names_in_references_become_those_of_an_account() -> None:
    assert plain({"a": [{"Fn::Sub": "arn:${AWS::Partition}:x"}, {"Fn::GetAtt": ["Q", "Arn"]}]}) == {
        "a": ["arn:aws:x", "arn:aws:sqs:eu-west-1:123456789012:Q"]
    }
