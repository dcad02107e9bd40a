"""The worked example of docs/earned-value.md, recomputed from the tables printed there."""

import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from chalicelib.evm.amounts import MICRO, micro_hours
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import Measurement, Milestone, Rule
from chalicelib.evm.explain import explain
from chalicelib.evm.figures import Figures, figures
from chalicelib.evm.look_ahead import Progress, first_averaged_day, outlook
from chalicelib.evm.metrics import estimate_at_completion, measure
from chalicelib.evm.picture import s_curve_svg
from chalicelib.evm.planned_value import Plan
from chalicelib.evm.productivity import productivity
from chalicelib.evm.project import Activity, Booking, activity_sums, node, spent_by_day
from chalicelib.evm.s_curve import s_curve
from chalicelib.evm.sums import added
from tests.evm.naive import PROJECT, calculate

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "earned-value.md").read_text()
AS_OF = date(2026, 3, 11)
CALENDAR = WorkCalendar({1, 2, 3, 4, 5}, {date(2026, 3, 6)})
PROJECT_RATE = Decimal("40.00")
MILESTONES = (Milestone("battens", Decimal("0.4")), Milestone("tiles", Decimal("0.6")))

Row = Sequence[str]


def _rows(first_heading: str) -> list[list[str]]:
    """The rows of every table on the page whose first column has this heading."""
    rows: list[list[str]] = []
    for table in re.findall(rf"^\| {first_heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE):
        rows += [[cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines()]
    return rows


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _activity(row: Row) -> Activity:
    name, _, rule, budget, start, finish, quantity, rate = row
    parts = name.split(".")
    plan = Plan(micro_hours(Decimal(budget)), date.fromisoformat(start), date.fromisoformat(finish))
    return Activity(
        id=name,
        ancestors=tuple(".".join(parts[:depth]) for depth in (1, 2, 3)),
        plan=plan,
        rule=Rule(rule),
        quantity=_decimal(quantity),
        milestones=MILESTONES,
        planned_rate=_decimal(rate),
        work=tuple(_booking(row) for row in _rows("booked") if row[0] == name),
        measurements=tuple(_measurement(row) for row in _rows("measured") if row[0] == name),
    )


def _booking(row: Row) -> Booking:
    _, day, hours, rate, quantity = row
    return Booking(date.fromisoformat(day), micro_hours(Decimal(hours)), _decimal(rate), _decimal(quantity))


def _measurement(row: Row) -> Measurement:
    _, day, installed, percent, milestone = row
    return Measurement(date.fromisoformat(day), _decimal(installed), _decimal(percent), milestone or None)


ACTIVITIES = [_activity(row) for row in _rows("activity")]
TOTALS = calculate(ACTIVITIES, CALENDAR, AS_OF, PROJECT_RATE)
WHOLE = node(ACTIVITIES, CALENDAR, AS_OF, PROJECT_RATE)


@pytest.mark.parametrize("row", _rows("node"), ids=lambda row: row[0])
def test_every_node(row: Row) -> None:
    name, level, *amounts, se, spi, cpi = row
    total = TOTALS[PROJECT if name == "project" else name]
    assert int(level) == (0 if name == "project" else name.count(".") + 1)
    expected = [micro_hours(Decimal(amount)) for amount in amounts]
    assert [total.bac, total.pv, total.ev, total.ac] == expected
    ratios = measure(*(Fraction(n, MICRO) for n in (total.bac, total.pv, total.ev, total.ac)))
    shown = [str(ratio).replace("None", "null") for ratio in (ratios.se, ratios.spi, ratios.cpi)]
    assert shown == [se, spi, cpi]


def test_the_tables_hold_every_node() -> None:
    assert {row[0].replace("project", PROJECT) for row in _rows("node")} == set(TOTALS)
    assert len(_rows("booked")) == sum(len(row.work) for row in ACTIVITIES)
    assert len(_rows("measured")) == sum(len(row.measurements) for row in ACTIVITIES)


@pytest.mark.parametrize("row", _rows("figure"), ids=lambda row: row[0])
def test_every_figure_of_the_project(row: Row) -> None:
    name, hours, _, money, _ = row
    for result, shown in ((figures(WHOLE), hours), (figures(WHOLE, "cost"), money)):
        assert _shown(result, name) == shown


def _shown(result: Figures, name: str) -> str:
    if name.startswith("eac_"):
        return str(result.forecasts[name.removeprefix("eac_")])
    return str(getattr(result, name))


def test_hours_without_a_kept_rate() -> None:
    assert TOTALS[PROJECT].unrated_hours == 26 * MICRO
    assert "with 26 `unrated_hours`" in PAGE


@pytest.mark.parametrize("row", _rows("figure in time"), ids=lambda row: row[0])
def test_every_figure_in_time(row: Row) -> None:
    name, value = row
    assert str(getattr(figures(WHOLE), name)) == value


def test_the_sums_in_its_text() -> None:
    """ES and the forecast finish as the page works them out."""
    rows = {row.figure: row for row in explain(WHOLE)}
    es = rows["es"].sums
    assert f"{es['pv_day']} after {es['day']} days and\n{es['pv_next']} after 7" in PAGE
    assert f"ES = {es['day']} + ({es['earned']} − {es['pv_day']}) / " in PAGE
    assert rows["forecast_finish"].sums["duration"] == 11


@pytest.mark.parametrize("row", _rows("number"), ids=lambda row: row[0])
def test_every_number_for_the_site_manager(row: Row) -> None:
    assert str(getattr(figures(WHOLE), row[0])) == row[2]


def test_no_number_is_left_unexplained() -> None:
    assert {row[0] for row in _rows("number")} == {field.name for field in fields(Figures)} - {"forecasts", "reasons"}


@pytest.mark.parametrize("row", _rows("report"), ids=lambda row: row[0])
def test_every_value_of_the_reports(row: Row) -> None:
    formwork, total = ACTIVITIES[0], TOTALS["A.1.1.1"]
    used = productivity(total.bac, total.ac, formwork.quantity, Decimal(130))
    recent = sum(row.hours for row in formwork.work if first_averaged_day(AS_OF) <= row.day <= AS_OF)
    ahead = outlook(Progress(formwork.plan, total.pv, total.ev, recent), CALENDAR, AS_OF)
    name, value, _ = row
    assert str(getattr(used, name, None) or getattr(ahead, name)) == value


def test_the_picture_is_that_of_the_example() -> None:
    """Drawn anew it is the same, letter for letter; where it is to change: write it with this expression."""
    hours, spent = WHOLE.hours, spent_by_day(row for each in ACTIVITIES for row in each.work)
    eac = estimate_at_completion(hours.bac, hours.planned_value, hours.earned_value, WHOLE.spent.hours)
    curve = s_curve(
        added(*(activity_sums(each, CALENDAR) for each in ACTIVITIES)), spent, CALENDAR, AS_OF, "week",
        forecast_finish=figures(WHOLE).forecast_finish, eac=eac,
    )  # fmt: skip
    assert s_curve_svg(curve, "hours", "hours", "The example", hours.bac) == (DOCS / "s-curve.svg").read_text()
