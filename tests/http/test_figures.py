"""A figure has the decimals of its kind, whatever it was calculated to and wherever in an answer it stands."""

from decimal import Decimal

from chalicelib.http.fields import Answer, HoursFigure, Id


class Shown(Answer):
    id: Id
    hours: HoursFigure
    over: HoursFigure | None
    by_day: dict[str, HoursFigure]
    share: Decimal


def test_figures_are_rounded_half_up_to_their_decimals_and_other_numbers_are_left() -> None:
    days = {"2026-06-08": Decimal("-0.001"), "2026-06-09": Decimal("0.125")}
    answer = Shown(id="a", hours=Decimal("7.125"), over=None, by_day=days, share=Decimal("0.3333"))
    assert (str(answer.hours), answer.over, str(answer.share)) == ("7.13", None, "0.3333")
    assert [str(hours) for hours in answer.by_day.values()] == ["0.00", "0.13"]
