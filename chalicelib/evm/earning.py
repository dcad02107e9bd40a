"""Earning rules: what percent of an activity is complete, from its approved work and measurements.

Rules and their names follow the practice standards for earned value (PMI, Practice Standard for
Earned Value Management, 2nd edition, chapter on earned value measurement methods).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple, TypeVar

Value = TypeVar("Value", Fraction, int)


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


class _Progress(NamedTuple):
    """Everything a rule may ask about the end of ``day``."""

    day: date
    total: Decimal = Decimal(0)  # the running sum, which corrections may take below 0
    percent: Decimal = Decimal(0)
    begun: bool = False
    reached: frozenset[str] = frozenset()

    @property
    def installed(self) -> Decimal:
        return self.total if self.total > 0 else Decimal(0)


class _Share(NamedTuple):
    """A part of the whole as two integers, from 0 to 1; not in lowest terms."""

    part: int
    whole: int


_NOTHING, _HALF, _ALL = _Share(0, 1), _Share(1, 2), _Share(1, 1)


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
    shares = _shares(rule, quantity, milestones, work, measurements)
    return _changes((day, Fraction(share.part, share.whole)) for day, share in shares)


def earned_series(
    budget: int,
    rule: Rule,
    quantity: Decimal | None,
    milestones: Sequence[Milestone],
    work: Sequence[DayWork],
    measurements: Sequence[Measurement],
) -> tuple[tuple[date, int], ...]:
    """Cumulative EV = percent complete x budget, in whole millionths half up, where it changes."""
    shares = _shares(rule, quantity, milestones, work, measurements)
    return _changes((day, _earned(budget, share)) for day, share in shares)


def earned_by_sums(
    budget: int, rule: Rule, quantity: Decimal | None, milestones: Sequence[Milestone], hours: int, installed: Decimal
) -> int:
    """EV of an activity without measurements, from the sums of its approved hours and quantities."""
    if rule is Rule.LEVEL_OF_EFFORT or not (hours or installed):
        return 0
    if rule is Rule.UNITS:
        return _earned(budget, _units(quantity, installed))
    return _earned(budget, _share_of(rule, quantity, milestones, _Progress(date.min, installed, begun=hours > 0)))


def _changes(values: Iterable[tuple[date, Value]]) -> tuple[tuple[date, Value], ...]:
    """The values that differ from the one before, which is 0 at first."""
    changes: list[tuple[date, Value]] = []
    for day, value in values:
        if value != (changes[-1][1] if changes else 0):
            changes.append((day, value))
    return tuple(changes)


def _earned(budget: int, share: _Share) -> int:
    """Half up; neither a budget nor a share is below 0."""
    return (2 * share.part * budget + share.whole) // (2 * share.whole)


def _shares(
    rule: Rule,
    quantity: Decimal | None,
    milestones: Sequence[Milestone],
    work: Sequence[DayWork],
    measurements: Sequence[Measurement],
) -> Iterator[tuple[date, _Share]]:
    if rule is Rule.LEVEL_OF_EFFORT:
        return iter(())
    return ((progress.day, _share_of(rule, quantity, milestones, progress)) for progress in _days(work, measurements))


def _share_of(rule: Rule, quantity: Decimal | None, milestones: Sequence[Milestone], progress: _Progress) -> _Share:
    """Percent complete under a rule other than level of effort."""
    if rule is Rule.UNITS:
        return _units(quantity, progress.total)
    if rule is Rule.PERCENT:
        return _share(progress.percent)
    if rule is Rule.MILESTONES:
        return _steps(milestones, progress.reached)
    if progress.percent >= 1 or (quantity and progress.installed >= quantity):
        return _ALL
    return _HALF if progress.begun and rule is Rule.FIFTY_FIFTY else _NOTHING


def _units(quantity: Decimal | None, installed: Decimal) -> _Share:
    if not quantity or installed <= 0:
        return _NOTHING
    if installed >= quantity:
        return _ALL
    part, fraction = installed.as_integer_ratio()
    whole, parts = quantity.as_integer_ratio()
    return _Share(part * parts, whole * fraction)


def _steps(milestones: Sequence[Milestone], reached: frozenset[str]) -> _Share:
    return _share(sum((step.weight for step in milestones if step.name in reached), Decimal(0)))


def _share(percent: Decimal) -> _Share:
    """A percent from 0 to 1; less counts as 0, and more as 1."""
    part, whole = percent.as_integer_ratio()
    return _Share(max(0, min(part, whole)), whole)


def _days(work: Sequence[DayWork], measurements: Sequence[Measurement]) -> Iterator[_Progress]:
    """The progress at the end of each day that has work or a measurement, in order."""
    worked, measured = defaultdict[date, list[DayWork]](list), defaultdict[date, list[Measurement]](list)
    for row in work:
        worked[row.day].append(row)
    for measurement in measurements:
        measured[measurement.day].append(measurement)
    progress = _Progress(date.min)
    for day in sorted(worked.keys() | measured.keys()):
        total, begun = progress.total, progress.begun
        for row in worked.get(day, ()):
            total += row.quantity
            begun = begun or row.hours > 0
        progress = _Progress(day, total, progress.percent, begun, progress.reached)
        if day in measured:
            progress = _measure(progress, measured[day])
        yield progress


def _measure(progress: _Progress, rows: Sequence[Measurement]) -> _Progress:
    """The day's measurements in the order recorded; the last of each sort is the one that holds."""
    totals = [row.installed_quantity for row in rows if row.installed_quantity is not None]
    percents = [row.percent_complete for row in rows if row.percent_complete is not None]
    steps = {row.milestone for row in rows if row.milestone is not None}
    return progress._replace(
        total=totals[-1] if totals else progress.total,
        percent=percents[-1] if percents else progress.percent,
        begun=progress.begun or any(last > 0 for last in (*totals[-1:], *percents[-1:])),
        reached=progress.reached | steps,
    )
