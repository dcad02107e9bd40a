"""What an activity adds to the sums of every node above it: whole numbers that only need adding.

Hours are millionths of an hour, money 1e-8 of the currency. ``*_money`` is priced at the
activity's own planned rate; ``*_plain`` are hours of activities without one, priced at the
project's rate when read. ``slope`` and ``lump`` are the changes of planned value of
:mod:`chalicelib.evm.planned_value`; ``effort_*`` the same for level-of-effort activities, whose
earned value is their planned value and is added when read.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from msgspec import Struct

from chalicelib.evm.amounts import micro_hours, money
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import DayWork, Measurement, Milestone, Rule, earned_series
from chalicelib.evm.planned_value import Plan, slope_changes
from chalicelib.projects.rows import Project
from chalicelib.tree.rows import Node

Sums = dict[str, int]
TOTAL = "total"


class Spent(Struct, frozen=True):
    """Approved work of one activity on one date."""

    hours: int = 0
    money: int = 0
    unrated: int = 0
    quantity: Decimal = Decimal(0)


class Activity(Struct, frozen=True):
    """What of an activity its rollup depends on."""

    plan: Plan
    rule: Rule
    quantity: Decimal | None
    milestones: tuple[Milestone, ...]
    planned_rate: Decimal | None


def activity_of(node: Node) -> Activity:
    """A level-4 node as its rollup sees it."""
    milestones = tuple(Milestone(item["name"], Decimal(item["weight"])) for item in (node.milestones or []))
    plan = Plan(micro_hours(node.budget_hours or Decimal(0)), _date(node.baseline_start), _date(node.baseline_finish))
    rule = Rule(node.earning_rule or "percent")
    return Activity(plan, rule, node.quantity, milestones, node.planned_rate)


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def calendar_of(project: Project) -> WorkCalendar:
    """The project's working days."""
    return WorkCalendar(frozenset(project.working_days), frozenset(map(date.fromisoformat, project.holidays)))


def spent_on(bookings: Iterable[tuple[Decimal, Decimal | None, Decimal | None]]) -> Spent:
    """One cell from its source rows: (hours, rate, quantity) of each."""
    hours = cost = unrated = 0
    quantity = Decimal(0)
    for worked, rate, installed in bookings:
        micro = micro_hours(worked)
        hours += micro
        quantity += installed or Decimal(0)
        if rate is None:
            unrated += micro
        else:
            cost += money(micro, rate)
    return Spent(hours, cost, unrated, quantity)


def contributions(
    activity: Activity, calendar: WorkCalendar, spent: Mapping[date, Spent], measurements: tuple[Measurement, ...] = ()
) -> dict[str, Sums]:
    """Every sum of the activity by row: ``total`` and ``day#<date>``; zeros are left out."""
    rows: dict[str, Sums] = {TOTAL: _priced(activity, "bac", activity.plan.budget)}
    for day, cell in spent.items():
        _add(rows, day, {"ac": cell.hours, "ac_money": cell.money, "ac_unrated": cell.unrated})
    work = [DayWork(day, cell.hours, cell.quantity) for day, cell in sorted(spent.items())]
    before = 0
    for day, earned in earned_series(
        activity.plan.budget, activity.rule, activity.quantity, activity.milestones, work, measurements
    ):
        _add(rows, day, _priced(activity, "ev", earned - before))
        before = earned
    prefix = "effort_" if activity.rule is Rule.LEVEL_OF_EFFORT else ""
    for change in slope_changes(activity.plan, calendar):
        for name, value in (("slope", change.slope), ("lump", change.lump)):
            _add(rows, change.day, _priced(activity, name, value))
            if prefix:
                _add(rows, change.day, _priced(activity, prefix + name, value))
    return {key: kept for key, sums in rows.items() if (kept := {name: value for name, value in sums.items() if value})}


def _priced(activity: Activity, name: str, hours: int) -> Sums:
    if activity.planned_rate is None:
        return {name: hours, f"{name}_plain": hours}
    return {name: hours, f"{name}_money": money(hours, activity.planned_rate)}


def _add(rows: dict[str, Sums], day: date, sums: Sums) -> None:
    add_to(rows.setdefault(f"day#{day.isoformat()}", {}), sums)


def add_to(row: Sums, sums: Sums, sign: int = 1) -> None:
    """Add sums to those of a row, or with ``sign`` -1 take them away."""
    for name, value in sums.items():
        row[name] = row.get(name, 0) + sign * value
