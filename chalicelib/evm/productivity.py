"""Productivity by cost code: the hours that a unit takes against the hours that it may take."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from chalicelib.evm import reasons
from chalicelib.evm.amounts import MICRO
from chalicelib.evm.metrics import RATIO_PLACES, Exact


@dataclass(frozen=True, slots=True)
class Productivity:
    """Hours a unit to 0.0001; ``ratio`` is spent over budget, below 1 is good. None has a reason."""

    budget_hours_per_unit: Decimal | None
    spent_hours_per_unit: Decimal | None
    ratio: Decimal | None
    reasons: dict[str, str]


def productivity(budget: int, spent: int, quantity: Decimal | None, installed: Decimal) -> Productivity:
    """Of one cost code: budget and approved hours in millionths, its quantity, and what is installed.

    Budget hours / quantity, and spent hours / installed quantity.
    """
    budgeted = _hours(budget).over(Exact(Fraction(quantity or 0)), reasons.NO_QUANTITY)
    used = _hours(spent).over(Exact(Fraction(installed)), reasons.NOTHING_INSTALLED)
    figures = {
        "budget_hours_per_unit": budgeted,
        "spent_hours_per_unit": used,
        "ratio": used.over(budgeted, reasons.NO_BUDGET),
    }
    return Productivity(
        **{name: exact.rounded(RATIO_PLACES) for name, exact in figures.items()},
        reasons={name: exact.reason for name, exact in figures.items() if exact.reason},
    )


def _hours(millionths: int) -> Exact:
    return Exact(Fraction(millionths, MICRO))
