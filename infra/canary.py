"""Turns a package into one whose API has versions behind an alias, and moves to a new one little by little.

python -m infra.canary .build/package/sam.json

A tenth of the requests goes to the new version for five minutes, by CodeDeploy and the function's alias ``live``; all
go back by themselves when an alarm goes off. With ``--at-once`` the alias moves at once, and back by hand.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from infra.template.functions import API

ALIAS = "live"
PREFERENCE = "Canary10Percent5Minutes"
ALARMS = ("ServerErrors", f"{API}Errors")
OLD, NEW = f"${{{API}.Arn}}", f"${{{API}.Arn}}:{ALIAS}"


def gradual(template: dict[str, Any]) -> dict[str, Any]:
    """The template with the API behind its alias, which moves gradually.

    Raises:
        ValueError: the gateway does not call the API where it was expected: the package is not Chalice's.
    """
    moved = versioned(template)
    preference = {"Type": PREFERENCE, "Alarms": [{"Ref": name} for name in ALARMS]}
    moved["Resources"][API]["Properties"]["DeploymentPreference"] = preference
    return moved


def versioned(template: dict[str, Any]) -> dict[str, Any]:
    """The template with the API behind its alias, and the gateway, which calls the alias.

    Raises:
        ValueError: the gateway does not call the API where it was expected: the package is not Chalice's.
    """
    resources = template["Resources"]
    resources[API]["Properties"]["AutoPublishAlias"] = ALIAS
    body = json.dumps(resources["RestAPI"]["Properties"]["DefinitionBody"])
    if OLD not in body:
        raise ValueError("the gateway does not call the API's function by its ARN")
    resources["RestAPI"]["Properties"]["DefinitionBody"] = json.loads(body.replace(OLD, NEW))
    resources[f"{API}InvokePermission"]["Properties"]["FunctionName"] = {"Ref": f"{API}.Alias"}
    return template


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.canary", description="Let the API move gradually.")
    parser.add_argument("template", type=Path, help="the package's sam.json, which is changed")
    parser.add_argument("--at-once", action="store_true", help="versions and the alias alone, without a gradual move")
    chosen = parser.parse_args(arguments)
    change = versioned if chosen.at_once else gradual
    chosen.template.write_text(json.dumps(change(json.loads(chosen.template.read_text())), indent=1))


if __name__ == "__main__":
    main()
