"""`?explain=true` lists the formula and the contributing sums of each figure, so that a site manager
can check it with a calculator."""

import ast
import operator
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm.amounts import rounded
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.explain import Explanation, explain
from chalicelib.evm.figures import Figures, Measure, figures
from chalicelib.evm.metrics import FORECASTS, Forecast
from chalicelib.evm.project import Activity, node
from tests.evm.strategies import calendars, days, projects, rates

measures = st.sampled_from(["hours", "cost"])
forecasts = st.sampled_from(FORECASTS)
KEYS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


LEFT_OVER = Fraction(1, 1000)
"""What the six decimals of a printed ES may add to the days needed, or take from them."""


def calculator(row: Explanation) -> Fraction:
    """The formula, typed into a calculator with the values printed beside it."""
    values = {name: Fraction(value) for name, value in row.sums.items() if isinstance(value, Decimal)}
    source = row.formula.translate(str.maketrans("−×÷", "-*/"))
    return _evaluate(ast.parse(source, mode="eval").body, values)


def _evaluate(term: ast.expr, values: dict[str, Fraction]) -> Fraction:
    if isinstance(term, ast.Name):
        return values[term.id]
    assert isinstance(term, ast.BinOp)
    return KEYS[type(term.op)](_evaluate(term.left, values), _evaluate(term.right, values))


class TestASiteManagerCanCheckItWithACalculator:
    @given(projects(), calendars, days, rates, measures, forecasts)
    def test_every_formula_gives_its_figure(
        self,
        activities: list[Activity],
        calendar: WorkCalendar,
        as_of: date,
        rate: Decimal | None,
        measure: Measure,
        forecast: Forecast,
    ) -> None:
        for row in explain(node(activities, calendar, as_of, rate), measure, forecast):
            if isinstance(row.value, Decimal):
                places = -int(row.value.as_tuple().exponent)
                assert abs(rounded(calculator(row), places) - row.value) <= Decimal(1).scaleb(-places), row
            elif row.value is None:
                assert row.note
            elif row.note is None:
                start = row.sums["baseline_start"]
                assert isinstance(start, date)
                needed = {ceil(calculator(row) + sign * LEFT_OVER) for sign in (-1, 1)}
                assert row.value in {max(as_of, calendar.add_working_days(start, days)) for days in needed}

    @given(projects(), calendars, days, measures)
    def test_every_figure_is_explained(
        self, activities: list[Activity], calendar: WorkCalendar, as_of: date, measure: Measure
    ) -> None:
        found = node(activities, calendar, as_of)
        shown = figures(found, measure)
        wanted = {field.name for field in fields(Figures)} - {"forecasts", "reasons"}
        rows = {row.figure: row.value for row in explain(found, measure)}
        assert set(rows) == wanted | {f"forecasts.{name}" for name in FORECASTS}
        assert all(rows[name] == getattr(shown, name) for name in wanted)
