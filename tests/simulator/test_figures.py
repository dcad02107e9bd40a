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
from infra.simulator.figures import Hours, shown, sums
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
        for node, found in sums(site, worked, as_of, cost).items():
            one = wanted.get(node, naive.Totals())
            right = (one.bac, one.pv, one.ev, one.ac)
            money = (one.money_bac, one.money_pv, one.money_ev, one.money_ac)
            assert (found.bac, found.pv, found.ev, found.ac) == (money if cost else right), (node, cost)
            assert found.unrated == one.unrated_hours


def test_an_amount_is_shown_to_two_decimals_half_up() -> None:
    assert shown(1_005_000) == Decimal("1.01") and shown(100_499_999, cost=True) == Decimal("1.00")
    assert shown(None) is None
