"""Earned schedule and the forecast of the finish, in the words of the specification."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earned_schedule import Schedule, Timing, periods_earned, timing
from chalicelib.evm.planned_value import Plan, PlannedCurve, slope_changes
from tests.evm.strategies import days, working_calendars

WEEK = WorkCalendar({1, 2, 3, 4, 5}, ())
START, FINISH = date(2026, 3, 2), date(2026, 3, 13)  # two weeks, ten working days


def march(day: int) -> date:
    return date(2026, 3, day)


def schedule(plans: list[Plan], ev: int, calendar: WorkCalendar = WEEK, changed: date | None = None) -> Schedule:
    curve = PlannedCurve([change for plan in plans for change in slope_changes(plan, calendar)], calendar)
    budget = sum(plan.budget for plan in plans)
    return Schedule(curve.start, curve.finish, budget, ev, changed, curve, calendar)


def two_weeks(ev: int, as_of: date, changed: date | None = None) -> Timing:
    return timing(schedule([Plan(100, START, FINISH)], ev, changed=changed), as_of)


def forecast(ev: int, as_of: date) -> tuple[date | None, str | None]:
    result = two_weeks(ev, as_of)
    return result.forecast_finish, result.reasons.get("forecast_finish")


class TestForecastFinishIsStartPlusDurationOverSpiT:
    """Forecast finish = baseline start + baseline duration / SPI(t) in working days, not before
    as-of; null when EV is 0 or it lies more than three durations after the baseline finish."""

    def test_on_plan(self) -> None:
        assert forecast(50, march(6)) == (FINISH, None)

    def test_half_the_pace_takes_twice_the_days(self) -> None:
        assert forecast(25, march(6)) == (march(27), None)

    def test_a_part_of_a_working_day_is_a_whole_one(self) -> None:
        assert forecast(49, march(6)) == (march(16), None)  # 10.2 days

    def test_not_before_as_of(self) -> None:
        assert forecast(99, march(31)) == (date(2026, 4, 1), None)  # 22 x 10 / 9.9 days

    def test_null_when_nothing_is_earned(self) -> None:
        assert forecast(0, march(6)) == (None, "nothing_earned")

    def test_null_when_over_three_durations_late(self) -> None:
        assert forecast(10, march(5)) == (date(2026, 4, 24), None)  # 40 days
        assert forecast(10, march(6)) == (None, "over_three_durations_late")

    def test_null_when_dates_end_before_it(self) -> None:
        last = schedule([Plan(100, date(9999, 12, 20), date(9999, 12, 31))], 10)
        assert timing(last, date(9999, 12, 24)).reasons == {"forecast_finish": "over_three_durations_late"}

    def test_null_before_the_baseline(self) -> None:
        result = two_weeks(10, march(1))
        assert (result.es, result.at, result.sv_t) == (1, 0, 1)
        assert result.reasons == {"spi_t": "baseline_not_started", "forecast_finish": "baseline_not_started"}


class TestEveryNullHasItsReason:
    """`reasons` says why for every null."""

    @pytest.mark.parametrize(
        ("plans", "reason"),
        [
            ([], "no_baseline"),
            ([Plan(0, START, FINISH)], "no_budget"),
            ([Plan(5, march(7), march(8))], "no_working_days"),
        ],
    )
    def test_without_a_time_line(self, plans: list[Plan], reason: str) -> None:
        result = timing(schedule(plans, 0), FINISH)
        assert (result.es, result.sv_t, result.spi_t, result.forecast_finish) == (None, None, None, None)
        assert result.reasons == dict.fromkeys(["es", "sv_t", "spi_t", "forecast_finish"], reason)

    @given(working_calendars, days, days, st.integers(0, 1000), days)
    def test_null_or_within_its_bounds(
        self, calendar: WorkCalendar, start: date, finish: date, ev: int, as_of: date
    ) -> None:
        result = timing(schedule([Plan(1000, start, finish)], ev, calendar, as_of), as_of)
        forecast, finished = result.forecast_finish, ev == 1000
        assert (forecast is None or finished) == ("forecast_finish" in result.reasons)
        if forecast is not None and not finished:
            duration = calendar.working_days(start, finish)
            assert forecast >= as_of
            assert forecast == as_of or calendar.working_days(start, forecast) <= 4 * duration


class TestWherePlannedValueStandsStillIdleDaysAreNoDelay:
    """Where PV stands still (a shutdown, a gap between activities) and EV equals it, ES is AT, held
    between the first and the last day of that plateau: idle days are no delay."""

    GAP = (Plan(50, march(2), march(6)), Plan(50, march(23), march(27)))

    def test_the_shutdown_does_not_move_the_finish(self) -> None:
        """Two activities of 50 h, 2-6 and 23-27 March, EV 50 on 6 March: 27 March."""
        result = timing(schedule([*self.GAP], 50), march(6))
        assert (result.es, result.at, result.spi_t, result.forecast_finish) == (5, 5, 1, march(27))

    @pytest.mark.parametrize(("as_of", "es"), [(4, 5), (6, 5), (10, 7), (20, 15), (22, 15), (25, 15)])
    def test_es_is_at_within_the_plateau(self, as_of: int, es: int) -> None:
        assert timing(schedule([*self.GAP], 50), march(as_of)).es == es

    def test_before_the_first_hour_is_planned_nothing_is_late(self) -> None:
        late_start = schedule([Plan(0, march(2), march(4)), Plan(10, march(5), march(6))], 0)
        assert [timing(late_start, march(day)).es for day in (2, 4, 6)] == [1, 3, 3]

    @given(st.lists(st.integers(0, 50), min_size=1, max_size=12), st.integers(0, 700), st.integers(0, 15))
    def test_planned_value_at_es_is_the_earned_value(self, steps: list[int], ev: int, at: int) -> None:
        pv = [sum(steps[:n]) for n in range(len(steps) + 1)]
        es = periods_earned(lambda period: pv[period], len(steps), ev, at)
        whole = int(es)
        part = es - whole
        planned = pv[whole] + (part * (pv[whole + 1] - pv[whole]) if part else Fraction(0))
        assert planned == min(ev, pv[-1])
        if at <= len(steps) and pv[at] == ev:
            assert es == at


class TestAFinishedProjectIsFinished:
    """Once EV is BAC the forecast finish is the day it got there, reason `finished`. AT: working days
    elapsed to as-of, to the day EV reached BAC at most."""

    @pytest.mark.parametrize("as_of", [march(10), march(13), date(2026, 12, 31)])
    def test_whatever_as_of(self, as_of: date) -> None:
        result = two_weeks(100, as_of, changed=march(10))
        assert (result.at, result.es, result.spi_t) == (7, 10, Fraction(10, 7))
        assert (result.forecast_finish, result.reasons) == (march(10), {"forecast_finish": "finished"})

    def test_a_finished_plan_without_a_working_day_too(self) -> None:
        weekend = schedule([Plan(5, march(7), march(8))], 5, changed=march(8))
        result = timing(weekend, march(20))
        assert (result.forecast_finish, result.reasons["forecast_finish"]) == (march(8), "finished")


class TestNegativeEarnedValueIsNoTimeAtAll:
    def test_es_is_zero(self) -> None:
        flat_start = [0, 0, 5, 9]
        assert periods_earned(lambda period: flat_start[period], 3, Decimal(-1), 2) == 0


class TestWorkPlannedOnADayWithoutWork:
    """A plan range without a working day has its whole budget on its finish."""

    def test_the_last_working_day_holds_it_when_it_ends_the_baseline(self) -> None:
        plans = [Plan(40, march(2), march(6)), Plan(10, march(7), march(8))]
        result = timing(schedule(plans, 50, changed=march(6)), march(6))
        assert (result.duration, result.es, result.spi_t) == (5, 5, 1)
