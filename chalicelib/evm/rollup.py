"""A whole project at one date: the sums of every node, in one pass over the rows.

It leaves out the days between, and with them the figures of time; :mod:`chalicelib.evm.project` has those.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
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


_Sums = tuple[int, ...]
"""The amounts of :class:`Totals` in its order while they are added up, and how many budgeted activities lack a rate."""

_NONE: _Sums = (0,) * (len(Totals._fields) + 1)
_ZERO, _UNPRICED = Decimal(0), (0, 0, 0)


Prices = dict[Decimal, int]
"""The price of a millionth of an hour by rate, each worked out once; rates finer than 0.01 have none."""


def totals(
    activities: Iterable[Activity], calendar: WorkCalendar, as_of: date, project_rate: Decimal | None = None
) -> dict[str, Totals]:
    """The totals at ``as_of`` of every activity, of everything above it, and of the project (key "").

    An activity's own planned rate goes before ``project_rate``. Upper levels add up what is below.
    """
    sums: dict[str, _Sums] = {}
    below: defaultdict[tuple[str, ...], list[_Sums]] = defaultdict(list, {(): []})
    prices: Prices = {}
    for activity in activities:
        own = _own(activity, calendar, as_of, project_rate, prices)
        sums[activity.id] = own
        below[activity.ancestors].append(own)
    sums |= _add_up(below)
    return {name: _totals(total) for name, total in sums.items()}


def _add_up(below: defaultdict[tuple[str, ...], list[_Sums]]) -> dict[str, _Sums]:
    """The sums above the activities, each level into the one above; ``below`` is keyed by the path from the top."""
    found: dict[str, _Sums] = {}
    for depth in range(max(map(len, below)), -1, -1):
        for path in [path for path in below if len(path) == depth]:
            total = tuple(map(sum, zip(_NONE, *below[path], strict=True)))
            found[path[-1] if path else PROJECT] = total
            if path:
                below[path[:-1]].append(total)
    return found


def _own(
    activity: Activity, calendar: WorkCalendar, as_of: date, project_rate: Decimal | None, prices: Prices
) -> _Sums:
    hours, cost, unrated, installed = _spent(activity.work, as_of, prices)
    plan = activity.plan
    budget, is_dated = plan.budget, plan.is_dated
    planned = planned_value(plan, calendar, as_of)
    is_effort = activity.rule is Rule.LEVEL_OF_EFFORT
    earned = planned if is_effort else _earned(activity, hours, installed, as_of)
    rate = project_rate if activity.planned_rate is None else activity.planned_rate
    return (
        budget,
        planned,
        earned,
        hours,
        earned if is_dated else 0,
        0 if is_dated else budget,
        budget if is_effort and is_dated else 0,
        activity.unbaselined,
        unrated,
        *(_UNPRICED if rate is None else _costs((budget, planned, earned), rate, prices)),
        cost,
        int(rate is None and budget > 0),
    )


def _spent(rows: Iterable[Booking], as_of: date, prices: Prices) -> tuple[int, int, int, Decimal]:
    """Hours, their cost, hours without a rate, and quantity of the rows up to ``as_of``.

    A million rows pass here, so nothing is called that need not be.
    """
    hours = cost = unrated = 0
    quantity = _ZERO
    for row in rows:
        if row.day <= as_of:
            spent = row.hours
            hours += spent
            rate = row.rate
            if rate is None:
                unrated += spent
            else:
                try:
                    cost += spent * prices[rate]
                except KeyError:
                    cost += _costs((spent,), rate, prices)[0]
            if row.quantity is not None:
                quantity += row.quantity
    return hours, cost, unrated, quantity


def _costs(hours: Iterable[int], rate: Decimal, prices: Prices) -> list[int]:
    """Hours in millionths at a rate whose price is remembered from now on."""
    each = prices.get(rate) or price(rate)
    if each is None:
        return [money(amount, rate) for amount in hours]
    prices[rate] = each
    return [amount * each for amount in hours]


def _earned(activity: Activity, hours: int, installed: Decimal, as_of: date) -> int:
    """EV at ``as_of``: without measurements the sums tell, with them the days do."""
    budget, rule, quantity, steps = activity.plan.budget, activity.rule, activity.quantity, activity.milestones
    if not activity.measurements:
        return earned_by_sums(budget, rule, quantity, steps, hours, installed)
    work = [DayWork(row.day, row.hours, row.quantity or Decimal(0)) for row in activity.work if row.day <= as_of]
    field = [row for row in activity.measurements if row.day <= as_of]
    series = earned_series(budget, rule, quantity, steps, work, field)
    return series[-1][1] if series else 0


def _totals(sums: _Sums) -> Totals:
    found = Totals._make(sums[:-1])
    return found._replace(money_bac=None, money_pv=None, money_ev=None) if sums[-1] else found
