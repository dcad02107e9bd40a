"""Sums by day, and how they are packed into rows of half a year.

A sheet holds whole numbers by column and day: hours in millionths, money in 1e-8 of the currency, counts.
A day is its ordinal number; what has no date stands under ``UNDATED``. Sheets only need adding.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from itertools import accumulate

Sheet = dict[str, dict[int, int]]
UNDATED = 0


def add(sheet: Sheet, other: Mapping[str, Mapping[int, int]], sign: int = 1) -> None:
    """Add another sheet to this one, or with ``sign`` -1 take it away; what becomes 0 is left out."""
    for column, days in other.items():
        into = sheet.setdefault(column, {})
        for day, value in days.items():
            total = into.get(day, 0) + sign * value
            if total:
                into[day] = total
            else:
                into.pop(day, None)
        if not into:
            del sheet[column]


def difference(new: Mapping[str, Mapping[int, int]], old: Mapping[str, Mapping[int, int]]) -> Sheet:
    """What must be added to the old one to get the new one."""
    found: Sheet = {}
    add(found, new)
    add(found, old, -1)
    return found


def total(sheets: Iterable[Mapping[str, Mapping[int, int]]]) -> Sheet:
    """Several added up."""
    found: Sheet = {}
    for sheet in sheets:
        add(found, sheet)
    return found


def put(sheet: Sheet, column: str, day: int, value: int) -> None:
    """Add one number."""
    if value:
        add(sheet, {column: {day: value}})


@lru_cache(maxsize=20_000)
def half_of(day: int) -> str:
    """The half-year of a day, such as ``2026-2``; the empty text for what has no date."""
    if day == UNDATED:
        return ""
    when = date.fromordinal(day)
    return f"{when.year:04}-{1 if when.month < 7 else 2}"


def days_of(half: str) -> range:
    """The days of a half-year."""
    year, part = int(half[:4]), half[-1]
    first, last = (date(year, 1, 1), date(year, 6, 30)) if part == "1" else (date(year, 7, 1), date(year, 12, 31))
    return range(first.toordinal(), last.toordinal() + 1)


def by_half(sheet: Mapping[str, Mapping[int, int]]) -> dict[str, Sheet]:
    """The sheet taken apart by half-years."""
    parts: dict[str, Sheet] = {}
    for column, days in sheet.items():
        for day, value in days.items():
            parts.setdefault(half_of(day), {}).setdefault(column, {})[day] = value
    return parts


def pack(sheet: Mapping[str, Mapping[int, int]]) -> bytes:
    """A sheet as one value of a row: of each column the days, each from the one before, and the numbers."""
    columns = {}
    for column, days in sorted(sheet.items()):
        order = sorted(days)
        steps = [day - before for before, day in zip([0, *order], order, strict=False)]
        columns[column] = [steps, [days[day] for day in order]]
    return zlib.compress(json.dumps(columns, separators=(",", ":")).encode(), 6)


def unpack(packed: bytes) -> Sheet:
    """The reverse of :func:`pack`."""
    sheet: Sheet = {}
    for column, (steps, values) in json.loads(zlib.decompress(packed)).items():
        sheet[column] = dict(zip(accumulate(steps), values, strict=True))
    return sheet
