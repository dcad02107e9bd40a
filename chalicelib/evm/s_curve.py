"""The S-curve: cumulative planned, earned and spent by the end of each period, and the forecast."""

from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import islice
from typing import Literal

from chalicelib.evm.amounts import Number
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.planned_value import PlannedCurve
from chalicelib.evm.sums import Deltas, Sums, merged, total, up_to

Interval = Literal["day", "week", "month"]

MOST_POINTS = 2_000


class TooManyPoints(ValueError):
    """The curve would have more than 2,000 points; a wider interval has fewer."""


@dataclass(frozen=True, slots=True)
class Point:
    """Cumulative amounts at ``date``, the end of a period, in the unit of the inputs; the forecast is exact."""

    date: date
    planned: int
    earned: int | None
    spent: int | None
    forecast: Fraction | None


@dataclass(frozen=True, slots=True)
class Line:
    """The straight forecast, by calendar days, from AC at ``begin`` (as-of) to EAC at ``end``."""

    begin: date
    end: date
    spent: int
    eac: Fraction

    def at(self, day: date) -> Fraction | None:
        """The line's exact value: None before it begins, AC where it begins, EAC from its end on."""
        if day < self.begin:
            return None
        if day == self.begin:
            return Fraction(self.spent)
        if day >= self.end:
            return self.eac
        part = Fraction((day - self.begin).days, (self.end - self.begin).days)
        return self.spent + (self.eac - self.spent) * part


@dataclass(frozen=True, slots=True)
class Curve:
    """The points in order of date, the first day of the curve, and the exact forecast line, if any."""

    interval: Interval
    as_of: date
    points: tuple[Point, ...]
    first: date | None
    line: Line | None


def s_curve(
    sums: Sums,
    spent: Deltas,
    calendar: WorkCalendar,
    as_of: date,
    interval: Interval,
    *,
    forecast_finish: date | None = None,
    eac: Number | None = None,
    worked: Deltas | None = None,
) -> Curve:
    """The curve from the first baseline day or hour to the last of plan, as-of and forecast.

    ``sums`` are the node's in hours or money, ``spent`` the changes of AC in that unit, ``eac`` the
    exact estimate in that unit, ``worked`` the approved hours where ``spent`` is money, which hours
    without a rate do not change. Without ``eac`` or ``forecast_finish``, or before the first day,
    there is no forecast; without ``eac`` the curve goes on to ``forecast_finish`` all the same.
    Nothing dated after ``as_of`` counts. Raises TooManyPoints.
    """
    earned, spent = merged(up_to(sums.earned, as_of), up_to(sums.undated, as_of)), up_to(spent, as_of)
    planned, effort = PlannedCurve([*sums.planned, *sums.effort], calendar), PlannedCurve(sums.effort, calendar)
    first = _first_day(planned, earned, spent if worked is None else up_to(worked, as_of))
    finish = forecast_finish if first and first <= as_of else None
    line = _line(as_of, finish, total(spent), eac)
    days = _days(interval, first, as_of, [planned.finish, finish])
    earned_to, spent_to = _cumulative(earned, days), _cumulative(spent, days)
    points = (
        Point(
            date=day,
            planned=planned(day),
            earned=earned_to[i] + effort(day) if day <= as_of else None,
            spent=spent_to[i] if day <= as_of else None,
            forecast=line.at(day) if line else None,
        )
        for i, day in enumerate(days)
    )
    return Curve(interval, as_of, tuple(points), first, line)


def period_end(interval: Interval, day: date) -> date:
    """The last day of the period that holds ``day``: itself, its Sunday, or the month's last."""
    if interval == "day":
        return day
    if interval == "week":
        return date.fromordinal(min(day.toordinal() + 7 - day.isoweekday(), date.max.toordinal()))
    if day.month == 12:
        return day.replace(day=31)
    return day.replace(month=day.month + 1, day=1) - timedelta(days=1)


def _first_day(planned: PlannedCurve, earned: Deltas, worked: Deltas) -> date | None:
    """The earliest baseline start or first hour; without either, the first measurement."""
    hours = next((day for day, amount in worked if amount), None)
    known = [day for day in (planned.start, hours) if day is not None]
    return min(known) if known else next((day for day, _ in earned), None)


def _days(interval: Interval, first: date | None, as_of: date, lasts: Sequence[date | None]) -> list[date]:
    """The period ends, and as-of where it is none of them but lies among them."""
    if first is None:
        return []
    last = max([as_of, *(day for day in lasts if day is not None)])
    ends = list(islice(_walk(interval, first, last), MOST_POINTS + 1))
    if as_of >= first and as_of not in ends:
        insort(ends, as_of)
    if len(ends) > MOST_POINTS:
        raise TooManyPoints(f"more than {MOST_POINTS:,} points; choose a wider interval")
    return ends


def _walk(interval: Interval, first: date, last: date) -> Iterator[date]:
    end = period_end(interval, first)
    yield end
    while end < last:
        end = period_end(interval, end + timedelta(days=1))
        yield end


def _cumulative(deltas: Deltas, days: Sequence[date]) -> list[int]:
    waiting, amount, sums = list(reversed(deltas)), 0, []
    for day in days:
        while waiting and waiting[-1][0] <= day:
            amount += waiting.pop()[1]
        sums.append(amount)
    return sums


def _line(as_of: date, finish: date | None, ac: int, eac: Number | None) -> Line | None:
    if finish is None or eac is None:
        return None
    return Line(as_of, max(as_of, finish), ac, Fraction(eac))
