"""A work breakdown as a file of the same columns that an import reads; importing it changes nothing."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from chalicelib.spreadsheet import delimited, writing
from chalicelib.tree.columns import COLUMNS
from chalicelib.tree.order import LEVELS
from chalicelib.tree.plan_import import TreeNode

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"
SHEET = "WBS"
Value = str | Decimal | date | None


def rows(nodes: Iterable[TreeNode]) -> list[Sequence[Value]]:
    """One row for each activity, in the order of the nodes; parents may come before or after."""
    nodes = list(nodes)
    by_id = {node.id: node for node in nodes}
    return [_row(node, by_id) for node in nodes if node.level == LEVELS]


def _row(node: TreeNode, by_id: dict[str, TreeNode]) -> Sequence[Value]:
    planned = node.planned
    assert planned is not None  # an activity has a plan
    parents, above = list[str](), node.parent
    while above is not None:
        parents.insert(0, by_id[above].name)
        above = by_id[above].parent
    figures = (planned.budget_hours, planned.unit, planned.quantity, planned.baseline_start, planned.baseline_finish)
    return (*parents, node.name, planned.cost_code, *figures)


def as_xlsx(rows: Iterable[Sequence[Value]]) -> bytes:
    """The rows below the titles as a workbook; texts are texts, whatever they begin with."""
    return writing.workbook(SHEET, [(column.title, column.width) for column in COLUMNS], rows)


def as_csv(rows: Iterable[Sequence[Value]]) -> str:
    """The rows below the titles as CSV; texts that would be formulas have an apostrophe before them."""
    return delimited.written([[column.title for column in COLUMNS], *rows])
