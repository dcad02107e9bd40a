"""The S-curve: cumulative planned, earned and spent by the end of each period, and the forecast."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import islice
from typing import Literal

from chalicelib.evm.amounts import Number, half_up
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.planned_value import (
    SlopeChange,
    planned_from_changes,
    planned_on_days,
)

Interval = Literal["day", "week", "month"]
Deltas = Sequence[tuple[date, int]]

MOST_POINTS = 2_000


class TooManyPoints(ValueError):
    """The curve would have more than 2,000 points; a wider interval has fewer."""


@dataclass(frozen=True, slots=True)
class Point:
    """Cumulative amounts at ``date``, the end of a period, in the unit of the inputs."""

    date: date
    planned: int
    earned: int | None
    spent: int | None
    forecast: int | None


@dataclass(frozen=True, slots=True)
class _Line:
    """The straight forecast from AC at ``begin`` to EAC at ``end``."""

    begin: date
    end: date
    spent: int
    eac: Fraction

    def at(self, day: date, opens: date) -> int | None:
        """The amount for the period ``opens`` to ``day``: none before ``begin``, EAC past the end.

        The period that contains ``begin`` holds AC to that day, so the line starts there.
        """
        if day < self.begin:
            return None
        if day >= self.end:
            return half_up(self.eac)
        if opens <= self.begin:
            return self.spent
        part = Fraction((day - self.begin).days, (self.end - self.begin).days)
        return half_up(self.spent + (self.eac - self.spent) * part)


def s_curve(
    interval: Interval,
    planned: Iterable[SlopeChange],
    calendar: WorkCalendar,
    earned: Deltas,
    spent: Deltas,
    as_of: date,
    bac: int,
    *,
    baseline_start: date | None = None,
    baseline_finish: date | None = None,
    forecast_finish: date | None = None,
    eac: Number | None = None,
    effort: Iterable[SlopeChange] = (),
) -> tuple[Point, ...]:
    """The curve from the baseline start or first hour to the last of plan, hours and forecast.

    ``earned`` and ``spent`` are daily changes in order of date; ``effort`` are the planned changes
    of level-of-effort activities, which earn as planned. All amounts are integers of one unit.
    ``eac`` is BAC / CPI unless given. Nothing dated after ``as_of`` counts. Raises TooManyPoints.
    """
    effort = tuple(effort)
    earned, spent = _cut(earned, as_of), _cut(spent, as_of)
    hours = [day for day, _ in spent]
    ends = _period_ends(interval, [baseline_start, *hours], [baseline_finish, *hours, forecast_finish])
    opens = _openings(interval, ends)
    reached = [min(day, as_of) for day in ends]
    known = [opening <= as_of for opening in opens]
    earned_to = _plus(_cumulative(earned, reached), planned_on_days(effort, calendar, reached))
    spent_to = _cumulative(spent, reached)
    ev = sum(amount for _, amount in earned) + planned_from_changes(effort, calendar, as_of)
    line = _line(as_of, forecast_finish, sum(amount for _, amount in spent), ev, bac, eac)
    return tuple(
        Point(
            date=day,
            planned=planned_value,
            earned=earned_to[i] if known[i] else None,
            spent=spent_to[i] if known[i] else None,
            forecast=line.at(day, opens[i]) if line else None,
        )
        for i, (day, planned_value) in enumerate(zip(ends, planned_on_days(planned, calendar, ends), strict=True))
    )


def period_end(interval: Interval, day: date) -> date:
    """The last day of the period that holds ``day``: itself, its Sunday, or the month's last."""
    if interval == "day":
        return day
    if interval == "week":
        return date.fromordinal(min(day.toordinal() + 7 - day.isoweekday(), date.max.toordinal()))
    if day.month == 12:
        return day.replace(day=31)
    return day.replace(month=day.month + 1, day=1) - timedelta(days=1)


def _period_ends(interval: Interval, firsts: Sequence[date | None], lasts: Sequence[date | None]) -> list[date]:
    begins = [day for day in firsts if day is not None]
    finishes = [day for day in lasts if day is not None]
    if not begins or not finishes:
        return []
    ends = list(islice(_walk(interval, min(begins), max(finishes)), MOST_POINTS + 1))
    if len(ends) > MOST_POINTS:
        raise TooManyPoints(f"more than {MOST_POINTS:,} points; choose a wider interval")
    return ends


def _walk(interval: Interval, first: date, last: date) -> Iterator[date]:
    end = period_end(interval, first)
    yield end
    while end < last:
        end = period_end(interval, end + timedelta(days=1))
        yield end


def _openings(interval: Interval, ends: Sequence[date]) -> list[date]:
    """The first day of each period."""
    if interval == "day":
        return list(ends)
    if interval == "week":
        return [day - timedelta(days=day.isoweekday() - 1) for day in ends]
    return [day.replace(day=1) for day in ends]


def _cut(deltas: Deltas, as_of: date) -> Deltas:
    return [(day, amount) for day, amount in deltas if day <= as_of]


def _cumulative(deltas: Deltas, days: Sequence[date]) -> list[int]:
    waiting, total, sums = list(reversed(deltas)), 0, []
    for day in days:
        while waiting and waiting[-1][0] <= day:
            total += waiting.pop()[1]
        sums.append(total)
    return sums


def _plus(left: Sequence[int], right: Sequence[int]) -> list[int]:
    return [a + b for a, b in zip(left, right, strict=True)]


def _line(as_of: date, finish: date | None, ac: int, ev: int, bac: int, eac: Number | None) -> _Line | None:
    if eac is None and ev and ac:  # without either, CPI is undefined or 0
        eac = Fraction(bac * ac, ev)
    if finish is None or eac is None:
        return None
    return _Line(as_of, max(as_of, finish), ac, Fraction(eac))
