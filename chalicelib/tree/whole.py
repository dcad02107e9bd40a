"""A whole tree, read at once: for imports, which compare it with a file, and for exports."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from msgspec import Struct

from chalicelib.storage.attributes import from_wire
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import parse
from chalicelib.tree.editions import as_of
from chalicelib.tree.ground import EditionChanged, Ground, outline_key
from chalicelib.tree.order import LEVELS, parent_of
from chalicelib.tree.plan_import import Planned, TreeNode
from chalicelib.tree.rows import Node, Place

R = TypeVar("R", Node, Place)
_NODE = (
    "id",
    "level",
    "name",
    "cost_code",
    "budget_hours",
    "unit",
    "quantity",
    "baseline_start",
    "baseline_finish",
    "earning_rule",
)
_STAGED = ("since", "next")
_FIGURES = ("budget_hours", "quantity")


class Whole(Struct, frozen=True):
    """The nodes of one edition of a tree in tree order; the top has no node."""

    nodes: tuple[TreeNode, ...]


def read(reading: Reading, company: str, ground: Ground) -> Whole:
    """All nodes of a project.

    Raises:
        EditionChanged: the tree has become another one while it was read.
    """
    project, edition = ground.project.id, ground.outline.edition
    nodes, orders = reading.together(
        lambda: _rows(reading, company, project, Node, "node#", (*_NODE, *_STAGED), edition, _node_values),
        lambda: _rows(reading, company, project, Place, "place#", ("node", "order", *_STAGED), edition, _order),
    )
    [outline] = reading.store.get_many(outline_key(company, project))
    found = [(orders.get(id), values) for id, values in nodes.items()]
    if outline is None or outline.edition != edition or any(order is None for order, _ in found):
        raise EditionChanged
    found.sort(key=lambda each: str(each[0]))
    return Whole(tuple(_tree_node(values, str(order), project) for order, values in found))


def _rows(
    reading: Reading,
    company: str,
    project: str,
    model: type[R],
    prefix: str,
    attributes: tuple[str, ...],
    edition: int,
    values_of: Callable[[Mapping[str, object]], object],
) -> dict[str, object]:
    """What rows of one kind say in an edition, by their node's id; few are staged, and only those are parsed."""
    query: Query[R] = Query(
        model=model, hash=key(company, project), between=(prefix, f"{prefix}~"), attributes=("pk", "sk", *attributes)
    )
    found: dict[str, object] = {}
    for item in reading.store.items(query):
        id = item["sk"]["S"].removeprefix(prefix)
        if "next" in item or "since" in item:
            row = as_of(parse(model, item), edition)
            if row is None:
                continue
            found[id] = values_of(row.plain())
        else:
            found[id] = values_of({name: from_wire(value) for name, value in item.items()})
    return found


def _node_values(values: Mapping[str, object]) -> dict[str, object]:
    return {name: values.get(name) for name in _NODE}


def _order(values: Mapping[str, object]) -> str:
    return str(values["order"])


def _tree_node(values: Mapping[str, Any], order: str, project: str) -> TreeNode:
    planned = _planned(values) if values["level"] == LEVELS else None
    return TreeNode(values["id"], parent_of(order, project), values["level"], values["name"], planned)


def _planned(values: Mapping[str, Any]) -> Planned:
    start, finish = (
        values[name] and date.fromisoformat(values[name]) for name in ("baseline_start", "baseline_finish")
    )
    hours, quantity = (values[name] if values[name] is None else Decimal(values[name]) for name in _FIGURES)
    return Planned(
        values["cost_code"] or "",
        hours or Decimal(0),
        values["unit"],
        quantity,
        start or None,
        finish or None,
        values["earning_rule"],
    )
