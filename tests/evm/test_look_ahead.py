"""Look-ahead: activities not finished that start or run within 1-6 weeks, when they will be done, and a
flag; in the words of the specification."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm.amounts import MICRO
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.look_ahead import Outlook, Progress, is_due, outlook
from chalicelib.evm.planned_value import Plan
from tests.evm.strategies import calendars, days

WEEK = WorkCalendar({1, 2, 3, 4, 5}, ())
FRIDAY = date(2026, 3, 6)


def march(day: int) -> date:
    return date(2026, 3, day)


def at_pace(recent: int, ev: int = 50, pv: int = 50, finish: int = 13, calendar: WorkCalendar = WEEK) -> Outlook:
    plan = Plan(100 * MICRO, march(2), march(finish))
    return outlook(Progress(plan, pv * MICRO, ev * MICRO, recent * MICRO), calendar, FRIDAY)


class TestProjectedFinish:
    """Remaining hours / rolling 14-day average of approved hours, on working days."""

    def test_at_the_pace_of_the_last_fourteen_days(self) -> None:
        found = at_pace(80)  # 80 h in ten working days, 50 h to go: 6.25 days
        assert (found.remaining_hours, found.daily_hours, found.projected_finish) == (50, 8, march(17))

    def test_holidays_are_no_working_days(self) -> None:
        closed = WorkCalendar({1, 2, 3, 4, 5}, {march(5), march(9)})  # nine days: 8.89 h a day
        assert at_pace(80, calendar=closed).projected_finish == march(17)

    def test_null_without_recent_hours(self) -> None:
        found = at_pace(0)
        assert (found.projected_finish, found.reasons) == (None, {"projected_finish": "no_recent_hours"})

    def test_null_after_a_fortnight_without_a_working_day(self) -> None:
        shut = WorkCalendar({1}, {date(2026, 2, 23), march(2)})
        assert at_pace(8, calendar=shut).reasons["projected_finish"] == "no_working_days"

    def test_null_when_dates_end_before_it(self) -> None:
        plan = Plan(10**15, march(2), march(13))
        assert outlook(Progress(plan, 1, 1, 1), WEEK, FRIDAY).reasons["projected_finish"] == "beyond_the_last_date"
        last = outlook(Progress(plan, 1, 1, 1), WEEK, date.max)
        assert last.reasons["projected_finish"] == "beyond_the_last_date"

    def test_level_of_effort_goes_by_the_calendar(self) -> None:
        plan = Plan(100, march(2), march(13))
        found = outlook(Progress(plan, 50, 50, 0, is_effort=True), WEEK, FRIDAY)
        assert (found.projected_finish, found.spi, found.flag) == (march(13), 1, "green")

    @given(calendars, days, st.integers(0, 100), st.integers(1, 500))
    def test_the_work_fits_into_the_days_and_not_into_one_less(
        self, calendar: WorkCalendar, as_of: date, ev: int, recent: int
    ) -> None:
        plan = Plan(100, as_of, as_of)
        found = outlook(Progress(plan, 1, ev, recent), calendar, as_of)
        before = calendar.working_days(as_of - timedelta(days=13), as_of)
        if found.projected_finish is None:
            assert before == 0
        else:
            left = calendar.working_days(as_of + timedelta(days=1), found.projected_finish)
            assert recent * left >= (100 - ev) * before
            assert left == 1 or recent * (left - 1) < (100 - ev) * before


class TestFlag:
    """Amber after the baseline finish, red below SPI 0.85."""

    @pytest.mark.parametrize(
        ("ev", "recent", "finish", "flag"),
        [
            (50, 110, 13, "green"),
            (43, 200, 13, "green"),
            (42, 200, 13, "red"),
            (50, 80, 13, "amber"),
            (50, 0, 5, "amber"),
        ],
    )
    def test_of_an_activity(self, ev: int, recent: int, finish: int, flag: str) -> None:
        assert at_pace(recent, ev, finish=finish).flag == flag

    def test_work_not_begun_by_plan_has_no_spi(self) -> None:
        plan = Plan(100, march(9), march(13))
        found = outlook(Progress(plan, 0, 0, 0), WEEK, FRIDAY)
        assert (found.spi, found.flag, found.reasons["spi"]) == (None, "green", "no_planned_value")


class TestActivitiesNotFinishedThatStartOrRun:
    """Activities not finished that start or run within 1-6 weeks."""

    def test_by_their_start(self) -> None:
        def starts(day: int) -> Progress:
            return Progress(Plan(100, march(day), march(31)), 0, 0, 0)

        assert is_due(starts(20), FRIDAY, 2)
        assert not is_due(starts(21), FRIDAY, 2)
        assert is_due(starts(21), FRIDAY, 3)

    def test_late_work_still_runs(self) -> None:
        late = Progress(Plan(100, march(2), march(3)), 100, 90, 0)
        assert is_due(late, FRIDAY, 1)

    def test_finished_work_does_not(self) -> None:
        assert not is_due(Progress(Plan(100, march(2), march(13)), 50, 100, 10), FRIDAY, 6)

    def test_undated_work_while_people_work_on_it(self) -> None:
        assert is_due(Progress(Plan(100), 0, 10, 8), FRIDAY, 1)
        assert not is_due(Progress(Plan(100), 0, 10, 0), FRIDAY, 6)
