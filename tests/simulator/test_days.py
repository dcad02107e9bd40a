"""Nights of the simulator have the hours that pass in them."""

from decimal import Decimal

import pytest

from infra.simulator.days import BEGINNINGS, Days, Shift


@pytest.mark.parametrize(("date", "hours"), [("2026-10-24", 9), ("2027-03-27", 7), ("2026-06-08", 8)])
def test_a_night_in_which_the_clocks_change_is_longer_or_shorter(date: str, hours: int) -> None:
    assert date in {Days(begin).work[0] for begin in BEGINNINGS}
    assert Shift(date, "Europe/Berlin", 22, 6).hours == Decimal(hours)
    assert Shift(date, "UTC", 7, 15).hours == 8
