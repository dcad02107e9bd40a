"""Earning rules: what percent of an activity is complete, from its approved work and measurements.

Rules and their names follow the practice standards for earned value (PMI, Practice Standard for
Earned Value Management, 2nd edition, chapter on earned value measurement methods).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from chalicelib.evm.amounts import half_up

_NOTHING, _HALF, _ALL = Fraction(0), Fraction(1, 2), Fraction(1)


class Rule(StrEnum):
    """How an activity earns its budget."""

    UNITS = "units"
    PERCENT = "percent"
    ZERO_HUNDRED = "0/100"
    FIFTY_FIFTY = "50/50"
    MILESTONES = "milestones"
    LEVEL_OF_EFFORT = "level_of_effort"


@dataclass(frozen=True, slots=True)
class Milestone:
    """A step of an activity and its weight; the weights of an activity sum to 1."""

    name: str
    weight: Decimal


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a person measured at the end of ``day``: a total, a percent from 0 to 1 or a step."""

    day: date
    installed_quantity: Decimal | None = None
    percent_complete: Decimal | None = None
    milestone: str | None = None


@dataclass(frozen=True, slots=True)
class DayWork:
    """The approved hours (in millionths) and quantity of one activity on one day."""

    day: date
    hours: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class _Progress:
    """Everything a rule may ask about the end of ``day``."""

    day: date
    total: Decimal = Decimal(0)  # the running sum, which corrections may take below 0
    percent: Fraction = _NOTHING
    begun: bool = False
    reached: frozenset[str] = frozenset()

    @property
    def installed(self) -> Decimal:
        return max(self.total, Decimal(0))


def default_rule(quantity: Decimal | None) -> Rule:
    """``units`` when there is a quantity to install, else ``percent``."""
    return Rule.UNITS if quantity else Rule.PERCENT


def over_quantity(installed: Decimal, quantity: Decimal | None) -> bool:
    """Whether more is installed than the activity has; without a quantity, never."""
    return bool(quantity) and quantity is not None and installed > quantity


def installed_quantity(work: Sequence[DayWork], measurements: Sequence[Measurement], as_of: date) -> Decimal:
    """The quantity in place at the end of ``as_of``, never below 0.

    A measured total replaces all dated on or before it, later quantities add to it. Corrections
    count against the sum, so one dated before the work that it corrects still cancels it.
    """
    installed = Decimal(0)
    for progress in _days(work, measurements):
        if progress.day > as_of:
            break
        installed = progress.installed
    return installed


def percent_series(
    rule: Rule,
    quantity: Decimal | None,
    milestones: Sequence[Milestone],
    work: Sequence[DayWork],
    measurements: Sequence[Measurement],
) -> tuple[tuple[date, Fraction], ...]:
    """The days on which percent complete changes, and the percent from the end of each.

    ``measurements`` come in the order they were recorded: of two for one day the later one wins.
    Level of effort has no series of its own; it earns what is planned.
    """
    if rule is Rule.LEVEL_OF_EFFORT:
        return ()
    series: list[tuple[date, Fraction]] = []
    before = _NOTHING
    for progress in _days(work, measurements):
        percent = _percent(rule, quantity, milestones, progress)
        if percent != before:
            series.append((progress.day, percent))
            before = percent
    return tuple(series)


def earned_series(
    budget: int,
    rule: Rule,
    quantity: Decimal | None,
    milestones: Sequence[Milestone],
    work: Sequence[DayWork],
    measurements: Sequence[Measurement],
) -> tuple[tuple[date, int], ...]:
    """Cumulative EV = percent complete x budget, in whole millionths half up, where it changes."""
    series = percent_series(rule, quantity, milestones, work, measurements)
    return tuple((day, half_up(percent * budget)) for day, percent in series)


def _percent(rule: Rule, quantity: Decimal | None, milestones: Sequence[Milestone], progress: _Progress) -> Fraction:
    """Percent complete, from 0 to 1, under a rule other than level of effort."""
    if rule is Rule.UNITS and quantity:
        return min(Fraction(progress.installed) / Fraction(quantity), _ALL)
    if rule is Rule.UNITS:
        return _NOTHING
    if rule is Rule.PERCENT:
        return progress.percent
    if rule is Rule.MILESTONES:
        done = (step.weight for step in milestones if step.name in progress.reached)
        return min(sum(map(Fraction, done), start=_NOTHING), _ALL)
    if _finished(quantity, progress):
        return _ALL
    return _HALF if rule is Rule.FIFTY_FIFTY and progress.begun else _NOTHING


def _finished(quantity: Decimal | None, progress: _Progress) -> bool:
    return progress.percent == _ALL or (bool(quantity) and progress.installed >= (quantity or 0))


def _days(work: Sequence[DayWork], measurements: Sequence[Measurement]) -> Iterator[_Progress]:
    """The progress at the end of each day that has work or a measurement, in order."""
    worked, measured = defaultdict(list), defaultdict(list)
    for row in work:
        worked[row.day].append(row)
    for measurement in measurements:
        measured[measurement.day].append(measurement)
    progress = _Progress(date.min)
    for day in sorted({*worked, *measured}):
        progress = _measure(_work(replace(progress, day=day), worked[day]), measured[day])
        yield progress


def _work(progress: _Progress, rows: Sequence[DayWork]) -> _Progress:
    return replace(
        progress,
        total=progress.total + sum((row.quantity for row in rows), Decimal(0)),
        begun=progress.begun or any(row.hours > 0 for row in rows),
    )


def _measure(progress: _Progress, rows: Sequence[Measurement]) -> _Progress:
    """The day's measurements in the order recorded; the last of each sort is the one that holds."""
    totals = [row.installed_quantity for row in rows if row.installed_quantity is not None]
    percents = [row.percent_complete for row in rows if row.percent_complete is not None]
    steps = {row.milestone for row in rows if row.milestone is not None}
    return replace(
        progress,
        total=totals[-1] if totals else progress.total,
        percent=_within(percents[-1]) if percents else progress.percent,
        begun=progress.begun or any(last > 0 for last in (*totals[-1:], *percents[-1:])),
        reached=progress.reached | steps,
    )


def _within(percent: Decimal) -> Fraction:
    return max(_NOTHING, min(Fraction(percent), _ALL))
