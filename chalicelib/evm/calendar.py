"""Which days are worked, counted without walking over them."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from itertools import accumulate


class NoSuchDay(ValueError):
    """No working day answers the question: none in the week, or beyond the last year of dates."""


@dataclass(frozen=True, slots=True, init=False)
class WorkCalendar:
    """The days of the week that are worked (ISO numbers, Monday 1) less the holidays."""

    weekdays: frozenset[int]
    holidays: frozenset[date]
    _week: tuple[int, ...]  # the worked weekdays, counted from Monday 0
    _counts: tuple[int, ...]  # worked weekdays among the first 0..6 days of a week
    _closed: tuple[int, ...]  # ordinals of the holidays that fall on a worked weekday
    _ranks: tuple[int, ...]  # how many days are worked up to each of them

    def __init__(self, working_days: Collection[int], holidays: Collection[date] = ()) -> None:
        """Raises ValueError for a weekday outside 1 to 7."""
        if not set(working_days) <= set(range(1, 8)):
            raise ValueError("working days are ISO weekdays, 1 (Monday) to 7 (Sunday)")
        week = tuple(sorted({day - 1 for day in working_days}))
        closed = tuple(sorted({d.toordinal() for d in holidays if d.isoweekday() - 1 in week}))
        counts = tuple(accumulate((int(day in week) for day in range(6)), initial=0))
        fix = object.__setattr__  # the class is frozen; this is its only writer
        fix(self, "weekdays", frozenset(working_days))
        fix(self, "holidays", frozenset(holidays))
        fix(self, "_week", week)
        fix(self, "_counts", counts)
        fix(self, "_closed", closed)
        ranks = (self._weekdays_to(day) - index for index, day in enumerate(closed, start=1))
        fix(self, "_ranks", tuple(ranks))

    def is_working(self, day: date) -> bool:
        """Whether ``day`` is a worked weekday and no holiday."""
        return day.isoweekday() in self.weekdays and day not in self.holidays

    def worked_to(self, day: date) -> int:
        """The index of ``day`` among all working days: how many there are to its end, from year 1."""
        return self._worked_to(day.toordinal())

    def working_days(self, start: date, finish: date) -> int:
        """How many days are worked from ``start`` to ``finish``, both included; 0 if reversed."""
        if finish < start:
            return 0
        return self._worked_to(finish.toordinal()) - self._worked_to(start.toordinal() - 1)

    def last_working_day(self, start: date, finish: date) -> date | None:
        """The last day worked from ``start`` to ``finish``, or None if there is none."""
        count = self.working_days(start, finish)
        return self.add_working_days(start, count) if count else None

    def add_working_days(self, start: date, n: int) -> date:
        """The ``n``-th working day from ``start``, which is the first if it is worked.

        Raises ValueError for ``n`` below 1 and NoSuchDay when dates end before it.
        """
        if n < 1:
            raise ValueError("working days are counted from 1")
        if not self._week:
            raise NoSuchDay("no day of the week is worked")
        rank = self._worked_to(start.toordinal() - 1) + n
        weekday = rank + bisect_left(self._ranks, rank)  # holidays before it push it on
        weeks, index = divmod(weekday - 1, len(self._week))
        ordinal = weeks * 7 + self._week[index] + 1
        if ordinal > date.max.toordinal():
            raise NoSuchDay("beyond the last date")
        return date.fromordinal(ordinal)

    def _weekdays_to(self, ordinal: int) -> int:
        weeks, days = divmod(ordinal, 7)  # day 1 of the calendar is a Monday
        return weeks * len(self._week) + self._counts[days]

    def _worked_to(self, ordinal: int) -> int:
        return self._weekdays_to(ordinal) - bisect_right(self._closed, ordinal)
