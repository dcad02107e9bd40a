"""Earned schedule: when the value earned so far was planned to be earned, and what that forecasts.

Source: W. Lipke, "Schedule is Different", The Measurable News, 2003: ES = C + I, where C is the
number of periods whose cumulative PV is not above EV and I = (EV - PV(C)) / (PV(C+1) - PV(C)).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil

from chalicelib.evm.amounts import Number, rounded
from chalicelib.evm.calendar import NoSuchDay, WorkCalendar

NOTHING_EARNED = "nothing_earned"
NO_BASELINE = "no_baseline"
NOT_STARTED = "baseline_not_started"
TOO_LATE = "over_three_durations_late"

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
    es = periods_earned(lambda period: pv[period - 1] if period else 0, len(pv), ev)
    spi_t = es / at if at else None
    ieac_t = Fraction(planned_duration) / spi_t if spi_t else None
    return EarnedSchedule(
        es=rounded(es, 4),
        sv_t=rounded(es - at, 4),
        spi_t=None if spi_t is None else rounded(spi_t, 4),
        ieac_t=None if ieac_t is None else rounded(ieac_t, 4),
        reason=None if ieac_t is not None else NOTHING_EARNED if at else NOT_STARTED,
    )


def periods_earned(pv_to: Callable[[int], Number], periods: int, ev: Number) -> Fraction:
    """ES in periods: the whole ones whose ``pv_to`` is not above ``ev``, and a part of the next.

    ``pv_to(0)`` is the value before the first period; the search halves, as PV never falls.
    """
    low, high = 0, periods
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if pv_to(middle) <= ev else (low, middle - 1)
    if low == periods:
        return Fraction(periods)
    before, after = Fraction(pv_to(low)), Fraction(pv_to(low + 1))
    return low + max(Fraction(0), (Fraction(ev) - before) / (after - before))


def forecast_finish(
    baseline_start: date | None,
    baseline_finish: date | None,
    calendar: WorkCalendar,
    pv_at: Callable[[date], int],
    ev: int,
    as_of: date,
) -> tuple[date | None, str | None]:
    """Baseline start + baseline duration / SPI(t) in working days, not before ``as_of``.

    ``pv_at`` gives the planned value to the end of a day, in the unit of ``ev``. A part of a working
    day counts as a whole one. None and a reason when nothing is earned, when there is no baseline
    or it has not begun, and when the finish lies over three durations after the baseline finish.
    """
    if baseline_start is None or baseline_finish is None:
        return None, NO_BASELINE
    duration = calendar.working_days(baseline_start, baseline_finish)
    elapsed = calendar.working_days(baseline_start, as_of)
    if duration == 0 or ev <= 0 or elapsed == 0:
        return None, _reason(duration, ev)
    start = baseline_start

    def pv_to(period: int) -> int:
        return pv_at(calendar.add_working_days(start, period)) if period else 0

    spi_t = periods_earned(pv_to, duration, ev) / elapsed
    needed = ceil(duration / spi_t)
    return _finish(start, duration, needed, calendar, as_of)


def _reason(duration: int, ev: int) -> str:
    if duration == 0:
        return NO_BASELINE
    return NOTHING_EARNED if ev <= 0 else NOT_STARTED


def _finish(
    start: date, duration: int, needed: int, calendar: WorkCalendar, as_of: date
) -> tuple[date | None, str | None]:
    if needed > (1 + HORIZON) * duration:
        return None, TOO_LATE
    try:
        return max(as_of, calendar.add_working_days(start, needed)), None
    except NoSuchDay:
        return None, TOO_LATE
