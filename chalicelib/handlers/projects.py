"""Projects."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.errors import Denied
from chalicelib.http.answers import Read, Written
from chalicelib.http.call import Call
from chalicelib.http.conditional import etag
from chalicelib.http.fields import (
    Answer,
    Body,
    Code,
    Currency,
    Day,
    Money,
    MoneyFigure,
    Name,
    Rate,
    Stamp,
    Weekday,
    Zone,
    dates_as_text,
    given,
    one_of,
)
from chalicelib.http.pagination import (
    Changes,
    ChangesQuery,
    Listed,
    Rule,
    Search,
    Source,
    changed,
    incremental,
    listed,
    words,
)
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.names import comparison_form
from chalicelib.projects import projects
from chalicelib.projects.rows import BY_STATUS, LISTED, Project
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.tree.planting import create_project as create_with_tree

routes = RouteSet("Projects", __name__)
Status = Literal["active", "on_hold", "completed", "archived"]
Days = Annotated[list[Weekday], Meta(min_length=1, max_length=7)]


class ProjectQuery(ChangesQuery, kw_only=True):
    """Filters of the project list."""

    status: Status | None = None
    code: Code | None = None
    search: Search | None = None


class ProjectCreate(Body, kw_only=True):
    """A new project; time zone and currency default to the company's."""

    ordered: ClassVar[tuple[tuple[str, str], ...]] = (("start_date", "finish_date"),)
    code: Code
    name: Name
    status: Status | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    contract_value: Money | None | UnsetType = UNSET
    planned_rate: Rate | None | UnsetType = UNSET
    start_date: date | None | UnsetType = UNSET
    finish_date: date | None | UnsetType = UNSET
    timezone: Zone | UnsetType = UNSET
    working_days: Days | UnsetType = UNSET


class ProjectPatch(Body, kw_only=True):
    """Fields of a project to change."""

    ordered: ClassVar[tuple[tuple[str, str], ...]] = (("start_date", "finish_date"),)
    code: Code | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    contract_value: Money | None | UnsetType = UNSET
    planned_rate: Rate | None | UnsetType = UNSET
    start_date: date | None | UnsetType = UNSET
    finish_date: date | None | UnsetType = UNSET
    timezone: Zone | UnsetType = UNSET
    working_days: Days | UnsetType = UNSET


class ProjectAnswer(Answer, kw_only=True):
    """A project; money fields only with the permission to see them."""

    id: str
    code: str
    name: str
    status: Annotated[str, one_of(Status)]
    currency: str
    contract_value: MoneyFigure | None | UnsetType = UNSET
    planned_rate: MoneyFigure | None | UnsetType = UNSET
    start_date: Day | None
    finish_date: Day | None
    timezone: str
    working_days: list[int]
    created_at: Stamp
    updated_at: Stamp


def present(caller: Caller, row: Project) -> ProjectAnswer:
    """A project as the caller may see it."""
    rates = caller.may(Permission.VIEW_RATES, row.id)
    commercial = caller.may(Permission.VIEW_COMMERCIAL, row.id)
    return ProjectAnswer(
        id=row.id,
        code=row.code,
        name=row.name,
        status=row.status,
        currency=row.currency,
        contract_value=row.contract_value if commercial else UNSET,
        planned_rate=row.planned_rate if rates else UNSET,
        start_date=row.start_date,
        finish_date=row.finish_date,
        timezone=row.timezone,
        working_days=row.working_days,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


@routes.route(
    "GET", f"{BASE}/projects", permission=Permission.READ_PROJECTS, query=ProjectQuery, answer=Changes[ProjectAnswer]
)
def list_projects(call: Call) -> Listed[ProjectAnswer]:
    """List projects by code: all, or those that a membership opens."""
    return listed(call, _source(call), lambda rows: [present(call.user, row) for row in rows])


def _source(call: Call) -> Source:
    """The projects that match; a code is a stretch of the order, which may hold longer codes too."""
    company, query, between = call.user.company, call.query, None
    tests, rules = words(query.search), tuple[Rule, ...]()
    if not call.user.may(Permission.READ_PROJECTS):
        known = call.user.projects_with(Permission.READ_PROJECTS)
        rules += (("id", lambda held: held in known),)
    if query.code is not None:
        code = comparison_form(query.code)
        rules, between = (*rules, ("code", lambda held: comparison_form(held) == code)), (f"{code}#", f"{code}#~")
    if incremental(call):
        filters = (("status", {"S": query.status}),) if query.status is not None else ()
        return changed(call, Project, company, "project", filters=filters, tests=tests, rules=rules)
    if query.status is not None:
        by_status = key(company, query.status)
        return Source(Project, BY_STATUS, by_status, between=between, tests=tests, rules=rules)
    return Source(Project, LISTED, company, between=between, tests=tests, rules=rules)


@routes.route(
    "POST",
    f"{BASE}/projects",
    permission=Permission.CREATE_PROJECTS,
    body=ProjectCreate,
    answer=ProjectAnswer,
    status=201,
)
def create_project(call: Call, body: ProjectCreate) -> Written:
    """Create a project."""
    decided = create_with_tree(call.decision, call.user.tenant, _values(call, given(body), None), call.now)
    row, location = decided.answer, f"{BASE}/projects/{decided.answer.id}/"
    return Written(decided.changes, present(call.user, row), location=location, etag=etag(row.version))


def _values(call: Call, values: dict[str, object], project: str | None) -> dict[str, object]:
    """The body as the tables keep it; writing money needs the permission to see it."""
    for field, permission in (("planned_rate", Permission.VIEW_RATES), ("contract_value", Permission.VIEW_COMMERCIAL)):
        if field in values and not call.user.may(permission, project):
            raise Denied(f"Writing {field} needs the permission {permission.value}.")
    return dates_as_text(values)


@routes.route("GET", f"{BASE}/projects/{{id}}", permission=Permission.READ_PROJECTS, answer=ProjectAnswer)
def read_project(call: Call, id: str) -> Read:
    """Read a project."""
    row = projects.find(Reading(call.store), call.user.company, id)
    return Read(present(call.user, row), etag=etag(row.version))


@routes.route(
    "PATCH", f"{BASE}/projects/{{id}}", permission=Permission.EDIT_PROJECTS, body=ProjectPatch, answer=ProjectAnswer
)
def change_project(call: Call, id: str, body: ProjectPatch) -> Written:
    """Change some fields of a project."""
    decided = projects.change(call.decision, call.user, id, _values(call, given(body), id), call.now)
    row = decided.answer
    return Written(decided.changes, present(call.user, row), etag=etag(row.version), began=etag(row.version - 1))
