"""A whole project at one date: the sums of every node, in one pass over the rows.

It leaves out the days between, and with them the figures of time; :mod:`chalicelib.evm.project` has those.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from operator import add
from typing import NamedTuple

from chalicelib.evm.amounts import money, price
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import DayWork, Rule, earned_by_sums, earned_series
from chalicelib.evm.planned_value import planned_value
from chalicelib.evm.project import PROJECT, Activity, Booking


class Totals(NamedTuple):
    """Hours in millionths; money in units of 1e-8, None where a budgeted activity has no planned rate."""

    bac: int
    pv: int
    ev: int
    ac: int
    ev_dated: int
    undated: int
    effort: int
    unbaselined: int
    unrated: int
    money_bac: int | None
    money_pv: int | None
    money_ev: int | None
    money_ac: int


class _Sums(NamedTuple):
    """The same while it is added up; ``unpriced`` counts budgeted activities without a planned rate."""

    bac: int = 0
    pv: int = 0
    ev: int = 0
    ac: int = 0
    ev_dated: int = 0
    undated: int = 0
    effort: int = 0
    unbaselined: int = 0
    unrated: int = 0
    money_bac: int = 0
    money_pv: int = 0
    money_ev: int = 0
    money_ac: int = 0
    unpriced: int = 0


class _Spent(NamedTuple):
    """Approved work up to a date."""

    hours: int
    money: int
    unrated: int
    quantity: Decimal


Prices = dict[Decimal, int]
"""The price of a millionth of an hour by rate, each worked out once; rates finer than 0.01 have none."""


def totals(
    activities: Iterable[Activity], calendar: WorkCalendar, as_of: date, project_rate: Decimal | None = None
) -> dict[str, Totals]:
    """The totals at ``as_of`` of every activity, of everything above it, and of the project (key "").

    An activity's own planned rate goes before ``project_rate``. Upper levels add up what is below.
    """
    sums: dict[str, _Sums] = {}
    below: defaultdict[tuple[str, ...], _Sums] = defaultdict(_Sums, {(): _Sums()})
    prices: Prices = {}
    for activity in activities:
        own = _own(activity, calendar, as_of, project_rate, prices)
        sums[activity.id] = own
        below[activity.ancestors] = _added(below[activity.ancestors], own)
    _add_up(below)
    sums |= {path[-1] if path else PROJECT: total for path, total in below.items()}
    return {name: _totals(total) for name, total in sums.items()}


def _add_up(below: defaultdict[tuple[str, ...], _Sums]) -> None:
    """Each level into the one above, from the lowest up; ``below`` is keyed by the path from the top."""
    for depth in range(max(map(len, below)), 0, -1):
        for path in [path for path in below if len(path) == depth]:
            below[path[:-1]] = _added(below[path[:-1]], below[path])


def _own(
    activity: Activity, calendar: WorkCalendar, as_of: date, project_rate: Decimal | None, prices: Prices
) -> _Sums:
    plan, spent = activity.plan, _spent(activity.work, as_of, prices)
    planned = planned_value(plan, calendar, as_of)
    is_effort = activity.rule is Rule.LEVEL_OF_EFFORT
    earned = planned if is_effort else _earned(activity, spent, as_of)
    rate = project_rate if activity.planned_rate is None else activity.planned_rate
    is_dated, costs = plan.is_dated, (0, 0, 0)
    if rate is not None:
        costs = _cost(plan.budget, rate, prices), _cost(planned, rate, prices), _cost(earned, rate, prices)
    return _Sums(
        bac=plan.budget,
        pv=planned,
        ev=earned,
        ac=spent.hours,
        ev_dated=earned if is_dated else 0,
        undated=0 if is_dated else plan.budget,
        effort=plan.budget if is_effort and is_dated else 0,
        unbaselined=activity.unbaselined,
        unrated=spent.unrated,
        money_bac=costs[0],
        money_pv=costs[1],
        money_ev=costs[2],
        money_ac=spent.money,
        unpriced=int(rate is None and plan.budget > 0),
    )


def _spent(rows: Iterable[Booking], as_of: date, prices: Prices) -> _Spent:
    """The rows up to ``as_of``. A million pass here, so nothing is called that need not be."""
    hours = cost = unrated = 0
    quantity = Decimal(0)
    for row in rows:
        if row.day <= as_of:
            spent, rate = row.hours, row.rate
            hours += spent
            if rate is None:
                unrated += spent
            else:
                try:
                    cost += spent * prices[rate]
                except KeyError:
                    cost += _cost(spent, rate, prices)
            if row.quantity is not None:
                quantity += row.quantity
    return _Spent(hours, cost, unrated, quantity)


def _cost(hours: int, rate: Decimal, prices: Prices) -> int:
    """Hours in millionths at a rate whose price is remembered from now on."""
    each = prices.get(rate) or price(rate)
    if each is None:
        return money(hours, rate)
    prices[rate] = each
    return hours * each


def _earned(activity: Activity, spent: _Spent, as_of: date) -> int:
    """EV at ``as_of``: without measurements the sums tell, with them the days do."""
    budget, rule, quantity, steps = activity.plan.budget, activity.rule, activity.quantity, activity.milestones
    if not activity.measurements:
        return earned_by_sums(budget, rule, quantity, steps, spent.hours, spent.quantity)
    work = [DayWork(row.day, row.hours, row.quantity or Decimal(0)) for row in activity.work if row.day <= as_of]
    field = [row for row in activity.measurements if row.day <= as_of]
    series = earned_series(budget, rule, quantity, steps, work, field)
    return series[-1][1] if series else 0


def _added(left: _Sums, right: _Sums) -> _Sums:
    return _Sums._make(map(add, left, right))


def _totals(sums: _Sums) -> Totals:
    found = Totals._make(sums[:-1])
    return found._replace(money_bac=None, money_pv=None, money_ev=None) if sums.unpriced else found
