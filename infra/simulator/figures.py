"""Key figures from the source rows, the plain way: each day and row is walked, in exact fractions.

Written from the definitions of earned value in the product's rules alone. Hours are in whole millionths, money in
units of 1e-8 of the currency, as the rules on exact amounts say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import floor

from infra.simulator.site import Activity, Plan, Site

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


def sums(site: Site, work: Iterable[Hours], as_of: str, cost: bool, number: int | None = None) -> dict[str, Sums]:
    """Of every node and of the project (key ""), by the baseline of that number; None is the plan of now."""
    baseline = site.baselines[number - 1] if number else None
    found = {"": Sums(), **{node: Sums() for node in (*site.nodes, *site.activities)}}
    by_activity: dict[str, list[Hours]] = {}
    for each in work:
        by_activity.setdefault(each.activity, []).append(each)
    for id, activity in site.activities.items():
        plan = baseline.plans.get(id, Plan(Decimal(0))) if baseline else activity.plan
        holidays = baseline.holidays if baseline else site.holidays
        own = _sums(activity, plan, holidays, by_activity.get(id, []), as_of, activity.rate or site.rate, cost)
        for node in (*site.above(id), ""):
            _add(found[node], own)
    return found


def _sums(
    activity: Activity,
    plan: Plan,
    holidays: Iterable[str],
    work: list[Hours],
    as_of: str,
    rate: Decimal | None,
    cost: bool,
) -> Sums:
    budget = int(plan.budget * MILLION)
    planned, earned = _planned(plan, holidays, as_of), _half_up(_percent(activity, work, as_of) * budget)
    found = Sums(budget, planned, earned, dated=earned if plan.start and plan.finish else 0)
    for each in work:
        if each.date > as_of:
            continue
        hours = int(each.hours * MILLION)
        if not cost:
            found.ac += hours
        if each.rate is None:
            found.unrated += hours
        elif cost:
            found.ac += _half_up(hours * Fraction(each.rate) * 100)
    if cost and budget:
        amounts = (budget, planned, earned, found.dated or 0)
        worth = [None if rate is None else _half_up(each * Fraction(rate) * 100) for each in amounts]
        found.bac, found.pv, found.ev, found.dated = worth
    return found


def _planned(plan: Plan, holidays: Iterable[str], as_of: str) -> int:
    """An even share on each working day, the remainder on the last; all on the finish where no day is worked."""
    budget = int(plan.budget * MILLION)
    if plan.start is None or plan.finish is None:
        return 0
    day, last = date.fromisoformat(plan.start), date.fromisoformat(plan.finish)
    worked = []
    while day <= last:
        if day.isoweekday() <= 5 and day.isoformat() not in holidays:
            worked.append(day.isoformat())
        day += timedelta(days=1)
    if not worked:
        return budget if plan.finish <= as_of else 0
    if worked[-1] <= as_of:
        return budget
    return budget // len(worked) * sum(each <= as_of for each in worked)


def _percent(activity: Activity, work: list[Hours], as_of: str) -> Fraction:
    told = [each for each in activity.measured.values() if each.date <= as_of]
    if not activity.units:
        percents = [each for each in told if each.percent is not None]
        last = max(percents, key=lambda each: each.date, default=None)
        newest = [each for each in percents if last and each.date == last.date]
        return Fraction(newest[-1].percent or 0) if newest else Fraction(0)
    totals = [each for each in told if each.installed is not None]
    since = max((each.date for each in totals), default="")
    installed = [each.installed or Decimal(0) for each in totals if each.date == since][-1:]
    installed += [each.quantity for each in work if each.quantity is not None and since < each.date <= as_of]
    return min(Fraction(1), max(Fraction(0), Fraction(sum(installed)) / Fraction(activity.quantity or 0)))


def _half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2)) if value >= 0 else -floor(-value + Fraction(1, 2))


def _add(to: Sums, own: Sums) -> None:
    to.ac, to.unrated = to.ac + own.ac, to.unrated + own.unrated
    for name in ("bac", "pv", "ev", "dated"):
        before, more = getattr(to, name), getattr(own, name)
        setattr(to, name, None if before is None or more is None else before + more)


def ratios(hours: Sums) -> dict[str, Decimal | None]:
    """What is formed from the sums of a node in hours: ratios to 0.0001, differences and forecasts to 0.01."""
    bac, pv, ev, ac, dated = (
        Fraction(each or 0) / MILLION for each in (hours.bac, hours.pv, hours.ev, hours.ac, hours.dated)
    )

    def over(above: Fraction, below: Fraction) -> Fraction | None:
        return above / below if below else None

    eac = bac * ac / ev if ev and ac else None  # BAC / CPI
    fine = {
        "se": over(ac, ev),
        "spi": over(dated, pv),
        "cpi": over(ev, ac),
        "tcpi": over(bac - ev, bac - ac),
        "percent_complete": over(ev, bac),
        "percent_spent": over(ac, bac),
    }
    coarse = {
        "sv": dated - pv,
        "cv": ev - ac,
        "eac": eac,
        "etc": None if eac is None else eac - ac,
        "vac": None if eac is None else bac - eac,
        "ev_dated": dated,
    }
    found = {name: _rounded(value, 4) for name, value in fine.items()}
    return found | {name: _rounded(value, 2) for name, value in coarse.items()}


def _rounded(value: Fraction | None, digits: int) -> Decimal | None:
    return None if value is None else Decimal(_half_up(value * 10**digits)).scaleb(-digits)


def shown(value: int | None, cost: bool = False) -> Decimal | None:
    """An amount as an answer shows it: to 0.01, half up."""
    if value is None:
        return None
    return (Decimal(value) / (100 * MILLION if cost else MILLION)).quantize(Decimal("0.01"), ROUND_HALF_UP)
