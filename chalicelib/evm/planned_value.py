"""Planned value: a budget spread evenly over the working days of a plan."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from chalicelib.evm.calendar import WorkCalendar


@dataclass(frozen=True, slots=True)
class Plan:
    """A budget in millionths of an hour and its baseline dates, both included."""

    budget: int
    start: date | None = None
    finish: date | None = None


@dataclass(frozen=True, slots=True)
class SlopeChange:
    """From ``day`` on, ``slope`` more per working day; ``lump`` once, on that day."""

    day: date
    slope: int
    lump: int


def planned_value(plan: Plan, calendar: WorkCalendar, as_of: date) -> int:
    """PV to the end of ``as_of``, in the unit of the budget.

    Each working day takes ``budget // days``, the last one the remainder as well. A plan without a
    working day takes its whole budget on its finish; one without both dates is never planned.
    """
    if plan.start is None or plan.finish is None:
        return 0
    days = calendar.working_days(plan.start, plan.finish)
    elapsed = calendar.working_days(plan.start, min(as_of, plan.finish))
    if days == 0:
        return plan.budget if as_of >= plan.finish else 0
    return plan.budget if elapsed == days else elapsed * (plan.budget // days)


def slope_changes(plan: Plan, calendar: WorkCalendar) -> tuple[SlopeChange, ...]:
    """The plan as changes of its daily slope, which add up over any number of plans.

    The slope ends on the day after the last working day; the remainder is a lump on that last day.
    """
    if plan.start is None or plan.finish is None:
        return ()
    last = calendar.last_working_day(plan.start, plan.finish)
    if last is None:
        return _without_zeros(SlopeChange(plan.finish, 0, plan.budget))
    slope, rest = divmod(plan.budget, calendar.working_days(plan.start, plan.finish))
    begin, remainder = SlopeChange(plan.start, slope, 0), SlopeChange(last, 0, rest)
    if last == date.max:  # no day comes after it, so nothing has to end
        return _without_zeros(begin, remainder)
    return _without_zeros(begin, remainder, SlopeChange(last + timedelta(days=1), -slope, 0))


def planned_from_changes(changes: Iterable[SlopeChange], calendar: WorkCalendar, as_of: date) -> int:
    """PV to the end of ``as_of`` of all the plans whose changes are given, in any order."""
    return sum(
        change.slope * calendar.working_days(change.day, as_of) + change.lump
        for change in changes
        if change.day <= as_of
    )


def planned_on_days(changes: Iterable[SlopeChange], calendar: WorkCalendar, days: Sequence[date]) -> tuple[int, ...]:
    """``planned_from_changes`` on each of the ascending ``days``, in one pass over the changes."""
    waiting = sorted(changes, key=lambda change: change.day, reverse=True)
    total = slope = 0
    counted_to: date | None = None
    values = []
    for day in days:
        if counted_to is not None:
            total += slope * _days_after(calendar, counted_to, day)
        while waiting and waiting[-1].day <= day:
            change = waiting.pop()
            total += change.slope * calendar.working_days(change.day, day) + change.lump
            slope += change.slope
        values.append(total)
        counted_to = day
    return tuple(values)


def _days_after(calendar: WorkCalendar, day: date, last: date) -> int:
    return calendar.working_days(day, last) - calendar.working_days(day, day)


def _without_zeros(*changes: SlopeChange) -> tuple[SlopeChange, ...]:
    return tuple(change for change in changes if change.slope or change.lump)
