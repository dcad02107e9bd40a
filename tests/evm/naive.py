"""Every figure from the source rows, the plain way: the oracle for the engine and the stored sums.

It walks every day and every row. Of `chalicelib.evm` it uses the values that hold the rows (activities,
plans, measurements) and no rule, no arithmetic and no calendar, so that a mistake there shows as a
difference here. It is right before it is fast.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor

from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import Measurement, Rule
from chalicelib.evm.planned_value import Plan
from chalicelib.evm.project import PROJECT, Activity


@dataclass(frozen=True, slots=True)
class Totals:
    """Hours in millionths; money in units of 1e-8, None where a budgeted activity has no rate."""

    bac: int = 0
    pv: int = 0
    ev: int = 0
    ac: int = 0
    ev_dated: int = 0
    undated: int = 0
    effort: int = 0
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


@dataclass(frozen=True, slots=True)
class Time:
    """ES, AT, SPI(t) and the forecast finish of discrete work, None where there is none."""

    es: Fraction | None
    at: int
    spi_t: Fraction | None
    finish: date | None


def time_figures(activities: list[Activity], calendar: WorkCalendar, as_of: date) -> Time:
    """Walk the working days of the discrete work from its first to its last baseline day."""
    discrete = [each for each in activities if _is_discrete(each)]
    budget = sum(each.plan.budget for each in discrete)
    if not discrete:
        return Time(None, 0, None, None)
    start = min(each.plan.start for each in discrete if each.plan.start)
    finish = max(each.plan.finish for each in discrete if each.plan.finish)
    worked = [day for day in _walk(start, finish) if _is_working(calendar, day)]
    finished = _day_finished(discrete, budget, as_of)
    if not worked or not budget:
        return Time(None, 0, None, finished)
    at = sum(1 for day in _walk(start, finished or as_of) if _is_working(calendar, day))
    planned = [0, *(sum(_planned(each.plan, calendar, day) for each in discrete) for day in worked[:-1]), budget]
    ev = sum(_earned(each, as_of) for each in discrete)
    es = _time_of(planned, ev, at)
    spi_t = es / at if at else None
    if finished is None and ev and spi_t:
        return Time(es, at, spi_t, _forecast(calendar, start, len(worked) / spi_t, 4 * len(worked), as_of))
    return Time(es, at, spi_t, finished)


def _is_discrete(activity: Activity) -> bool:
    return activity.rule is not Rule.LEVEL_OF_EFFORT and None not in (activity.plan.start, activity.plan.finish)


def _day_finished(discrete: list[Activity], budget: int, as_of: date) -> date | None:
    """The first day since which EV has been BAC without a break up to as-of."""
    days = {row.day for each in discrete for row in (*each.work, *each.measurements) if row.day <= as_of}
    finished = None
    for day in sorted(days, reverse=True):
        if not budget or sum(_earned(each, day) for each in discrete) < budget:
            break
        finished = day
    return finished


def _time_of(planned: list[int], ev: int, at: int) -> Fraction:
    """Of all times at which PV is ``ev`` the one nearest to ``at``; the end when it never is."""
    equal = [n for n, value in enumerate(planned) if value == ev]
    if equal:
        return Fraction(min(max(at, equal[0]), equal[-1]))
    for n in range(len(planned) - 1):
        if planned[n] < ev < planned[n + 1]:
            return n + Fraction(ev - planned[n], planned[n + 1] - planned[n])
    raise AssertionError("EV of dated work lies between 0 and its budget")


def _forecast(calendar: WorkCalendar, start: date, needed: Fraction, most: int, as_of: date) -> date | None:
    """The day on which the last part of ``needed`` working days is worked."""
    if needed > most:
        return None
    day, left = start, needed
    while True:
        left -= _is_working(calendar, day)
        if left <= 0:
            return max(day, as_of)
        day += timedelta(days=1)


def _walk(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _is_working(calendar: WorkCalendar, day: date) -> bool:
    return day.isoweekday() in calendar.weekdays and day not in calendar.holidays


def _half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2)) if value >= 0 else -floor(-value + Fraction(1, 2))


def _money(hours: int, rate: Decimal) -> int:
    return _half_up(hours * Fraction(rate) * 100)


def _earned(activity: Activity, as_of: date) -> int:
    return _half_up(percent(activity, as_of) * activity.plan.budget)


def _totals(activity: Activity, calendar: WorkCalendar, as_of: date, project_rate: Decimal | None) -> Totals:
    plan = activity.plan
    dated = plan.start is not None and plan.finish is not None
    planned = _planned(plan, calendar, as_of)
    effort = activity.rule is Rule.LEVEL_OF_EFFORT
    earned = planned if effort else _earned(activity, as_of)
    totals = replace(
        _spent(activity, as_of),
        bac=plan.budget,
        pv=planned,
        ev=earned,
        ev_dated=earned if dated else 0,
        undated=0 if dated else plan.budget,
        effort=plan.budget if dated and effort else 0,
    )
    rate = activity.planned_rate if activity.planned_rate is not None else project_rate
    if plan.budget == 0:
        return totals
    if rate is None:
        return replace(totals, money_bac=None, money_pv=None, money_ev=None)
    return replace(
        totals,
        money_bac=_money(totals.bac, rate),
        money_pv=_money(totals.pv, rate),
        money_ev=_money(totals.ev, rate),
    )


def _planned(plan: Plan, calendar: WorkCalendar, as_of: date) -> int:
    """Day by day: an even share of the budget, and the remainder on the last working day."""
    if plan.start is None or plan.finish is None:
        return 0
    worked = []
    day = plan.start
    while day <= plan.finish:
        if _is_working(calendar, day):
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
            cost += _money(row.hours, row.rate)
    return Totals(ac=hours, unrated_hours=unrated, money_ac=cost)


def percent(activity: Activity, as_of: date) -> Fraction:
    """How far the field says the activity is, from 0 to 1."""
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
        ev_dated=left.ev_dated + right.ev_dated,
        undated=left.undated + right.undated,
        effort=left.effort + right.effort,
        unrated_hours=left.unrated_hours + right.unrated_hours,
        money_bac=_both(left.money_bac, right.money_bac),
        money_pv=_both(left.money_pv, right.money_pv),
        money_ev=_both(left.money_ev, right.money_ev),
        money_ac=left.money_ac + right.money_ac,
    )


def _both(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right
