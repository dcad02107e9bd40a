"""``make linters``: cfn-lint on the packaged template, with its options and a canary too, and parliament on every role.

There is no finding, and none is accepted.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.canary import gradual
from infra.gates import python_with, saying
from infra.template.gateway import Options
from infra.template.stack import merge_template

HERE = Path(__file__).parent
STAGE, REGION = "production", "eu-west-1"
PLAIN = Options()
FULL = Options("api.acme.example", f"arn:aws:acm:{REGION}:123456789012:certificate/0a1b2c3d", access_log=True)
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": "123456789012"}
say = saying("linters")


def main() -> int:
    """The exit code is 1 when something was found; each is printed."""
    say("installing cfn-lint and parliament into an environment of their own")
    python = python_with(HERE / "requirements.txt", Path(".linters").absolute())
    found = []
    with tempfile.TemporaryDirectory(prefix="wbsync-linters-") as directory:
        for options in (PLAIN, FULL):
            say(f"packaging with {options}")
            template = packaged(Path(directory), options)
            found += [*of_template(python, Path(directory), template), *of_roles(python, template)]
        say("the same with a canary")
        found += of_template(python, Path(directory), gradual(template))
        found += unnoticed(python, Path(directory), template)
    for each in found:
        say(f"FOUND: {each}")
    say(f"{len(found)} findings")
    return int(bool(found))


def packaged(directory: Path, options: Options) -> dict[str, Any]:
    """Chalice's template of the stage with what is merged into it."""
    merge = directory / "merge.json"
    merge.write_text(json.dumps(merge_template(STAGE, options)))
    chalice = Path(sys.executable).parent / "chalice"
    command: list[str | Path] = [chalice, "package", "--stage", STAGE, "--merge-template", merge]
    environment = os.environ | {"WBSYNC_STAGE": STAGE, "AWS_DEFAULT_REGION": REGION}
    subprocess.run([*command, directory / "package"], check=True, env=environment, stdout=subprocess.DEVNULL)
    return dict(json.loads((directory / "package" / "sam.json").read_text()))


def of_template(python: Path, directory: Path, template: dict[str, Any]) -> Iterator[str]:
    """What cfn-lint finds; the code lies in a bucket as it will after ``aws cloudformation package``."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/code.zip"
    file = directory / "template.json"
    file.write_text(json.dumps(template))
    linter = python.parent / "cfn-lint"
    command: list[str | Path] = [python, linter, "--regions", REGION, "--format", "json", "--", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and not done.stdout.strip():
        yield f"cfn-lint ended with {done.returncode}: {done.stderr[-500:]}"
        return
    for each in json.loads(done.stdout or "[]"):
        yield f"{each['Rule']['Id']} {each['Message']} at {'/'.join(map(str, each['Location']['Path'] or []))}"


def of_roles(python: Path, template: dict[str, Any]) -> Iterator[str]:
    """What parliament finds of the policies of every role."""
    documents = policies(template)
    command = [python, HERE / "policies.py"]
    done = subprocess.run(command, input=json.dumps(documents), capture_output=True, text=True, check=True)
    for name, findings in json.loads(done.stdout).items():
        for each in findings:
            yield f"{name}: {each}"


def unnoticed(python: Path, directory: Path, template: dict[str, Any]) -> Iterator[str]:
    """A fault is planted in the template, and one in a role; whichever the linters do not find is a finding itself."""
    broken: dict[str, Any] = json.loads(json.dumps(template))
    broken["Resources"]["Alerts"]["DependsOn"] = "NoSuchResource"
    if not any(each.startswith("E") for each in of_template(python, directory, broken)):
        yield "cfn-lint did not notice a reference to nothing"
    statement = broken["Resources"]["ApiHandlerRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
    statement["Action"] = ["dynamodb:ReadEverything"]
    if not any("UNKNOWN_ACTION" in each for each in of_roles(python, broken)):
        yield "parliament did not notice an action that there is not"


def policies(template: dict[str, Any]) -> dict[str, Any]:
    """Every policy document by its role, with the names of an account in place of references."""
    return {
        f"{name} {policy['PolicyName']}": plain(policy["PolicyDocument"])
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::IAM::Role"
        for policy in resource["Properties"].get("Policies", [])
    }


def plain(value: Any) -> Any:
    """A value without functions of CloudFormation."""
    match value:
        case {"Fn::Sub": str() as text}:
            return re.sub(r"\$\{([\w:]+)\}", lambda match: PSEUDO[match[1]], text)
        case {"Fn::GetAtt": [name, "Arn"]}:
            return f"arn:aws:sqs:{REGION}:123456789012:{name}"
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list():
            return [plain(each) for each in value]
    return value


if __name__ == "__main__":
    sys.exit(main())
