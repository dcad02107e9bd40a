"""The sums of one node as they were read: cut at a date, or day by day; half-years are unpacked when asked for."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

from chalicelib.evm.amounts import half_up
from chalicelib.evm.planned_value import SlopeChange
from chalicelib.rollups import sheets
from chalicelib.rollups.accounts import column
from chalicelib.rollups.books import FIRST, LAST, OFFSET, Summary, in_short
from chalicelib.rollups.generations import Days, Generation, calendar_of, worked_before
from chalicelib.rollups.sheets import Sheet, days_of

Priced = tuple[tuple[str, Fraction], ...]
"""Which prices of a column make an amount, and what each is multiplied with."""

HOURS: Priced = (("plain", Fraction(1)), ("rated", Fraction(1)))


def in_money(rate: Decimal | None) -> Priced:
    """Money in 1e-8: the cost of work with a rate of its own, and the other hours at the project's."""
    own: Priced = (("cost", Fraction(1)),)
    return own if rate is None else (*own, ("plain", Fraction(rate) * 100))


class NodeSums:
    """Sums by half-year, each in short and packed."""

    def __init__(
        self,
        undated: Mapping[str, int],
        halves: Mapping[str, Summary],
        packed: Mapping[str, bytes],
        opened: Mapping[str, Sheet] | None = None,
    ) -> None:
        self.undated, self._packed = undated, packed
        self.order = sorted(halves)
        self.sums = [halves[half].sums for half in self.order]
        self._opened: dict[str, Sheet] = dict(opened or {})

    @classmethod
    def of_sheet(cls, sheet: Sheet, generation: Generation) -> "NodeSums":
        """The same from one sheet: an activity's contributions."""
        parts = sheets.by_half(sheet)
        undated = {name: days[sheets.UNDATED] for name, days in parts.pop("", {}).items()}
        halves = {half: Summary(0, in_short(part, half, generation)) for half, part in parts.items()}
        return cls(undated, halves, {}, parts)

    def sheet(self, half: str) -> Sheet:
        """One half-year, day by day."""
        if half not in self._opened:
            self._opened[half] = sheets.unpack(self._packed[half])
        return self._opened[half]

    def budget(self, plan: str, kind: str, priced: Priced) -> int:
        """The budget of a kind of work."""
        return _amount((self.undated.get(column(plan, kind, "budget", price), 0), factor) for price, factor in priced)

    def to_date(self, name: str, day: int) -> int:
        """What a column adds up to at the end of a day."""
        found, last = 0, sheets.half_of(day)
        for half, sums in zip(self.order, self.sums, strict=True):
            if half > last:
                break
            if half < last:
                found += sums.get(name, 0)
            elif name in sums:
                found += sum(value for each, value in self.sheet(half).get(name, {}).items() if each <= day)
        return found

    def earned(self, plan: str, kind: str, priced: Priced, day: int) -> int:
        """EV of a kind of work, which level of effort does not have, at the end of a day."""
        return _amount((self.to_date(column(plan, kind, "earned", price), day), factor) for price, factor in priced)

    def days(self, names: Iterable[tuple[str, Fraction]]) -> list[tuple[date, int]]:
        """The changes by day of columns times their factors, in order; days without a change are left out."""
        wanted = list(names)
        found: dict[int, Fraction] = {}
        for half, sums in zip(self.order, self.sums, strict=True):
            if any(name in sums for name, _ in wanted):
                sheet = self.sheet(half)
                for name, factor in wanted:
                    for day, value in sheet.get(name, {}).items():
                        found[day] = found.get(day, Fraction(0)) + value * factor
        return [(date.fromordinal(day), half_up(value)) for day, value in sorted(found.items()) if value]

    def last_change(self, names: Sequence[str], day: int) -> date | None:
        """The last day up to a day on which columns changed in sum."""
        for half in reversed(self.order):
            if half > sheets.half_of(day):
                continue
            sheet, found = self.sheet(half), dict[int, int]()
            for name in names:
                for each, value in sheet.get(name, {}).items():
                    found[each] = found.get(each, 0) + value
            days = [each for each, value in found.items() if value and each <= day]
            if days:
                return date.fromordinal(max(days))
        return None

    def first(self, name: str) -> date | None:
        """The first day of a column of counts."""
        days = [sums[name + FIRST] for sums in self.sums if name + FIRST in sums]
        return date.fromordinal(min(days)) if days else None

    def last(self, name: str) -> date | None:
        """The last day of a column of counts."""
        days = [sums[name + LAST] for sums in self.sums if name + LAST in sums]
        return date.fromordinal(max(days)) if days else None

    def slope_changes(self, plan: str, kind: str, priced: Priced) -> list[SlopeChange]:
        """The planned value of a kind of work as changes of its slope, for the S-curve."""
        changes: dict[date, list[int]] = {}
        for place, what in enumerate(("slope", "lump")):
            for day, value in self.days([(column(plan, kind, what, price), factor) for price, factor in priced]):
                changes.setdefault(day, [0, 0, 0, 0])[place] = value
        for place, what in enumerate(("starts", "finishes"), start=2):
            for day, value in self.days([(column(plan, kind, what), Fraction(1))]):
                changes.setdefault(day, [0, 0, 0, 0])[place] = value
        return [SlopeChange(day, *values) for day, values in sorted(changes.items())]


class Curve:
    """The planned value of a kind of work to the end of any day."""

    def __init__(self, sums: NodeSums, plan: str, kind: str, priced: Priced, days: Days) -> None:
        self.calendar, self._parts = calendar_of(days), []
        for price, factor in priced:
            names = column(plan, kind, "slope", price), column(plan, kind, "lump", price)
            if any(name in short for short in sums.sums for name in names):
                self._parts.append((_OneCurve(sums, *names, days), factor))

    def __call__(self, day: date) -> int:
        ordinal = day.toordinal()
        worked = self.calendar.worked_to(day)
        return _amount((part(ordinal, worked), factor) for part, factor in self._parts)


class _OneCurve:
    """Slopes and lumps in one price: the sums of whole half-years, and of one the days."""

    def __init__(self, sums: NodeSums, slope: str, lump: str, days: Days) -> None:
        self._sums, self._slope, self._lump, self._calendar = sums, slope, lump, days
        self._slopes = list(accumulate((short.get(slope, 0) for short in sums.sums), initial=0))
        offsets = (short.get(lump, 0) - short.get(slope + OFFSET, 0) for short in sums.sums)
        self._offsets = list(accumulate(offsets, initial=0))
        self._days: dict[int, tuple[list[int], list[int], list[int]]] = {}

    def __call__(self, day: int, worked: int) -> int:
        half = sheets.half_of(day)
        place = bisect_right(self._sums.order, half)
        if place == 0 or self._sums.order[place - 1] != half:
            return self._slopes[place] * worked + self._offsets[place]
        days, slopes, offsets = self._opened(place - 1)
        inside = bisect_right(days, day)
        slope = self._slopes[place - 1] + slopes[inside]
        return slope * worked + self._offsets[place - 1] + offsets[inside]

    def _opened(self, place: int) -> tuple[list[int], list[int], list[int]]:
        """Days with a change, and slopes and offsets up to each."""
        if place not in self._days:
            half = self._sums.order[place]
            sheet, first, before = self._sums.sheet(half), days_of(half)[0], worked_before(self._calendar, half)
            slopes, lumps = sheet.get(self._slope, {}), sheet.get(self._lump, {})
            days = sorted({*slopes, *lumps})
            offsets = (lumps.get(day, 0) - slopes.get(day, 0) * before[day - first] for day in days)
            self._days[place] = (
                days,
                list(accumulate((slopes.get(day, 0) for day in days), initial=0)),
                list(accumulate(offsets, initial=0)),
            )
        return self._days[place]


def _amount(parts: Iterable[tuple[int, Fraction]]) -> int:
    """A sum of products, half up where a rate has more decimals than money."""
    return sum(
        value * factor.numerator if factor.denominator == 1 else half_up(value * factor) for value, factor in parts
    )
