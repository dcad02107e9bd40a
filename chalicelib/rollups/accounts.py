"""What has been counted of an activity, and what that adds to the sums of every node above it.

The sums follow from the account alone (:func:`contributions`), so nothing else of an activity is stored, and
what changes above is the new account's contributions less the old one's.

Columns. ``ac``, ``ac/cost`` and ``ac/unrated`` are approved hours, the cost of those with a kept rate, and the hours
without one. All others belong to a plan, ``now`` or the number of a baseline, and to a kind of work:
``discrete`` has both dates and earns by a rule of its own, ``effort`` (level of effort) earns what is planned,
``undated`` has no planned value. Each comes in ``plain`` hours, of activities without a planned rate, which are priced
when read; in ``rated`` hours; and in the ``cost`` of these.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import msgspec
from msgspec import Struct

from chalicelib.evm.amounts import half_up, micro_hours, money
from chalicelib.evm.calendar import WorkCalendar
from chalicelib.evm.earning import DayWork, Measurement, Milestone, Rule, installed_quantity, percent_series
from chalicelib.evm.planned_value import Plan
from chalicelib.rollups.sheets import UNDATED, Sheet, put

NOW = "now"
"""The plan of now, beside the baselines."""

Calendars = Mapping[str, WorkCalendar]
"""The working days of each plan: ``now`` and the numbers of the baselines."""


class Spent(Struct, frozen=True, omit_defaults=True):
    """Approved work of one activity on one date: hours in millionths, the cost of those with a rate."""

    hours: int = 0
    cost: int = 0
    unrated: int = 0
    quantity: Decimal = Decimal(0)

    def plus(self, other: "Spent", sign: int = 1) -> "Spent":
        """Another one added, or with ``sign`` -1 taken away."""
        return Spent(
            self.hours + sign * other.hours,
            self.cost + sign * other.cost,
            self.unrated + sign * other.unrated,
            (self.quantity + sign * other.quantity).normalize() + 0,
        )


class Basis(Struct, frozen=True, omit_defaults=True):
    """What an activity's sums depend on besides its work: where it stands and what its plans say.

    ``baselines`` are those that have been looked at, whether it has a plan in them or not.
    """

    parent: str
    rule: Rule
    plans: dict[str, Plan]
    quantity: Decimal | None = None
    milestones: tuple[Milestone, ...] = ()
    rate: Decimal | None = None
    baselines: tuple[str, ...] = ()


class Account(Struct, frozen=True, omit_defaults=True):
    """What has been counted of an activity.

    ``bases`` are by the first generation that they hold in, None where the activity is not there.
    ``counted`` is the newest generation whose sums hold it. ``partly`` are the sums of each generation as they were
    left by a change too large for one transaction, until it is whole.
    """

    bases: dict[int, Basis | None] = {}
    work: dict[date, Spent] = {}
    measurements: tuple[Measurement, ...] = ()
    counted: int = -1
    partly: dict[int, bytes] = {}

    def basis(self, generation: int) -> Basis | None:
        """The one that holds in a generation."""
        earlier = [first for first in self.bases if first <= generation]
        return self.bases[max(earlier)] if earlier else None

    def with_basis(self, basis: Basis | None, generation: int, current: int) -> "Account":
        """The same with another basis from ``generation`` on; what no live generation needs is dropped."""
        if self.basis(generation) == basis and (basis is None or self.bases):
            kept = self.bases
        else:
            kept = {first: each for first, each in self.bases.items() if first < generation} | {generation: basis}
        older = [first for first in kept if first <= current]
        kept = {first: each for first, each in kept.items() if not older or first >= max(older)}
        return msgspec.structs.replace(self, bases=kept)

    def installed(self, as_of: date) -> Decimal:
        """The quantity in place at the end of a date, never below 0."""
        return installed_quantity(_day_work(self.work), self.measurements, as_of)


def done_on(account: Account, basis: Basis) -> date | None:
    """The day since which all of an activity's budget by the plan of now is earned."""
    if basis.rule is Rule.LEVEL_OF_EFFORT:
        return basis.plans[NOW].finish
    series = percent_series(basis.rule, basis.quantity, basis.milestones, _day_work(account.work), account.measurements)
    return series[-1][0] if series and series[-1][1] >= 1 else None


def pack(account: Account) -> bytes:
    """An account as one value of a row."""
    return zlib.compress(msgspec.json.encode(account), 6)


def unpack(packed: bytes) -> Account:
    """The reverse of :func:`pack`."""
    return msgspec.json.decode(zlib.decompress(packed), type=Account)


def spent(hours: Decimal, rate: Decimal | None, quantity: Decimal | None) -> Spent:
    """One booking as it counts."""
    worked, installed = micro_hours(hours), quantity or Decimal(0)
    if rate is None:
        return Spent(worked, 0, worked, installed)
    return Spent(worked, money(worked, rate), 0, installed)


def contributions(account: Account, generation: int, calendars: Calendars) -> Sheet:
    """Every sum of the activity in a generation; zeros are left out."""
    basis = account.basis(generation)
    if basis is None:
        return {}
    sheet: Sheet = {}
    for day, cell in account.work.items():
        put(sheet, "ac", day.toordinal(), cell.hours)
        put(sheet, "ac/cost", day.toordinal(), cell.cost)
        put(sheet, "ac/unrated", day.toordinal(), cell.unrated)
    percents = percent_series(
        basis.rule, basis.quantity, basis.milestones, _day_work(account.work), account.measurements
    )
    for plan, calendar in calendars.items():
        if plan in basis.plans:
            _planned(sheet, plan, basis, calendar)
            _earned(sheet, plan, basis, percents)
        elif NOW in basis.plans:
            put(sheet, column(plan, "unbaselined", "budget"), UNDATED, basis.plans[NOW].budget)
    return sheet


def column(plan: str, kind: str, what: str, price: str = "") -> str:
    """The name of a plan's column."""
    return "/".join(filter(None, (plan, kind, what, price)))


def kind_of(basis: Basis, plan: Plan) -> str:
    """Which kind of work it is in a plan."""
    if plan.start is None or plan.finish is None:
        return "undated"
    return "effort" if basis.rule is Rule.LEVEL_OF_EFFORT else "discrete"


def _day_work(work: Mapping[date, Spent]) -> list[DayWork]:
    return [DayWork(day, cell.hours, cell.quantity) for day, cell in sorted(work.items())]


def _planned(sheet: Sheet, name: str, basis: Basis, calendar: WorkCalendar) -> None:
    plan = basis.plans[name]
    kind = kind_of(basis, plan)
    _priced(sheet, name, kind, "budget", UNDATED, plan.budget, basis.rate)
    if plan.start is None or plan.finish is None:
        return
    put(sheet, column(name, kind, "starts"), plan.start.toordinal(), 1)
    put(sheet, column(name, kind, "finishes"), plan.finish.toordinal(), 1)
    for day, what, value in spread(plan, calendar):
        _priced(sheet, name, kind, what, day.toordinal(), value, basis.rate)


def spread(plan: Plan, calendar: WorkCalendar) -> Iterator[tuple[date, str, int]]:
    """The budget as changes of a daily ``slope``, counted on working days, and a ``lump`` for the remainder.

    The slope ends on the day after the last working day. A range without one has its whole budget on its finish.
    """
    assert plan.start is not None and plan.finish is not None
    last = calendar.last_working_day(plan.start, plan.finish)
    if last is None:
        yield plan.finish, "lump", plan.budget
        return
    slope, rest = divmod(plan.budget, calendar.working_days(plan.start, plan.finish))
    yield plan.start, "slope", slope
    yield last, "lump", rest
    if last < date.max:
        yield last + timedelta(days=1), "slope", -slope


def _earned(sheet: Sheet, name: str, basis: Basis, percents: Iterable[tuple[date, Fraction]]) -> None:
    plan, before = basis.plans[name], 0
    for day, percent in percents:
        earned = half_up(percent * plan.budget)
        _priced(sheet, name, kind_of(basis, plan), "earned", day.toordinal(), earned - before, basis.rate)
        before = earned


def _priced(sheet: Sheet, plan: str, kind: str, what: str, day: int, hours: int, rate: Decimal | None) -> None:
    if rate is None:
        put(sheet, column(plan, kind, what, "plain"), day, hours)
        return
    put(sheet, column(plan, kind, what, "rated"), day, hours)
    put(sheet, column(plan, kind, what, "cost"), day, money(hours, rate))
