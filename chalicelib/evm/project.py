"""The sums of any set of activities from their source rows: bookings, measurements and plans."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from chalicelib.evm.amounts import money
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import DayWork, Measurement, Milestone, Rule, earned_series
from chalicelib.evm.figures import Node
from chalicelib.evm.planned_value import Plan, slope_changes
from chalicelib.evm.sums import Budgets, Deltas, Spent, Sums, added, cut, merged, priced

PROJECT = ""
"""The key of the project's own sums."""

NO_PLAN = Plan(0)


@dataclass(frozen=True, slots=True)
class Booking:
    """One approved entry: its hours in millionths, its kept rate and the quantity it installed."""

    day: date
    hours: int
    rate: Decimal | None = None
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """A level-4 node; ``ancestors`` are the ids above it from the top, without its own.

    ``plan`` is that of the chosen baseline; ``unbaselined`` the budget (in millionths) that the
    activity has now when that baseline does not hold it.
    """

    id: str
    ancestors: tuple[str, ...]
    plan: Plan
    rule: Rule
    quantity: Decimal | None = None
    milestones: tuple[Milestone, ...] = ()
    planned_rate: Decimal | None = None
    work: tuple[Booking, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    unbaselined: int = 0


def rebased(activity: Activity, baseline: Mapping[str, Plan]) -> Activity:
    """The activity with its budget and dates in a baseline, by id; without a row there its budget is 0."""
    if activity.id in baseline:
        return replace(activity, plan=baseline[activity.id])
    return replace(activity, plan=NO_PLAN, unbaselined=activity.plan.budget)


def activity_sums(activity: Activity, calendar: WorkCalendar) -> Sums:
    """What one activity adds to the sums of every node above it, in millionths of an hour."""
    plan, changes = activity.plan, slope_changes(activity.plan, calendar)
    if activity.rule is Rule.LEVEL_OF_EFFORT:
        budgets = Budgets(effort=plan.budget) if plan.is_dated else Budgets(undated=plan.budget)
        return Sums(budgets, effort=changes)
    earned = _changes(activity)
    if plan.is_dated:
        return Sums(Budgets(discrete=plan.budget), planned=changes, earned=earned)
    return Sums(Budgets(undated=plan.budget), undated=earned)


def node(
    activities: Iterable[Activity], calendar: WorkCalendar, as_of: date, project_rate: Decimal | None = None
) -> Node:
    """The sums at ``as_of`` of the activities below a node; ``calendar`` is that of their plans.

    An activity's own planned rate goes before ``project_rate``.
    """
    return _whole([_part(activity, calendar, as_of, project_rate) for activity in activities], calendar, as_of)


def every_node(
    activities: Iterable[Activity], calendar: WorkCalendar, as_of: date, project_rate: Decimal | None = None
) -> dict[str, Node]:
    """:func:`node` of every activity, of everything above it, and of the whole project (key "")."""
    below: defaultdict[str, list[_Part]] = defaultdict(list, {PROJECT: []})
    for activity in activities:
        part = _part(activity, calendar, as_of, project_rate)
        for name in (activity.id, *activity.ancestors, PROJECT):
            below[name].append(part)
    return {name: _whole(parts, calendar, as_of) for name, parts in below.items()}


@dataclass(frozen=True, slots=True)
class _Part:
    """What one activity adds to every node above it; ``money`` is None for want of a planned rate."""

    hours: Sums
    money: Sums | None
    spent: Spent
    unbaselined: int


def _part(activity: Activity, calendar: WorkCalendar, as_of: date, project_rate: Decimal | None) -> _Part:
    hours = activity_sums(activity, calendar)
    return _Part(
        hours,
        _money(activity, hours, project_rate),
        spent(row for row in activity.work if row.day <= as_of),
        activity.unbaselined,
    )


def _money(activity: Activity, hours: Sums, project_rate: Decimal | None) -> Sums | None:
    rate = project_rate if activity.planned_rate is None else activity.planned_rate
    if not activity.plan.budget:
        return hours  # nothing to price, so nothing is wanting; its dates are the plan's all the same
    return None if rate is None else priced(hours, rate)


def _whole(parts: Sequence[_Part], calendar: WorkCalendar, as_of: date) -> Node:
    rated = [part.money for part in parts if part.money is not None]
    return Node(
        as_of=as_of,
        hours=cut(added(*(part.hours for part in parts)), calendar, as_of),
        money=cut(added(*rated), calendar, as_of) if len(rated) == len(parts) else None,
        spent=Spent(
            sum(part.spent.hours for part in parts),
            sum(part.spent.money for part in parts),
            sum(part.spent.unrated for part in parts),
        ),
        unbaselined=sum(part.unbaselined for part in parts),
    )


def spent(rows: Iterable[Booking]) -> Spent:
    """AC of the rows, in hours and in money at the rates they keep."""
    hours = cost = unrated = 0
    for row in rows:
        hours += row.hours
        if row.rate is None:
            unrated += row.hours
        else:
            cost += money(row.hours, row.rate)
    return Spent(hours, cost, unrated)


def spent_by_day(rows: Iterable[Booking]) -> Deltas:
    """The hours of the rows by day."""
    return merged((row.day, row.hours) for row in rows)


def _changes(activity: Activity) -> Deltas:
    work = [DayWork(row.day, row.hours, row.quantity or Decimal(0)) for row in activity.work]
    series = earned_series(
        activity.plan.budget, activity.rule, activity.quantity, activity.milestones, work, activity.measurements
    )
    before = [0, *(value for _, value in series)]
    return [(day, value - earlier) for (day, value), earlier in zip(series, before, strict=False)]
