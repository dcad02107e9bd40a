"""What an import makes of a tree: rows of a file and the nodes that are there, into new and changed nodes.

Activities are recognised by their cost code, parents by their names. What the file does not name stays as it is; new
and moved nodes come last among their siblings, in the file's order.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

import msgspec
from msgspec import UNSET

from chalicelib.names import comparison_form
from chalicelib.tree.activity_rows import PARENT_FIELDS, ActivityRow, wrong_dates
from chalicelib.tree.faults import Faults
from chalicelib.tree.order import LEVELS
from chalicelib.tree.standing import MOST_CHILDREN


class Planned(msgspec.Struct, frozen=True):
    """The plan of an activity, as far as a file has columns for it; ``earning_rule`` is None until there is a node."""

    cost_code: str
    budget_hours: Decimal
    unit: str | None = None
    quantity: Decimal | None = None
    baseline_start: date | None = None
    baseline_finish: date | None = None
    earning_rule: str | None = None


class TreeNode(msgspec.Struct, frozen=True):
    """A node: where it stands, and the plan of an activity."""

    id: str
    parent: str | None
    level: int
    name: str
    planned: Planned | None = None


class Change(msgspec.Struct, frozen=True):
    """An activity before and after."""

    before: TreeNode
    after: TreeNode

    @property
    def moved(self) -> bool:
        """Whether it stands under another parent afterwards."""
        return self.before.parent != self.after.parent


class ImportPlan(msgspec.Struct, frozen=True):
    """What an import does: nodes to create, parents before what is below them; activities to change."""

    parents: tuple[TreeNode, ...]
    activities: tuple[TreeNode, ...]
    changes: tuple[Change, ...]
    unchanged: int


def plan(
    rows: Iterable[ActivityRow],
    present: Iterable[TreeNode],
    new_id: Callable[[], str],
    faults: Faults,
    mentioned: frozenset[str] = frozenset(),
    measured: Callable[[Sequence[str]], Collection[str]] = lambda ids: (),
) -> ImportPlan:
    """The plan for rows without faults of their own; what does not fit the tree goes to ``faults``.

    ``mentioned`` are the cost codes of all rows as compared, with those of rows that have faults: the activities of
    others stay as they are. ``measured`` says which of some activities have been measured.
    """
    planner = _Planner(present, new_id, faults)
    wanted = [(row, planner.wanted(row)) for row in rows]
    wanted = planner.with_rules(wanted, measured)
    planner.check_names(wanted, mentioned)
    planner.check_children(wanted)
    return planner.outcome(wanted)


class _Planner:
    """The tree as it grows while rows are put into it."""

    def __init__(self, present: Iterable[TreeNode], new_id: Callable[[], str], faults: Faults) -> None:
        self._new_id, self._faults = new_id, faults
        self._nodes = {node.id: node for node in present}
        self._parents = {seat(node): node.id for node in self._nodes.values() if node.level < LEVELS}
        self._by_code = {
            comparison_form(node.planned.cost_code): node for node in self._nodes.values() if node.planned is not None
        }
        self._created: list[TreeNode] = []
        self._rows: dict[str, int] = {}  # the row that each created parent came from

    def wanted(self, row: ActivityRow) -> TreeNode:
        """The activity as the file wants it; parents that are not there are created."""
        parent: str | None = None
        for level, name in enumerate(row.parents, 1):
            parent = self._parent(row.row, parent, level, name)
        before = self._by_code.get(comparison_form(row.cost_code))
        planned = _merged(row, before.planned if before else None)
        self._check_plan(row.row, planned)
        return TreeNode(before.id if before else self._new_id(), parent, LEVELS, row.name, planned)

    def _parent(self, row: int, parent: str | None, level: int, name: str) -> str:
        seat = parent, comparison_form(name)
        if seat not in self._parents:
            node = TreeNode(self._new_id(), parent, level, name)
            self._created.append(node)
            self._rows[node.id] = row
            self._parents[seat] = node.id
        return self._parents[seat]

    def _check_plan(self, row: int, planned: Planned) -> None:
        """Rules between the fields, with those that the file has no column for."""
        if wrong := wrong_dates(planned.baseline_start, planned.baseline_finish):
            self._faults.add(row, *wrong)
        if planned.earning_rule == "units" and not planned.quantity:
            self._faults.add(row, "quantity", "The activity earns by units, which needs a quantity above 0.")
        if planned.earning_rule == "level_of_effort" and planned.baseline_start is None:
            self._faults.add(row, "baseline_start", "The activity earns by level of effort, which needs both dates.")

    def with_rules(
        self, wanted: list[tuple[ActivityRow, TreeNode]], measured: Callable[[Sequence[str]], Collection[str]]
    ) -> list[tuple[ActivityRow, TreeNode]]:
        """Activities that get their first quantity earn by it, as new ones do, unless a person has measured them."""
        gets = {node.id: node for _, node in wanted if self._gets_quantity(node)}
        by_units = gets.keys() - set(measured(list(gets)))
        return [(row, _earning_by_units(node) if node.id in by_units else node) for row, node in wanted]

    def _gets_quantity(self, node: TreeNode) -> bool:
        before = self._nodes[node.id].planned if node.id in self._nodes else None
        assert node.planned is not None, "an activity"
        return bool(
            before and before.earning_rule == "percent" and not before.quantity and (node.planned.quantity or 0) > 0
        )

    def check_names(self, wanted: list[tuple[ActivityRow, TreeNode]], mentioned: frozenset[str]) -> None:
        """A name that an activity which the file leaves alone has under the same parent is taken."""
        named = mentioned | {comparison_form(row.cost_code) for row, _ in wanted}
        staying = {seat(node) for code, node in self._by_code.items() if code not in named}
        for row, node in wanted:
            if seat(node) in staying:
                self._faults.add(row.row, "activity", "Another activity of this discipline has this name.")

    def check_children(self, wanted: list[tuple[ActivityRow, TreeNode]]) -> None:
        """No parent has more children afterwards than it may have; the first row that is too much is named."""
        after = {**self._nodes, **{node.id: node for node in (*self._created, *(node for _, node in wanted))}}
        counts = Counter(node.parent for node in after.values())
        came = [(self._rows[node.id], node) for node in self._created]
        came += [(row.row, node) for row, node in wanted if node.parent != self._parent_before(node)]
        for parent, those in _by_parent(came).items():
            if (too_many := counts[parent] - MOST_CHILDREN) > 0:
                row, node = those[-min(too_many, len(those))]
                field = (*PARENT_FIELDS, "activity")[node.level - 1]
                self._faults.add(row, field, f"Its parent would have more than {MOST_CHILDREN} children.")

    def _parent_before(self, node: TreeNode) -> str | None:
        before = self._nodes.get(node.id)
        return before.parent if before else None

    def outcome(self, wanted: list[tuple[ActivityRow, TreeNode]]) -> ImportPlan:
        """What is new, what changes, and how many rows say what is there already."""
        new, changes, unchanged = list[TreeNode](), list[Change](), 0
        for _, node in wanted:
            before = self._nodes.get(node.id)
            if before is None:
                new.append(node)
            elif before == node:
                unchanged += 1
            else:
                changes.append(Change(before, node))
        return ImportPlan(tuple(self._created), tuple(new), tuple(changes), unchanged)


def seat(node: TreeNode) -> tuple[str | None, str]:
    """What two siblings may not share."""
    return node.parent, comparison_form(node.name)


def _earning_by_units(node: TreeNode) -> TreeNode:
    assert node.planned is not None, "an activity"
    return msgspec.structs.replace(node, planned=msgspec.structs.replace(node.planned, earning_rule="units"))


def _by_parent(nodes: Iterable[tuple[int, TreeNode]]) -> dict[str | None, list[tuple[int, TreeNode]]]:
    found: dict[str | None, list[tuple[int, TreeNode]]] = {}
    for row, node in nodes:
        found.setdefault(node.parent, []).append((row, node))
    return found


def _merged(row: ActivityRow, before: Planned | None) -> Planned:
    """The plan that a row asks for; fields without a column stay as they are."""
    kept = before or Planned(row.cost_code, row.budget_hours)
    told: Mapping[str, object] = {
        field: value
        for field in ("unit", "quantity", "baseline_start", "baseline_finish")
        if (value := getattr(row, field)) is not UNSET
    }
    return msgspec.structs.replace(kept, cost_code=row.cost_code, budget_hours=row.budget_hours, **told)
