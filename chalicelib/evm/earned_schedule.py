"""Earned schedule: when the value earned so far was planned to be earned, and what that forecasts.

Source: W. Lipke, "Schedule is Different", The Measurable News, 2003: ES = C + I, where C is the
number of periods whose cumulative PV is not above EV and I = (EV - PV(C)) / (PV(C+1) - PV(C)).
Where PV stands still there are many such times; the one nearest to now is taken.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil

from chalicelib.evm import reasons
from chalicelib.evm.amounts import Number, rounded
from chalicelib.evm.calendar import NoSuchDay, WorkCalendar

HORIZON = 3
"""A finish more than this many durations after the baseline finish is no forecast."""


@dataclass(frozen=True, slots=True)
class EarnedSchedule:
    """ES, SV(t) and IEAC(t) in periods, SPI(t) a ratio, all to 0.0001; None has a reason."""

    es: Decimal
    sv_t: Decimal
    spi_t: Decimal | None
    ieac_t: Decimal | None
    reason: str | None


def earned_schedule(pv: Sequence[Number], ev: Number, at: int, planned_duration: Number) -> EarnedSchedule:
    """ES at the end of period ``at`` from the cumulative PV of each period.

    SV(t) = ES - AT, SPI(t) = ES / AT, IEAC(t) = planned duration / SPI(t).
    """
    es = periods_earned(lambda period: pv[period - 1] if period else 0, len(pv), ev, at)
    spi_t = es / at if at else None
    ieac_t = Fraction(planned_duration) / spi_t if spi_t else None
    return EarnedSchedule(
        es=rounded(es, 4),
        sv_t=rounded(es - at, 4),
        spi_t=None if spi_t is None else rounded(spi_t, 4),
        ieac_t=None if ieac_t is None else rounded(ieac_t, 4),
        reason=None if ieac_t is not None else reasons.NOTHING_EARNED if at else reasons.NOT_STARTED,
    )


def periods_earned(pv_to: Callable[[int], Number], periods: int, ev: Number, at: int) -> Fraction:
    """ES in periods: the time at which PV was ``ev``, between 0 and ``periods``.

    ``pv_to(n)`` is PV at the end of period n, ``pv_to(0)`` before the first. Where PV stands still
    at ``ev``, ES is ``at``, held between the ends of that plateau: idle periods are no delay.
    """
    reached = _first(lambda period: pv_to(period) >= ev, periods)
    if reached > periods:
        return Fraction(periods)
    if pv_to(reached) == ev:
        left = _first(lambda period: pv_to(period) > ev, periods)
        return Fraction(min(max(at, reached), left - 1))
    if reached == 0:  # less than nothing was earned
        return Fraction(0)
    before, after = Fraction(pv_to(reached - 1)), Fraction(pv_to(reached))
    return reached - 1 + (Fraction(ev) - before) / (after - before)


def _first(holds: Callable[[int], bool], periods: int) -> int:
    """The first period from 0 for which ``holds``, or ``periods`` + 1; once true it stays so."""
    low, high = 0, periods + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


@dataclass(frozen=True, slots=True)
class Schedule:
    """The work whose earned value is compared with its plan in time, at the end of as-of.

    That is *discrete* work: it has both baseline dates and is no level of effort. ``start`` and
    ``finish`` are its first and last baseline day (None without such work), ``bac`` and ``ev`` its
    budget and what of it is earned, ``changed`` the last day up to as-of on which that EV changed,
    and ``planned`` its PV to the end of a day, all in one unit. ``calendar`` is the plan's.
    """

    start: date | None
    finish: date | None
    bac: int
    ev: int
    changed: date | None
    planned: Callable[[date], int]
    calendar: WorkCalendar

    @property
    def finished(self) -> date | None:
        """The day on which EV reached BAC, to stay there; None while there is work left."""
        return self.changed if self.bac and self.ev >= self.bac else None


@dataclass(frozen=True, slots=True)
class Timing:
    """How a schedule stands at as-of, exactly; ``es`` in working days since the baseline start.

    ``at`` is AT, ``duration`` the baseline duration. What is None has a code in ``reasons``, under
    the name of the figure; a forecast finish of finished work has the reason ``finished``.
    """

    duration: int = 0
    at: int = 0
    es: Fraction | None = None
    spi_t: Fraction | None = None
    forecast_finish: date | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def sv_t(self) -> Fraction | None:
        """ES - AT."""
        return None if self.es is None else self.es - self.at


TIME_FIGURES = ("es", "sv_t", "spi_t", "forecast_finish")


def timing(schedule: Schedule, as_of: date) -> Timing:
    """ES, SV(t), SPI(t) and the forecast finish at the end of ``as_of``."""
    missing = _missing(schedule)
    if missing or schedule.start is None or schedule.finish is None:
        return Timing(forecast_finish=schedule.finished, reasons=_without_time(missing, schedule))
    calendar, start = schedule.calendar, schedule.start
    duration = calendar.working_days(start, schedule.finish)
    at = calendar.working_days(start, min(as_of, schedule.finished or as_of))
    es = periods_earned(planned_by_working_day(schedule, start, duration), duration, schedule.ev, at)
    spi_t = es / at if at else None
    finish, reason = _forecast_finish(schedule, start, duration, spi_t, as_of)
    why = {} if at else {"spi_t": reasons.NOT_STARTED}
    return Timing(duration, at, es, spi_t, finish, why | ({"forecast_finish": reason} if reason else {}))


def _missing(schedule: Schedule) -> str | None:
    if schedule.start is None or schedule.finish is None:
        return reasons.NO_BASELINE
    if not schedule.bac:
        return reasons.NO_BUDGET
    return None if schedule.calendar.working_days(schedule.start, schedule.finish) else reasons.NO_WORKING_DAYS


def _without_time(missing: str | None, schedule: Schedule) -> dict[str, str]:
    why = dict.fromkeys(TIME_FIGURES, missing or reasons.NO_BASELINE)
    return why | ({"forecast_finish": reasons.FINISHED} if schedule.finished else {})


def planned_by_working_day(schedule: Schedule, start: date, duration: int) -> Callable[[int], int]:
    """PV at the end of the n-th working day; the last one holds what is planned on idle days after it too."""

    def pv_to(period: int) -> int:
        if period == 0:
            return 0
        if period == duration:
            return schedule.bac
        return schedule.planned(schedule.calendar.add_working_days(start, period))

    return pv_to


def _forecast_finish(
    schedule: Schedule, start: date, duration: int, spi_t: Fraction | None, as_of: date
) -> tuple[date | None, str | None]:
    """Baseline start + baseline duration / SPI(t) in working days, not before ``as_of``.

    A part of a working day counts as a whole one. Once EV is BAC, the day on which it got there.
    """
    if schedule.finished:
        return schedule.finished, reasons.FINISHED
    if schedule.ev <= 0:
        return None, reasons.NOTHING_EARNED
    if not spi_t:
        return None, reasons.NOT_STARTED
    needed = ceil(duration / spi_t)
    if needed > (1 + HORIZON) * duration:
        return None, reasons.TOO_LATE
    try:
        return max(as_of, schedule.calendar.add_working_days(start, needed)), None
    except NoSuchDay:
        return None, reasons.TOO_LATE
