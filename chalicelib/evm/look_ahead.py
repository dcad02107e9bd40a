"""The look-ahead: which activities are due in the coming weeks, and when each will be done at its pace."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Literal

from chalicelib.evm import reasons
from chalicelib.evm.amounts import MICRO, rounded
from chalicelib.evm.calendar import NoSuchDay, WorkCalendar
from chalicelib.evm.metrics import AMOUNT_PLACES, RATIO_PLACES
from chalicelib.evm.planned_value import Plan

Flag = Literal["green", "amber", "red"]

AVERAGED_DAYS = 14
RED_BELOW = Fraction(85, 100)


@dataclass(frozen=True, slots=True)
class Progress:
    """An activity at the end of as-of, hours in millionths.

    ``recent`` are its approved hours of the last fourteen days, as-of included. Level of effort goes
    by the calendar: its pace is its plan.
    """

    plan: Plan
    pv: int
    ev: int
    recent: int
    is_effort: bool = False

    @property
    def is_finished(self) -> bool:
        """Whether there is nothing left to earn."""
        return self.ev >= self.plan.budget


@dataclass(frozen=True, slots=True)
class Outlook:
    """When an activity will be done. ``projected_finish`` and ``spi`` are None with a code in ``reasons``.

    ``remaining_hours`` is what is left to earn and ``daily_hours`` the pace, hours a working day.
    """

    remaining_hours: Decimal
    daily_hours: Decimal
    projected_finish: date | None
    spi: Decimal | None
    flag: Flag
    reasons: dict[str, str]


def first_averaged_day(as_of: date) -> date:
    """The first of the fourteen days whose approved hours make the pace."""
    return as_of - timedelta(days=AVERAGED_DAYS - 1)


def is_due(activity: Progress, as_of: date, weeks: int) -> bool:
    """Whether it is not finished and starts or runs from as-of to so many weeks later.

    Late work still runs. Work without both dates is due while people work on it.
    """
    if activity.is_finished:
        return False
    if activity.plan.start is None or activity.plan.finish is None:
        return activity.recent > 0
    return (activity.plan.start - as_of).days <= 7 * weeks


def outlook(activity: Progress, calendar: WorkCalendar, as_of: date) -> Outlook:
    """Projected finish = remaining hours / rolling 14-day average of approved hours, on working days.

    The average is per working day of the fourteen; a part of a working day counts as a whole one, from
    the first working day after as-of.
    """
    remaining, pace = activity.plan.budget - activity.ev, _pace(activity, calendar, as_of)
    finish, reason = _projected(activity, remaining, pace, calendar, as_of)
    spi = Fraction(activity.ev, activity.pv) if activity.pv else None
    why = {} if spi is not None else {"spi": reasons.NO_PLANNED_VALUE}
    return Outlook(
        remaining_hours=rounded(Fraction(remaining, MICRO), AMOUNT_PLACES),
        daily_hours=rounded((pace or 0) / Fraction(MICRO), AMOUNT_PLACES),
        projected_finish=finish,
        spi=None if spi is None else rounded(spi, RATIO_PLACES),
        flag=_flag(activity.plan.finish, finish or as_of, spi),
        reasons=why | ({"projected_finish": reason} if reason else {}),
    )


def _pace(activity: Progress, calendar: WorkCalendar, as_of: date) -> Fraction | None:
    """Approved hours a working day over the fourteen days; None where none of them is worked."""
    days = calendar.working_days(first_averaged_day(as_of), as_of)
    return Fraction(activity.recent, days) if days else None


def _projected(
    activity: Progress, remaining: int, pace: Fraction | None, calendar: WorkCalendar, as_of: date
) -> tuple[date | None, str | None]:
    if activity.is_effort:
        return activity.plan.finish, None if activity.plan.finish else reasons.NO_BASELINE
    if pace is None or not activity.recent:
        return None, reasons.NO_RECENT_HOURS if pace is not None else reasons.NO_WORKING_DAYS
    try:
        return calendar.add_working_days(as_of + timedelta(days=1), max(ceil(remaining / pace), 1)), None
    except (NoSuchDay, OverflowError):
        return None, reasons.BEYOND_DATES


def _flag(baseline_finish: date | None, finish: date, spi: Fraction | None) -> Flag:
    """Red below SPI 0.85, amber after the baseline finish; work that is late is so without a projection too."""
    if spi is not None and spi < RED_BELOW:
        return "red"
    return "amber" if baseline_finish is not None and finish > baseline_finish else "green"
