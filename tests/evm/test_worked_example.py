"""The worked example of docs/earned-value.md, recomputed from the tables printed there."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from chalicelib.evm.amounts import MICRO, MONEY, micro_hours, rounded
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earned_schedule import forecast_finish, periods_earned
from chalicelib.evm.earning import Measurement, Milestone, Rule
from chalicelib.evm.metrics import Figures, measure
from chalicelib.evm.planned_value import Plan, planned_from_changes, slope_changes
from chalicelib.evm.project import PROJECT, Activity, Booking, Totals, calculate

PAGE = (Path(__file__).parents[2] / "docs" / "earned-value.md").read_text()
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
CHANGES = [change for row in ACTIVITIES for change in slope_changes(row.plan, CALENDAR)]


def _in_hours(total: Totals) -> Figures:
    return measure(*(Fraction(n, MICRO) for n in (total.bac, total.pv, total.ev, total.ac)))


def _in_money(total: Totals) -> Figures:
    amounts = (total.money_bac, total.money_pv, total.money_ev, total.money_ac)
    hours_ev, hours_ac = Fraction(total.ev, MICRO), Fraction(total.ac, MICRO)
    money = [None if amount is None else Fraction(amount, MONEY) for amount in amounts]
    return measure(*money, hours_ev=hours_ev, hours_ac=hours_ac)


@pytest.mark.parametrize("row", _rows("node"), ids=lambda row: row[0])
def test_every_node(row: Row) -> None:
    node, level, *amounts, se, spi, cpi = row
    total = TOTALS[PROJECT if node == "project" else node]
    assert int(level) == (0 if node == "project" else node.count(".") + 1)
    expected = [micro_hours(Decimal(amount)) for amount in amounts]
    assert [total.bac, total.pv, total.ev, total.ac] == expected
    figures = _in_hours(total)
    shown = [str(ratio).replace("None", "null") for ratio in (figures.se, figures.spi, figures.cpi)]
    assert shown == [se, spi, cpi]


def test_the_tables_hold_every_node() -> None:
    assert {row[0].replace("project", PROJECT) for row in _rows("node")} == set(TOTALS)
    assert len(_rows("booked")) == sum(len(row.work) for row in ACTIVITIES)
    assert len(_rows("measured")) == sum(len(row.measurements) for row in ACTIVITIES)


@pytest.mark.parametrize("row", _rows("figure"), ids=lambda row: row[0])
def test_every_figure_of_the_project(row: Row) -> None:
    name, hours, _, money, _ = row
    for figures, shown in (
        (_in_hours(TOTALS[PROJECT]), hours),
        (_in_money(TOTALS[PROJECT]), money),
    ):
        forecast = figures.forecasts.get(name.removeprefix("eac_"))
        value = forecast if name.startswith("eac_") else getattr(figures, name)
        assert str(value) == shown


def test_hours_without_a_kept_rate() -> None:
    assert TOTALS[PROJECT].unrated_hours == 26 * MICRO
    assert "with 26 `unrated_hours`" in PAGE


def test_the_forecast_finish() -> None:
    start, finish = date(2026, 3, 2), date(2026, 3, 17)
    ev = TOTALS[PROJECT].ev

    def pv_at(day: date) -> int:
        return planned_from_changes(CHANGES, CALENDAR, day)

    es = periods_earned(lambda n: pv_at(CALENDAR.add_working_days(start, n)) if n else 0, 11, ev)
    forecast, _ = forecast_finish(start, finish, CALENDAR, pv_at, ev, AS_OF)
    assert f"= {rounded(es, 4)} days" in PAGE
    assert f"/ 7 = {rounded(es / 7, 4)}" in PAGE
    assert f"forecast finish is **{forecast}**" in PAGE
