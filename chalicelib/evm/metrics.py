"""The figures of earned value from BAC, PV, EV and AC.

Source of the formulas: PMI, Practice Standard for Earned Value Management, 2nd edition, and ANSI/EIA
748; S/E (spent over earned) is the labour productivity ratio of construction, the inverse of CPI.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Literal

from chalicelib.evm.amounts import Number, rounded

Forecast = Literal["cpi", "budget_rate", "spi_cpi"]

AMOUNT_PLACES = 2
RATIO_PLACES = 4

NO_PLANNED_VALUE = "no_planned_value"
NOTHING_EARNED = "nothing_earned"
NOTHING_SPENT = "nothing_spent"
NO_BUDGET = "no_budget"
BUDGET_SPENT = "budget_spent"
NO_PLANNED_RATE = "no_planned_rate"


@dataclass(frozen=True, slots=True)
class Figures:
    """Amounts to 0.01 in the unit given (hours or money), ratios to 0.0001; None has a reason.

    ``forecasts`` holds the three estimates at completion by name; ``eac``, ``etc`` and ``vac``
    follow the one chosen. ``reasons`` maps each field that is None to a stable code.
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
    forecasts: Mapping[str, Decimal | None]
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Exact:
    """A fraction, or the reason why there is none; arithmetic keeps the first reason."""

    value: Fraction = Fraction(0)
    reason: str | None = None

    def __add__(self, other: "_Exact") -> "_Exact":
        return _Exact(self.value + other.value, self.reason or other.reason)

    def __sub__(self, other: "_Exact") -> "_Exact":
        return _Exact(self.value - other.value, self.reason or other.reason)

    def __mul__(self, other: "_Exact") -> "_Exact":
        return _Exact(self.value * other.value, self.reason or other.reason)

    def over(self, other: "_Exact", when_zero: str) -> "_Exact":
        """The quotient; ``when_zero`` is the reason if the denominator is 0."""
        reason = self.reason or other.reason or (None if other.value else when_zero)
        return _Exact(reason=reason) if reason else _Exact(self.value / other.value)

    def rounded(self, places: int) -> Decimal | None:
        return None if self.reason else rounded(self.value, places)


def measure(
    bac: Number | None,
    pv: Number | None,
    ev: Number | None,
    ac: Number | None,
    *,
    hours_ev: Number | None = None,
    hours_ac: Number | None = None,
    forecast: Forecast = "cpi",
) -> Figures:
    """Every figure of one node, from whole units (hours or money) of BAC, PV, EV and AC.

    None means not known for want of a planned rate. S/E is always in hours: pass ``hours_ev`` and
    ``hours_ac`` when the rest is money. A ratio whose denominator is 0 is None with its reason.
    """
    budget, planned, earned, spent = _known(bac), _known(pv), _known(ev), _known(ac)
    estimates = _estimates(budget, planned, earned, spent)
    eac = estimates[forecast]
    amounts = {"bac": budget, "pv": planned, "ev": earned, "ac": spent}
    amounts |= {"sv": earned - planned, "cv": earned - spent}
    amounts |= {"eac": eac, "etc": eac - spent, "vac": budget - eac}
    hours_earned = earned if hours_ev is None else _known(hours_ev)
    hours_spent = spent if hours_ac is None else _known(hours_ac)
    ratios = _ratios(budget, planned, earned, spent)
    ratios["se"] = hours_spent.over(hours_earned, NOTHING_EARNED)
    return _figures(amounts, ratios, estimates)


def _known(amount: Number | None) -> _Exact:
    return _Exact(reason=NO_PLANNED_RATE) if amount is None else _Exact(Fraction(amount))


def _estimates(bac: _Exact, pv: _Exact, ev: _Exact, ac: _Exact) -> dict[str, _Exact]:
    """EAC = BAC / CPI; AC + BAC - EV; AC + (BAC - EV) / (CPI x SPI)."""
    cpi, spi = ev.over(ac, NOTHING_SPENT), ev.over(pv, NO_PLANNED_VALUE)
    return {
        "cpi": bac.over(cpi, NOTHING_EARNED),
        "budget_rate": ac + bac - ev,
        "spi_cpi": ac + (bac - ev).over(cpi * spi, NOTHING_EARNED),
    }


def _ratios(bac: _Exact, pv: _Exact, ev: _Exact, ac: _Exact) -> dict[str, _Exact]:
    """SPI = EV / PV, CPI = EV / AC, TCPI = (BAC - EV) / (BAC - AC), and the shares of BAC."""
    exhausted = NO_BUDGET if bac.value == 0 else BUDGET_SPENT
    return {
        "spi": ev.over(pv, NO_PLANNED_VALUE),
        "cpi": ev.over(ac, NOTHING_SPENT),
        "tcpi": (bac - ev).over(bac - ac, exhausted),
        "percent_complete": ev.over(bac, NO_BUDGET),
        "percent_spent": ac.over(bac, NO_BUDGET),
    }


def _figures(amounts: dict[str, _Exact], ratios: dict[str, _Exact], estimates: dict[str, _Exact]) -> Figures:
    rounded_fields = {name: exact.rounded(AMOUNT_PLACES) for name, exact in amounts.items()}
    rounded_fields |= {name: exact.rounded(RATIO_PLACES) for name, exact in ratios.items()}
    forecasts = {name: exact.rounded(AMOUNT_PLACES) for name, exact in estimates.items()}
    reasons = {name: exact.reason for name, exact in (amounts | ratios).items() if exact.reason}
    return Figures(
        **rounded_fields,
        forecasts=MappingProxyType(forecasts),
        reasons=MappingProxyType(reasons),
    )
