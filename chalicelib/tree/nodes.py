"""What creating and changing nodes have in common: who may write which field, and what an answer is made of."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.errors import Denied
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import Wanted
from chalicelib.tree.ground import Known, known
from chalicelib.tree.rows import Node
from chalicelib.tree.standing import Standing
from chalicelib.work.rows import Intent

BUDGETS = frozenset({"budget_hours", "planned_rate"})
STRUCTURE = frozenset({"name", "parent", "position", "cost_code"})


class Seen(Struct, frozen=True):
    """A node with everything that its answer is made of; ``intent`` is the work that brings it to where it will be."""

    node: Node
    order: str
    known: Known
    beside: Any = None  # what was read in the same round for the answer
    intent: Intent | None = None


def require_fields(caller: Caller, project: str, fields: set[str]) -> None:
    """Raises :class:`Denied` where some fields need a permission that the caller lacks on the project."""
    if fields & STRUCTURE:
        caller.require(Permission.EDIT_WBS, project)
    if fields & BUDGETS:
        caller.require(Permission.EDIT_BUDGETS, project)
    if fields and not caller.may(Permission.EDIT_WBS, project):
        caller.require(Permission.EDIT_BUDGETS, project)
    if "planned_rate" in fields and not caller.may(Permission.VIEW_RATES, project):
        raise Denied("Writing planned_rate needs the permission view_rates.")


def as_seen(
    reading: Reading,
    company: str,
    node: Node,
    order: str,
    holder: Standing | None,
    edition: int,
    beside: Callable[[], object] = lambda: None,
    ahead: Sequence[Wanted] = (),
) -> Seen:
    """A node as it will be; ``holder`` is the parent as it will be, None where it stays as it is.

    What stands above it is read in one round with what the answer shows ``beside``, and rows read ``ahead``.
    """
    above = [order] if holder is None else [holder.order] if holder.order else []
    around, found = reading.together(lambda: known(reading, company, node.project, edition, above, ahead), beside)
    nodes = {**around.nodes, node.id: node}
    places = {**around.places, **({holder.order: holder} if holder is not None else {})}
    return Seen(node, order, Known(node.project, nodes, places), found)
