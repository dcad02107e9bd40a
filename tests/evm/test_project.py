"""The engine agrees with the plain calculation from the source rows, at every level and date."""

from collections import defaultdict
from dataclasses import fields
from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm import rollup
from chalicelib.evm.amounts import rounded
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earned_schedule import timing
from chalicelib.evm.earning import Rule
from chalicelib.evm.planned_value import Plan
from chalicelib.evm.project import Activity, Booking, every_node, node, rebased
from tests.evm import naive
from tests.evm.naive import PROJECT, Totals, calculate
from tests.evm.strategies import calendars, days, plans, projects, rates


def _below(activities: list[Activity]) -> dict[str, list[Activity]]:
    nodes: defaultdict[str, list[Activity]] = defaultdict(list)
    for activity in activities:
        for name in (activity.id, *activity.ancestors, PROJECT):
            nodes[name].append(activity)
    return nodes


class TestNumbersAtEveryLevelEqualACalculationFromTheSourceRows:
    """Numbers at every level always equal what a calculation from the source rows would give."""

    @given(projects(), calendars, days, rates)
    def test_sums(self, activities: list[Activity], calendar: WorkCalendar, as_of: date, rate: Decimal | None) -> None:
        totals = calculate(activities, calendar, as_of, rate)
        found_nodes = every_node(activities, calendar, as_of, rate)
        assert set(found_nodes) == set(totals)
        for name, found in found_nodes.items():
            total = totals[name]
            hours, money = found.hours, found.money
            assert (hours.bac, hours.planned_value, hours.earned_value) == (total.bac, total.pv, total.ev)
            assert (hours.ev_dated, hours.budgets.undated, hours.budgets.effort) == (
                total.ev_dated, total.undated, total.effort
            )  # fmt: skip
            spent = found.spent
            assert (spent.hours, spent.money, spent.unrated) == (total.ac, total.money_ac, total.unrated_hours)
            in_money = (money.bac, money.planned_value, money.earned_value) if money else (None, None, None)
            assert in_money == (total.money_bac, total.money_pv, total.money_ev)

    @given(projects(), calendars, days, rates)
    def test_all_nodes_in_one_pass(
        self, activities: list[Activity], calendar: WorkCalendar, as_of: date, rate: Decimal | None
    ) -> None:
        found, expected = rollup.totals(activities, calendar, as_of, rate), calculate(activities, calendar, as_of, rate)
        assert set(found) == set(expected)
        for name, total in found.items():
            shown = total._asdict()
            assert shown.pop("unbaselined") == 0
            shown["unrated_hours"] = shown.pop("unrated")
            assert shown == {field.name: getattr(expected[name], field.name) for field in fields(Totals)}

    def test_a_rate_finer_than_a_hundredth(self) -> None:
        work = tuple(Booking(date(2026, 1, 5), 1_000_001, Decimal(rate)) for rate in ("0.005", "40.00", "0.005"))
        activity = Activity("a", ("A",), Plan(3_000_001), Rule.PERCENT, planned_rate=Decimal("0.125"), work=work)
        found = rollup.totals([activity], WorkCalendar({1}, ()), date(2026, 1, 5))[PROJECT]
        assert (found.money_ac, found.money_bac) == (2 * 500_001 + 4_000_004_000, 37_500_013)

    @given(projects(), calendars, days)
    def test_time(self, activities: list[Activity], calendar: WorkCalendar, as_of: date) -> None:
        for below in _below(activities).values():
            result = timing(node(below, calendar, as_of).hours.schedule, as_of)
            plain = naive.time_figures(below, calendar, as_of)
            assert (result.es, result.at, result.spi_t) == (plain.es, plain.at, plain.spi_t)
            assert result.forecast_finish == plain.finish

    def test_a_project_without_activities(self) -> None:
        calendar = WorkCalendar({1}, ())
        assert calculate([], calendar, date(2026, 1, 1)) == {PROJECT: Totals()}
        assert node([], calendar, date(2026, 1, 1)).hours.bac == 0


class TestLevelOfEffortIsNotInEarnedSchedule:
    """Level of effort earns by the calendar: it is in PV and EV but not in ES, SV(t), SPI(t)."""

    @given(projects(), calendars, days)
    def test_taking_it_away_changes_no_time(
        self, activities: list[Activity], calendar: WorkCalendar, as_of: date
    ) -> None:
        without = [activity for activity in activities if activity.rule != "level_of_effort"]
        assert timing(node(activities, calendar, as_of).hours.schedule, as_of) == timing(
            node(without, calendar, as_of).hours.schedule, as_of
        )


class TestMoneyFollowsHoursWhereOneRateServesAll:
    """In money: BAC, PV and EV = hours x planned_rate (the node's, else the project's)."""

    @given(projects(), calendars, days)
    def test_the_same_times(self, activities: list[Activity], calendar: WorkCalendar, as_of: date) -> None:
        found = node([_without_rate(each) for each in activities], calendar, as_of, Decimal("2.50"))
        assert found.money is not None
        hours, money = timing(found.hours.schedule, as_of), timing(found.money.schedule, as_of)
        assert (hours.es, hours.forecast_finish) == (money.es, money.forecast_finish)


class TestTheChosenBaselinesBudgetAndDates:
    """BAC, PV and EV use the chosen baseline, AC never does; activities without a row in it have
    budget 0 there and are listed as `unbaselined_hours`. Percent complete comes from the field."""

    @given(projects(), calendars, days, st.lists(plans, min_size=8, max_size=8))
    def test_figures_of_the_frozen_plan(
        self, activities: list[Activity], calendar: WorkCalendar, as_of: date, frozen: list[Plan]
    ) -> None:
        baseline = {activity.id: plan for activity, plan in zip(activities[::2], frozen, strict=False)}
        found = node([rebased(activity, baseline) for activity in activities], calendar, as_of)
        now = node(activities, calendar, as_of)
        assert found.spent == now.spent
        assert found.unbaselined == sum(activity.plan.budget for activity in activities[1::2])
        for activity in activities:
            kept = node([rebased(activity, baseline)], calendar, as_of).hours
            assert kept.bac == (baseline[activity.id].budget if activity.id in baseline else 0)
            if kept.bac and not kept.budgets.effort and activity.rule != "level_of_effort":
                field = naive.percent(activity, as_of)
                assert rounded(Fraction(kept.earned_value), 0) == rounded(field * kept.bac, 0)


def _without_rate(activity: Activity) -> Activity:
    return Activity(activity.id, activity.ancestors, activity.plan, activity.rule, activity.quantity,
                    activity.milestones, None, activity.work, activity.measurements)  # fmt: skip
