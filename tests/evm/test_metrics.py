"""The laws of the figures, each in the words of the specification."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm.metrics import Forecast, measure

amounts = st.integers(0, 10**9).map(lambda n: Fraction(n, 10**6))
RATIOS = ("se", "spi", "cpi", "tcpi", "percent_complete", "percent_spent")


class TestARatioWhoseDenominatorIsZeroIsNull:
    """A ratio whose denominator is 0 is null, never 0, infinity or an error."""

    @given(*[st.one_of(st.just(Fraction(0)), amounts)] * 4)
    def test_null_exactly_when_the_denominator_is_zero(
        self, bac: Fraction, pv: Fraction, ev: Fraction, ac: Fraction
    ) -> None:
        figures = measure(bac, pv, ev, ac)
        below = dict(zip(RATIOS, (ev, pv, ac, bac - ac, bac, bac), strict=True))
        for name, denominator in below.items():
            assert (getattr(figures, name) is None) == (denominator == 0), name
            assert (name in figures.reasons) == (denominator == 0), name

    def test_reasons_are_stable_codes(self) -> None:
        assert measure(0, 0, 0, 0).reasons == {
            "se": "nothing_earned",
            "spi": "no_planned_value",
            "cpi": "nothing_spent",
            "eac": "nothing_spent",
            "forecasts.cpi": "nothing_spent",
            "forecasts.spi_cpi": "nothing_spent",
            "etc": "nothing_spent",
            "vac": "nothing_spent",
            "tcpi": "no_budget",
            "percent_complete": "no_budget",
            "percent_spent": "no_budget",
        }
        assert measure(10, 10, 5, 10).reasons == {"tcpi": "budget_spent"}
        assert measure(10, 10, 0, 5).reasons["eac"] == "nothing_earned"


class TestSpentOverEarnedIsAlwaysInHours:
    """AC / EV, always in hours; below 1 is good."""

    def test_money_does_not_enter(self) -> None:
        figures = measure(100, 50, 40, 80, hours_ev=Decimal(4), hours_ac=Decimal(3))
        assert (figures.se, figures.cpi) == (Decimal("0.7500"), Decimal("0.5000"))


class TestMoneyWithoutAPlannedRateIsNullWithItsReason:
    """If a budgeted activity below has none they are null with the reason no_planned_rate."""

    def test_only_what_is_spent_is_known(self) -> None:
        figures = measure(None, None, None, 80, hours_ev=4, hours_ac=3)
        known = {name for name in figures.__slots__ if getattr(figures, name) is not None}
        assert known == {"ac", "se", "forecasts", "reasons"}
        assert set(figures.forecasts.values()) == {None}
        assert set(figures.reasons.values()) == {"no_planned_rate"}


class TestSpiAndSvCompareDatedWorkOnly:
    """Work without dates has no PV. So SPI, SV, ES and forecasts of time compare dated work only."""

    def test_undated_work_does_not_make_up_for_dated_work(self) -> None:
        figures = measure(200, 100, 100, 100, ev_dated=50)
        assert (figures.spi, figures.sv, figures.ev_dated) == (Decimal("0.5000"), Decimal(-50), Decimal(50))
        assert (figures.cpi, figures.se, figures.percent_complete) == (1, 1, Decimal("0.5"))
        assert figures.forecasts == {"cpi": 200, "budget_rate": 200, "spi_cpi": 300}


class TestEveryNullHasAReason:
    """`reasons` says why for every null, those inside `forecasts` too."""

    @given(*[st.none() | st.just(Fraction(0)) | amounts] * 3, amounts)
    def test_exactly_the_nulls(
        self, bac: Fraction | None, pv: Fraction | None, ev: Fraction | None, ac: Fraction
    ) -> None:
        figures = measure(bac, pv, ev, ac)
        nulls = {name for name in figures.__slots__ if getattr(figures, name) is None}
        nulls |= {f"forecasts.{name}" for name, value in figures.forecasts.items() if value is None}
        assert set(figures.reasons) == nulls


class TestTheChosenForecastDecidesEacEtcAndVac:
    """EAC = BAC/CPI; AC + BAC - EV; AC + (BAC - EV)/(CPI x SPI)."""

    @given(amounts, amounts, amounts, amounts, st.sampled_from(["cpi", "budget_rate", "spi_cpi"]))
    def test_identities(self, bac: Fraction, pv: Fraction, ev: Fraction, ac: Fraction, forecast: Forecast) -> None:
        figures = measure(bac, pv, ev, ac, forecast=forecast)
        assert figures.eac == figures.forecasts[forecast]
        if figures.eac is not None:
            assert figures.etc is not None and figures.vac is not None
            cent = Decimal("0.01")
            assert abs(figures.etc - (figures.eac - _decimal(ac))) <= cent
            assert abs(figures.vac - (_decimal(bac) - figures.eac)) <= cent

    def test_rounding_is_half_up_whatever_the_sign(self) -> None:
        figures = measure(Decimal("0.005"), Decimal("0.005"), 0, 0)
        assert (figures.bac, figures.sv) == (Decimal("0.01"), Decimal("-0.01"))
        assert str(measure(0, 0, 0, 0).sv) == "0.00"


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / value.denominator
