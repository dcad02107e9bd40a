"""The S-curve as a picture and a table that a project manager would put in a report."""

import re
from datetime import date, timedelta
from fractions import Fraction
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm.amounts import MICRO
from chalicelib.evm.axes import Amounts, Days
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.picture import (
    BOTTOM,
    EARNED,
    FORECAST,
    HEIGHT,
    LEFT,
    PLANNED,
    RIGHT,
    SPENT,
    TOP,
    WIDTH,
    s_curve_svg,
)
from chalicelib.evm.planned_value import Plan, slope_changes
from chalicelib.evm.s_curve import Curve, Interval, s_curve
from chalicelib.evm.sums import Sums
from chalicelib.evm.table import as_csv
from tests.evm.strategies import EPOCH, calendars, days, plans

SVG = "{http://www.w3.org/2000/svg}"
WEEK = WorkCalendar({1, 2, 3, 4, 5}, ())
CHANGES = slope_changes(Plan(100 * MICRO, date(2026, 3, 2), date(2026, 3, 13)), WEEK)
AS_OF = date(2026, 3, 11)
intervals = st.sampled_from(["day", "week", "month"])
amounts = st.lists(st.tuples(days, st.integers(0, 10**12)), max_size=4).map(sorted)


def by_week(finish: date | None = date(2026, 3, 31)) -> Curve:
    sums = Sums(planned=CHANGES, earned=[(date(2026, 3, 3), 15 * MICRO), (date(2026, 3, 10), 25 * MICRO)])
    spent = [(date(2026, 3, 2), 10 * MICRO), (date(2026, 3, 11), 40_500_000)]
    return s_curve(sums, spent, WEEK, AS_OF, "week", forecast_finish=finish, eac=Fraction(126_250_000))


def drawn(curve: Curve, heading: str = "Block A") -> ElementTree.Element:
    return ElementTree.fromstring(s_curve_svg(curve, "hours", "hours", heading, 100 * MICRO))


def texts(picture: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in picture.iter(f"{SVG}text")]


class TestPlannedEarnedSpentForecastAsOfLineAxisAndLegend:
    """Planned, earned, spent, forecast, as-of line, axis and legend."""

    def test_all_of_them_are_there(self) -> None:
        found = texts(drawn(by_week()))
        legend = ["Planned 80", "Earned 40", "Spent 51", "Forecast 126 on 31 Mar 2026"]
        assert found[-4:] == legend
        assert {"Block A", "hours", "As of 11 Mar 2026", "Budget 100", "0", "140", "8 Mar", "2026", "5 Apr"} <= set(
            found
        )

    def test_the_as_of_line_stands_at_its_day(self) -> None:
        lines = [line for line in drawn(by_week()).iter(f"{SVG}line") if line.get("stroke-dasharray") == "6 3"]
        days = Days(date(2026, 3, 1), date(2026, 4, 5), LEFT, RIGHT)
        assert [float(line.attrib["x1"]) for line in lines] == [pytest.approx(days.place(AS_OF), abs=0.1)]

    def test_the_words_beside_it_lie_on_the_side_with_room(self) -> None:
        days = Days(date(2026, 3, 1), date(2026, 4, 5), LEFT, RIGHT)
        late = s_curve(Sums(planned=CHANGES), (), WEEK, date(2026, 3, 30), "week", forecast_finish=date(2026, 4, 3))
        for curve, day, anchor, beside in ((by_week(), AS_OF, "start", 6), (late, date(2026, 3, 30), "end", -6)):
            [words] = [text for text in drawn(curve).iter(f"{SVG}text") if (text.text or "").startswith("As of")]
            assert words.get("text-anchor") == anchor
            assert float(words.attrib["x"]) == pytest.approx(days.place(day) + beside, abs=0.1)

    def test_the_forecast_is_one_straight_line(self) -> None:
        paths = [
            path.attrib["d"] for path in drawn(by_week()).iter(f"{SVG}path") if path.get("stroke-dasharray") == "2 5"
        ]
        assert [path.count("L") for path in paths] == [1, 1]  # the curve's and the legend's

    def test_without_a_forecast_none_is_drawn(self) -> None:
        assert not [text for text in texts(drawn(by_week(None))) if text.startswith("Forecast")]

    def test_nothing_yet(self) -> None:
        assert "Nothing is planned, earned or spent yet." in texts(drawn(s_curve(Sums(), (), WEEK, AS_OF, "week")))


class TestReadableInBlackAndWhite:
    def test_no_two_lines_differ_in_colour_alone(self) -> None:
        looks = [(look.dashes, look.marker) for look in (PLANNED, EARNED, SPENT, FORECAST)]
        assert len(set(looks)) == len(looks)


class TestTitleAndDescriptionForScreenReaders:
    def test_in_sentences(self) -> None:
        picture = drawn(by_week())
        assert (picture.get("role"), picture.get("aria-labelledby")) == ("img", "s-curve-title s-curve-description")
        assert picture.findtext(f"{SVG}title") == "S-curve of Block A"
        assert picture.findtext(f"{SVG}desc") == (
            "Cumulative hours by week from 2 Mar 2026 to 5 Apr 2026. As of 11 Mar 2026: planned 80.00, earned 40.00, "
            "spent 50.50. The budget is 100.00. The forecast is 126.25 on 31 Mar 2026."
        )

    def test_a_name_is_never_markup(self) -> None:
        name = '<script>alert("x")</script> & more'
        picture = drawn(by_week(), name)
        assert name in texts(picture)
        assert not list(picture.iter(f"{SVG}script"))


class TestEveryCurveHasAPicture:
    @given(intervals, plans, calendars, amounts, amounts, days, st.none() | days, st.text(max_size=200))
    def test_nothing_lies_outside_it(
        self,
        interval: Interval,
        plan: Plan,
        calendar: WorkCalendar,
        earned: list[tuple[date, int]],
        spent: list[tuple[date, int]],
        as_of: date,
        finish: date | None,
        heading: str,
    ) -> None:
        sums = Sums(planned=slope_changes(plan, calendar), earned=earned)
        curve = s_curve(sums, spent, calendar, as_of, interval, forecast_finish=finish, eac=10**12)
        picture = ElementTree.fromstring(s_curve_svg(curve, "cost", "EUR", heading, plan.budget))
        for path in picture.iter(f"{SVG}path"):
            if path.get("stroke-width") == "2.5":
                for x, y in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path.attrib["d"]):
                    assert LEFT <= float(x) <= RIGHT and 0 <= float(y) <= BOTTOM

    @given(st.fractions(0, 10**15), st.integers(1, 60_000))
    def test_axes_have_few_round_lines(self, most: Fraction, span: int) -> None:
        axis = Amounts(most, TOP, BOTTOM)
        assert axis.end >= most
        assert len(list(axis.ticks())) <= 8
        ticks = list(Days(EPOCH, EPOCH + timedelta(days=span), 0, WIDTH).ticks())
        assert len(ticks) <= 14
        assert all(0 <= tick.place <= WIDTH for tick in ticks)

    @pytest.mark.parametrize(
        ("span", "labels"),
        [(12, ["1 Mar", "2 Mar"]), (13, ["1 Mar", "8 Mar"]), (84, ["1 Mar", "8 Mar"]), (85, ["31 Mar", "30 Apr"])],
    )
    def test_days_and_then_sundays_stand_there_as_long_as_they_are_twelve_apart(
        self, span: int, labels: list[str]
    ) -> None:
        ticks = list(Days(date(2026, 3, 1), date(2026, 3, 1) + timedelta(days=span), 0, WIDTH).ticks())
        assert [tick.label for tick in ticks[:2]] == labels

    def test_dates_may_begin_and_end_with_the_calendar(self) -> None:
        changes = slope_changes(Plan(100, date(9900, 1, 1), date.max), WEEK)
        curve = s_curve(Sums(planned=changes), (), WEEK, date(9950, 1, 1), "month")
        assert "31 Dec" in texts(drawn(curve))
        first = s_curve(
            Sums(planned=slope_changes(Plan(9, date.min, date(1, 2, 1)), WEEK)), (), WEEK, date(1, 1, 9), "week"
        )
        assert float(drawn(first).attrib["height"]) == HEIGHT


class TestTheTable:
    """`Accept: text/csv` gives the table."""

    def test_as_csv(self) -> None:
        assert as_csv(by_week(), "hours").split("\r\n") == [
            "date,planned,earned,spent,forecast",
            "2026-03-08,50.00,15.00,10.00,",
            "2026-03-11,80.00,40.00,50.50,50.50",
            "2026-03-15,100.00,,,65.65",
            "2026-03-22,100.00,,,92.16",
            "2026-03-29,100.00,,,118.68",
            "2026-04-05,100.00,,,126.25",
            "",
        ]
