"""How values look on pages: hours, ratios, percent, dates and ids."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

NOTHING = "\N{EN DASH}"


def amount(value: Decimal | None) -> str:
    """Hours or money with two decimals and thousands apart."""
    return NOTHING if value is None else f"{value:,.2f}".replace("-", "\N{MINUS SIGN}")


def ratio(value: Decimal | None) -> str:
    """An index with two decimals."""
    return amount(value)


def quantity(value: Decimal | None) -> str:
    """A quantity without zeros at its end."""
    return NOTHING if value is None else f"{value.normalize():,f}".replace("-", "\N{MINUS SIGN}")


def percent(value: Decimal | None) -> str:
    """A fraction as percent, with one decimal."""
    return NOTHING if value is None else f"{value * 100:,.1f} %".replace("-", "\N{MINUS SIGN}")


def day(value: str | None) -> str:
    """A date with its weekday, such as Mon 8 Jun 2026."""
    if not value:
        return NOTHING
    found = date.fromisoformat(value[:10])
    return f"{found:%a} {found.day} {found:%b %Y}"


def moment(value: str | None) -> str:
    """A time as its date and minute in the offset that it carries, such as 8 Jun 2026 07:00 UTC."""
    if not value:
        return NOTHING
    found = date.fromisoformat(value[:10])
    zone = value[19:].lstrip(".0123456789")
    return f"{found.day} {found:%b %Y} {value[11:16]} {'UTC' if zone in ('Z', '+00:00') else zone}".rstrip()


def words(value: str | None) -> str:
    """A name of the contract as words: ``over_daily_cap`` is over daily cap."""
    return NOTHING if not value else value.replace("_", " ")


FILTERS: Mapping[str, Callable[[Any], str]] = {
    "amount": amount,
    "ratio": ratio,
    "percent": percent,
    "quantity": quantity,
    "day": day,
    "moment": moment,
    "words": words,
}
