"""The S-curve of a project or node."""

from datetime import date, datetime

from msgspec import Struct

from chalicelib.errors import Invalid
from chalicelib.evm.amounts import MICRO, MONEY
from chalicelib.evm.figures import exact_figures, figures
from chalicelib.evm.s_curve import Curve, Interval, TooManyPoints, s_curve
from chalicelib.rollups import kpis
from chalicelib.rollups.figures import Ask, shown, state_of
from chalicelib.storage.store import Store


class Drawn(Struct, frozen=True):
    """A curve, what it is of, and the budget in the curve's unit."""

    curve: Curve
    as_of: date
    heading: str
    unit: str
    budget: int
    baseline: int | None
    computed_at: str


def of_node(store: Store, company: str, project: str, node: str, ask: Ask, interval: Interval, now: datetime) -> Drawn:
    """The curve of a node, or of the project where its id is given as the node's; one round.

    Raises:
        NotFound: there is no such project or node.
        Invalid: there is no such baseline, there would be too many points, or amounts of money are not known.
    """
    row, name, state = state_of(store, company, project, node)
    seen = shown(node, row, state, ask, now)
    side = seen.node.hours if ask.measure == "hours" else seen.node.money
    if side is None:
        raise Invalid(errors={"measure": ["An activity with a budget has no planned rate, and the project has none."]})
    sums, spent = kpis.series(state.sums, seen.plan, ask.measure, row.planned_rate)
    eac = exact_figures(seen.node, ask.measure, ask.forecast)["eac"]
    unit = MICRO if ask.measure == "hours" else MONEY
    try:
        curve = s_curve(
            sums,
            spent,
            seen.plan.calendar,
            seen.as_of,
            interval,
            forecast_finish=figures(seen.node, ask.measure, ask.forecast).forecast_finish,
            eac=None if eac.reason else eac.value * unit,
            worked=kpis.worked(state.sums),
        )
    except TooManyPoints as error:
        raise Invalid(errors={"interval": ["More than 2,000 points; choose a wider interval."]}) from error
    heading = f"{row.code} {row.name}" if name is None else f"{row.code} {row.name}: {name}"
    return Drawn(
        curve=curve,
        as_of=seen.as_of,
        heading=heading,
        unit="hours" if ask.measure == "hours" else row.currency,
        budget=side.bac,
        baseline=seen.plan.number,
        computed_at=seen.computed_at,
    )
