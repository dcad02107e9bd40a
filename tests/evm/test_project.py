"""The package agrees with the plain calculation from the source rows."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from hypothesis import given

from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import DayWork, Rule, earned_series
from chalicelib.evm.planned_value import planned_value
from chalicelib.evm.project import PROJECT, Activity, Totals, calculate
from tests.evm.strategies import calendars, days, projects, rates, unhurried


def _day_work(activity: Activity) -> list[DayWork]:
    return [DayWork(row.day, row.hours, row.quantity or Decimal(0)) for row in activity.work]


class TestNumbersAtEveryLevelEqualACalculationFromTheSourceRows:
    """Numbers at every level always equal what a calculation from the source rows would give."""

    @unhurried
    @given(projects(), calendars, days)
    def test_planned_and_earned(self, activities: list[Activity], calendar: WorkCalendar, as_of: date) -> None:
        totals = calculate(activities, calendar, as_of)
        for activity in activities:
            pv = planned_value(activity.plan, calendar, as_of)
            assert totals[activity.id].pv == pv
            series = earned_series(
                activity.plan.budget, activity.rule, activity.quantity, activity.milestones,
                _day_work(activity), activity.measurements,
            )  # fmt: skip
            earned = [ev for day, ev in series if day <= as_of]
            ev = pv if activity.rule is Rule.LEVEL_OF_EFFORT else (earned or [0])[-1]
            assert totals[activity.id].ev == ev


class TestUpperLevelsAddUpWhatIsBelow:
    """Upper levels add up PV, EV, AC and BAC of what is below."""

    @unhurried
    @given(projects(), calendars, days, rates)
    def test_each_level_adds_up_to_the_project(
        self,
        activities: list[Activity],
        calendar: WorkCalendar,
        as_of: date,
        rate: Decimal | None,
    ) -> None:
        totals = calculate(activities, calendar, as_of, rate)
        for level in range(3):
            nodes = {activity.ancestors[level] for activity in activities}
            for field in ("bac", "pv", "ev", "ac", "unrated_hours", "money_ac"):
                whole = sum(getattr(totals[node], field) for node in nodes)
                assert getattr(totals[PROJECT], field) == whole

    def test_a_project_without_activities(self) -> None:
        assert calculate([], WorkCalendar({1}, ()), date(2026, 1, 1)) == {PROJECT: Totals()}


class TestABudgetedActivityWithoutARateMakesMoneyNull:
    """In money: BAC, PV and EV = hours x planned_rate (the node's, else the project's); if a budgeted
    activity below has none they are null. AC = approved hours x kept rate; hours without one are
    reported as unrated_hours."""

    @unhurried
    @given(projects(), calendars, days)
    def test_null_above_exactly_such_activities(
        self, activities: list[Activity], calendar: WorkCalendar, as_of: date
    ) -> None:
        totals = calculate(activities, calendar, as_of)
        unrated: defaultdict[str, bool] = defaultdict(bool)
        for activity in activities:
            lacks = activity.plan.budget > 0 and activity.planned_rate is None
            for node in (activity.id, *activity.ancestors, PROJECT):
                unrated[node] |= lacks
        for node, total in totals.items():
            assert (total.money_bac is None) == unrated[node]

    @unhurried
    @given(projects(), calendars, days)
    def test_the_project_rate_serves_the_others(
        self, activities: list[Activity], calendar: WorkCalendar, as_of: date
    ) -> None:
        total = calculate(activities, calendar, as_of, Decimal("1.00"))[PROJECT]
        rated = [a.planned_rate if a.planned_rate is not None else Decimal(1) for a in activities]
        cents = sum(a.plan.budget * int(r * 100) for a, r in zip(activities, rated, strict=True))
        assert total.money_bac == cents
