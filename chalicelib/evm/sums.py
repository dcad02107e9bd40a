"""What the activities below a node add up to: dated sums, and the same cut at a date.

Three kinds of work are summed apart, because the figures compare them differently:

* *discrete* work has both baseline dates and earns by a rule of its own: it is in everything;
* *effort* (level of effort) earns what is planned: it is in PV and EV, and not in ES, SV(t), SPI(t);
* *undated* work lacks a date, so it has no PV: its budget is in BAC, its EV in EV and not in ``ev_dated``.

Every amount is a whole number of one unit: millionths of an hour, or 1e-8 of money.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from chalicelib.evm.amounts import money
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earned_schedule import Schedule
from chalicelib.evm.planned_value import PlannedCurve, SlopeChange

Deltas = Sequence[tuple[date, int]]
"""Changes of a cumulative amount by day, in order of the days."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """BAC by kind of work."""

    discrete: int = 0
    effort: int = 0
    undated: int = 0


@dataclass(frozen=True, slots=True)
class Sums:
    """The planned and earned value of a node in one unit and one plan, day by day.

    ``planned`` and ``effort`` are the slope changes of discrete work and of level of effort;
    ``earned`` and ``undated`` the changes of the EV of discrete and of undated work.
    """

    budgets: Budgets = Budgets()
    planned: Sequence[SlopeChange] = ()
    effort: Sequence[SlopeChange] = ()
    earned: Deltas = ()
    undated: Deltas = ()


@dataclass(frozen=True, slots=True)
class Cut:
    """The same at the end of a date: ``effort`` and ``undated`` are what those earned by then.

    ``pv`` is that of discrete work; what of it is earned lies in ``schedule``.
    """

    budgets: Budgets
    pv: int
    effort: int
    undated: int
    schedule: Schedule

    @property
    def bac(self) -> int:
        """The budget of all work."""
        return self.budgets.discrete + self.budgets.effort + self.budgets.undated

    @property
    def planned_value(self) -> int:
        """PV: discrete work and level of effort."""
        return self.pv + self.effort

    @property
    def earned_value(self) -> int:
        """EV of all work."""
        return self.ev_dated + self.undated

    @property
    def ev_dated(self) -> int:
        """EV of the work that has dates."""
        return self.schedule.ev + self.effort


@dataclass(frozen=True, slots=True)
class Spent:
    """Approved work up to a date: hours in millionths, the cost of those with a rate, those without."""

    hours: int = 0
    money: int = 0
    unrated: int = 0


def cut(sums: Sums, calendar: WorkCalendar, as_of: date) -> Cut:
    """``sums`` at the end of ``as_of``; nothing dated after it counts. ``calendar`` is the plan's."""
    planned = PlannedCurve(sums.planned, calendar)
    earned = up_to(sums.earned, as_of)
    return Cut(
        budgets=sums.budgets,
        pv=planned(as_of),
        effort=PlannedCurve(sums.effort, calendar)(as_of),
        undated=total(up_to(sums.undated, as_of)),
        schedule=Schedule(
            start=planned.start,
            finish=planned.finish,
            bac=sums.budgets.discrete,
            ev=total(earned),
            changed=last_change(earned),
            planned=planned,
            calendar=calendar,
        ),
    )


def added(*parts: Sums) -> Sums:
    """Several sums of one unit as one: a level above adds up what is below."""
    return Sums(
        budgets=Budgets(
            sum(part.budgets.discrete for part in parts),
            sum(part.budgets.effort for part in parts),
            sum(part.budgets.undated for part in parts),
        ),
        planned=[change for part in parts for change in part.planned],
        effort=[change for part in parts for change in part.effort],
        earned=merged(*(part.earned for part in parts)),
        undated=merged(*(part.undated for part in parts)),
    )


def priced(sums: Sums, rate: Decimal) -> Sums:
    """Hours at a planned rate; exact at any level for a rate to 0.01, as nothing is rounded then."""

    def at_rate(deltas: Deltas) -> Deltas:
        return [(day, money(amount, rate)) for day, amount in deltas]

    def changes(slopes: Sequence[SlopeChange]) -> Sequence[SlopeChange]:
        return [replace(each, slope=money(each.slope, rate), lump=money(each.lump, rate)) for each in slopes]

    budgets = sums.budgets
    return Sums(
        budgets=Budgets(money(budgets.discrete, rate), money(budgets.effort, rate), money(budgets.undated, rate)),
        planned=changes(sums.planned),
        effort=changes(sums.effort),
        earned=at_rate(sums.earned),
        undated=at_rate(sums.undated),
    )


def up_to(deltas: Deltas, as_of: date) -> Deltas:
    """The changes dated on or before ``as_of``."""
    return [(day, amount) for day, amount in deltas if day <= as_of]


def total(deltas: Deltas) -> int:
    """What the changes add up to."""
    return sum(amount for _, amount in deltas)


def last_change(deltas: Deltas) -> date | None:
    """The last day on which the amount really changed."""
    return next((day for day, amount in reversed(deltas) if amount), None)


def merged(*parts: Iterable[tuple[date, int]]) -> Deltas:
    """The changes of several, one for each day, in order; days that add up to nothing are left out."""
    days: dict[date, int] = {}
    for part in parts:
        for day, amount in part:
            days[day] = days.get(day, 0) + amount
    return [(day, amount) for day, amount in sorted(days.items()) if amount]
