"""The simulator's figures and the tests' oracle of the engine, written apart, give the same for any rows."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.evm import project as evm
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import Measurement, Rule
from chalicelib.evm.planned_value import Plan as EnginePlan
from infra.simulator.figures import Hours, View
from infra.simulator.formed import formed
from infra.simulator.report_comparing import reasons
from infra.simulator.schedule import Curve, timing
from infra.simulator.site import Activity, Measured, Plan, Site
from tests.evm import naive
from tests.examples import slow

days = st.integers(1, 28).map(lambda day: f"2026-06-{day:02}")
hours = st.integers(1, 2400).map(lambda n: Decimal(n) / 100)
rates = st.none() | st.integers(1, 9999).map(lambda n: Decimal(n) / 100)


@st.composite
def sites(draw: st.DrawFn) -> Site:
    site = Site("S", nodes={"top": None, "left": "top", "right": "top"}, rate=draw(rates))
    for id in ("a", "b", "c"):
        start, finish = sorted((draw(days), draw(days)))
        dates = (start, finish) if draw(st.booleans()) else (None, None)
        quantity = draw(st.none() | st.integers(1, 200).map(Decimal))
        activity = Activity(
            draw(st.sampled_from(["left", "right"])), id, Plan(draw(hours), *dates), quantity, draw(rates)
        )
        for number in range(draw(st.integers(0, 3))):
            percent = None if quantity else Decimal(draw(st.integers(0, 10000))) / 10000
            installed = Decimal(draw(st.integers(0, 300))) if quantity else None
            activity.measured[str(number)] = Measured(draw(days), percent, installed)
        site.activities[id] = activity
    site.holidays = set(draw(st.lists(days, max_size=4)))
    return site


work = st.lists(
    st.builds(Hours, st.sampled_from("abc"), days, hours, rates, st.none() | st.integers(-50, 90).map(Decimal)),
    max_size=8,
)


def of_engine(site: Site, id: str, worked: list[Hours]) -> evm.Activity:
    """An activity in the words of the engine."""
    own = site.activities[id]
    ends = [date.fromisoformat(day) if day else None for day in (own.plan.start, own.plan.finish)]
    return evm.Activity(
        id,
        tuple(reversed(site.above(id)[1:])),
        EnginePlan(int(own.plan.budget * 1_000_000), *ends),
        Rule.UNITS if own.quantity else Rule.PERCENT,
        own.quantity,
        planned_rate=own.rate,
        work=tuple(
            evm.Booking(date.fromisoformat(each.date), int(each.hours * 1_000_000), each.rate, each.quantity)
            for each in worked
            if each.activity == id
        ),
        measurements=tuple(
            Measurement(date.fromisoformat(each.date), each.installed, each.percent) for each in own.measured.values()
        ),
    )


@slow(60)
@given(sites(), work, days)
def test_both_give_the_same_for_every_node(site: Site, worked: list[Hours], as_of: str) -> None:
    activities = [of_engine(site, id, worked) for id in site.activities]
    calendar = WorkCalendar({1, 2, 3, 4, 5}, {date.fromisoformat(day) for day in site.holidays})
    wanted: dict[str, Any] = naive.calculate(activities, calendar, date.fromisoformat(as_of), site.rate)
    for cost in (False, True):
        for node, found in View(site, worked, cost).sums(as_of).items():
            one = wanted.get(node, naive.Totals())
            right = (one.bac, one.pv, one.ev, one.ac)
            money = (one.money_bac, one.money_pv, one.money_ev, one.money_ac)
            assert (found.bac, found.pv, found.ev, found.ac) == (money if cost else right), (node, cost)
            assert found.unrated == one.unrated_hours


@slow(60)
@given(sites(), work, days)
def test_both_give_the_same_times(site: Site, worked: list[Hours], as_of: str) -> None:
    activities = [of_engine(site, id, worked) for id in site.activities]
    calendar = WorkCalendar({1, 2, 3, 4, 5}, {date.fromisoformat(day) for day in site.holidays})
    wanted = naive.time_figures(activities, calendar, date.fromisoformat(as_of))
    found = timing(View(site, worked, False), "", as_of)
    assert (found.es, found.finish) == (wanted.es, wanted.finish and wanted.finish.isoformat())
    assert found.es is None or found.at == wanted.at


# by hand: June 2026 begins on a Monday


def project(*plans: Plan, percent: str = "0", measured: str = "2026-06-04", holidays: tuple[str, ...] = ()) -> Site:
    """Activities of one trade, of which the first is measured."""
    site = Site("S", nodes={"trade": None}, holidays={*holidays}, rate=Decimal("42.5"))
    site.activities = {f"a{number}": Activity("trade", f"S-{number}", plan) for number, plan in enumerate(plans)}
    site.activities["a0"].measured["m"] = Measured(measured, Decimal(percent))
    return site


def at(site: Site, as_of: str, *worked: Hours, cost: bool = False) -> tuple[Any, ...]:
    """ES, SV(t), SPI(t) and the forecast finish of the project."""
    found = timing(View(site, worked, cost), "", as_of).shown()
    return tuple(str(each) if isinstance(each, Decimal) else each for each in found.values())


TWO_WEEKS = Plan(Decimal(100), "2026-06-01", "2026-06-12")  # ten hours on each of ten working days


def test_behind_the_plan() -> None:
    """EV 30 was planned for the third day; five are over. 10 ÷ 0.6 = 16.7, and the 17th working day is the 23rd."""
    late = ("3.0000", "-2.0000", "0.6000", "2026-06-23")
    assert at(project(TWO_WEEKS, percent="0.3"), "2026-06-05") == late
    assert at(project(TWO_WEEKS, percent="0.3"), "2026-06-05", cost=True) == late, "at one rate money says the same"
    assert at(project(TWO_WEEKS, percent="0.3"), "2026-06-07") == late, "nobody works on Sunday"


def test_a_part_of_a_day() -> None:
    """Nine days of 11.111111: EV 30 is two days and 7.777778 of the third; the holiday is no day."""
    site = project(TWO_WEEKS, percent="0.3", holidays=("2026-06-03",))
    assert at(site, "2026-06-05")[:3] == ("2.7000", "-1.3000", "0.6750")


def test_idle_days_are_no_delay() -> None:
    """30 h by the 3rd, then nothing until the 15th, the eleventh working day."""
    site = project(Plan(Decimal(30), "2026-06-01", "2026-06-03"), Plan(Decimal(30), "2026-06-15", "2026-06-17"))
    site.activities["a0"].measured["m"].percent = Decimal(1)
    assert at(site, "2026-06-10")[:3] == ("8.0000", "0.0000", "1.0000")
    assert at(site, "2026-06-17")[:3] == ("10.0000", "-3.0000", "0.7692")


def test_done_on_the_day_on_which_it_was() -> None:
    """EV is BAC since the eighth working day; it was planned for the tenth."""
    assert at(project(TWO_WEEKS, percent="1", measured="2026-06-10"), "2026-06-19") == (
        "10.0000",
        "2.0000",
        "1.2500",
        "2026-06-10",
    )


def test_where_there_are_no_times() -> None:
    weekend = Plan(Decimal(10), "2026-06-06", "2026-06-07")
    assert at(project(weekend, percent="0.5"), "2026-06-10") == (None,) * 4, "no working day"
    assert at(project(Plan(Decimal(10)), percent="0.5"), "2026-06-10") == (None,) * 4, "no dates"
    assert at(project(TWO_WEEKS), "2026-06-05")[1:] == ("-5.0000", "0.0000", None), "nothing is earned"
    assert at(project(TWO_WEEKS, percent="0.25"), "2026-06-12")[3] == "2026-07-24", "four durations: the 40th day"
    assert at(project(TWO_WEEKS, percent="0.2499"), "2026-06-12")[3] is None, "more than four"
    early = project(TWO_WEEKS, percent="0.3", measured="2026-05-28")
    assert at(early, "2026-05-29") == ("3.0000", "3.0000", None, None), "the first day is not over"


def test_the_curve_by_weeks() -> None:
    """EAC = 100 × 40 ÷ 30, from 40 on the 5th to it on the 23rd, eighteen days later."""
    worked = [Hours("a0", "2026-06-02", Decimal(40), None)]
    series = Curve(View(project(TWO_WEEKS, percent="0.3"), worked, False), "", "2026-06-05", "week").series()
    assert [tuple(None if each is None else str(each) for each in point.values()) for point in series] == [
        ("2026-06-05", "50.00", "30.00", "40.00", "40.00"),
        ("2026-06-07", "50.00", None, None, "50.37"),
        ("2026-06-14", "100.00", None, None, "86.67"),
        ("2026-06-21", "100.00", None, None, "122.96"),
        ("2026-06-28", "100.00", None, None, "133.33"),
    ]


def test_a_curve_begins_with_the_first_hour_and_has_its_months() -> None:
    worked = [Hours("a0", "2026-05-20", Decimal(40), None)]
    site = project(TWO_WEEKS)
    days = [point["date"] for point in Curve(View(site, worked, False), "", "2026-07-31", "month").series()]
    assert days == ["2026-05-31", "2026-06-30", "2026-07-31"]
    assert [point["date"] for point in Curve(View(site, [], True), "a0", "2026-06-03", "month").series()] == [
        "2026-06-03",
        "2026-06-30",
    ]
    assert Curve(View(project(Plan(Decimal(9))), [], False), "", "2026-06-05", "day").series() == []


def test_every_null_has_a_reason() -> None:
    view = View(project(TWO_WEEKS, percent="1"), [Hours("a0", "2026-06-03", Decimal(40), None)], True)
    sums = view.sums("2026-06-05")[""]
    figures = formed(sums, True) | timing(view, "", "2026-06-05").shown() | {"measure": "cost"}
    figures["forecasts"] = {"cpi": None}
    assert reasons(figures, sums, True) == {
        **dict.fromkeys(("cpi", "eac", "etc", "vac", "forecasts.cpi"), ""),
        "forecast_finish": "finished",
    }
