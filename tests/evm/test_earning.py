"""The laws of earning, each in the words of the specification."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm.amounts import MICRO
from chalicelib.evm.earning import (
    DayWork,
    Measurement,
    Rule,
    default_rule,
    earned_by_sums,
    earned_series,
    installed_quantity,
    over_quantity,
    percent_series,
)
from tests.evm.strategies import EPOCH, MILESTONES, measurements, quantities, rules

TEN = Decimal(10)
works = st.lists(
    st.builds(
        DayWork,
        st.integers(0, 20).map(lambda n: EPOCH + timedelta(days=n)),
        st.integers(0, 24 * MICRO),
        quantities,
    ),
    max_size=8,
)
measured = st.lists(measurements, max_size=8)


def day(n: int) -> date:
    return EPOCH + timedelta(days=n)


def work(n: int, quantity: str = "0", hours: int = MICRO) -> DayWork:
    return DayWork(day(n), hours, Decimal(quantity))


def total(n: int, quantity: str) -> Measurement:
    return Measurement(day(n), installed_quantity=Decimal(quantity))


def percent(n: int, value: str) -> Measurement:
    return Measurement(day(n), percent_complete=Decimal(value))


class TestInstalledQuantityIsTheTotalAtTheEndOfItsDate:
    """A measurement's installed_quantity is the total at the end of its date and replaces all dated
    on or before it; quantities approved with a later date add to it."""

    def test_it_replaces_earlier_and_same_day_work(self) -> None:
        rows = [work(0, "3"), work(1, "4"), work(2, "2")]
        assert installed_quantity(rows, [total(1, "5")], day(0)) == 3
        assert installed_quantity(rows, [total(1, "5")], day(1)) == 5
        assert installed_quantity(rows, [total(1, "5")], day(2)) == 7

    def test_a_percent_recorded_later_that_day_leaves_it(self) -> None:
        assert installed_quantity([], [total(1, "5"), percent(1, "0")], day(1)) == 5

    @given(works, measured, st.integers(0, 20))
    def test_work_before_a_measurement_does_not_matter(
        self, rows: list[DayWork], field: list[Measurement], n: int
    ) -> None:
        field = [*field, total(n, "6")]
        later = [row for row in rows if row.day > day(n)]
        assert installed_quantity(rows, field, day(60)) == installed_quantity(later, field, day(60))


class TestOfTwoMeasurementsOfOneDateTheLaterRecordedWins:
    def test_the_later_recorded_wins(self) -> None:
        assert installed_quantity([], [total(1, "8"), total(1, "5")], day(1)) == 5
        series = percent_series(Rule.PERCENT, None, (), [], [percent(1, "0.8"), percent(1, "0.5")])
        assert series == ((day(1), Fraction(1, 2)),)

    def test_a_replaced_measurement_starts_nothing(self) -> None:
        field = [percent(1, "0.5"), percent(1, "0")]
        assert percent_series(Rule.FIFTY_FIFTY, None, (), [], field) == ()


class TestTheActivityTotalNeverGoesBelowZero:
    """Negative quantities are corrections; the activity's total never goes below 0."""

    @given(works, measured, st.integers(0, 60))
    def test_never_below_zero(self, rows: list[DayWork], field: list[Measurement], n: int) -> None:
        assert installed_quantity(rows, field, day(n)) >= 0

    def test_a_correction_dated_before_its_work_still_cancels_it(self) -> None:
        rows = [work(0, "-4"), work(1, "10")]
        assert installed_quantity(rows, [], day(0)) == 0
        assert installed_quantity(rows, [], day(1)) == 6


class TestUnitsInstalledOverQuantityAtMostOne:
    """units (installed / quantity, at most 1; the default when there is a quantity)."""

    def test_share_of_the_quantity(self) -> None:
        rows = [work(0, "3"), work(1, "9")]
        series = percent_series(Rule.UNITS, TEN, (), rows, [])
        assert series == ((day(0), Fraction(3, 10)), (day(1), Fraction(1)))

    def test_installed_over_the_quantity_is_flagged_and_shown_as_it_is(self) -> None:
        assert installed_quantity([work(0, "12")], [], day(0)) == 12
        assert over_quantity(Decimal(12), TEN)
        assert not over_quantity(TEN, TEN)
        assert not over_quantity(TEN, None)

    @pytest.mark.parametrize("quantity", [None, Decimal(0)])
    def test_without_a_quantity_nothing_is_earned(self, quantity: Decimal | None) -> None:
        assert percent_series(Rule.UNITS, quantity, (), [work(0, "3")], []) == ()

    def test_default_rule(self) -> None:
        assert default_rule(TEN) is Rule.UNITS
        assert default_rule(None) is Rule.PERCENT


class TestZeroHundredEarnsAtOne:
    """0/100 (earns at 1)."""

    def test_by_percent(self) -> None:
        field = [percent(0, "0.9"), percent(2, "1")]
        series = percent_series(Rule.ZERO_HUNDRED, None, (), [work(0)], field)
        assert series == ((day(2), Fraction(1)),)

    def test_by_quantity(self) -> None:
        rows = [work(0, "9"), work(1, "1")]
        series = percent_series(Rule.ZERO_HUNDRED, TEN, (), rows, [])
        assert series == ((day(1), Fraction(1)),)

    def test_a_later_lower_percent_takes_it_back(self) -> None:
        series = percent_series(Rule.ZERO_HUNDRED, None, (), [], [percent(0, "1"), percent(1, "0.8")])
        assert series == ((day(0), Fraction(1)), (day(1), Fraction(0)))


class TestFiftyFiftyHalfFromTheFirstApprovedHour:
    """50/50 (half from the first approved hour or first measurement above 0, the rest at 1)."""

    def test_first_hour(self) -> None:
        series = percent_series(Rule.FIFTY_FIFTY, TEN, (), [work(3), work(5, "10")], [])
        assert series == ((day(3), Fraction(1, 2)), (day(5), Fraction(1)))

    @pytest.mark.parametrize("first", [percent(2, "0.1"), total(2, "1")])
    def test_first_measurement_above_zero(self, first: Measurement) -> None:
        field = [percent(1, "0"), first, percent(9, "0")]
        series = percent_series(Rule.FIFTY_FIFTY, TEN, (), [], field)
        assert series == ((day(2), Fraction(1, 2)),)


class TestMilestonesWeightsThatSumToOne:
    """milestones (weights that sum to 1)."""

    def test_reached_steps_add_up_once(self) -> None:
        steps = ["fixed", "set out", "fixed", "unknown", "tested"]
        field = [Measurement(day(n), milestone=name) for n, name in enumerate(steps)]
        series = percent_series(Rule.MILESTONES, None, MILESTONES, [], field)
        assert series == (
            (day(0), Fraction(45, 100)),
            (day(1), Fraction(70, 100)),
            (day(4), Fraction(1)),
        )


class TestLevelOfEffortEarnsWhatIsPlanned:
    """level_of_effort (EV = PV): no series of its own."""

    def test_no_series(self) -> None:
        field = [percent(0, "1")]
        assert earned_series(MICRO, Rule.LEVEL_OF_EFFORT, TEN, (), [work(0, "5")], field) == ()


class TestEveryPercentIsAFractionFromZeroToOne:
    """Every percent and weight is a fraction from 0 to 1."""

    @given(rules, st.none() | quantities.map(abs), works, measured)
    def test_bounds_and_order(
        self,
        rule: Rule,
        quantity: Decimal | None,
        rows: list[DayWork],
        field: list[Measurement],
    ) -> None:
        series = percent_series(rule, quantity, MILESTONES, rows, field)
        dates = [when for when, _ in series]
        assert dates == sorted(set(dates))
        assert all(0 <= value <= 1 for _, value in series)
        changes = [Fraction(0), *(value for _, value in series)]
        assert all(a != b for a, b in pairwise(changes))

    @given(rules, st.none() | quantities.map(abs), works, measured, st.randoms())
    def test_the_order_in_which_work_arrives_does_not_matter(
        self,
        rule: Rule,
        quantity: Decimal | None,
        rows: list[DayWork],
        field: list[Measurement],
        random: Random,
    ) -> None:
        before = earned_series(10**9 + 1, rule, quantity, MILESTONES, rows, field)
        random.shuffle(rows)
        assert earned_series(10**9 + 1, rule, quantity, MILESTONES, rows, field) == before

    @given(rules, st.none() | quantities.map(abs), works)
    def test_without_measurements_the_sums_of_hours_and_quantities_say_the_same(
        self, rule: Rule, quantity: Decimal | None, rows: list[DayWork]
    ) -> None:
        series = earned_series(10**9 + 1, rule, quantity, MILESTONES, rows, [])
        hours, installed = sum(row.hours for row in rows), sum((row.quantity for row in rows), Decimal(0))
        ever = earned_by_sums(10**9 + 1, rule, quantity, MILESTONES, hours, installed)
        assert ever == (series[-1][1] if series else 0)

    def test_a_quantity_without_hours_begins_nothing(self) -> None:
        assert earned_by_sums(100, Rule.FIFTY_FIFTY, TEN, (), 0, Decimal(3)) == 0
        assert earned_by_sums(100, Rule.FIFTY_FIFTY, TEN, (), 1, Decimal(3)) == 50

    def test_earned_value_is_rounded_half_up_to_a_whole_millionth(self) -> None:
        assert earned_series(1, Rule.PERCENT, None, (), [], [percent(0, "0.5")]) == ((day(0), 1),)
