"""Every route, for every role and membership, is refused exactly where the one readable table says so."""

from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.access.permissions import Permission, Role
from chalicelib.http.openapi import WHERE, document
from chalicelib.http.route import BASE, Guard, Route, Scope
from chalicelib.http.routes import ROUTES
from tests.stage import Client, Stage
from tests.test_docs import table
from tests.users import People, project

MEMBER_ROLES = [role for role in Role if role not in {Role.OWNER, Role.ADMIN}]
OWN = frozenset({"me", "labour", "clashes", "clock-events", "jobs"})  # the caller sees what is theirs
KINDS = ("nowhere", "here", "elsewhere", "ended")


def held() -> dict[str, frozenset[Permission]]:
    """What each role may do, read from the page and not from the code."""
    heading, *rows = table("docs/permissions.md", "permission")
    return {
        role: frozenset(Permission(row[0]) for row in rows if row[place] == "yes")
        for place, role in enumerate(heading[1:], 1)
    }


@dataclass
class Site:
    """Two projects with everything that an id in a path can name, and people in every position."""

    ids: dict[str, str]
    people: dict[tuple[str, str | None, str], Client]


@pytest.fixture(scope="module")
def site(stage: Stage) -> Site:
    owner = stage.owner
    here, elsewhere = project(owner), project(owner)
    path: list[str] = []
    for name in ("North", "Ground", "Concrete", "Pour"):
        more = {"cost_code": "C-1", "budget_hours": 10} if name == "Pour" else {}
        body = {"name": name, "parent": path[-1] if path else None, **more}
        path.append(owner.ok("POST", f"/projects/{here}/wbs/", body)["id"])
    hand = owner.ok("POST", "/operatives/", {"name": "Hand", "hourly_rate": 30})["id"]
    body = {"project": here, "operative": hand, "date": "2026-06-01", "hours": 8, "status": "submitted"}
    entry = owner.ok("POST", "/labour/", body | {"cost_code": "C-1"})["id"]
    made = People(owner)
    _, member = made.member("engineer", here, "foreman")
    people: dict[tuple[str, str | None, str], Client] = {}
    for role in Role:
        people[role, None, "nowhere"] = made.make(role)[0]
    for role in MEMBER_ROLES:
        people["operative", role, "here"] = made.member("operative", here, role)[0]
        people["operative", role, "elsewhere"] = made.member("operative", elsewhere, role)[0]
        people["operative", role, "ended"] = made.once_member("operative", here, role)[0]
    token = owner.ok("POST", "/tokens/", {"label": "target", "user": member})["id"]
    ids = {"projects": here, "wbs": path[-1], "labour": entry, "operatives": hand, "users": member, "tokens": token}
    return Site(ids | {"user": member}, people)


def guarded() -> list[Route]:
    """The routes that need a caller."""
    import app  # registers the routes

    assert app.app.routes
    return [route for route in ROUTES if route.guard is Guard.PERSON and route.tag != "Pages"]


def filled(route: Route, ids: dict[str, str]) -> str:
    """The route's path with ids of the site; a group without one gets an id that names nothing."""
    group = route.path.removeprefix(f"{BASE}/").split("/")[0]
    return route.path.replace("{id}", ids.get(group, "nothing")).replace("{user}", ids["user"]) + "/"


def allowed(route: Route, base: str, role: str | None, kind: str, may: dict[str, frozenset[Permission]]) -> bool:
    """Whether the table lets the request pass the route's permission."""
    if route.permission is None or route.permission in may[base]:
        return True
    if role is None or kind == "ended" or route.permission not in may[role]:
        return False
    return route.scope is Scope.ANYWHERE or (route.scope is Scope.PROJECT and kind == "here")


@pytest.mark.long
@pytest.mark.parametrize(
    "kind", [kind if kind == "here" else pytest.param(kind, marks=pytest.mark.proof) for kind in KINDS]
)
def test_a_route_is_denied_exactly_when_the_table_says_so(stage: Stage, site: Site, kind: str) -> None:
    may, wrong = held(), []
    for route in guarded():
        for (base, role, where), client in site.people.items():
            if where != kind:
                continue
            body: Any = {} if route.writes else None
            reply = client.send(route.method, filled(route, site.ids), body)
            denied = reply.status == 403 and reply.body["code"] == "permission_denied"
            denied = denied and "your own hours" not in reply.text  # a rule of the entry's, behind the route's
            if denied is allowed(route, base, role, kind, may) or reply.status in {401, 500}:
                wrong.append((route.method, route.path, base, role, reply.status, reply.text[:120]))
    assert wrong == []


def test_every_route_names_its_permission_where_it_is_declared() -> None:
    for route in guarded():
        group = route.path.removeprefix(f"{BASE}/").split("/")[0]
        assert route.permission or (group in OWN and not route.writes), (route.method, route.path)


@pytest.mark.long
def test_a_membership_of_another_project_opens_no_row_of_this_one(stage: Stage, site: Site) -> None:
    """Lists and rows that no path ties to a project keep to the projects at hand."""
    for (_, role, kind), client in site.people.items():
        if kind not in {"elsewhere", "ended"}:
            continue
        for path in ("projects", "labour", "memberships", "labour/?project=" + site.ids["projects"]):
            reply = client.send("GET", f"{BASE}/{path}")
            assert reply.status in {200, 403} and site.ids["projects"] not in reply.text, (role, path, reply)
        for action, body in (("", None), ("approve/", {}), ("reject/", {"reason": "x"}), ("reopen/", {"reason": "x"})):
            path = f"{BASE}/labour/{site.ids['labour']}/{action}"
            assert client.send("POST" if action else "GET", path, body).status in {403, 404}
        hours = {"project": site.ids["projects"], "operative": site.ids["operatives"], "date": "2026-06-02", "hours": 1}
        assert client.send("POST", f"{BASE}/labour/", hours).status == 403


@pytest.mark.long
def test_rates_are_absent_without_the_permission_wherever_they_could_be(stage: Stage, site: Site) -> None:
    """A membership shows the rates of its own project, and no operative's rate, which is the company's."""
    may, names = held(), ("hourly_rate", "planned_rate", "unrated_hours", "contract_value")
    project_id, node, entry = site.ids["projects"], site.ids["wbs"], site.ids["labour"]
    guards = dict.fromkeys(names, Permission.VIEW_RATES) | {"contract_value": Permission.VIEW_COMMERCIAL}
    carries = {
        f"/projects/{project_id}/": {"planned_rate", "contract_value"},
        "/projects/": {"planned_rate", "contract_value"},
        f"/projects/{project_id}/wbs/": {"planned_rate"},
        f"/wbs/{node}/": {"planned_rate"},
        f"/projects/{project_id}/kpis/": {"unrated_hours"},
        f"/wbs/{node}/kpis/": {"unrated_hours"},
        f"/labour/{entry}/": {"hourly_rate"},
        f"/labour/?project={project_id}": {"hourly_rate"},
        f"/operatives/{site.ids['operatives']}/": {"hourly_rate"},
        "/operatives/": {"hourly_rate"},
    }
    for (base, role, kind), client in site.people.items():
        for path, fields in carries.items():
            reply = client.send("GET", BASE + path)
            if reply.status != 200:
                continue
            rows = [
                row for row in reply.body.get("results", [reply.body]) if row.get("id", project_id) in site.ids.values()
            ]
            role_counts = role is not None and kind == "here" and "operatives" not in path
            permissions = may[base] | (may[role] if role_counts and role else frozenset())
            expected = {name for name in fields if guards[name] in permissions}
            for row in rows:
                assert {name for name in names if name in row} == expected, (base, role, kind, path)
        money = client.send("GET", f"{BASE}/projects/{project_id}/kpis/?measure=cost")
        sees = Permission.VIEW_RATES in may[base] | (may[role] if role and kind == "here" else frozenset())
        assert money.status == (200 if sees else 403)


def test_the_schema_says_which_permission_a_route_needs_and_where() -> None:
    described = {
        (method, path): operation.get("description", "")
        for path, operations in document()["paths"].items()
        for method, operation in operations.items()
    }
    for route in guarded():
        if route.permission is not None and route.path.startswith(BASE):
            text = described[route.method.lower(), route.path + "/"]
            assert text.startswith(f"Needs the permission `{route.permission.value}` {WHERE[route.scope]}"), route.path
