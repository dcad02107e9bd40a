"""The work breakdown structure."""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.errors import Denied, Invalid
from chalicelib.http.answers import Read, Written
from chalicelib.http.call import Call
from chalicelib.http.conditional import etag
from chalicelib.http.fields import (
    Amount,
    Answer,
    Body,
    Budget,
    Code,
    Day,
    Fraction,
    HoursFigure,
    Id,
    MoneyFigure,
    Name,
    QuantityFigure,
    Rate,
    Ratio,
    Stamp,
    Unit,
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
from chalicelib.projects import projects, wbs
from chalicelib.projects.rows import BY_LEVEL, TREE, Node, Project
from chalicelib.projects.wbs import LEVELS
from chalicelib.rollups import progress
from chalicelib.storage.rows import key

routes = RouteSet("WBS", __name__)
EarningRule = Literal["units", "percent", "0/100", "50/50", "milestones", "level_of_effort"]
Level = Annotated[int, Meta(ge=1, le=4)]
MOST_IN_TREE = 5000
NO_LEVEL = 0


class Milestone(Body, kw_only=True):
    """A named part of an activity and its weight."""

    name: Name
    weight: Fraction


class NodeCreate(Body, kw_only=True):
    """A new node, below ``parent`` or at the top; the plan fields are an activity's only."""

    ordered: ClassVar[tuple[tuple[str, str], ...]] = (("baseline_start", "baseline_finish"),)
    name: Name
    parent: Id | None = None
    cost_code: Code | UnsetType = UNSET
    budget_hours: Budget | UnsetType = UNSET
    planned_rate: Rate | None | UnsetType = UNSET
    unit: Unit | None | UnsetType = UNSET
    quantity: Amount | None | UnsetType = UNSET
    earning_rule: Annotated[str, one_of(EarningRule)] | UnsetType = UNSET
    milestones: Annotated[list[Milestone], Meta(max_length=50)] | UnsetType = UNSET
    baseline_start: date | None | UnsetType = UNSET
    baseline_finish: date | None | UnsetType = UNSET


class NodeQuery(ChangesQuery, kw_only=True):
    """Filters of the node list; ``view=tree`` nests the nodes below one another."""

    level: Level | None = None
    parent: Id | None = None
    under: Id | None = None
    search: Search | None = None
    view: Literal["flat", "tree"] | None = None


class MilestoneAnswer(Answer, kw_only=True):
    """A named part of an activity and its weight."""

    name: str
    weight: Ratio


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
    budget_hours: HoursFigure | None
    planned_rate: MoneyFigure | None | UnsetType = UNSET
    unit: str | None
    quantity: QuantityFigure | None
    installed_quantity: QuantityFigure | None
    over_quantity: bool
    earning_rule: Annotated[str, one_of(EarningRule)] | None
    milestones: list[MilestoneAnswer]
    percent_complete: Ratio | None
    baseline_start: Day | None
    baseline_finish: Day | None
    created_at: Stamp
    updated_at: Stamp
    children: list["NodeAnswer"] | UnsetType = UNSET


def present(caller: Caller, row: Node, known: dict[str, Node], done: progress.Progress) -> NodeAnswer:
    """A node as the caller may see it."""
    milestones = [MilestoneAnswer(**item) for item in row.milestones or []]
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
        over_quantity=done.exceeds(row.quantity),
        earning_rule=row.earning_rule,
        milestones=milestones,
        percent_complete=done.percent,
        baseline_start=row.baseline_start,
        baseline_finish=row.baseline_finish,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


@routes.route(
    "GET",
    f"{BASE}/projects/{{id}}/wbs",
    permission=Permission.READ_PROJECTS,
    query=NodeQuery,
    answer=Changes[NodeAnswer],
)
def list_nodes(call: Call, id: str) -> Listed[NodeAnswer]:
    """List a project's nodes in tree order; ``view=tree`` lists the top ones with all below them."""
    project = projects.find(call.store, call.user.company, id)
    source = _source(call, id)
    if call.query.view != "tree":
        return listed(call, source, lambda rows: _shown(call, project, rows))
    _check_tree(call, project)
    return listed(call, source, lambda rows: _nested(call, project, rows))


def _shown(call: Call, project: Project, rows: list[Node]) -> list[NodeAnswer]:
    done, known = call.store.together(
        lambda: progress.of(call.store, call.user.company, project, [row.id for row in rows], call.now),
        lambda: wbs.with_ancestors(call.store, rows),
    )
    return [present(call.user, row, known, done[row.id]) for row in rows]


def _nested(call: Call, project: Project, tops: list[Node]) -> list[NodeAnswer]:
    """The nodes with everything below them, in place."""
    if not tops:
        return []
    nodes = {node.id: node for node in _shown(call, project, wbs.between(call.store, tops[0], tops[-1]))}
    for node in nodes.values():
        node.children = []
    for node in nodes.values():
        if node.parent in nodes:
            siblings = nodes[node.parent].children
            assert siblings is not UNSET
            siblings.append(node)
    return [nodes[top.id] for top in tops if top.id in nodes]


def _check_tree(call: Call, project: Project) -> None:
    """A tree is of a subtree or of a project that is not too large, and takes no other filter."""
    query = call.query
    others = {
        "level": query.level,
        "parent": query.parent,
        "search": query.search,
        "updated_since": query.updated_since,
    }
    if errors := {name: ["Not with view=tree."] for name, value in others.items() if value is not None}:
        raise Invalid(errors=errors)
    if query.under is None and query.cursor is None and wbs.size(call.store, project) > MOST_IN_TREE:
        raise Invalid(errors={"view": [f"Above {MOST_IN_TREE} nodes a tree needs under."]})


def _source(call: Call, project: str) -> Source:
    """Where the filtered nodes are: the whole tree, one level of it, or a subtree of either."""
    company, query = call.user.company, call.query
    pk, level, tests = key(company, project), query.level, words(query.search)
    holders, unknown = [], False
    for field in ("parent", "under"):
        if (id := getattr(query, field)) is not None:
            [node] = call.store.get_many(wbs.node_key(company, id))
            if node is None or node.project != project:
                unknown = True
            else:
                holders.append(node)
                level = _narrower(level, node.level + 1) if field == "parent" else level
    if query.view == "tree":
        level = max((node.level + 1 for node in holders), default=1)
    between = max((wbs.below(node) for node in holders), default=None)
    apart = len(holders) == 2 and not _nest(*holders)
    none = unknown or apart or level == NO_LEVEL
    if incremental(call):
        return _changed(call, () if none else pk, level, between)
    if level is None:
        return Source(Node, TREE, () if none else pk, between, tests=tests)
    by_level = () if none else key(pk, str(level))
    return Source(Node, BY_LEVEL, by_level, between, tests=tests)


def _narrower(asked: int | None, level: int) -> int:
    """The level of a node's children, if it is the one asked for."""
    return level if asked in {None, level} else NO_LEVEL


def _nest(parent: Node, under: Node) -> bool:
    """Whether what is below one is below the other: of the two filters the narrower one counts."""
    return parent.tree_key.startswith(under.tree_key)


def _changed(call: Call, scope: str | tuple[str, ...], level: int | None, between: tuple[str, str] | None) -> Source:
    filters = (("level", {"N": str(level)}),) if level is not None else ()
    low, high = between or ("", "~")
    rules: tuple[Rule, ...] = (("tree_key", lambda place: low <= place <= high),) if between else ()
    return changed(call, Node, scope, "node#", filters=filters, tests=words(call.query.search), rules=rules)


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
        values["milestones"] = [
            msgspec.to_builtins(item, builtin_types=(type(item.weight),)) for item in values["milestones"]
        ]
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
