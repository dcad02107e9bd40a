"""Lists of nodes: a project's in tree order, flat or nested, what stands below and above one, and the cost codes."""

from typing import Annotated, Literal

from msgspec import Meta
from msgspec.structs import replace

from chalicelib.access.permissions import Permission
from chalicelib.errors import Invalid
from chalicelib.handlers.node_answers import NodeAnswer, NodesAnswer, nested, shown
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, HoursFigure, Id
from chalicelib.http.pagination import (
    Changes,
    ChangesQuery,
    Listed,
    PageQuery,
    Search,
    Source,
    changed,
    incremental,
    listed,
    listed_whole,
    words,
)
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.tree.ground import Ground, find, find_ground, known, orders_of, place_key, steadily
from chalicelib.tree.lists import (
    Filters,
    Matching,
    changed_below,
    count_between,
    matching,
    orders_between,
    stretches,
    visible,
)
from chalicelib.tree.order import LEVELS, holder_order, level_of
from chalicelib.tree.rows import Line, Node

routes = RouteSet("WBS", __name__)
Level = Annotated[int, Meta(ge=1, le=LEVELS)]
MOST_IN_TREE = 5000


class NodeQuery(ChangesQuery, kw_only=True):
    """Filters of the node list; ``view=tree`` nests the nodes below one another."""

    level: Level | None = None
    parent: Id | None = None
    under: Id | None = None
    search: Search | None = None
    view: Literal["flat", "tree"] | None = None


class CostCodeQuery(PageQuery, kw_only=True):
    """Filters of the list of cost codes."""

    search: Search | None = None


class CostCodeAnswer(Answer, kw_only=True):
    """A cost code and the activity that has it."""

    cost_code: str
    node: str
    path: list[str]
    unit: str | None
    budget_hours: HoursFigure | None


@routes.route(
    "GET",
    f"{BASE}/projects/{{id}}/wbs",
    permission=Permission.READ_PROJECTS,
    query=NodeQuery,
    answer=Changes[NodeAnswer],
)
def list_nodes(call: Call, id: str) -> Listed[object]:
    """List a project's nodes in tree order; ``view=tree`` lists the top ones with all below them."""
    return steadily(lambda: _nodes(call, id))


def _nodes(call: Call, id: str) -> Listed[object]:
    reading, query, company = Reading(call.store), call.query, call.user.company
    named = [each for each in (query.parent, query.under) if each and each.startswith(id)]
    whole = place_key(company, query.under or id)
    ground = find_ground(reading, company, id, whole, *(place_key(company, each) for each in named))
    if query.view == "tree":
        return _tree(call, reading, ground)
    if incremental(call):
        return listed(call, _changed(call, reading, ground), lambda rows: _shown_rows(call, ground, rows))
    filters = Filters(query.level, query.parent, query.under)
    found = matching(reading, company, id, ground.outline.edition, filters)
    source = replace(_lines(ground, found, query.search), stretches=stretches(reading.rows(whole)[0], found.between))
    return listed(call, source, lambda lines: shown(call, ground, [line.sk for line in lines]))


def _lines(ground: Ground, found: Matching, search: str | None) -> Source:
    """The lines that match, in tree order."""
    return Source(
        Line,
        None,
        () if found.hash is None else found.hash,
        found.between,
        filters=(("level", {"N": str(found.level)}),) if found.level is not None else (),
        tests=words(search),
        seldom=visible(ground.outline.edition),
    )


def _changed(call: Call, reading: Reading, ground: Ground) -> Source:
    """Nodes by the time of their last change."""
    query, company, project = call.query, call.user.company, ground.project.id
    filters = (("level", {"N": str(query.level)}),) if query.level is not None else ()
    rules = changed_below(reading, company, project, ground.outline, query.parent, query.under)
    scope: str | tuple[str, ...] = () if rules is None else key(company, project)
    return changed(call, Node, scope, "node#", filters=filters, tests=words(query.search), rules=rules or ())


def _shown_rows(call: Call, ground: Ground, rows: list[Node]) -> list[NodeAnswer]:
    """Nodes that were found by their change: where they stand is read first."""
    ids = [row.id for row in rows]
    return shown(call, ground, orders_of(Reading(call.store), call.user.company, ids, ground.outline.edition))


def _tree(call: Call, reading: Reading, ground: Ground) -> Listed[object]:
    """The nodes of one level, each with everything below it in place."""
    _check_tree(call)
    query, company, project = call.query, call.user.company, ground.project.id
    edition = ground.outline.edition
    filters = Filters(parent=query.under) if query.under else Filters(level=1)
    found = matching(reading, company, project, edition, filters)
    if query.cursor is None and found.between is not None:
        _require_small(call, count_between(reading, company, project, found.between, edition))

    def present_trees(tops: list[Line]) -> list[NodeAnswer]:
        orders = orders_between(reading, company, project, tops[0].sk, tops[-1].sk, edition) if tops else []
        return nested(shown(call, ground, orders), orders)

    return listed(call, _lines(ground, found, None), present_trees)


def _check_tree(call: Call) -> None:
    """A tree is of a project or of a subtree, and takes no other filter."""
    query = call.query
    others = {
        "level": query.level,
        "parent": query.parent,
        "search": query.search,
        "updated_since": query.updated_since,
    }
    if errors := {name: ["Not with view=tree."] for name, value in others.items() if value is not None}:
        raise Invalid(errors=errors)


def _require_small(call: Call, count: int) -> None:
    if count > MOST_IN_TREE:
        lower = "under" if call.query.under is None else "a lower node under it"
        raise Invalid(errors={"view": [f"Above {MOST_IN_TREE:,} nodes a tree needs {lower}."]})


@routes.route(
    "GET",
    f"{BASE}/wbs/{{id}}/children",
    permission=Permission.READ_PROJECTS,
    query=PageQuery,
    answer=NodesAnswer,
)
def list_children(call: Call, id: str) -> Listed[object]:
    """List the children of a node in their order."""

    def read() -> Listed[object]:
        reading = Reading(call.store)
        found = find(reading, call.user.company, id)
        ground, project = Ground(found.project, found.outline), found.project.id
        lines = matching(reading, call.user.company, project, found.outline.edition, Filters(parent=id))
        source = _lines(ground, lines, None)
        return listed(call, source, lambda rows: shown(call, ground, [line.sk for line in rows]))

    return steadily(read)


@routes.route(
    "GET",
    f"{BASE}/wbs/{{id}}/ancestors",
    permission=Permission.READ_PROJECTS,
    query=PageQuery,
    answer=NodesAnswer,
)
def list_ancestors(call: Call, id: str) -> Listed[object]:
    """List the nodes above a node, the top one first."""

    def read() -> Listed[object]:
        found = find(Reading(call.store), call.user.company, id)
        above = _above(found.order)
        return listed_whole(call, above, lambda orders: shown(call, Ground(found.project, found.outline), orders))

    return steadily(read)


def _above(order: str) -> list[str]:
    """The order keys of the nodes above one."""
    above: list[str] = []
    while level_of(order) > 1:
        order = holder_order(order)
        above.append(order)
    return above[::-1]


@routes.route(
    "GET",
    f"{BASE}/projects/{{id}}/cost-codes",
    permission=Permission.READ_PROJECTS,
    query=CostCodeQuery,
    answer=Listed[CostCodeAnswer],
)
def list_cost_codes(call: Call, id: str) -> Listed[object]:
    """List the cost codes of a project in tree order."""

    def read() -> Listed[object]:
        reading, company = Reading(call.store), call.user.company
        ground = find_ground(reading, company, id)
        lines = matching(reading, company, id, ground.outline.edition, Filters(level=LEVELS))
        source = _lines(ground, lines, call.query.search)
        return listed(call, source, lambda rows: _cost_codes(call, ground, rows))

    return steadily(read)


def _cost_codes(call: Call, ground: Ground, lines: list[Line]) -> list[CostCodeAnswer]:
    orders = [line.sk for line in lines]
    around = known(Reading(call.store), call.user.company, ground.project.id, ground.outline.edition, orders)
    return [
        CostCodeAnswer(
            cost_code=node.cost_code or "",
            node=node.id,
            path=around.path(order),
            unit=node.unit,
            budget_hours=node.budget_hours,
        )
        for order, node in ((order, around.node(order)) for order in orders)
    ]
