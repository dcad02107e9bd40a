"""An exported tree imports to no change, and an edited sheet makes exactly its edits; whatever the tree."""

import io
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from chalicelib.names import comparison_form
from chalicelib.tree import export
from chalicelib.tree.plan_import import ImportPlan, Planned, TreeNode
from tests.tree.test_plan_import import applied, planned

unhurried = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
FORMS: list[Callable[[Sequence[Sequence[Any]]], bytes]] = [export.as_xlsx, lambda rows: export.as_csv(rows).encode()]

letters = st.characters(
    codec="utf-8", exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp", "Co", "Cn"], exclude_characters="\ufffd"
)
names = st.text(letters, min_size=1, max_size=12).map(str.strip).filter(comparison_form)
odd_codes = st.sampled_from(
    ["=1+1", "-A", "@A", "+1", "01-010", "00110", "1.10", "1.1", "1E+05", "'x", "'=1", "a;b", 'a"b']
)
codes = st.one_of(odd_codes, st.text(letters, min_size=1, max_size=8).map(str.strip).filter(comparison_form))
hours = st.decimals(0, 100_000_000, places=2)
quantities = st.none() | st.decimals("0.0001", 1_000_000_000, places=4)
days = st.dates(date(1990, 1, 1), date(2090, 1, 1))


@st.composite
def plans(draw: st.DrawFn, code: str) -> Planned:
    start = draw(st.none() | days)
    finish = None if start is None else start + timedelta(draw(st.integers(0, 400)))
    return Planned(code, draw(hours), draw(st.none() | names), draw(quantities), start, finish, "percent")


@st.composite
def trees(draw: st.DrawFn) -> list[TreeNode]:
    """A tree in which siblings have names of their own and activities codes of their own."""
    distinct = {"unique_by": comparison_form}
    found: list[TreeNode] = []
    free = draw(st.lists(codes, max_size=12, **distinct))

    def below(parent: str | None, level: int) -> None:
        for place, name in enumerate(draw(st.lists(names, min_size=1 if level < 4 else 0, max_size=2, **distinct))):
            if level == 4 and not free:
                return
            id = f"{parent or 'p'}.{place}"
            found.append(TreeNode(id, parent, level, name, draw(plans(free.pop())) if level == 4 else None))
            if level < 4:
                below(id, level + 1)

    below(None, 1)
    return found


@pytest.mark.parametrize("form", FORMS)
@given(tree=trees())
@unhurried
def test_importing_an_export_changes_nothing(form: Any, tree: list[TreeNode]) -> None:
    made, faults = planned(form(export.rows(tree)), tree)
    assert faults == {}
    assert made == ImportPlan((), (), (), sum(node.level == 4 for node in tree))


@pytest.mark.parametrize("form", FORMS)
@given(tree=trees())
@unhurried
def test_an_export_builds_the_same_activities_in_an_empty_project(form: Any, tree: list[TreeNode]) -> None:
    rows = export.rows(tree)
    made, faults = planned(form(rows))
    assert faults == {}
    assert export.rows(applied(made, [])) == rows


@given(tree=trees(), data=st.data())
@unhurried
def test_edits_of_a_sheet_are_exactly_what_changes(tree: list[TreeNode], data: st.DataObject) -> None:
    rows = [list(row) for row in export.rows(tree)]
    edited = set()
    for row in data.draw(st.lists(st.sampled_from(rows), max_size=4)) if rows else []:
        column = data.draw(st.sampled_from([2, 5, 6, 7]))
        row[column] = data.draw(
            [st.just("Elsewhere"), hours, st.none() | names, quantities][[2, 5, 6, 7].index(column)]
        )
        edited.add(row[4])
    made, faults = planned(export.as_xlsx(rows), tree)
    if not faults:
        after = {row[4]: row for row in export.rows(applied(made, tree))}
        assert [list(after[row[4]]) for row in rows] == rows
        assert {change.before.planned.cost_code for change in made.changes if change.before.planned} <= edited
        assert len(made.changes) + made.unchanged == len(rows)


def test_codes_that_look_like_formulas_are_inert_and_survive() -> None:
    parents = [TreeNode("l", None, 1, "=Q"), TreeNode("s", "l", 2, "-N"), TreeNode("d", "s", 3, "@C")]
    tree = parents + [
        TreeNode(code, "d", 4, f"+{code}", Planned(code, Decimal(1)))
        for code in ("=1+1", "-A", "@A", "+1", "=cmd|'/c calc'!A0")
    ]
    shown = load_workbook(io.BytesIO(export.as_xlsx(export.rows(tree))))["WBS"]
    assert all(cell.number_format == "@" for row in shown.iter_rows(min_row=2, max_col=5) for cell in row)
    for line in export.as_csv(export.rows(tree)).splitlines()[1:]:
        assert all(cell.startswith(("'", "\"'", "1")) or not cell for cell in line.split(","))
    for form in FORMS:
        assert planned(form(export.rows(tree)), tree)[0].unchanged == 5


def test_the_template_has_the_columns_that_an_import_reads() -> None:
    made, faults = planned(export.as_xlsx([]))
    assert (made, faults) == (ImportPlan((), (), (), 0), {})
