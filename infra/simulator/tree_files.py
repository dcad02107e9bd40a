"""A work breakdown as a file: its rows, their text, and what of them a project does not have.

Written from the product's rules alone.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import openpyxl

from infra.simulator.site import Site

TITLES = (
    "Location",
    "Sub-Location",
    "Discipline",
    "Activity",
    "Cost code",
    "Budget hours",
    "Unit",
    "Quantity",
    "Baseline start",
    "Baseline finish",
)


@dataclass(frozen=True)
class Row:
    """One activity: the names from the location down to itself, and its plan."""

    path: tuple[str, ...]
    code: str
    budget: Decimal
    quantity: Decimal | None = None
    start: str | None = None
    finish: str | None = None


def text(rows: Iterable[Row]) -> str:
    """The file."""
    file = io.StringIO()
    lines = csv.writer(file)
    lines.writerow(TITLES)
    for row in rows:
        measure = ("m", row.quantity) if row.quantity is not None else ("", "")
        lines.writerow((*row.path, row.code, row.budget, *measure, row.start or "", row.finish or ""))
    return file.getvalue()


def workbook(rows: Iterable[Row]) -> bytes:
    """The same as a workbook, its numbers as numbers and its dates as dates."""
    book, file = openpyxl.Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    sheet.append(TITLES)
    for row in rows:
        measure = ("m", row.quantity) if row.quantity is not None else (None, None)
        dates = (each and date.fromisoformat(each) for each in (row.start, row.finish))
        sheet.append((*row.path, row.code, row.budget, *measure, *dates))
    book.save(file)
    return file.getvalue()


def row_of(site: Site, id: str) -> Row:
    """An activity as an export has it."""
    activity = site.activities[id]
    plan = activity.plan
    return Row(site.path(id), activity.code, plan.budget, activity.quantity, plan.start, plan.finish)


def missing(site: Site, rows: Iterable[Row], since: float) -> Iterator[str]:
    """What a project does not have as the rows say, but for what somebody has edited since an instant."""
    codes = site.codes()
    for row in rows:
        if row.code not in codes:
            if site.renamed < since:
                yield f"{row.code} is not there"
            continue
        id = codes[row.code]
        if site.edited.get((id, "code"), -1.0) >= since:
            continue  # another activity has the code by now
        found = row_of(site, id)
        for field in ("path", "budget", "quantity", "start", "finish"):
            wanted, has = getattr(row, field), getattr(found, field)
            if wanted != has and site.edited.get((id, field), -1.0) < since:
                yield f"{field} of {row.code} is {has} instead of {wanted}"
