"""The work breakdown structure."""

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.errors import Denied, Invalid
from chalicelib.evm.earning import over_quantity
from chalicelib.http.call import Call, Read, Written, etag
from chalicelib.http.fields import (
    Amount,
    Answer,
    Body,
    Budget,
    Code,
    Figure,
    Fraction,
    Id,
    Name,
    Rate,
    Unit,
    dates_as_text,
    given,
)
from chalicelib.http.pagination import Listed, PageQuery, Source, listed
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.identity.access import Caller
from chalicelib.identity.permissions import Permission
from chalicelib.projects import projects, wbs
from chalicelib.projects.wbs import LEVELS
from chalicelib.rollups import progress
from chalicelib.storage.rows import Node, key

routes = RouteSet("WBS", __name__)
EarningRule = Literal["units", "percent", "0/100", "50/50", "milestones", "level_of_effort"]
Level = Annotated[int, Meta(ge=1, le=4)]


class Milestone(Body, kw_only=True):
    """A named part of an activity and its weight."""

    name: Name
    weight: Fraction


class NodeCreate(Body, kw_only=True):
    """A new node, below ``parent`` or at the top; the plan fields are an activity's only."""

    name: Name
    parent: Id | None = None
    cost_code: Code | UnsetType = UNSET
    budget_hours: Budget | UnsetType = UNSET
    planned_rate: Rate | None | UnsetType = UNSET
    unit: Unit | None | UnsetType = UNSET
    quantity: Amount | None | UnsetType = UNSET
    earning_rule: EarningRule | UnsetType = UNSET
    milestones: Annotated[list[Milestone], Meta(max_length=50)] | UnsetType = UNSET
    baseline_start: date | None | UnsetType = UNSET
    baseline_finish: date | None | UnsetType = UNSET


class NodeQuery(PageQuery, kw_only=True):
    """Filters of the node list."""

    level: Level | None = None
    parent: Id | None = None
    under: Id | None = None


class MilestoneAnswer(Answer, kw_only=True):
    """A named part of an activity and its weight."""

    name: str
    weight: Figure


class NodeAnswer(Answer, kw_only=True):
    """A node with its place, plan and progress."""

    id: str
    project: str
    parent: str | None
    level: int
    name: str
    code: str
    path: list[str]
    position: int
    cost_code: str | None
    budget_hours: Figure | None
    planned_rate: Figure | None | UnsetType = UNSET
    unit: str | None
    quantity: Figure | None
    installed_quantity: Figure | None
    over_quantity: bool
    earning_rule: str | None
    milestones: list[MilestoneAnswer]
    percent_complete: Figure | None
    baseline_start: str | None
    baseline_finish: str | None
    created_at: str
    updated_at: str


def present(caller: Caller, row: Node, known: dict[str, Node], done: progress.Progress) -> NodeAnswer:
    """A node as the caller may see it."""
    milestones = [MilestoneAnswer(**item) for item in (row.milestones or {}).get("list", [])]
    return NodeAnswer(
        id=row.id,
        project=row.project,
        parent=row.parent,
        level=row.level,
        name=row.name,
        code=wbs.code(row, known),
        path=wbs.path(row, known),
        position=row.position,
        cost_code=row.cost_code,
        budget_hours=row.budget_hours,
        planned_rate=row.planned_rate if caller.may(Permission.VIEW_RATES, row.project) else UNSET,
        unit=row.unit,
        quantity=row.quantity,
        installed_quantity=done.installed if row.level == LEVELS else None,
        over_quantity=over_quantity(done.installed, row.quantity),
        earning_rule=row.earning_rule,
        milestones=milestones,
        percent_complete=done.percent,
        baseline_start=row.baseline_start,
        baseline_finish=row.baseline_finish,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


@routes.route("GET", f"{BASE}/projects/{{id}}/wbs", permission=Permission.READ_PROJECTS, query=NodeQuery, answer=Listed)
def list_nodes(call: Call, id: str) -> Listed:
    """List a project's nodes in tree order."""
    project = projects.find(call.store, call.user.company, id)

    def shown(rows: list[Node]) -> list[NodeAnswer]:
        known, done = call.store.together(
            lambda: wbs.with_ancestors(call.store, rows),
            lambda: progress.of(call.store, call.user.company, project, [row.id for row in rows], call.now),
        )
        return [present(call.user, row, known, done[row.id]) for row in rows]

    return listed(call, _source(call, id), shown)


def _source(call: Call, project: str) -> Source:
    """Where the filtered nodes are: the whole tree, one level of it, or a subtree of either."""
    company, query = call.user.company, call.query
    pk, level, prefix = key(company, project), query.level, None
    for field in ("parent", "under"):
        if (id := getattr(query, field)) is not None:
            [node] = call.store.get_many(wbs.node_key(company, id))
            if node is None or node.project != project:
                raise Invalid(errors={field: ["There is no such node in this project."]})
            prefix = max(prefix or "", node.tree_key)
            level = node.level + 1 if field == "parent" else level
    between = (prefix + "0", prefix + "~") if prefix is not None else None
    if level is None:
        return Source(Node, "tree", "list_project", pk, "tree_key", between)
    return Source(Node, "level", "list_level", key(pk, str(level)), "tree_key", between)


@routes.route(
    "POST",
    f"{BASE}/projects/{{id}}/wbs",
    permission=Permission.EDIT_WBS,
    body=NodeCreate,
    answer=NodeAnswer,
    status=201,
)
def create_node(call: Call, id: str, body: NodeCreate) -> Written:
    """Create a node, last among its siblings."""
    project = projects.find(call.store, call.user.company, id)
    call.user.require(Permission.EDIT_WBS, id)
    values: dict[str, Any] = dates_as_text(given(body))
    if values.get("budget_hours"):
        call.user.require(Permission.EDIT_BUDGETS, id)
    if values.get("planned_rate") is not None and not call.user.may(Permission.VIEW_RATES, id):
        raise Denied("Writing planned_rate needs the permission view_rates.")
    if "milestones" in values:
        values["milestones"] = {
            "list": [msgspec.to_builtins(item, builtin_types=(type(item.weight),)) for item in values["milestones"]]
        }
    changes, row = wbs.create(call.store, call.user.company, project, values, call.now)
    known = wbs.with_ancestors(call.store, [row])
    return Written(
        changes, present(call.user, row, known, progress.NONE), location=f"{BASE}/wbs/{row.id}/", etag=etag(row.version)
    )


@routes.route("GET", f"{BASE}/wbs/{{id}}", permission=Permission.READ_PROJECTS, answer=NodeAnswer)
def read_node(call: Call, id: str) -> Read:
    """Read a node."""
    row = wbs.find(call.store, call.user.company, id)
    project = projects.find(call.store, call.user.company, row.project)
    known = wbs.with_ancestors(call.store, [row])
    done = progress.of(call.store, call.user.company, project, [id], call.now)
    return Read(present(call.user, row, known, done[id]), etag=etag(row.version))
