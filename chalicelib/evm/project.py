"""A whole project from its source rows, the plain way: the oracle for the incremental sums.

It walks every day and every row and shares no rule with the rest of the package, so that a mistake
there shows as a difference here. It is right before it is fast.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from chalicelib.evm.amounts import half_up, money
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import Measurement, Milestone, Rule
from chalicelib.evm.planned_value import Plan

PROJECT = ""
"""The key of the project's own totals."""


@dataclass(frozen=True, slots=True)
class Booking:
    """One approved entry: its hours in millionths, its kept rate and the quantity it installed."""

    day: date
    hours: int
    rate: Decimal | None = None
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """A level-4 node; ``ancestors`` are the ids above it from the top, without its own."""

    id: str
    ancestors: tuple[str, ...]
    plan: Plan
    rule: Rule
    quantity: Decimal | None = None
    milestones: tuple[Milestone, ...] = ()
    planned_rate: Decimal | None = None
    work: tuple[Booking, ...] = ()
    measurements: tuple[Measurement, ...] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    """Hours in millionths; money in units of 1e-8, None where a budgeted activity has no rate."""

    bac: int = 0
    pv: int = 0
    ev: int = 0
    ac: int = 0
    unrated_hours: int = 0
    money_bac: int | None = 0
    money_pv: int | None = 0
    money_ev: int | None = 0
    money_ac: int = 0


def calculate(
    activities: tuple[Activity, ...] | list[Activity],
    calendar: WorkCalendar,
    as_of: date,
    project_rate: Decimal | None = None,
) -> dict[str, Totals]:
    """The totals at ``as_of`` of every activity, everything above it, and the project (key "").

    Upper levels add up what is below. An activity's own planned rate goes before ``project_rate``.
    """
    totals = {PROJECT: Totals()}
    for activity in activities:
        own = _totals(activity, calendar, as_of, project_rate)
        for node in (activity.id, *activity.ancestors, PROJECT):
            totals[node] = _sum(totals.get(node, Totals()), own)
    return totals


def _totals(activity: Activity, calendar: WorkCalendar, as_of: date, project_rate: Decimal | None) -> Totals:
    planned = _planned(activity.plan, calendar, as_of)
    earned = planned
    if activity.rule is not Rule.LEVEL_OF_EFFORT:
        earned = half_up(_percent(activity, as_of) * activity.plan.budget)
    totals = _spent(activity, as_of)
    totals = replace(totals, bac=activity.plan.budget, pv=planned, ev=earned)
    rate = activity.planned_rate if activity.planned_rate is not None else project_rate
    if activity.plan.budget == 0:
        return totals
    if rate is None:
        return replace(totals, money_bac=None, money_pv=None, money_ev=None)
    return replace(
        totals,
        money_bac=money(totals.bac, rate),
        money_pv=money(totals.pv, rate),
        money_ev=money(totals.ev, rate),
    )


def _planned(plan: Plan, calendar: WorkCalendar, as_of: date) -> int:
    """Day by day: an even share of the budget, and the remainder on the last working day."""
    if plan.start is None or plan.finish is None:
        return 0
    worked = []
    day = plan.start
    while day <= plan.finish:
        if calendar.is_working(day):
            worked.append(day)
        day += timedelta(days=1)
    if not worked:
        return plan.budget if plan.finish <= as_of else 0
    share = plan.budget // len(worked)
    shares = [(day, share) for day in worked[:-1]]
    shares.append((worked[-1], plan.budget - share * (len(worked) - 1)))
    return sum(amount for day, amount in shares if day <= as_of)


def _spent(activity: Activity, as_of: date) -> Totals:
    hours = unrated = cost = 0
    for row in activity.work:
        if row.day > as_of:
            continue
        hours += row.hours
        if row.rate is None:
            unrated += row.hours
        else:
            cost += money(row.hours, row.rate)
    return Totals(ac=hours, unrated_hours=unrated, money_ac=cost)


def _percent(activity: Activity, as_of: date) -> Fraction:
    quantity = activity.quantity if activity.quantity else None
    installed = _installed(activity, as_of)
    if activity.rule is Rule.UNITS:
        if quantity is None:
            return Fraction(0)
        return min(Fraction(1), Fraction(installed) / Fraction(quantity))
    if activity.rule is Rule.MILESTONES:
        return _milestones(activity, as_of)
    entered = _entered(activity, as_of)
    if activity.rule is Rule.PERCENT:
        return entered
    if entered == 1 or (quantity is not None and installed >= quantity):
        return Fraction(1)
    if activity.rule is Rule.FIFTY_FIFTY and _begun(activity, as_of):
        return Fraction(1, 2)
    return Fraction(0)


def _installed(activity: Activity, as_of: date) -> Decimal:
    """The last total measured, and the quantities of all later days."""
    last: Measurement | None = None
    for row in activity.measurements:
        if row.day > as_of or row.installed_quantity is None:
            continue
        if last is None or row.day >= last.day:
            last = row
    total = Decimal(0)
    if last is not None and last.installed_quantity is not None:
        total = last.installed_quantity
    for booking in activity.work:
        if booking.day <= as_of and (last is None or booking.day > last.day):
            total += booking.quantity or Decimal(0)
    return total if total > 0 else Decimal(0)


def _entered(activity: Activity, as_of: date) -> Fraction:
    """The percent last entered, between 0 and 1."""
    last_day, percent = date.min, Decimal(0)
    for row in activity.measurements:
        if row.percent_complete is not None and last_day <= row.day <= as_of:
            last_day, percent = row.day, row.percent_complete
    return Fraction(min(max(percent, Decimal(0)), Decimal(1)))


def _milestones(activity: Activity, as_of: date) -> Fraction:
    reached = {row.milestone for row in activity.measurements if row.day <= as_of}
    weights = [Fraction(step.weight) for step in activity.milestones if step.name in reached]
    return min(sum(weights, start=Fraction(0)), Fraction(1))


def _begun(activity: Activity, as_of: date) -> bool:
    """An approved hour, or a measurement above 0 that no later one of its day replaced."""
    if any(row.hours > 0 and row.day <= as_of for row in activity.work):
        return True
    totals, percents = {}, {}
    for row in activity.measurements:
        if row.day <= as_of and row.installed_quantity is not None:
            totals[row.day] = row.installed_quantity
        if row.day <= as_of and row.percent_complete is not None:
            percents[row.day] = row.percent_complete
    return any(value > 0 for value in [*totals.values(), *percents.values()])


def _sum(left: Totals, right: Totals) -> Totals:
    return Totals(
        bac=left.bac + right.bac,
        pv=left.pv + right.pv,
        ev=left.ev + right.ev,
        ac=left.ac + right.ac,
        unrated_hours=left.unrated_hours + right.unrated_hours,
        money_bac=_both(left.money_bac, right.money_bac),
        money_pv=_both(left.money_pv, right.money_pv),
        money_ev=_both(left.money_ev, right.money_ev),
        money_ac=left.money_ac + right.money_ac,
    )


def _both(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right
