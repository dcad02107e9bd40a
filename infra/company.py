"""Companies, against whatever account and endpoint the environment names.

python -m infra.company create --name N --plan pro --timezone Europe/Dublin --owner-email E --json
"""

import argparse
import json
import secrets
import sys
from typing import Any

import boto3

from chalicelib.errors import WbsyncError
from chalicelib.http.call import utc_now
from chalicelib.http.fields import TimeZone
from chalicelib.identity.companies import create_company
from chalicelib.identity.permissions import PLANS
from chalicelib.settings import settings
from chalicelib.storage.store import store
from infra.provision import create_secrets


def create(
    name: str,
    plan: str,
    timezone: str,
    email: str,
    *,
    owner_name: str = "Owner",
    currency: str = "EUR",
) -> dict[str, Any]:
    """Make a company; what is returned is shown once."""
    create_secrets()
    password = secrets.token_urlsafe(15)
    changes, made = create_company(
        name, plan, TimeZone().check(timezone), currency, (owner_name, email, password), utc_now()
    )
    store().transact(changes)
    boto3.client("ssm").put_parameter(
        Name=f"{settings().parameter_prefix}ingest/{made.company.id}",
        Value=made.ingest.text,
        Type="SecureString",
        Overwrite=True,
    )
    shown = {
        "company": {"id": made.company.id, "name": name, "plan": plan, "timezone": timezone},
        "owner": {"id": made.owner.id, "email": email, "password": password},
        "ingest_secret": made.ingest.text,
    }
    return shown | ({"token": made.token.text} if made.token else {})


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.company", description="Companies of this stage.")
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("create", help="make a company with its owner")
    new.add_argument("--name", required=True)
    new.add_argument("--plan", required=True, choices=PLANS)
    new.add_argument("--timezone", default="UTC")
    new.add_argument("--currency", default="EUR")
    new.add_argument("--owner-email", required=True)
    new.add_argument("--owner-name", default="Owner")
    new.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    try:
        shown = create(
            given.name,
            given.plan,
            given.timezone,
            given.owner_email,
            owner_name=given.owner_name,
            currency=given.currency,
        )
    except (WbsyncError, ValueError) as error:
        print(f"not created: {error}", file=sys.stderr)
        return 1
    print(json.dumps(shown, indent=None if given.json else 2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
