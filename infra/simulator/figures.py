"""Key figures from the source rows, the plain way: each day and row is walked, in exact fractions.

Written from the definitions of earned value in the product's rules alone. Hours are in whole millionths, money in
units of 1e-8 of the currency, as the rules on exact amounts say.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import floor

from infra.simulator.site import LEVEL_OF_EFFORT, Activity, Plan, Site

MILLION = 1_000_000


@dataclass
class Hours:
    """Approved hours of an activity."""

    activity: str
    date: str
    hours: Decimal
    rate: Decimal | None
    quantity: Decimal | None = None


@dataclass
class Sums:
    """BAC, PV, EV and AC of a node; in money None where a budgeted activity has no rate."""

    bac: int | None = 0
    pv: int | None = 0
    ev: int | None = 0
    ac: int = 0
    dated: int | None = 0  # EV of what has dates
    unrated: int = 0
    hours_ev: int = 0  # EV and AC in hours, in money too
    hours_ac: int = 0
    undated: int = 0  # budget hours without dates
    effort: int = 0  # budget hours of level of effort
    unbaselined: int = 0  # budget hours that the baseline does not know


SUMMED = [each.name for each in fields(Sums)]


class WorkDays:
    """The days of a plan on which work is done: those of its week without its holidays, from its first day on."""

    def __init__(self, first: str, week: Iterable[int], holidays: Iterable[str]) -> None:
        self._week, self._holidays = frozenset(week), frozenset(holidays)
        self._next, self._days = date.fromisoformat(first), list[str]()

    def between(self, start: str, finish: str) -> list[str]:
        """Those from one day to another, both included."""
        while self._next.isoformat() <= finish:
            self._extend()
        return self._days[bisect_left(self._days, start) : bisect_right(self._days, finish)]

    def nth(self, start: str, number: int) -> str:
        """The day on which so many days have been worked since the beginning of ``start``."""
        self.between(start, start)
        first = bisect_left(self._days, start)
        while len(self._days) < first + number:
            self._extend()
        return self._days[first + number - 1]

    def _extend(self) -> None:
        day = self._next.isoformat()
        if self._next.isoweekday() in self._week and day not in self._holidays:
            self._days.append(day)
        self._next += timedelta(days=1)


@dataclass
class Part:
    """An activity by one plan, with its approved hours; in money where ``cost``."""

    activity: Activity
    plan: Plan
    work: list[Hours]
    rate: Decimal | None
    cost: bool
    days: list[str]  # the working days from its baseline start to its finish

    @property
    def dated(self) -> bool:
        """Whether it has both dates, so that it has PV and can be late."""
        return bool(self.plan.start and self.plan.finish)

    @property
    def budget(self) -> int | None:
        """What it may take."""
        return self._worth(self._hours)

    @property
    def effort(self) -> bool:
        """Whether it earns what is planned."""
        return self.activity.rule == LEVEL_OF_EFFORT

    def planned(self, as_of: str) -> int | None:
        """PV."""
        return self._worth(self._planned_hours(as_of))

    def _planned_hours(self, as_of: str) -> int:
        """An even share on each working day, the remainder on the last; all on the finish where no day is worked."""
        if not self.dated:
            return 0
        over = bisect_right(self.days, as_of)
        if over == len(self.days):
            return self._hours if self.days or (self.plan.finish or "") <= as_of else 0
        return self._hours // len(self.days) * over

    def earned(self, as_of: str) -> int | None:
        """Percent complete × budget."""
        return self._worth(self.earned_hours(as_of))

    def earned_hours(self, as_of: str) -> int:
        """The same in hours, whatever the measure."""
        if self.effort:
            return self._planned_hours(as_of)
        return half_up(_percent(self.activity, self.work, as_of) * self._hours)

    def spent(self, as_of: str) -> int:
        """Approved hours, or what they cost at the rates kept."""
        done = [(int(each.hours * MILLION), each.rate) for each in self.work if each.date <= as_of]
        if not self.cost:
            return sum(hours for hours, _ in done)
        return sum(half_up(hours * Fraction(rate) * 100) for hours, rate in done if rate is not None)

    def sums(self, as_of: str) -> Sums:
        """All of it at the end of a date."""
        done = [each for each in self.work if each.date <= as_of]
        earned, dated = self.earned_hours(as_of), self.dated
        return Sums(
            bac=self.budget,
            pv=self.planned(as_of),
            ev=self._worth(earned),
            ac=self.spent(as_of),
            dated=self._worth(earned if dated else 0),
            unrated=sum(int(each.hours * MILLION) for each in done if each.rate is None),
            hours_ev=earned,
            hours_ac=sum(int(each.hours * MILLION) for each in done),
            undated=0 if dated else self._hours,
            effort=self._hours if dated and self.effort else 0,
        )

    @property
    def _hours(self) -> int:
        return int(self.plan.budget * MILLION)

    def _worth(self, hours: int) -> int | None:
        """Hours of its budget in the unit of the measure; None where they have a price that nobody knows."""
        if not self.cost or not self._hours:
            return hours
        return None if self.rate is None else half_up(hours * Fraction(self.rate) * 100)


class View:
    """A project by the baseline of a number, None is the plan of now, in hours or in money."""

    def __init__(self, site: Site, work: Iterable[Hours], cost: bool, number: int | None = None) -> None:
        self.site, self.cost, self.parts = site, cost, dict[str, Part]()
        baseline = site.baselines[number - 1] if number else None
        plans = baseline.plans if baseline else {id: each.plan for id, each in site.activities.items()}
        starts = [each.start for each in plans.values() if each.start]
        kept = baseline or site
        self.work_days = WorkDays(min(starts, default="2000-01-01"), kept.week, kept.holidays)
        self._without = {id for id in site.activities if id not in plans}
        by_activity: dict[str, list[Hours]] = {}
        for each in work:
            by_activity.setdefault(each.activity, []).append(each)
        for id, activity in site.activities.items():
            plan = plans.get(id, Plan(Decimal(0)))
            days = self.work_days.between(plan.start, plan.finish) if plan.start and plan.finish else []
            rate = activity.rate or site.rate
            self.parts[id] = Part(activity, plan, by_activity.get(id, []), rate, cost, days)

    def below(self, node: str) -> list[Part]:
        """The activities of a node; of the project where it is empty."""
        return [part for id, part in self.parts.items() if not node or node in self.site.above(id)]

    def sums(self, as_of: str) -> dict[str, Sums]:
        """Of every node and of the project (key "")."""
        found = {"": Sums(), **{node: Sums() for node in (*self.site.nodes, *self.site.activities)}}
        for id, part in self.parts.items():
            own = part.sums(as_of)
            own.unbaselined = int(part.activity.plan.budget * MILLION) if id in self._without else 0
            for node in (*self.site.above(id), ""):
                _add(found[node], own)
        return found


def half_up(value: Fraction) -> int:
    """The nearest whole number; a half goes away from zero."""
    return floor(value + Fraction(1, 2)) if value >= 0 else -floor(-value + Fraction(1, 2))


def total(amounts: Iterable[int | None]) -> int | None:
    """The sum, None where one of them is not known."""
    found = 0
    for each in amounts:
        if each is None:
            return None
        found += each
    return found


def _add(to: Sums, own: Sums) -> None:
    for each in SUMMED:
        setattr(to, each, total((getattr(to, each), getattr(own, each))))


def _percent(activity: Activity, work: list[Hours], as_of: str) -> Fraction:
    """What an activity has earned of its budget, by its rule."""
    last, begun = _last_percent(activity, as_of)
    if activity.rule == "percent":
        return last
    if activity.rule == "milestones":
        reached = {each.milestone for each in activity.measured.values() if each.date <= as_of}
        return sum((Fraction(weight) for name, weight in activity.milestones.items() if name in reached), Fraction(0))
    quantity = Fraction(activity.quantity or 0)
    done = max(Fraction(0), Fraction(installed(activity, work, as_of)))
    if activity.rule == "units":
        return min(Fraction(1), done / quantity)
    if last >= 1 or (quantity and done >= quantity):
        return Fraction(1)
    begun = begun or any(each.date <= as_of for each in work)
    return Fraction(int(begun and activity.rule == "50/50"), 2)


def _last_percent(activity: Activity, as_of: str) -> tuple[Fraction, bool]:
    """The percent that was entered last, and whether anything above 0 was the last of its day."""
    percents, totals = dict[str, Decimal](), dict[str, Decimal]()
    for each in (each for each in activity.measured.values() if each.date <= as_of):
        if each.percent is not None:
            percents[each.date] = each.percent
        if each.installed is not None:
            totals[each.date] = each.installed
    last = percents[max(percents)] if percents else Decimal(0)
    return Fraction(last), any(each > 0 for each in (*percents.values(), *totals.values()))


def installed(activity: Activity, work: Iterable[Hours], as_of: str) -> Decimal:
    """The last total that was measured, and what approved hours of a later date have installed since."""
    totals = [each for each in activity.measured.values() if each.date <= as_of and each.installed is not None]
    since = max((each.date for each in totals), default="")
    found = [each.installed or Decimal(0) for each in totals if each.date == since][-1:]
    found += [each.quantity for each in work if each.quantity is not None and since < each.date <= as_of]
    return sum(found, Decimal(0))


def shown(value: int | None, cost: bool = False) -> Decimal | None:
    """An amount as an answer shows it: to 0.01, half up."""
    if value is None:
        return None
    return (Decimal(value) / (100 * MILLION if cost else MILLION)).quantize(Decimal("0.01"), ROUND_HALF_UP)
