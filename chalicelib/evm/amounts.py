"""Exact amounts: millionths of an hour, hundred-millionths of a currency unit, rounding half up."""

from decimal import Decimal
from fractions import Fraction

MICRO = 1_000_000
"""Millionths of an hour in one hour; stored hours are integers of this unit."""

MONEY = 100_000_000
"""Units of stored money in one currency unit: a millionth of an hour at a rate of 0.01."""

Number = int | Decimal | Fraction


def half_up(value: Fraction) -> int:
    """The nearest whole number; a half goes away from zero."""
    whole = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return whole if value >= 0 else -whole


def rounded(value: Fraction, places: int) -> Decimal:
    """``value`` half up at ``places`` decimals, whatever the decimal context; never minus zero."""
    units = half_up(value * 10**places)
    digits = tuple(int(digit) for digit in str(abs(units)))
    return Decimal((int(units < 0), digits, -places))


def micro_hours(hours: Number) -> int:
    """Hours in whole millionths, half up."""
    return half_up(Fraction(hours) * MICRO)


def money(hours: int, rate: Decimal) -> int:
    """Millionths of an hour at an hourly rate, in whole units of ``1 / MONEY``; exact to 0.01."""
    numerator, denominator = rate.as_integer_ratio()
    amount, rest = divmod(hours * numerator * (MONEY // MICRO), denominator)
    return half_up(amount + Fraction(rest, denominator)) if rest else amount


def price(rate: Decimal) -> int | None:
    """Units of ``1 / MONEY`` for a millionth of an hour; None for a rate that is not whole in 0.01."""
    numerator, denominator = rate.as_integer_ratio()
    units, rest = divmod(numerator * (MONEY // MICRO), denominator)
    return None if rest else units
