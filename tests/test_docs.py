"""The docs say what the code says."""

import itertools
import re
from dataclasses import fields
from pathlib import Path

import pytest

from chalicelib.access.permissions import ROLES, Permission, Role
from chalicelib.errors import __doc__ as tree
from chalicelib.http.openapi import codes, document
from chalicelib.http.route import Guard
from chalicelib.http.routes import ROUTES
from chalicelib.labour import states
from chalicelib.settings import Settings
from infra.template.stack import merge_template

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def table(page: str, first: str) -> list[list[str]]:
    """The cells of the first table of a page whose first heading is ``first``; its headings come first."""
    lines = (ROOT / page).read_text().splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"| {first} |"))
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines[begin:])
    heading, _, *body = ([cell.strip() for cell in row.strip("|").split("|")] for row in rows)
    return [heading, *body]


def anchors(page: Path) -> set[str]:
    """What links may name after ``#``: the headings, as Markdown viewers shorten them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def shown(default: object) -> str:
    """A default as the page writes it."""
    return ("on" if default else "off") if isinstance(default, bool) else str(default)


def test_the_operations_page_lists_every_setting_with_its_default_and_no_other() -> None:
    """Settings are declared once, and the docs list them."""
    _, *rows = table("docs/operations.md", "setting")
    assert [row[:2] for row in rows] == [[item.name, shown(item.default)] for item in fields(Settings)]
    assert all(row[2] for row in rows)


def test_the_permission_table_of_the_docs_is_that_of_the_code() -> None:
    """One readable table that the docs and the code share."""
    heading, *rows = table("docs/permissions.md", "permission")
    assert heading[1:] == [role.value for role in Role] == [role.value for role in ROLES]
    documented = {row[0]: row[1:] for row in rows}
    assert len(documented) == len(rows)
    assert documented == {
        permission.value: ["yes" if permission in held else "" for held in ROLES.values()] for permission in Permission
    }


def test_the_diagram_and_the_table_of_states_come_from_the_code() -> None:
    """One transition table of labour states, from which refusals, allowed_actions and the page come."""
    assert f"```mermaid\n{states.diagram()}\n```" in (ROOT / "docs/labour.md").read_text()
    _, *rows = table("docs/labour.md", "action")
    assert rows == states.table()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """A newcomer can follow every link, to the very heading."""
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text()):
        name, _, anchor = target.partition("#")
        there = page.parent / name if name else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


def test_every_route_is_documented_and_guarded() -> None:
    """A route without a permission is open, a device's, or answers by whose rows they are."""
    import app  # registers the routes

    assert app.app.routes
    own = {"/api/v1/me", "/api/v1/labour", "/api/v1/labour/{id}", "/api/v1/jobs/{id}", "/api/schema"}
    own |= {f"/api/v1/{name}" for name in ("labour/{id}/history", "labour/export", "clashes", "clashes/{id}")}
    own |= {"/api/v1/clock-events", "/api/v1/clock-events/{id}"}
    for route in ROUTES:
        assert route.handler.__doc__
        free = route.guard is not Guard.PERSON or (route.path in own and not route.writes)
        assert route.permission or free, route.path
        if route.path.startswith("/api/v1"):
            assert route.method.lower() in document()["paths"][route.path + "/"]


def test_the_page_of_permissions_names_those_that_no_route_asks_for() -> None:
    import app  # registers the routes

    assert app.app.routes
    text = (ROOT / "docs/permissions.md").read_text()
    last = text[text.index("No route asks for") :]
    asked = {route.permission for route in ROUTES}
    assert {each.value for each in Permission if each not in asked} == set(re.findall(r"`(\w+)`", last))


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
    resources = merge_template("test")["Resources"]
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
        "WorkTable",
    }
