"""Memberships: roles of users on single projects."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar

from msgspec import UNSET, UnsetType

from chalicelib.access.permissions import Permission
from chalicelib.errors import Invalid
from chalicelib.http.answers import Read, Written
from chalicelib.http.call import Call
from chalicelib.http.conditional import etag
from chalicelib.http.fields import Answer, Body, Day, Id, Stamp, dates_as_text, given, one_of
from chalicelib.http.pagination import Listed, PageQuery, Rule, Source, listed
from chalicelib.http.references import Place
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.people import memberships, users
from chalicelib.people.memberships import MemberRole
from chalicelib.people.rows import MEMBERS, MEMBERS_OF_PROJECT, MEMBERSHIPS_OF_USER, Membership
from chalicelib.projects import projects
from chalicelib.storage.rows import key

routes = RouteSet("Memberships", __name__)
FIRST, LAST = date(2000, 1, 1), date(9998, 12, 31)


class MembershipQuery(PageQuery, kw_only=True):
    """Filters of the membership list."""

    user: Id | None = None
    project: Id | None = None


class MembershipCreate(Body, kw_only=True):
    """A role on the project; ``expires_on`` is the last valid day in the project's time zone."""

    references: ClassVar[Mapping[str, Place]] = {"user": users.place}
    user: Id
    role: MemberRole
    expires_on: date | None = None


class MembershipPatch(Body, kw_only=True):
    """Fields of a membership to change."""

    role: MemberRole | UnsetType = UNSET
    expires_on: date | None | UnsetType = UNSET


class MembershipAnswer(Answer, kw_only=True):
    """A user's role on a project, until the end of a day or for good."""

    project: str
    user: str
    role: Annotated[str, one_of(MemberRole)]
    expires_on: Day | None
    created_at: Stamp
    updated_at: Stamp


def present(row: Membership) -> MembershipAnswer:
    """A membership as the API shows it."""
    return MembershipAnswer(**{name: getattr(row, name) for name in MembershipAnswer.__struct_fields__})


def _shown(rows: list[Membership]) -> list[MembershipAnswer]:
    return [present(row) for row in rows]


def _values(body: Body) -> dict[str, object]:
    values = given(body)
    last = values.get("expires_on")
    if last is not None and not FIRST <= last <= LAST:
        raise Invalid(errors={"expires_on": [f"Must be from {FIRST} to {LAST}."]})
    return dates_as_text(values)


@routes.route(
    "GET",
    f"{BASE}/memberships",
    permission=Permission.MANAGE_TEAM,
    query=MembershipQuery,
    answer=Listed[MembershipAnswer],
)
def list_memberships(call: Call) -> Listed[MembershipAnswer]:
    """List memberships, oldest first: of all projects, or of those whose team the caller manages."""
    query, company = call.query, call.user.company
    filters, rules = tuple[tuple[str, Any], ...](), tuple[Rule, ...]()
    if not call.user.may(Permission.MANAGE_TEAM, query.project):
        managed = call.user.projects_with(Permission.MANAGE_TEAM)
        rules = (("project", lambda project: project in managed),)
    index, hash = MEMBERS, company
    if query.project is not None:
        index, hash = MEMBERS_OF_PROJECT, key(company, query.project)
        filters = (("user", {"S": query.user}),) if query.user is not None else ()
    elif query.user is not None:
        index, hash = MEMBERSHIPS_OF_USER, key(company, query.user)
    return listed(call, Source(Membership, index, hash, filters=filters, rules=rules), _shown)


@routes.route(
    "GET",
    f"{BASE}/projects/{{id}}/memberships",
    permission=Permission.MANAGE_TEAM,
    query=PageQuery,
    answer=Listed[MembershipAnswer],
)
def list_project_memberships(call: Call, id: str) -> Listed[MembershipAnswer]:
    """List a project's memberships, oldest first."""
    projects.find(call.decision, call.user.company, id)
    return listed(call, Source(Membership, MEMBERS_OF_PROJECT, key(call.user.company, id)), _shown)


@routes.route(
    "POST",
    f"{BASE}/projects/{{id}}/memberships",
    permission=Permission.MANAGE_TEAM,
    body=MembershipCreate,
    answer=MembershipAnswer,
    status=201,
)
def create_membership(call: Call, id: str, body: MembershipCreate) -> Written:
    """Give a user a role on the project; nobody grants a permission that they lack there."""
    decided = memberships.create(call.decision, call.user, id, _values(body), call.now)
    row = decided.answer
    location = f"{BASE}/projects/{id}/memberships/{row.user}/"
    return Written(decided.changes, present(row), location=location, etag=etag(row.version))


@routes.route(
    "GET", f"{BASE}/projects/{{id}}/memberships/{{user}}", permission=Permission.MANAGE_TEAM, answer=MembershipAnswer
)
def read_membership(call: Call, id: str, user: str) -> Read:
    """Read a user's membership of the project."""
    row = memberships.find(call.decision, call.user.company, id, user)
    return Read(present(row), etag=etag(row.version))


@routes.route(
    "PATCH",
    f"{BASE}/projects/{{id}}/memberships/{{user}}",
    permission=Permission.MANAGE_TEAM,
    body=MembershipPatch,
    answer=MembershipAnswer,
)
def change_membership(call: Call, id: str, user: str, body: MembershipPatch) -> Written:
    """Change the role or the last day; it holds with the user's next request."""
    decided = memberships.change(call.decision, call.user, id, user, _values(body), call.now)
    row = decided.answer
    return Written(decided.changes, present(row), etag=etag(row.version), began=etag(row.version - 1))


@routes.route("DELETE", f"{BASE}/projects/{{id}}/memberships/{{user}}", permission=Permission.MANAGE_TEAM, status=204)
def remove_membership(call: Call, id: str, user: str) -> Written:
    """End a membership; it stops to count with the user's next request."""
    decided = memberships.remove(call.decision, call.user, id, user)
    return Written(decided.changes, None, began=etag(decided.answer.version))
