"""The two axes of the S-curve's picture: where an amount and a day lie, and what is written there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from chalicelib.evm.amounts import rounded
from chalicelib.evm.s_curve import period_end

MOST_LINES = 7  # from the bottom of the picture to its top
MOST_DATES = 12  # along its foot
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, in pixels, its label, and where a year begins to count also the year."""

    place: float
    label: str
    year: str = ""


@dataclass(frozen=True, slots=True)
class Amounts:
    """From 0 at ``bottom`` to a round number at or above ``most`` at ``top``; pixels grow downwards."""

    most: Fraction
    top: float
    bottom: float

    @property
    def step(self) -> Fraction:
        """1, 2 or 5 times a power of ten, from 0.01 up, so that at most seven steps reach ``most``."""
        step, factors = Fraction(1, 100), 0
        while step * MOST_LINES < self.most:
            step *= (Fraction(2), Fraction(5, 2), Fraction(2))[factors % 3]
            factors += 1
        return step

    @property
    def end(self) -> Fraction:
        """The round number at the top."""
        return self.step * max(-(-self.most // self.step), 1)

    def place(self, amount: Fraction) -> float:
        """The pixel row of an amount."""
        return self.bottom - float(amount / self.end) * (self.bottom - self.top)

    def ticks(self) -> Iterator[Tick]:
        """A line at every step."""
        places = 0 if self.step >= 1 else 2
        for n in range(int(self.end / self.step) + 1):
            yield Tick(self.place(self.step * n), written(self.step * n, places))


@dataclass(frozen=True, slots=True)
class Days:
    """From the end of ``first`` at ``left`` to the end of ``last`` at ``right``."""

    first: date
    last: date
    left: float
    right: float

    def place(self, day: date) -> float:
        """The pixel column of the end of a day."""
        whole = max((self.last - self.first).days, 1)
        return self.left + (day - self.first).days / whole * (self.right - self.left)

    def ticks(self) -> Iterator[Tick]:
        """Days, Sundays, or the last days of months: whichever are few enough to be read."""
        year = 0
        for day in self._days():
            yield Tick(self.place(day), f"{day.day} {MONTHS[day.month - 1]}", "" if day.year == year else f"{day.year}")
            year = day.year

    def _days(self) -> Iterator[date]:
        span = (self.last - self.first).days
        if span <= MOST_DATES:
            return (self.first + timedelta(days=n) for n in range(span + 1))
        if span <= MOST_DATES * 7:
            return (self.first + timedelta(days=n) for n in range(7 - self.first.isoweekday(), span + 1, 7))
        return self._month_ends(-(-span // (MOST_DATES * 30)))

    def _month_ends(self, least: int) -> Iterator[date]:
        """The last day of every month, or of every 2nd, 3rd, 4th, 6th, or of so many years."""
        every = next((n for n in (1, 2, 3, 4, 6, 12) if n >= least), -(-least // 12) * 12)
        for number in range(self.first.year * 12 + self.first.month, self.last.year * 12 + self.last.month + 1):
            end = period_end("month", date((number - 1) // 12, (number - 1) % 12 + 1, 1))
            if number % every == 0 and end <= self.last:  # so many months are over since the year 0
                yield end


def written(amount: Fraction, places: int = 0) -> str:
    """With a space that does not break between thousands, as ISO 80000-1 writes them."""
    return f"{rounded(amount, places):,f}".replace(",", "\N{NO-BREAK SPACE}")


def in_words(day: date) -> str:
    """A date as it is read: 6 Mar 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
