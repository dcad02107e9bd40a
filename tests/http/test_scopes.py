"""Where a caller must hold a route's permission: on the project of the path, on some project, or in the company."""

from datetime import UTC, datetime
from typing import cast

import pytest

import app  # noqa: F401 - declares the routes
from chalicelib.access.callers import Caller
from chalicelib.access.rows import Access, Company
from chalicelib.errors import Denied
from chalicelib.http.call import Call
from chalicelib.http.guards import require_permission
from chalicelib.http.route import BASE, Scope
from chalicelib.http.routes import ROUTES
from chalicelib.storage.store import Store

NAMED = {f"{route.method} {route.path.removeprefix(BASE)}": route for route in ROUTES}
SCOPES = {name: route.scope for name, route in NAMED.items()}
MINE, OTHER = "m" * 12, "o" * 12


@pytest.mark.parametrize(
    "route", ["PATCH /projects/{id}", "GET /projects/{id}/wbs", "PATCH /wbs/{id}", "GET /wbs/{id}"]
)
def test_what_lies_below_a_project_or_node_is_that_projects(route: str) -> None:
    assert SCOPES[route] is Scope.PROJECT


@pytest.mark.parametrize("route", ["POST /projects", "POST /operatives", "PATCH /operatives/{id}"])
def test_what_belongs_to_the_company_is_written_by_base_role(route: str) -> None:
    assert SCOPES[route] is Scope.COMPANY


@pytest.mark.parametrize("route", ["GET /projects", "GET /operatives", "POST /labour", "GET /labour/{id}"])
def test_what_is_read_of_the_company_and_rows_that_tell_their_project_ask_for_some_project(route: str) -> None:
    assert SCOPES[route] is Scope.ANYWHERE


def test_what_an_hour_of_somebody_costs_is_the_companys_alone() -> None:
    assert SCOPES["GET /operatives/{id}/rates"] is Scope.COMPANY


@pytest.mark.parametrize(
    ("route", "id", "may"),
    [
        ("PATCH /projects/{id}", MINE, True),
        ("PATCH /projects/{id}", OTHER, False),
        ("PATCH /wbs/{id}", f"{MINE}{'n' * 12}", True),
        ("PATCH /wbs/{id}", f"{OTHER}{'n' * 12}", False),
        ("GET /operatives", None, True),
        ("POST /projects", None, False),
    ],
)
def test_a_membership_counts_on_its_project_and_where_some_project_is_enough(
    route: str, id: str | None, may: bool
) -> None:
    """Nothing is looked up for it."""
    now = datetime(2026, 6, 8, tzinfo=UTC)
    access = Access(role="operative", memberships={MINE: {"role": "project_manager", "until": None}})
    call = Call({}, None, cast(Store, None), now, Caller("c", "u", access, Company(id="c"), now))
    allowed = True
    try:
        require_permission(NAMED[route], call, {"id": id} if id else {})
    except Denied:
        allowed = False
    assert allowed is may
