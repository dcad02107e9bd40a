"""The figures of earned value from BAC, PV, EV and AC.

Source of the formulas: PMI, Practice Standard for Earned Value Management, 2nd edition, and ANSI/EIA
748; S/E (spent over earned) is the labour productivity ratio of construction, the inverse of CPI.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Literal, get_args

from chalicelib.evm import reasons
from chalicelib.evm.amounts import Number, rounded

Forecast = Literal["cpi", "budget_rate", "spi_cpi"]
FORECASTS: tuple[Forecast, ...] = get_args(Forecast)

AMOUNT_PLACES = 2
RATIO_PLACES = 4

AMOUNTS = ("bac", "pv", "ev", "ac", "ev_dated", "sv", "cv", "eac", "etc", "vac")
RATIOS = ("se", "spi", "cpi", "tcpi", "percent_complete", "percent_spent")


@dataclass(frozen=True, slots=True)
class Metrics:
    """Amounts to 0.01 in the unit given (hours or money), ratios to 0.0001; None has a reason.

    ``forecasts`` holds the three estimates at completion by name; ``eac``, ``etc`` and ``vac``
    follow the one chosen. ``reasons`` maps each field that is None to a stable code, those of
    ``forecasts`` as ``forecasts.<name>``.
    """

    bac: Decimal | None
    pv: Decimal | None
    ev: Decimal | None
    ac: Decimal | None
    se: Decimal | None
    spi: Decimal | None
    cpi: Decimal | None
    sv: Decimal | None
    cv: Decimal | None
    eac: Decimal | None
    etc: Decimal | None
    vac: Decimal | None
    tcpi: Decimal | None
    percent_complete: Decimal | None
    percent_spent: Decimal | None
    ev_dated: Decimal | None
    forecasts: Mapping[str, Decimal | None]
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Exact:
    """A fraction, or the reason why there is none; arithmetic keeps the first reason."""

    value: Fraction = Fraction(0)
    reason: str | None = None

    def __add__(self, other: "Exact") -> "Exact":
        return Exact(self.value + other.value, self.reason or other.reason)

    def __sub__(self, other: "Exact") -> "Exact":
        return Exact(self.value - other.value, self.reason or other.reason)

    def __mul__(self, other: "Exact") -> "Exact":
        return Exact(self.value * other.value, self.reason or other.reason)

    def over(self, other: "Exact", when_zero: str) -> "Exact":
        """The quotient; ``when_zero`` is the reason if the denominator is 0."""
        reason = self.reason or other.reason or (None if other.value else when_zero)
        return Exact(reason=reason) if reason else Exact(self.value / other.value)

    def rounded(self, places: int) -> Decimal | None:
        """Half up at ``places`` decimals."""
        return None if self.reason else rounded(self.value, places)


def measure(
    bac: Number | None,
    pv: Number | None,
    ev: Number | None,
    ac: Number | None,
    *,
    ev_dated: Number | None = None,
    hours_ev: Number | None = None,
    hours_ac: Number | None = None,
    forecast: Forecast = "cpi",
) -> Metrics:
    """Every figure of one node, from whole units (hours or money) of BAC, PV, EV and AC.

    None means not known for want of a planned rate. ``ev_dated`` is what of EV belongs to work with
    dates (all of it, unless given): SPI and SV compare that with PV. S/E is always in hours: pass
    ``hours_ev`` and ``hours_ac`` when the rest is money. A ratio whose denominator is 0 is None
    with its reason.
    """
    exact = exact_metrics(bac, pv, ev, ac, ev_dated=ev_dated, hours_ev=hours_ev, hours_ac=hours_ac, forecast=forecast)
    return Metrics(
        **{name: exact[name].rounded(AMOUNT_PLACES) for name in AMOUNTS},
        **{name: exact[name].rounded(RATIO_PLACES) for name in RATIOS},
        forecasts=MappingProxyType({name: exact[f"forecasts.{name}"].rounded(AMOUNT_PLACES) for name in FORECASTS}),
        reasons=MappingProxyType({name: value.reason for name, value in exact.items() if value.reason}),
    )


def exact_metrics(
    bac: Number | None,
    pv: Number | None,
    ev: Number | None,
    ac: Number | None,
    *,
    ev_dated: Number | None = None,
    hours_ev: Number | None = None,
    hours_ac: Number | None = None,
    forecast: Forecast = "cpi",
) -> dict[str, Exact]:
    """The figures of :func:`measure` before they are rounded, the estimates as ``forecasts.<name>``."""
    budget, planned, earned, spent = _known(bac), _known(pv), _known(ev), _known(ac)
    dated = earned if ev_dated is None else _known(ev_dated)
    hours_earned = earned if hours_ev is None else _known(hours_ev)
    hours_spent = spent if hours_ac is None else _known(hours_ac)
    estimates = _estimates(budget, planned, earned, spent, dated)
    eac = estimates[forecast]
    exact = {"bac": budget, "pv": planned, "ev": earned, "ac": spent, "ev_dated": dated}
    exact |= {"sv": dated - planned, "cv": earned - spent, "se": hours_spent.over(hours_earned, reasons.NOTHING_EARNED)}
    exact |= {"eac": eac, "etc": eac - spent, "vac": budget - eac}
    exact |= _ratios(budget, planned, earned, spent, dated)
    return exact | {f"forecasts.{name}": estimate for name, estimate in estimates.items()}


def estimate_at_completion(
    bac: Number | None,
    pv: Number | None,
    ev: Number | None,
    ac: Number | None,
    *,
    ev_dated: Number | None = None,
    forecast: Forecast = "cpi",
) -> Fraction | None:
    """EAC by the formula chosen, exactly, in the unit given; None when it is not defined."""
    eac = exact_metrics(bac, pv, ev, ac, ev_dated=ev_dated, forecast=forecast)["eac"]
    return None if eac.reason else eac.value


def _known(amount: Number | None) -> Exact:
    return Exact(reason=reasons.NO_PLANNED_RATE) if amount is None else Exact(Fraction(amount))


def _estimates(bac: Exact, pv: Exact, ev: Exact, ac: Exact, ev_dated: Exact) -> dict[Forecast, Exact]:
    """EAC = BAC / CPI; AC + BAC - EV; AC + (BAC - EV) / (CPI x SPI)."""
    cpi, spi = ev.over(ac, reasons.NOTHING_SPENT), ev_dated.over(pv, reasons.NO_PLANNED_VALUE)
    return {
        "cpi": bac.over(cpi, reasons.NOTHING_EARNED),
        "budget_rate": ac + bac - ev,
        "spi_cpi": ac + (bac - ev).over(cpi * spi, reasons.NOTHING_EARNED),
    }


def _ratios(bac: Exact, pv: Exact, ev: Exact, ac: Exact, ev_dated: Exact) -> dict[str, Exact]:
    """SPI = EV / PV, CPI = EV / AC, TCPI = (BAC - EV) / (BAC - AC), and the shares of BAC."""
    exhausted = reasons.NO_BUDGET if bac.value == 0 else reasons.BUDGET_SPENT
    return {
        "spi": ev_dated.over(pv, reasons.NO_PLANNED_VALUE),
        "cpi": ev.over(ac, reasons.NOTHING_SPENT),
        "tcpi": (bac - ev).over(bac - ac, exhausted),
        "percent_complete": ev.over(bac, reasons.NO_BUDGET),
        "percent_spent": ac.over(bac, reasons.NO_BUDGET),
    }
