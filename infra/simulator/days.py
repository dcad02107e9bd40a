"""The dates of a history, and how long a night is on them."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

BEGINNINGS = (
    datetime(2026, 6, 15, 6, tzinfo=UTC),
    datetime(2026, 10, 31, 6, tzinfo=UTC),  # a week after the night that has an hour more in Berlin
    datetime(2027, 4, 3, 6, tzinfo=UTC),  # a week after the night that has an hour less
)


@dataclass(frozen=True)
class Days:
    """When a history begins; work is done on the four dates from a week before it on."""

    begin: datetime

    @property
    def work(self) -> tuple[str, ...]:
        """The dates of work."""
        return tuple(self._after(number) for number in range(4))

    @property
    def plans(self) -> tuple[str, ...]:
        """The dates at which activities begin and end."""
        return tuple(self._after(number) for number in (-7, -3, 4, 11, 21, 39))

    def near(self, luck: random.Random) -> str:
        """One of these dates, or one some days away."""
        day = date.fromisoformat(luck.choice((*self.work, *self.plans)))
        return (day + timedelta(days=luck.choice((0, 0, luck.randrange(-9, 10))))).isoformat()

    def _after(self, days: int) -> str:
        return (self.begin + timedelta(days=days - 7)).date().isoformat()


@dataclass(frozen=True)
class Shift:
    """From an hour of a date to an hour of the same or the next one, in a time zone."""

    date: str
    zone: str
    first: int
    last: int

    @property
    def times(self) -> tuple[str, str]:
        """Beginning and end as a clock on the wall shows them, without an offset."""
        start = datetime.fromisoformat(self.date).replace(hour=self.first)
        finish = start.replace(hour=self.last) + timedelta(days=int(self.last <= self.first))
        return start.isoformat(), finish.isoformat()

    @property
    def hours(self) -> Decimal:
        """The time that passes meanwhile, whatever is done to the clocks."""
        start, finish = (datetime.fromisoformat(each).replace(tzinfo=ZoneInfo(self.zone)) for each in self.times)
        return Decimal((finish.astimezone(UTC) - start.astimezone(UTC)) / timedelta(minutes=1)) / 60
