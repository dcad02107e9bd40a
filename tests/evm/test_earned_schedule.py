"""The forecast of the finish, in the words of the specification."""

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earned_schedule import forecast_finish, periods_earned
from chalicelib.evm.planned_value import Plan, planned_value
from tests.evm.strategies import days, working_calendars

WEEK = WorkCalendar({1, 2, 3, 4, 5}, ())
START, FINISH = date(2026, 3, 2), date(2026, 3, 13)  # two weeks, ten working days
PLAN = Plan(100, START, FINISH)


def _finish(ev: int, as_of: date, finish: date | None = FINISH) -> tuple[date | None, str | None]:
    return forecast_finish(START, finish, WEEK, lambda day: planned_value(PLAN, WEEK, day), ev, as_of)


class TestForecastFinishIsStartPlusDurationOverSpiT:
    """Forecast finish = baseline start + baseline duration / SPI(t) in working days, not before
    as-of; null when EV is 0 or it lies more than three durations after the baseline finish."""

    def test_on_plan(self) -> None:
        assert _finish(50, date(2026, 3, 6)) == (FINISH, None)

    def test_half_the_pace_takes_twice_the_days(self) -> None:
        assert _finish(25, date(2026, 3, 6)) == (date(2026, 3, 27), None)

    def test_a_part_of_a_working_day_is_a_whole_one(self) -> None:
        assert _finish(49, date(2026, 3, 6)) == (date(2026, 3, 16), None)  # 10.2 days

    def test_not_before_as_of(self) -> None:
        assert _finish(100, date(2026, 3, 7)) == (date(2026, 3, 7), None)

    def test_null_when_nothing_is_earned(self) -> None:
        assert _finish(0, date(2026, 3, 6)) == (None, "nothing_earned")

    def test_null_when_over_three_durations_late(self) -> None:
        assert _finish(10, date(2026, 3, 5)) == (date(2026, 4, 24), None)  # 40 days
        assert _finish(10, date(2026, 3, 6)) == (None, "over_three_durations_late")

    def test_null_without_a_baseline_or_before_it(self) -> None:
        assert _finish(10, date(2026, 3, 6), None) == (None, "no_baseline")
        assert _finish(10, date(2026, 3, 1)) == (None, "baseline_not_started")

    @given(working_calendars, days, days, st.integers(0, 1000), days)
    def test_bounds(self, calendar: WorkCalendar, start: date, finish: date, ev: int, as_of: date) -> None:
        plan = Plan(1000, start, finish)
        forecast, reason = forecast_finish(
            start, finish, calendar, lambda day: planned_value(plan, calendar, day), ev, as_of
        )
        assert (forecast is None) == (reason is not None)
        if forecast is not None:
            duration = calendar.working_days(start, finish)
            assert forecast >= as_of
            assert forecast == as_of or calendar.working_days(start, forecast) <= 4 * duration


class TestEarnedScheduleIsTheTimeAtWhichTheEarnedWasPlanned:
    @given(st.lists(st.integers(0, 50), min_size=1, max_size=12), st.integers(0, 700))
    def test_planned_value_at_es_is_the_earned_value(self, steps: list[int], ev: int) -> None:
        pv = [sum(steps[:n]) for n in range(len(steps) + 1)]
        es = periods_earned(lambda period: pv[period], len(steps), ev)
        whole = int(es)
        part = es - whole
        planned = pv[whole] + (part * (pv[whole + 1] - pv[whole]) if part else Fraction(0))
        assert planned == min(ev, pv[-1])
