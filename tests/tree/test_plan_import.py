"""What an import makes of a tree: exactly what the file says, and nothing else."""

import itertools
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.names import comparison_form
from chalicelib.tree.faults import Faults
from chalicelib.tree.plan_import import ImportPlan, Planned, TreeNode, plan
from chalicelib.tree.standing import MOST_CHILDREN
from tests.tree.files import HEADER, SHORT, activity, read, text, workbook


def ids(prefix: str = "new") -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"{prefix}{next(numbers)}"


def planned(content: bytes, present: list[TreeNode] | None = None) -> tuple[ImportPlan, dict[str, list[str]]]:
    """The plan of a file for a tree, and what is wrong with it."""
    _, rows, named = read(content)
    faults = Faults()
    made = plan(rows.rows, present or [], ids(), faults, rows.codes)
    return made, {**named, **faults.named()}


def applied(made: ImportPlan, present: list[TreeNode]) -> list[TreeNode]:
    """The tree afterwards: changed nodes in their place, new ones last."""
    after = {change.after.id: change.after for change in made.changes}
    return [after.get(node.id, node) for node in present] + [*made.parents, *made.activities]


QUAY = [
    TreeNode("l", None, 1, "Quay"),
    TreeNode("s", "l", 2, "North"),
    TreeNode("d", "s", 3, "Concrete"),
    TreeNode("d2", "s", 3, "Steel"),
    TreeNode("a", "d", 4, "Pour", Planned("C-1", Decimal("10.00"), earning_rule="percent")),
    TreeNode("b", "d", 4, "Cure", Planned("C-2", Decimal("5.00"), "m3", Decimal("2.0000"), earning_rule="units")),
]


class TestNewTree:
    def test_parents_are_created_once_and_before_what_is_below_them(self) -> None:
        made, faults = planned(
            workbook(activity("C-1", "Pour"), activity("C-2", "Cure"), activity("C-3", place="quay "))
        )
        assert [(node.level, node.name, node.parent) for node in made.parents] == [
            (1, "Quay", None),
            (2, "North", made.parents[0].id),
            (3, "Concrete", made.parents[1].id),
        ]
        assert {node.parent for node in made.activities} == {made.parents[2].id}
        assert list(faults) == ["rows.2.activity", "rows.4.activity"]

    def test_names_may_repeat_under_other_parents(self) -> None:
        made, faults = planned(workbook(activity("C-1"), activity("C-2", place="Yard")))
        assert (len(made.parents), len(made.activities), faults) == (6, 2, {})


class TestAgain:
    def test_the_same_file_changes_nothing(self) -> None:
        content = workbook(activity("C-1", "Pour", 10), activity("C-2", "Cure", 5, "m3", 2))
        made, faults = planned(content, QUAY)
        assert (made, faults) == (ImportPlan((), (), (), 2), {})

    def test_an_activity_is_recognised_by_its_cost_code(self) -> None:
        made, _ = planned(workbook(activity("c-1", "Pour slab", 12)), QUAY)
        [change] = made.changes
        assert (change.before, change.moved) == (QUAY[4], False)
        assert change.after == TreeNode(
            "a", "d", 4, "Pour slab", Planned("c-1", Decimal("12.00"), earning_rule="percent")
        )

    def test_an_activity_moves_where_the_file_has_it(self) -> None:
        made, _ = planned(workbook(["Quay", "North", "Steel", "Pour", "C-1", 10]), QUAY)
        [change] = made.changes
        assert (change.moved, change.after.parent, made.parents) == (True, "d2", ())

    def test_what_the_file_does_not_name_stays(self) -> None:
        made, _ = planned(workbook(activity("C-9", "Strip")), QUAY)
        assert (made.parents, made.changes, len(made.activities)) == ((), (), 1)

    def test_a_column_that_the_file_lacks_leaves_its_field_alone(self) -> None:
        made, _ = planned(workbook(activity("C-2", "Cure", 5), header=SHORT), QUAY)
        assert made.unchanged == 1

    def test_a_blank_cell_empties_its_field(self) -> None:
        made, faults = planned(workbook(activity("C-2", "Cure", 5, None, 2)), QUAY)
        [change] = made.changes
        assert change.after.planned is not None
        assert (change.after.planned.unit, faults) == (None, {})

    def test_two_activities_may_exchange_their_names(self) -> None:
        made, faults = planned(workbook(activity("C-1", "Cure"), activity("C-2", "Pour", 5, "m3", 2)), QUAY)
        assert (len(made.changes), faults) == (2, {})

    def test_a_parent_is_recognised_however_its_name_is_written(self) -> None:
        made, _ = planned(workbook(["QUAY ", "north", "concrete", "Pour", "C-1", 10]), QUAY)
        assert (made.unchanged, made.parents) == (1, ())

    def test_the_counts_add_up(self) -> None:
        content = workbook(activity("C-1", "Pour"), activity("C-2", "Cure", 6, "m3", 2), activity("C-3", "Strip"))
        made, _ = planned(content, QUAY)
        assert (len(made.activities), len(made.changes), made.unchanged) == (1, 1, 1)


class TestRules:
    def test_a_name_that_an_activity_outside_the_file_has_is_taken(self) -> None:
        assert list(planned(workbook(activity("C-9", "Pour")), QUAY)[1]) == ["rows.2.activity"]

    def test_an_activity_in_a_row_with_faults_does_not_hold_its_old_name(self) -> None:
        content = workbook(activity("C-1", "Pour slab", "x"), activity("C-9", "Pour"))
        assert list(planned(content, QUAY)[1]) == ["rows.2.budget_hours"]

    def test_an_activity_that_earns_by_units_keeps_a_quantity(self) -> None:
        assert list(planned(workbook(activity("C-2", "Cure", 5, "m3", 0)), QUAY)[1]) == ["rows.2.quantity"]

    def test_level_of_effort_keeps_its_dates(self) -> None:
        day = date(2026, 1, 5)
        effort = TreeNode(
            "e",
            "d",
            4,
            "Watch",
            Planned("E-1", Decimal(1), baseline_start=day, baseline_finish=day, earning_rule="level_of_effort"),
        )
        assert list(planned(workbook(activity("E-1", "Watch", 1)), [*QUAY, effort])[1]) == ["rows.2.baseline_start"]

    def test_one_date_of_the_file_and_one_of_the_node_are_compared(self) -> None:
        header = [*SHORT, "Baseline finish"]
        content = workbook([*activity("C-1"), "2026-01-09"], header=header)
        assert list(planned(content, QUAY)[1]) == ["rows.2.baseline_start"]

    @pytest.mark.parametrize("by", ["activity", "location"])
    def test_a_parent_has_a_bounded_number_of_children(self, by: str) -> None:
        def row(number: int) -> list[Any]:
            return activity(
                f"C{number}", f"A{number}" if by == "activity" else "A", place="Q" if by == "activity" else f"Q{number}"
            )

        rows = [row(number) for number in range(MOST_CHILDREN + 2)]
        assert planned(text(*rows[:MOST_CHILDREN], header=SHORT))[1] == {}
        assert list(planned(text(*rows, header=SHORT))[1]) == [f"rows.{MOST_CHILDREN + 2}.{by}"]

    def test_faults_of_the_tree_and_of_the_cells_are_named_together(self) -> None:
        content = workbook(activity("C-9", "Pour"), activity("C-8", "Strip", "x"))
        assert set(planned(content, QUAY)[1]) == {"rows.2.activity", "rows.3.budget_hours"}


def test_forms_are_those_of_the_whole_service() -> None:
    made, _ = planned(
        workbook(activity("STRASSE")), [*QUAY[:3], TreeNode("x", "d", 4, "Pour", Planned("straße", Decimal(10)))]
    )
    assert comparison_form("straße") == comparison_form("STRASSE")
    assert [change.before.id for change in made.changes] == ["x"]


assert HEADER[:6] == SHORT
