"""Generations: complete sets of a project's sums, of which one is current and one may be under construction."""

import zlib
from datetime import date
from functools import lru_cache
from itertools import accumulate

import msgspec
from msgspec import Struct

from chalicelib.evm.calendar import WorkCalendar
from chalicelib.rollups import sheets
from chalicelib.rollups.accounts import NOW, Calendars


class Days(Struct, frozen=True, array_like=True):
    """A calendar as it is kept: weekdays (Monday 1) and dates without work."""

    weekdays: tuple[int, ...]
    holidays: tuple[str, ...] = ()


class Generation(Struct, frozen=True):
    """One set of sums: its number, the calendar of each of its plans, and the newest bulk change it shows."""

    number: int
    days: dict[str, Days]
    bulk: int = 0

    @property
    def slot(self) -> str:
        """Where its rows lie; the next one's lie in the other."""
        return slot_of(self.number)

    def calendars(self) -> Calendars:
        """The working days of each plan."""
        return {plan: calendar_of(days) for plan, days in self.days.items()}

    def shows(self, other: "Generation") -> bool:
        """Whether the other has the same plans and calendars and no newer bulk change."""
        return self.days == other.days and self.bulk >= other.bulk


class Generations(Struct, frozen=True):
    """The current generation of a project, and the one that is being built."""

    current: Generation
    next: Generation | None = None

    @property
    def live(self) -> tuple[Generation, ...]:
        """Those in which approved work counts."""
        return (self.current, self.next) if self.next else (self.current,)

    @property
    def newest(self) -> Generation:
        """The one in which changes of plans and places count."""
        return self.next or self.current

    def announced(self, wanted: Generation) -> "Generations":
        """With the next one to be built (anew, if another was under way), in the slot that is not current."""
        number = self.next.number + 2 if self.next else self.current.number + 1
        return Generations(self.current, msgspec.structs.replace(wanted, number=number))

    def switched(self) -> "Generations":
        """With the next one current."""
        return Generations(self.newest)


def first(wanted: Generation) -> Generations:
    """The first of a project: by the plan of now, as nobody has looked up what activities are in baselines."""
    return Generations(msgspec.structs.replace(wanted, days={NOW: wanted.days[NOW]}))


def slot_of(number: int) -> str:
    """The slot of a generation."""
    return "ab"[number % 2]


def pack(generations: Generations) -> bytes:
    """Generations as one value of a row."""
    return zlib.compress(msgspec.json.encode(generations), 6)


def unpack(packed: bytes) -> Generations:
    """The reverse of :func:`pack`."""
    return msgspec.json.decode(zlib.decompress(packed), type=Generations)


@lru_cache(maxsize=200)
def calendar_of(days: Days) -> WorkCalendar:
    """A calendar as earned value has it."""
    return WorkCalendar(days.weekdays, tuple(map(date.fromisoformat, days.holidays)))


@lru_cache(maxsize=200)
def worked_before(days: Days, half: str) -> tuple[int, ...]:
    """Of each day of a half-year, the working days before it, counted from the first of all days."""
    calendar, all_days = calendar_of(days), sheets.days_of(half)
    before = calendar.worked_to(date.fromordinal(all_days[0])) - calendar.is_working(date.fromordinal(all_days[0]))
    worked = (int(calendar.is_working(date.fromordinal(day))) for day in all_days[:-1])
    return tuple(accumulate(worked, initial=before))


def baselines(generation: Generation) -> list[int]:
    """The numbers of the baselines that a generation holds, in order."""
    return sorted(int(plan) for plan in generation.days if plan != NOW)
