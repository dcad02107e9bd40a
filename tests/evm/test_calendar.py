"""Working days counted by arithmetic agree with counting them one by one."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm.calendar import NoSuchDay, WorkCalendar
from tests.evm.strategies import calendars, days, working_calendars


def _worked(calendar: WorkCalendar, start: date, finish: date) -> list[date]:
    span = range((finish - start).days + 1)
    return [d for d in (start + timedelta(days=n) for n in span) if calendar.is_working(d)]


class TestWorkingDaysFromBaselineStartToFinishBothIncluded:
    @given(calendars, days, days)
    def test_count_equals_a_walk(self, calendar: WorkCalendar, start: date, finish: date) -> None:
        worked = _worked(calendar, start, finish)
        assert calendar.working_days(start, finish) == len(worked)
        assert calendar.last_working_day(start, finish) == (worked[-1] if worked else None)

    @given(working_calendars, days, st.integers(1, 40))
    def test_nth_day_is_the_last_of_n(self, calendar: WorkCalendar, start: date, n: int) -> None:
        day = calendar.add_working_days(start, n)
        assert calendar.is_working(day)
        assert calendar.working_days(start, day) == n

    def test_centuries_are_counted_at_once(self) -> None:
        everyday = WorkCalendar(frozenset(range(1, 8)), frozenset())
        assert everyday.working_days(date.min, date.max) == date.max.toordinal()


class TestNoSuchDay:
    def test_no_weekday_is_worked(self) -> None:
        with pytest.raises(NoSuchDay):
            WorkCalendar(frozenset(), frozenset()).add_working_days(date(2026, 1, 1), 1)

    def test_dates_end(self) -> None:
        with pytest.raises(NoSuchDay):
            WorkCalendar({1}, ()).add_working_days(date(9999, 12, 28), 2)

    @pytest.mark.parametrize("n", [0, -1])
    def test_days_are_counted_from_one(self, n: int) -> None:
        with pytest.raises(ValueError, match="from 1"):
            WorkCalendar({1}, ()).add_working_days(date(2026, 1, 1), n)

    @pytest.mark.parametrize("weekday", [0, 8])
    def test_weekdays_are_iso_numbers(self, weekday: int) -> None:
        with pytest.raises(ValueError, match="ISO"):
            WorkCalendar({weekday}, ())
