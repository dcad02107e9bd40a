"""Planned value: a budget spread evenly over the working days of a plan."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate

from chalicelib.evm.calendar import WorkCalendar


@dataclass(frozen=True, slots=True)
class Plan:
    """A budget in millionths of an hour and its baseline dates, both included."""

    budget: int
    start: date | None = None
    finish: date | None = None

    @property
    def is_dated(self) -> bool:
        """Whether it has both dates; without them nothing is ever planned."""
        return self.start is not None and self.finish is not None


@dataclass(frozen=True, slots=True)
class SlopeChange:
    """From ``day`` on, ``slope`` more per working day; ``lump`` once, on that day.

    ``starts`` and ``finishes`` count the plans whose baseline starts or finishes on that day, so
    that the first and the last day of any number of plans come from the same sums.
    """

    day: date
    slope: int = 0
    lump: int = 0
    starts: int = 0
    finishes: int = 0


def planned_value(plan: Plan, calendar: WorkCalendar, as_of: date) -> int:
    """PV to the end of ``as_of``, in the unit of the budget.

    Each working day takes ``budget // days``, the last one the remainder as well. A plan without a
    working day takes its whole budget on its finish; one without both dates is never planned.
    """
    if plan.start is None or plan.finish is None:
        return 0
    if as_of >= plan.finish:
        return plan.budget
    elapsed = calendar.working_days(plan.start, as_of)
    if elapsed == 0:
        return 0
    days = calendar.working_days(plan.start, plan.finish)
    return plan.budget if elapsed == days else elapsed * (plan.budget // days)


def slope_changes(plan: Plan, calendar: WorkCalendar) -> tuple[SlopeChange, ...]:
    """The plan as changes of its daily slope, which add up over any number of plans.

    The slope ends on the day after the last working day; the remainder is a lump on that last day.
    """
    if plan.start is None or plan.finish is None:
        return ()
    start, finish = SlopeChange(plan.start, starts=1), SlopeChange(plan.finish, finishes=1)
    last = calendar.last_working_day(plan.start, plan.finish)
    if last is None:
        return start, replace(finish, lump=plan.budget)
    slope, rest = divmod(plan.budget, calendar.working_days(plan.start, plan.finish))
    spread = [SlopeChange(last, lump=rest)] if rest else []
    if slope and last < date.max:  # after the last of all days nothing has to end
        spread.append(SlopeChange(last + timedelta(days=1), -slope))
    return replace(start, slope=slope), *spread, finish


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


class PlannedCurve:
    """The planned value of any number of plans, asked for day by day at the cost of a search."""

    def __init__(self, changes: Iterable[SlopeChange], calendar: WorkCalendar) -> None:
        """``changes`` in any order, of plans that all follow ``calendar``."""
        ordered = sorted(changes, key=lambda change: change.day)
        before = (calendar.worked_to(change.day) - calendar.is_working(change.day) for change in ordered)
        offsets = (change.lump - change.slope * index for change, index in zip(ordered, before, strict=True))
        self._days = [change.day for change in ordered]
        self._slopes = list(accumulate((change.slope for change in ordered), initial=0))
        self._offsets = list(accumulate(offsets, initial=0))
        self._calendar = calendar
        self.start: date | None = next((change.day for change in ordered if change.starts), None)
        self.finish: date | None = next((change.day for change in reversed(ordered) if change.finishes), None)

    def __call__(self, day: date) -> int:
        """PV to the end of ``day``, in the unit of the changes."""
        position = bisect_right(self._days, day)
        return self._slopes[position] * self._calendar.worked_to(day) + self._offsets[position]


def _days_after(calendar: WorkCalendar, day: date, last: date) -> int:
    return calendar.working_days(day, last) - calendar.working_days(day, day)
