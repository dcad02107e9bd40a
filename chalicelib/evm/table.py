"""The S-curve as rows of shown amounts, and as CSV."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from chalicelib.evm.amounts import MICRO, MONEY, rounded
from chalicelib.evm.figures import Measure
from chalicelib.evm.metrics import AMOUNT_PLACES
from chalicelib.evm.s_curve import Curve

COLUMNS = ("date", "planned", "earned", "spent", "forecast")


@dataclass(frozen=True, slots=True)
class Row:
    """A point of the curve in hours or money, to 0.01."""

    date: date
    planned: Decimal
    earned: Decimal | None
    spent: Decimal | None
    forecast: Decimal | None


def rows(curve: Curve, measure: Measure) -> Iterator[Row]:
    """The points as they are shown."""
    for point in curve.points:
        yield Row(
            point.date,
            shown(point.planned, measure),
            _shown(point.earned, measure),
            _shown(point.spent, measure),
            _shown(point.forecast, measure),
        )


def as_csv(curve: Curve, measure: Measure) -> str:
    """A header and a row for each point; what is null is left empty. Lines end as RFC 4180 has them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([getattr(row, name) for name in COLUMNS] for row in rows(curve, measure))
    return text.getvalue()


def shown(amount: int | Fraction, measure: Measure) -> Decimal:
    """An amount in the unit of what is stored, in hours or money, to 0.01."""
    return rounded(Fraction(amount) / (MICRO if measure == "hours" else MONEY), AMOUNT_PLACES)


def _shown(amount: int | Fraction | None, measure: Measure) -> Decimal | None:
    return None if amount is None else shown(amount, measure)
