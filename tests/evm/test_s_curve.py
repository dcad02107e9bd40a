"""The S-curve, in the words of the specification."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm import table
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.planned_value import Plan, planned_value, slope_changes
from chalicelib.evm.s_curve import Interval, Point, TooManyPoints, period_end, s_curve
from chalicelib.evm.sums import Sums
from tests.evm.strategies import EPOCH, calendars, days, plans

WEEK = WorkCalendar({1, 2, 3, 4, 5}, ())
START, FINISH = date(2026, 3, 2), date(2026, 3, 13)
CHANGES = slope_changes(Plan(100, START, FINISH), WEEK)
EARNED = [(date(2026, 3, 3), 15), (date(2026, 3, 10), 25)]
SPENT = [(date(2026, 3, 2), 10), (date(2026, 3, 11), 40), (date(2026, 3, 12), 7)]
AS_OF = date(2026, 3, 11)
intervals = st.sampled_from(["day", "week", "month"])
deltas = st.lists(st.tuples(days, st.integers(-9, 99)), max_size=6).map(sorted)


def curve(interval: Interval, as_of: date = AS_OF, **forecast: Any) -> tuple[Point, ...]:
    sums = Sums(planned=CHANGES, earned=EARNED)
    return s_curve(sums, SPENT, WEEK, as_of, interval, **forecast).points


class TestWeeksEndOnSundayAndDateIsThePeriodsEnd:
    """Weeks end on Sunday; `date` is the period's end. Where as-of is no period's end, the series has
    a point of its own at as-of. `planned` is there on every point; `earned` and `spent` are null
    after as-of, `forecast` before it."""

    def test_by_week(self) -> None:
        points = curve("week", forecast_finish=date(2026, 3, 31), eac=125)
        assert [(p.date.day, p.planned, p.earned, p.spent, p.forecast) for p in points] == [
            (8, 50, 15, 10, None),
            (11, 80, 40, 50, 50),
            (15, 100, None, None, 65),  # 50 + 75 x 4 / 20 days
            (22, 100, None, None, 50 + Fraction(75 * 11, 20)),
            (29, 100, None, None, 50 + Fraction(75 * 18, 20)),
            (5, 100, None, None, 125),
        ]

    def test_as_of_on_a_period_end_is_that_point(self) -> None:
        days = [point.date for point in curve("week", date(2026, 3, 8))]
        assert days == [date(2026, 3, 8), date(2026, 3, 15)]

    def test_the_curve_reaches_as_of(self) -> None:
        days = [point.date for point in curve("month", date(2026, 6, 10))]
        assert days == [date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 10), date(2026, 6, 30)]

    def test_as_of_before_the_first_day_is_no_point(self) -> None:
        points = curve("week", date(2026, 2, 18))
        assert [(p.date.day, p.earned, p.spent) for p in points] == [(8, None, None), (15, None, None)]

    def test_by_day_the_line_is_straight(self) -> None:
        points = curve("day", forecast_finish=date(2026, 3, 14), eac=125)
        assert [p.forecast for p in points] == [None] * 9 + [50, 75, 100, 125]

    def test_a_finished_project_stays_where_it_is(self) -> None:
        points = curve("day", forecast_finish=date(2026, 3, 10), eac=60)
        assert [p.forecast for p in points] == [None] * 9 + [50, 60, 60]

    def test_the_curve_reaches_the_forecast_finish_where_nothing_is_spent_yet(self) -> None:
        """EAC needs hours, the forecast finish does not."""
        points = curve("week", forecast_finish=date(2026, 3, 31), eac=None)
        assert [(p.date.day, p.planned, p.forecast) for p in points][-2:] == [(29, 100, None), (5, 100, None)]

    def test_months_end_on_their_last_day(self) -> None:
        ends = [period_end("month", date(2024, month, 3)) for month in (2, 4, 12)]
        assert ends == [date(2024, 2, 29), date(2024, 4, 30), date(2024, 12, 31)]

    def test_without_dates_or_hours_there_is_no_curve(self) -> None:
        assert s_curve(Sums(), (), WEEK, AS_OF, "week").points == ()

    def test_it_begins_with_the_first_hour_which_may_have_no_rate(self) -> None:
        points = s_curve(Sums(), (), WEEK, AS_OF, "week", worked=[(date(2026, 3, 6), 8)]).points
        assert [(point.date.day, point.spent) for point in points] == [(8, 0), (11, 0), (15, None)]

    def test_without_dates_and_hours_it_begins_with_the_first_measurement(self) -> None:
        points = s_curve(Sums(undated=EARNED), (), WEEK, AS_OF, "week").points
        assert [(p.date.day, p.planned, p.earned) for p in points] == [(8, 0, 15), (11, 0, 40), (15, 0, None)]

    def test_level_of_effort_earns_as_planned(self) -> None:
        points = s_curve(Sums(effort=CHANGES), (), WEEK, AS_OF, "week").points
        assert [(point.planned, point.earned) for point in points] == [(50, 50), (80, 80), (100, None)]


class TestForecastRunsStraightByCalendarDays:
    """`forecast` begins at as-of with AC and runs straight by calendar days to EAC at the forecast
    finish, each point the line's value at its date."""

    @given(intervals, days, days, st.integers(0, 10**9))
    def test_no_point_lies_off_the_line(self, interval: Interval, as_of: date, finish: date, eac: int) -> None:
        sums = Sums(planned=slope_changes(Plan(100, EPOCH, EPOCH + timedelta(days=60)), WEEK))
        spent = [(EPOCH, 7)]
        points = s_curve(sums, spent, WEEK, as_of, interval, forecast_finish=finish, eac=eac).points
        for point in points:
            gone, whole = (point.date - as_of).days, (finish - as_of).days
            if gone < 0 or as_of < EPOCH:
                assert point.forecast is None
            elif gone == 0:
                assert point.forecast == 7
            elif gone >= whole:
                assert point.forecast == eac
            else:
                assert point.forecast == 7 + Fraction(eac - 7, whole) * gone

    def test_a_point_is_rounded_once(self) -> None:
        """0.0049996… h is 0.00 h, though in whole millionths it is 0.005 h."""
        drawn = s_curve(Sums(), [(EPOCH, 3)], WEEK, EPOCH, "day", forecast_finish=EPOCH + timedelta(days=3), eac=14_993)
        assert [str(row.forecast) for row in table.rows(drawn, "hours")] == ["0.00", "0.00", "0.01", "0.01"]


class TestCumulativeByPeriodEnd:
    """The S-curve is the cumulative PV, EV and AC by period end from the earliest baseline start or
    first hour to the latest of baseline finish, last hour or measurement, as-of, and forecast
    finish. Work dated after as-of counts in nothing."""

    @given(intervals, plans, calendars, deltas, deltas, days, st.none() | days)
    def test_every_point_equals_a_sum_from_the_rows(
        self,
        interval: Interval,
        plan: Plan,
        calendar: WorkCalendar,
        earned: list[tuple[date, int]],
        spent: list[tuple[date, int]],
        as_of: date,
        finish: date | None,
    ) -> None:
        sums = Sums(planned=slope_changes(plan, calendar), earned=earned)
        points = s_curve(sums, spent, calendar, as_of, interval, forecast_finish=finish, eac=1).points
        for point in points:
            assert point.planned == planned_value(plan, calendar, point.date)
            if point.date <= as_of:
                assert point.spent == sum(amount for day, amount in spent if day <= point.date)
                assert point.earned == sum(amount for day, amount in earned if day <= point.date)
            else:
                assert (point.spent, point.earned) == (None, None)

    @given(intervals, plans, calendars, deltas, deltas, days, st.none() | days)
    def test_it_covers_exactly_its_range(
        self,
        interval: Interval,
        plan: Plan,
        calendar: WorkCalendar,
        earned: list[tuple[date, int]],
        spent: list[tuple[date, int]],
        as_of: date,
        finish: date | None,
    ) -> None:
        sums = Sums(planned=slope_changes(plan, calendar), earned=earned)
        points = s_curve(sums, spent, calendar, as_of, interval, forecast_finish=finish, eac=1).points
        planned = [plan.start, plan.finish] if plan.start and plan.finish else [None, None]
        hours = [day for day, amount in spent if amount and day <= as_of]
        begins = [day for day in (planned[0], *hours[:1]) if day]
        if not begins:
            return
        first = min(begins)
        last = max(day for day in (planned[1], as_of, finish if as_of >= first else None) if day)
        ends = {period_end(interval, min(begins) + timedelta(days=n)) for n in range(max((last - first).days, 0) + 1)}
        own = {as_of} if as_of >= first else set()
        assert [point.date for point in points] == sorted(ends | own)


class TestAtMostTwoThousandPoints:
    """At most 2,000 points, else 400 asking for a wider interval."""

    def test_two_thousand_are_given(self) -> None:
        assert len(_days(1_999)) == 2_000

    def test_more_raise(self) -> None:
        with pytest.raises(TooManyPoints, match="wider interval"):
            _days(2_000)

    def test_the_point_at_as_of_counts(self) -> None:
        sums = Sums(planned=slope_changes(Plan(100, date(2000, 1, 1), date(2038, 4, 15)), WEEK))
        assert len(s_curve(sums, (), WEEK, date(2026, 3, 8), "week").points) == 1_999
        assert len(s_curve(sums, (), WEEK, AS_OF, "week").points) == 2_000
        with pytest.raises(TooManyPoints):
            s_curve(sums, (), WEEK, date(2038, 4, 28), "week")


def _days(after: int) -> tuple[object, ...]:
    finish = START + timedelta(days=after)
    sums = Sums(planned=slope_changes(Plan(100, START, finish), WEEK))
    return s_curve(sums, (), WEEK, AS_OF, "day").points
