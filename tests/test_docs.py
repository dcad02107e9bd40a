"""The docs say what the code says."""

import re
from dataclasses import fields
from pathlib import Path

from chalicelib.errors import __doc__ as tree
from chalicelib.http.openapi import codes, document
from chalicelib.http.routes import ROUTES
from chalicelib.identity.permissions import ROLES, Permission
from chalicelib.settings import Settings
from infra.template import merge_template

ROOT = Path(__file__).parent.parent


def test_every_setting_is_in_the_operations_page() -> None:
    """Settings are declared once, and the docs list them."""
    page = (ROOT / "docs/operations.md").read_text()
    assert [item.name for item in fields(Settings) if f"| {item.name} |" not in page] == []


def test_the_permission_table_of_the_docs_is_that_of_the_code() -> None:
    """One readable table that the docs and the code share."""
    page = (ROOT / "docs/permissions.md").read_text()
    for permission in Permission:
        row = " | ".join("yes" if permission in held else "" for held in ROLES.values())
        assert f"| {permission.value} | {row} |" in page


def test_links_between_pages_lead_somewhere() -> None:
    """A newcomer can follow every link."""
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)


def test_every_route_is_documented_and_guarded() -> None:
    """A route without a permission is open, a device's, or answers by whose rows they are."""
    import app  # registers the routes

    assert app.app.routes
    own = {"/api/v1/me", "/api/v1/labour", "/api/v1/labour/{id}", "/api/schema"}
    for route in ROUTES:
        assert route.handler.__doc__
        assert route.permission or route.open or route.device or (route.path in own and not route.writes), route.path
        if route.path.startswith("/api/v1"):
            assert route.method.lower() in document()["paths"][route.path + "/"]


def test_every_error_is_in_the_tree() -> None:
    """One tree of domain errors, and its page names each."""
    assert tree is not None
    missing = [
        code
        for code in codes()
        if code not in tree
        and code
        not in {
            "internal_error",
            "validation_error",
            "not_authenticated",
            "not_found",
            "method_not_allowed",
            "not_acceptable",
            "payload_too_large",
            "unsupported_media_type",
            "precondition_failed",
            "rate_limited",
            "unavailable",
        }
    ]
    assert missing == []


def test_every_table_is_protected_and_every_stream_loses_nothing() -> None:
    """On demand, encrypted, recoverable, protected; from the oldest record, with a failure queue."""
    resources = merge_template()["Resources"]
    for table in (each["Properties"] for each in resources.values() if each.get("Type") == "AWS::DynamoDB::Table"):
        assert table["BillingMode"] == "PAY_PER_REQUEST" and table["SSESpecification"]["SSEEnabled"]
        assert table["DeletionProtectionEnabled"]
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    for name in ("LabourRollup", "PlanRollup"):
        source = resources[name]["Properties"]["Events"][f"{name}DynamodbEventSource"]["Properties"]
        assert source["StartingPosition"] == "TRIM_HORIZON" and source["BisectBatchOnFunctionError"]
        assert (
            source["FunctionResponseTypes"] == ["ReportBatchItemFailures"] and 0 < source["MaximumRetryAttempts"] < 100
        )
        assert source["DestinationConfig"]["OnFailure"]["Destination"]
    assert {name for name in resources if "TimeToLiveSpecification" in resources[name].get("Properties", {})} == {
        "RequestsTable",
        "IdempotencyTable",
    }
