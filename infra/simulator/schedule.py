"""Earned schedule, its forecast and the S-curve, the plain way: each working day is walked, in exact fractions.

Written from the definitions in the product's rules alone. Time is in working days since the baseline start of the work
that has both dates and is no level of effort.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil

from infra.simulator.figures import MILLION, Part, View, total
from infra.simulator.formed import estimates, rounded

HORIZON = 3  # a finish so many durations after the baseline finish is no forecast any more
TIMES = ("es", "sv_t", "spi_t", "forecast_finish")


@dataclass
class Timing:
    """ES, AT and the forecast finish of a node; None where there is none."""

    es: Fraction | None = None
    at: int = 0
    finish: str | None = None
    finished: bool = False  # the forecast finish is the day on which EV reached BAC

    def shown(self) -> dict[str, Decimal | str | None]:
        """As an answer shows them."""
        behind, pace = (None, None) if self.es is None else (self.es - self.at, self.es / self.at if self.at else None)
        found = {"es": self.es, "sv_t": behind, "spi_t": pace}
        return {name: rounded(value, 4) for name, value in found.items()} | {"forecast_finish": self.finish}


def timing(view: View, node: str, as_of: str) -> Timing:
    """Of the dated work of a node, at the end of a date."""
    parts = [part for part in view.below(node) if part.dated and not part.effort]
    budget, earned = total(part.budget for part in parts), total(part.earned(as_of) for part in parts)
    if not budget or earned is None or any(part.budget is None for part in view.below(node)):
        return Timing()
    start, finish = _span(parts)
    done = _finished(parts, budget, as_of)
    days = view.work_days.between(start, finish)
    if not days:
        return Timing(None, 0, done, bool(done))
    at = len(view.work_days.between(start, min(as_of, done or as_of)))
    # what is planned on idle days after the last working day is planned by its end
    planned = [0, *(total(part.planned(day) for part in parts) or 0 for day in days[:-1]), budget]
    found = Timing(_earned_schedule(planned, earned, at), at, done, bool(done))
    if not done and earned and at and found.es:
        needed = ceil(len(days) * at / found.es)
        if needed <= (1 + HORIZON) * len(days):
            found.finish = max(as_of, view.work_days.nth(start, needed))
    return found


def _span(parts: list[Part]) -> tuple[str, str]:
    return min(part.plan.start or "" for part in parts), max(part.plan.finish or "" for part in parts)


def _earned_schedule(planned: list[int], earned: int, at: int) -> Fraction:
    """When PV was what EV is; where it stood still, now or the end of that time that is nearest to now."""
    equal = [time for time, value in enumerate(planned) if value == earned]
    if equal:
        return Fraction(min(max(at, equal[0]), equal[-1]))
    before = max(time for time, value in enumerate(planned) if value < earned)
    return before + Fraction(earned - planned[before], planned[before + 1] - planned[before])


def _happened(parts: list[Part], as_of: str) -> list[str]:
    """The dates on which something was worked or measured."""
    worked = {each.date for part in parts for each in part.work if each.date <= as_of}
    return sorted(
        worked | {each.date for part in parts for each in part.activity.measured.values() if each.date <= as_of}
    )


def _finished(parts: list[Part], budget: int, as_of: str) -> str | None:
    """The day on which EV reached BAC, to stay there."""
    found = None
    for day in reversed(_happened(parts, as_of)):
        if (total(part.earned(day) for part in parts) or 0) < budget:
            break
        found = day
    return found


# the S-curve


@dataclass
class Line:
    """The forecast: straight by calendar days from AC at as-of to EAC at its end."""

    begin: str
    end: str
    spent: Fraction
    eac: Fraction

    def at(self, day: str) -> Fraction | None:
        """Its value at a date."""
        if day <= self.begin:
            return self.spent if day == self.begin else None
        if day >= self.end:
            return self.eac
        begin, end, now = (date.fromisoformat(each) for each in (self.begin, self.end, day))
        return self.spent + (self.eac - self.spent) * Fraction((now - begin).days, (end - begin).days)


@dataclass
class Curve:
    """What an S-curve is asked for: of which node, at which date, by which ends of periods, by which forecast."""

    view: View
    node: str
    as_of: str
    interval: str
    forecast: str = "cpi"
    parts: list[Part] = field(init=False)

    def __post_init__(self) -> None:
        self.parts = self.view.below(self.node)

    def series(self) -> list[dict[str, Decimal | str | None]]:
        """Its points."""
        first = self._first()
        if first is None:
            return []
        line, finish = self._line(first)
        last = max([self.as_of, *([finish] if finish else []), *(part.plan.finish or "" for part in self.parts)])
        days = {*_ends(self.interval, first, last), *([self.as_of] if self.as_of >= first else [])}
        return [self._point(day, line) for day in sorted(days)]

    def _first(self) -> str | None:
        """The earliest baseline start or first hour; without either the day on which something was earned first."""
        starts = [part.plan.start for part in self.parts if part.plan.start]
        worked = [each.date for part in self.parts for each in part.work if each.date <= self.as_of]
        if starts or worked:
            return min([*starts, *worked])
        return next((day for day in _happened(self.parts, self.as_of) if self._amount("earned", day)), None)

    def _line(self, first: str) -> tuple[Line | None, str | None]:
        finish = timing(self.view, self.node, self.as_of).finish
        eac = estimates(self.view.sums(self.as_of)[self.node], self.view.cost)[self.forecast]
        if finish is None or eac is None or first > self.as_of:
            return None, finish
        return Line(self.as_of, max(self.as_of, finish), self._amount("spent", self.as_of), eac), finish

    def _point(self, day: str, line: Line | None) -> dict[str, Decimal | str | None]:
        past = day <= self.as_of
        return {
            "date": day,
            "planned": rounded(self._amount("planned", day), 2),
            "earned": rounded(self._amount("earned", day), 2) if past else None,
            "spent": rounded(self._amount("spent", day), 2) if past else None,
            "forecast": rounded(line.at(day) if line else None, 2),
        }

    def _amount(self, what: str, day: str) -> Fraction:
        unit = 100 * MILLION if self.view.cost else MILLION
        return Fraction(total(getattr(part, what)(day) for part in self.parts) or 0, unit)


def _ends(interval: str, first: str, last: str) -> Iterator[str]:
    """The ends of the days, weeks (Sundays) or months from that of ``first`` to that of ``last``."""
    day = date.fromisoformat(first)
    while True:
        following = day + timedelta(days=1)
        ends = interval == "day" or (following.isoweekday() == 1 if interval == "week" else following.day == 1)
        if ends:
            yield day.isoformat()
            if day.isoformat() >= last:
                return
        day = following
