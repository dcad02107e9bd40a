"""The work breakdown structure: location, sub-location, discipline, activity.

A node's id begins with its project's, so a node is found by its id alone with one key, and the
caller's company is the first part of that key.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.ids import new_id, project_of
from chalicelib.names import comparison_form
from chalicelib.projects.rows import BY_LEVEL, PROJECTS, TREE, Node, NodeClaim, Project
from chalicelib.storage.changes import Change, Put, Update, absent
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store
from chalicelib.times import stamp

LEVELS = 4
ACTIVITY_FIELDS = frozenset(
    {
        "cost_code",
        "budget_hours",
        "planned_rate",
        "unit",
        "quantity",
        "earning_rule",
        "milestones",
        "baseline_start",
        "baseline_finish",
    }
)
RANK_STEP = 1000


def is_activity(image: Mapping[str, Any]) -> bool:
    """Whether a node, as DynamoDB gives it, is one on which hours are booked."""
    return bool(image["level"]["N"] == str(LEVELS))


def node_key(company: str, node: str) -> tuple[type[Node], str, str]:
    """Where a node is."""
    return Node, key(company, project_of(node)), f"node#{node}"


def find(store: Store, company: str, id: str) -> Node:
    """The node, or :class:`NotFound`."""
    [row] = store.get_many(node_key(company, id))
    if row is None:
        raise NotFound
    return row  # type: ignore[no-any-return]  # get_many is untyped over mixed tables


def below(node: Node) -> tuple[str, str]:
    """The stretch of the tree's order that holds what is below a node."""
    return node.tree_key + "0", node.tree_key + "~"


def between(store: Store, first: Node, last: Node) -> list[Node]:
    """The nodes from one to another and everything below that, in tree order."""
    query = Query(model=Node, hash=first.pk, list=TREE, between=(first.tree_key, last.tree_key + "~"))
    return list(store.each(query))


def size(store: Store, project: Project) -> int:
    """How many nodes a project has."""
    return store.count(Query(model=Node, hash=project.pk, list=TREE, keys_only=True))


def activities_under(store: Store, company: str, id: str) -> set[str]:
    """The ids of the activities in a node's subtree, as the tree is now; none of an unknown node."""
    [node] = store.get_many(node_key(company, id))
    if node is None or node.level == LEVELS:
        return {id} if node else set()
    level = key(node.pk, str(LEVELS))
    query = Query(model=Node, hash=level, list=BY_LEVEL, keys_only=True, between=below(node))
    return {row["sk"]["S"].removeprefix("node#") for row in store.items(query)}


def activities_with(store: Store, company: str, cost_code: str, project: str | None) -> set[str]:
    """The activities that have a cost code now, in one project or in all of them."""
    projects = [project] if project is not None else _project_ids(store, company)
    claims = store.get_many(*((NodeClaim, key(company, id), code_claim(cost_code)) for id in projects))
    return {claim.holder for claim in claims if claim}


def _project_ids(store: Store, company: str) -> list[str]:
    query = Query(model=Project, hash=company, list=PROJECTS, keys_only=True)
    return [row["pk"]["S"].partition("#")[2] for row in store.items(query)]


def code_claim(code: str) -> str:
    """The key of the row that keeps a cost code unique in its project."""
    return f"code#{comparison_form(code)}"


def create(
    store: Store,
    company: str,
    project: Project,
    values: dict[str, Any],
    now: datetime,
) -> tuple[list[Change], Node]:
    """A new node, last among its siblings."""
    parent = _parent(store, company, project, values.get("parent"))
    level = parent.level + 1 if parent else 1
    _check_level(level, values)
    pk, id = key(company, project.id), project.id + new_id()
    name = NodeClaim(pk=pk, sk=f"name#{parent.id if parent else ''}#{comparison_form(values['name'])}", holder=id)
    code = (
        NodeClaim(pk=pk, sk=code_claim(values["cost_code"]), holder=id, label=values["cost_code"])
        if values.get("cost_code")
        else None
    )
    claims = {"name": name} | ({"cost_code": code} if code else {})
    _refuse_taken(store, claims)
    holder = parent or project
    row = _node(pk, id, project, parent, level, holder.child_count, values, now)
    counted = Update(
        type(holder),
        (holder.pk, holder.sk),
        (type(holder).child_count.add(1),),
        type(holder).child_count == holder.child_count,
    )
    return [Put(row, absent(Node)), counted, *(Put(claim, absent(NodeClaim)) for claim in claims.values())], row


def _parent(store: Store, company: str, project: Project, id: str | None) -> Node | None:
    if id is None:
        return None
    [row] = store.get_many(node_key(company, id))
    if row is None or row.project != project.id:
        raise Invalid(errors={"parent": ["There is no such node in this project."]})
    return row  # type: ignore[no-any-return]  # get_many is untyped over mixed tables


def _check_level(level: int, values: dict[str, Any]) -> None:
    if level > LEVELS:
        raise Invalid(errors={"parent": ["An activity has no nodes below it."]})
    extra = sorted(name for name in ACTIVITY_FIELDS & values.keys() if values[name] is not None)
    if level < LEVELS and extra:
        raise Invalid(errors={name: ["Only an activity (level 4) has this."] for name in extra})
    if level == LEVELS and not values.get("cost_code"):
        raise Invalid(errors={"cost_code": ["An activity needs a cost code."]})
    check_activity(values)


def check_activity(values: dict[str, Any]) -> None:
    """Rules between an activity's fields."""
    start, finish = values.get("baseline_start"), values.get("baseline_finish")
    if start and finish and finish < start:
        raise Invalid(errors={"baseline_finish": ["Must not be before baseline_start."]})
    if bool(start) is not bool(finish):
        missing = "baseline_finish" if start else "baseline_start"
        raise Invalid(errors={missing: ["Both baseline dates or none."]})
    milestones = values.get("milestones") or []
    if values.get("earning_rule") == "milestones" and sum(item["weight"] for item in milestones) != 1:
        raise Invalid(errors={"milestones": ["The weights must sum to 1."]})
    if values.get("earning_rule") == "units" and not values.get("quantity"):
        raise Invalid(errors={"quantity": ["The rule units needs a quantity above 0."]})


def _refuse_taken(store: Store, claims: dict[str, NodeClaim]) -> None:
    taken = store.get_many(*((NodeClaim, claim.pk, claim.sk) for claim in claims.values()))
    messages = {"name": "A sibling has this name.", "cost_code": "Another activity of the project has this code."}
    for (field, _), row in zip(claims.items(), taken, strict=True):
        if row is not None:
            raise Conflict(f"The {field} is taken.", errors={field: [messages[field]]})


def _node(
    pk: str,
    id: str,
    project: Project,
    parent: Node | None,
    level: int,
    siblings: int,
    values: dict[str, Any],
    now: datetime,
) -> Node:
    at = stamp(now)
    rank = f"{(siblings + 1) * RANK_STEP:010d}"
    activity: dict[str, Any] = {name: values.get(name) for name in ACTIVITY_FIELDS}
    if level == LEVELS:
        from chalicelib.evm.earning import default_rule  # here: see rollups/progress.py

        activity["budget_hours"] = activity["budget_hours"] or 0
        activity["earning_rule"] = activity["earning_rule"] or default_rule(activity["quantity"]).value
    ancestors = [*parent.ancestors, parent.id] if parent else []
    return Node(
        pk=pk,
        sk=f"node#{id}",
        id=id,
        project=project.id,
        parent=parent.id if parent else None,
        ancestors=ancestors,
        level=level,
        name=values["name"],
        position=siblings + 1,
        child_count=0,
        tree_key=(parent.tree_key if parent else "") + rank,
        version=1,
        created_at=at,
        updated_at=at,
        **activity,
    )


def with_ancestors(store: Store, rows: list[Node]) -> dict[str, Node]:
    """The nodes and all their ancestors by id: what codes and paths are made of."""
    known = {row.id: row for row in rows}
    missing = {id for row in rows for id in row.ancestors} - known.keys()
    if missing and rows:
        found = store.get_many(*((Node, rows[0].pk, f"node#{id}") for id in sorted(missing)))
        known |= {row.id: row for row in found if row}
    return known


def path(row: Node, known: dict[str, Node]) -> list[str]:
    """Names from the top to the node."""
    return [known[id].name for id in row.ancestors] + [row.name]


def code(row: Node, known: dict[str, Node]) -> str:
    """``1.2.3.4`` by position."""
    return ".".join(str(known[id].position) for id in [*row.ancestors, row.id])
