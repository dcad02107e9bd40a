"""Random calendars, plans and activities, as wide as the rules allow."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import Measurement, Milestone, Rule
from chalicelib.evm.planned_value import Plan
from chalicelib.evm.project import Activity, Booking

EPOCH = date(2026, 1, 1)
MILESTONES = (
    Milestone("set out", Decimal("0.25")),
    Milestone("fixed", Decimal("0.45")),
    Milestone("tested", Decimal("0.30")),
)

days = st.integers(0, 60).map(lambda offset: EPOCH + timedelta(days=offset))
calendars = st.builds(WorkCalendar, st.frozensets(st.integers(1, 7)), st.frozensets(days, max_size=12))
working_calendars = st.builds(
    WorkCalendar, st.frozensets(st.integers(1, 7), min_size=1), st.frozensets(days, max_size=12)
)
plans = st.builds(
    Plan,
    st.one_of(st.integers(0, 20), st.integers(0, 10**11)),
    st.one_of(st.none(), days),
    st.one_of(st.none(), days),
)
quantities = st.integers(-500, 2_000).map(lambda n: Decimal(n) / 100)
percents = st.sampled_from([Decimal(n) / 4 for n in range(5)])
rates = st.one_of(st.none(), st.integers(0, 10_000).map(lambda n: Decimal(n) / 100))
bookings = st.builds(Booking, days, st.integers(1, 2400).map(lambda n: n * 10_000), rates, st.none() | quantities)
measurements = st.one_of(
    st.builds(Measurement, days, installed_quantity=quantities.map(abs)),
    st.builds(Measurement, days, percent_complete=percents),
    st.builds(Measurement, days, milestone=st.sampled_from(["set out", "fixed", "tested"])),
)
rules = st.sampled_from(Rule)


@st.composite
def projects(draw: st.DrawFn) -> list[Activity]:
    """Up to eight activities in a tree of two locations."""
    places = st.tuples(st.sampled_from(["A", "B"]), st.sampled_from(["1", "2"]), st.sampled_from(["x", "y"]))
    count = draw(st.integers(0, 8))
    return [_activity(draw, f"activity {n}", draw(places)) for n in range(count)]


def _activity(draw: st.DrawFn, name: str, place: tuple[str, str, str]) -> Activity:
    location, sub_location, discipline = place
    above = (location, f"{location}.{sub_location}", f"{location}.{sub_location}.{discipline}")
    return Activity(
        id=name,
        ancestors=above,
        plan=draw(plans),
        rule=draw(rules),
        quantity=draw(st.none() | quantities.map(abs)),
        milestones=MILESTONES,
        planned_rate=draw(rates),
        work=tuple(draw(st.lists(bookings, max_size=6))),
        measurements=tuple(draw(st.lists(measurements, max_size=6))),
    )
