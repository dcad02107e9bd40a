"""What an operative's hour costs, and since when: the history that approval reads."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from msgspec import Struct

from chalicelib.errors import InUse
from chalicelib.operatives.rows import Operative

ALWAYS = "0001-01-01"  # how a row writes the beginning of a rate that was always valid
FIRST, LAST = date(2000, 1, 1), date(9998, 12, 31)  # a rate may begin on
MOST_RATES = 200  # of one operative, whose row holds them


class Valid(Struct, frozen=True):
    """A rate, none where there is none any more, and the date from which it is valid; None: always was."""

    valid_from: str | None
    hourly_rate: Decimal | None


def rate_on(row: Operative, date: str) -> Decimal | None:
    """The hourly rate valid on a date: the newest that began on or before it."""
    valid = [since for since in row.rates if since <= date]
    rate = row.rates[max(valid)] if valid else None
    return None if rate is None else Decimal(rate)


def history(row: Operative) -> list[Valid]:
    """Every rate that an operative has had or will have, in the order of their beginnings."""
    return [
        Valid(None if since == ALWAYS else since, None if rate is None else Decimal(rate))
        for since, rate in sorted(row.rates.items())
    ]


def with_rate(rates: Mapping[str, Decimal | None], since: str, rate: Decimal | None) -> dict[str, Decimal | None]:
    """The rates with one that begins on a date, in the place of one that began there already.

    Raises:
        InUse: there are as many as may be.
    """
    found = {**rates, since: rate}
    if len(found) > MOST_RATES:
        raise InUse(f"The operative has {MOST_RATES} rates, which is the most; change one that is there.")
    return found


def first_or(rates: Mapping[str, Decimal | None], today: str) -> str:
    """From when a rate given without a date is valid: the first from always, another from today."""
    return today if rates else ALWAYS
