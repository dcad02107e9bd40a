"""The S-curve, in the words of the specification."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.planned_value import (
    Plan,
    planned_from_changes,
    planned_value,
    slope_changes,
)
from chalicelib.evm.s_curve import Interval, TooManyPoints, period_end, s_curve
from tests.evm.strategies import calendars, days, plans, unhurried

WEEK = WorkCalendar({1, 2, 3, 4, 5}, ())
START, FINISH = date(2026, 3, 2), date(2026, 3, 13)
CHANGES = slope_changes(Plan(100, START, FINISH), WEEK)
EARNED = [(date(2026, 3, 3), 15), (date(2026, 3, 10), 25)]
SPENT = [(date(2026, 3, 2), 10), (date(2026, 3, 11), 40), (date(2026, 3, 12), 7)]
AS_OF = date(2026, 3, 11)
intervals = st.sampled_from(["day", "week", "month"])
deltas = st.lists(st.tuples(days, st.integers(-9, 99)), max_size=6).map(sorted)


class TestWeeksEndOnSundayAndDateIsThePeriodsEnd:
    """Weeks end on Sunday; `date` is the period's end; the period that contains as-of holds EV and
    AC to as-of, later ones null. `forecast` runs straight from AC at as-of to EAC there, null
    before."""

    def test_by_week(self) -> None:
        points = s_curve(
            "week", CHANGES, WEEK, EARNED, SPENT, AS_OF, 100,
            baseline_start=START, baseline_finish=FINISH, forecast_finish=date(2026, 3, 31),
        )  # fmt: skip
        assert [(p.date.day, p.planned, p.earned, p.spent, p.forecast) for p in points] == [
            (8, 50, 15, 10, None),
            (15, 100, 40, 50, 50),
            (22, 100, None, None, 91),  # 50 + 75 x 11 / 20 days, half up
            (29, 100, None, None, 118),  # 50 + 75 x 18 / 20
            (5, 100, None, None, 125),  # BAC / CPI
        ]

    def test_by_day_the_line_is_straight(self) -> None:
        points = s_curve(
            "day", CHANGES, WEEK, EARNED, SPENT, AS_OF, 100,
            baseline_start=START, baseline_finish=FINISH, forecast_finish=date(2026, 3, 14),
        )  # fmt: skip
        assert [p.forecast for p in points] == [None] * 9 + [50, 75, 100, 125]

    def test_months_end_on_their_last_day(self) -> None:
        ends = [period_end("month", date(2024, month, 3)) for month in (2, 4, 12)]
        assert ends == [date(2024, 2, 29), date(2024, 4, 30), date(2024, 12, 31)]

    def test_without_dates_or_hours_there_is_no_curve(self) -> None:
        assert s_curve("week", (), WEEK, (), (), AS_OF, 0) == ()

    def test_level_of_effort_earns_as_planned(self) -> None:
        points = s_curve(
            "week", CHANGES, WEEK, [], [], AS_OF, 100,
            baseline_start=START, baseline_finish=FINISH, effort=CHANGES,
        )  # fmt: skip
        assert [point.earned for point in points] == [50, 80]


class TestCumulativeByPeriodEnd:
    """The S-curve is the cumulative PV, EV and AC by period end from the earliest baseline start or
    first hour to the latest of baseline finish, last hour and forecast finish."""

    @unhurried
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
        changes = slope_changes(plan, calendar)
        points = s_curve(
            interval, changes, calendar, earned, spent, as_of, plan.budget,
            baseline_start=plan.start, baseline_finish=plan.finish, forecast_finish=finish,
        )  # fmt: skip
        for before, point in zip((None, *points), points, strict=False):
            assert point.planned == planned_value(plan, calendar, point.date)
            assert point.planned == planned_from_changes(changes, calendar, point.date)
            to = min(point.date, as_of)
            is_later = before is not None and before.date >= as_of
            is_known = point.spent is not None
            if is_known:
                assert point.spent == sum(amount for day, amount in spent if day <= to)
                assert point.earned == sum(amount for day, amount in earned if day <= to)
            if is_later:
                assert not is_known
            if point.date < as_of:
                assert is_known and point.forecast is None


class TestAtMostTwoThousandPoints:
    """At most 2,000 points, else 400 asking for a wider interval."""

    def test_two_thousand_are_given(self) -> None:
        assert len(_days(1_999)) == 2_000

    def test_more_raise(self) -> None:
        with pytest.raises(TooManyPoints, match="wider interval"):
            _days(2_000)


def _days(after: int) -> tuple[object, ...]:
    finish = START + timedelta(days=after)
    return s_curve("day", (), WEEK, (), (), AS_OF, 0, baseline_start=START, baseline_finish=finish)
