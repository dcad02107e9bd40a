"""The deployment that ops run: chalice package with the merge template, compiled, then CloudFormation."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3

from chalicelib.settings import settings
from infra import bytecode
from infra.template.stack import merge_template

BUILD = Path(".build").absolute()
BUCKET = "wbsync-rehearsal-code"
STACK = "wbsync-rehearsal"


def package() -> dict[str, object]:
    """The SAM template of the rehearsal stage; the code is beside it in ``deployment.zip``."""
    BUILD.mkdir(exist_ok=True)
    merge = BUILD / "merge-template.json"
    merge.write_text(json.dumps(merge_template(settings().stage)))
    subprocess.run(
        [
            Path(sys.executable).parent / "chalice",
            "package",
            "--stage",
            "rehearsal",
            "--merge-template",
            merge,
            BUILD / "package",
        ],
        check=True,
    )
    bytecode.add(BUILD / "package" / "deployment.zip")
    return dict(json.loads((BUILD / "package" / "sam.json").read_text()))


def deploy(template: dict[str, Any]) -> dict[str, str]:
    """Upload the code, create the stack, and give its outputs; raises with the reasons when it fails."""
    s3, cloudformation = boto3.client("s3"), boto3.client("cloudformation")
    leave_out_unsupported(template["Resources"])
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.upload_file(str(BUILD / "package" / "deployment.zip"), BUCKET, "deployment.zip")
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = f"s3://{BUCKET}/deployment.zip"
    s3.put_object(Bucket=BUCKET, Key="template.json", Body=json.dumps(template).encode())
    cloudformation.create_stack(
        StackName=STACK,
        TemplateURL=f"{s3.meta.endpoint_url}/{BUCKET}/template.json",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    return _outputs(cloudformation)


def leave_out_unsupported(resources: dict[str, Any]) -> None:
    """Take out what MiniStack refuses and AWS takes: alarms on a sum of metrics, and the dashboard that shows them."""
    for name, resource in list(resources.items()):
        summed = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
        if summed or resource["Type"] == "AWS::CloudWatch::Dashboard":
            del resources[name]


def function_logs() -> str:
    """What every function wrote, which is gone once MiniStack stops."""
    logs = boto3.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    pages = [page for group in groups for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)]
    return "".join(event["message"].rstrip() + "\n" for page in pages for event in page["events"])


def _outputs(cloudformation: Any) -> dict[str, str]:
    for _ in range(600):
        [stack] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        if stack["StackStatus"] == "CREATE_COMPLETE":
            return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        if "IN_PROGRESS" not in stack["StackStatus"]:
            raise RuntimeError(f"the stack is {stack['StackStatus']}: {_reasons(cloudformation)}")
        time.sleep(0.5)
    raise RuntimeError("the stack was not made within five minutes")


def _reasons(cloudformation: Any) -> list[str]:
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    return [
        f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason')}"
        for each in events
        if "FAILED" in each["ResourceStatus"]
    ]
