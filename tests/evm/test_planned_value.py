"""The laws of planned value, each in the words of the specification."""

from datetime import date, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.planned_value import (
    Plan,
    planned_from_changes,
    planned_on_days,
    planned_value,
    slope_changes,
)
from tests.evm.strategies import calendars, days, plans

ONE_DAY = timedelta(days=1)


class TestBudgetSpreadEvenlyOverTheWorkingDays:
    """Each activity's budget spread evenly over the working days from baseline start to finish,
    both included, counted to the end of the as-of date."""

    @given(plans, calendars, days)
    def test_every_day_but_the_last_takes_the_same(self, plan: Plan, calendar: WorkCalendar, day: date) -> None:
        step = planned_value(plan, calendar, day) - planned_value(plan, calendar, day - ONE_DAY)
        assert step in _steps(plan, calendar, day)

    def test_the_last_working_day_takes_the_remainder(self) -> None:
        plan = Plan(100, date(2025, 6, 2), date(2025, 6, 8))  # Monday to Sunday, five days of 20
        week = WorkCalendar({1, 2, 3}, ())
        values = [planned_value(plan, week, date(2025, 6, day)) for day in range(1, 6)]
        assert values == [0, 33, 66, 100, 100]

    def test_no_working_day_in_the_range(self) -> None:
        plan = Plan(100, date(2025, 6, 7), date(2025, 6, 8))
        week = WorkCalendar({1, 2, 3, 4, 5}, ())
        assert planned_value(plan, week, date(2025, 6, 7)) == 0
        assert planned_value(plan, week, date(2025, 6, 8)) == 100


class TestSplitInWholeMillionthsTheRemainderOnTheLastDay:
    """An activity's budget is split over its days in whole millionths of an hour, the remainder on
    the last day."""

    @given(plans, calendars)
    def test_all_of_the_budget_is_planned_by_the_finish(self, plan: Plan, calendar: WorkCalendar) -> None:
        dated = plan.start is not None and plan.finish is not None
        assert planned_value(plan, calendar, plan.finish or date.max) == (plan.budget if dated else 0)

    def test_a_plan_may_end_with_the_calendar(self) -> None:
        plan = Plan(5, date(9999, 12, 30), date.max)
        everyday = WorkCalendar(range(1, 8), ())
        changes = slope_changes(plan, everyday)
        assert planned_from_changes(changes, everyday, date.max) == 5


class TestSumsTakenInAnyOrderAgreeToTheLastDigit:
    """Stored sums are integers of that unit, so that sums taken in any order agree to the last
    digit."""

    @given(st.lists(plans, max_size=6), calendars, days, st.randoms())
    def test_changes_of_slope_add_up(
        self, many: list[Plan], calendar: WorkCalendar, as_of: date, random: Random
    ) -> None:
        changes = [change for plan in many for change in slope_changes(plan, calendar)]
        random.shuffle(changes)
        expected = sum(planned_value(plan, calendar, as_of) for plan in many)
        assert planned_from_changes(changes, calendar, as_of) == expected

    @given(st.lists(plans, max_size=6), calendars, st.lists(days, max_size=9))
    def test_one_pass_over_many_days_is_the_same(
        self, many: list[Plan], calendar: WorkCalendar, asked: list[date]
    ) -> None:
        changes = [change for plan in many for change in slope_changes(plan, calendar)]
        asked.sort()
        expected = tuple(planned_from_changes(changes, calendar, day) for day in asked)
        assert planned_on_days(changes, calendar, asked) == expected


def _steps(plan: Plan, calendar: WorkCalendar, day: date) -> set[int]:
    if plan.start is None or plan.finish is None:
        return {0}
    total = calendar.working_days(plan.start, plan.finish)
    if total == 0:
        return {plan.budget if day == plan.finish else 0}
    if not plan.start <= day <= plan.finish or not calendar.is_working(day):
        return {0}
    share = plan.budget // total
    is_last = day == calendar.last_working_day(plan.start, plan.finish)
    return {plan.budget - share * (total - 1) if is_last else share}
