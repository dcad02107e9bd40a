"""The lines of a sheet as activities: every cell becomes the value of its field, or a fault by row and column."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from chalicelib.names import comparison_form
from chalicelib.spreadsheet.cells import GENERAL, Cell, Kind
from chalicelib.spreadsheet.formats import shown
from chalicelib.tree import figures
from chalicelib.tree.columns import BY_FIELD, PARENTS
from chalicelib.tree.faults import Faults
from chalicelib.tree.figures import Marks
from chalicelib.tree.sheet import Line, Sheet

Check = Callable[[Any], Any]  # a field's own rule: the value as it is kept, or ValueError
HOURS_PLACES, QUANTITY_PLACES = 2, 4
PARENT_FIELDS = tuple(column.field for column in PARENTS)
_RULES = {"cost_code": "cost_code", "unit": "unit"}  # every other text is a name
_DATES = ("baseline_start", "baseline_finish")
_FIGURES = {"budget_hours": HOURS_PLACES, "quantity": QUANTITY_PLACES}
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?", re.ASCII)
_TOTAL = re.compile(r"\b(sub-?\s?total|grand total|total|sum|summe|gesamt|итого|всего|المجموع)\b", re.IGNORECASE)
LOST = "\ufffd"  # what a program has put in the place of a letter that it could not read
_BIGGEST = Decimal(10) ** 15


class ActivityRow(msgspec.Struct, frozen=True):
    """One activity as the file has it; what the file has no column for is UNSET."""

    row: int
    parents: tuple[str, str, str]
    name: str
    cost_code: str
    budget_hours: Decimal
    unit: str | None | UnsetType = UNSET
    quantity: Decimal | None | UnsetType = UNSET
    baseline_start: date | None | UnsetType = UNSET
    baseline_finish: date | None | UnsetType = UNSET


class ActivityRows(msgspec.Struct, frozen=True):
    """The rows without a fault, how many figures of the file were rounded, and all rows' cost codes as compared."""

    rows: tuple[ActivityRow, ...]
    rounded: int
    codes: frozenset[str]


def read(sheet: Sheet, checks: Mapping[str, Check], faults: Faults) -> ActivityRows:
    """The activities of a sheet. ``checks`` are the rules of the fields, the same as for a single node."""
    texts = (cell.text for line in sheet.lines for field in _FIGURES if (cell := line.cells.get(field)))
    reader = _Reader(sheet.fields, figures.marks(texts, sheet.delimiter), checks, faults)
    rows = [row for line in sheet.lines if (row := reader.activity(line)) is not None]
    return ActivityRows(tuple(rows), reader.rounded, frozenset(reader.codes))


class _Reader:
    """Reads line after line and counts what it rounds."""

    def __init__(self, fields: frozenset[str], marks: Marks, checks: Mapping[str, Check], faults: Faults) -> None:
        self.rounded = 0
        self.codes: dict[str, int] = {}  # the row that has each, as compared
        self._seats: dict[tuple[str, ...], int] = {}
        self._fields, self._marks, self._checks, self._faults = fields, marks, checks, faults

    def activity(self, line: Line) -> ActivityRow | None:
        """The activity of a line; None when it has faults."""
        if _is_subtotal(line):
            self._faults.add(line.row, None, "Looks like a subtotal, as it has no cost code. Leave such rows out.")
            return None
        values = {}
        for field in (field for field in BY_FIELD if field in self._fields):
            try:
                values[field] = self._value(field, line.cells.get(field))
            except ValueError as error:
                if (line.row, field) not in self._faults:  # a merged cell is blank only because it is merged
                    self._faults.add(line.row, field, str(error))
        self._check_between(line.row, values)
        return _activity(line.row, values) if len(values) == len(self._fields) else None

    def _check_between(self, row: int, values: dict[str, Any]) -> None:
        """Rules between cells and rows, as far as they could be read."""
        if set(_DATES) <= values.keys() and (wrong := wrong_dates(values["baseline_start"], values["baseline_finish"])):
            self._faults.add(row, *wrong)
        if "cost_code" in values:
            self._check_twice(self.codes, comparison_form(values["cost_code"]), row, "cost_code", "cost code")
        if {*PARENT_FIELDS, "activity"} <= values.keys():
            seat = tuple(comparison_form(values[field]) for field in (*PARENT_FIELDS, "activity"))
            self._check_twice(self._seats, seat, row, "activity", "activity in the same discipline")

    def _check_twice(self, seen: dict[Any, int], key: object, row: int, field: str, what: str) -> None:
        """Both rows are named: which of them is meant is not for us to know."""
        first = seen.setdefault(key, row)
        if first != row:
            self._faults.add(row, field, f"Row {first} has the same {what}.")
            self._faults.add(first, field, f"Row {row} has the same {what}.")

    def _value(self, field: str, cell: Cell | None) -> object:
        if cell is None:
            if BY_FIELD[field].needed:
                raise ValueError("Must not be blank.")
            return None
        if cell.kind is Kind.FAULT:
            raise ValueError(f"{cell.reason[:1].upper()}{cell.reason[1:]}.")
        if field in _FIGURES:
            return self._figure(field, cell)
        return _date(cell) if field in _DATES else self._text(field, cell)

    def _figure(self, field: str, cell: Cell) -> object:
        if cell.kind is Kind.DATE:
            raise ValueError(f"Is a date ({cell.text}), not a number.")
        exact = figures.stored(cell.text) if cell.kind is Kind.NUMBER else figures.number(cell.text, self._marks)
        if exact < 0:
            raise ValueError("Must not be negative.")
        kept = figures.rounded(min(exact, _BIGGEST), _FIGURES[field])
        value = self._checks[field](kept)
        self.rounded += kept != exact
        return value

    def _text(self, field: str, cell: Cell) -> object:
        text = _shown(cell)
        if LOST in text:
            raise ValueError("Has letters that were lost (\ufffd) when the file was saved. Save it as UTF-8 or .xlsx.")
        if field != "cost_code":
            text = _one_line(text)
        return self._checks[_RULES.get(field, "name")](text.strip())


def _is_subtotal(line: Line) -> bool:
    """Whether a row adds up others: it has no cost code, and no activity or the word for a total."""
    if "cost_code" in line.cells:
        return False
    names = [cell.text for field in (*PARENT_FIELDS, "activity") if (cell := line.cells.get(field))]
    return ("activity" not in line.cells and "budget_hours" in line.cells) or any(map(_TOTAL.search, names))


def _shown(cell: Cell) -> str:
    """A text, or a number as it is shown."""
    if cell.kind is Kind.DATE:
        raise ValueError(f"Is a date ({cell.text}); format the cell as text and give it again.")
    if cell.kind is Kind.TEXT:
        return cell.text
    text = shown(cell.text, cell.format)
    if text is None:
        shape = f"in the format {cell.format[:40]}" if cell.format != GENERAL else "too long to be shown whole"
        raise ValueError(f"Is the number {cell.text[:40]} {shape}; format the cell as text and give it as it is meant.")
    return text


def _one_line(text: str) -> str:
    """A name that a person has broken into lines, on one line; spaces within a line stay as they are."""
    return " ".join(filter(None, (line.strip() for line in text.replace("\t", "\n").splitlines())))


def _date(cell: Cell) -> date:
    if cell.kind is Kind.NUMBER:
        raise ValueError(f"Is the number {cell.text[:40]}; format the cell as a date.")
    found = _DATE.fullmatch(cell.text.strip())
    if found is None:
        raise ValueError(f"“{cell.text.strip()[:40]}” is not a date such as 2026-06-30.")
    try:
        return date.fromisoformat(found[1])
    except ValueError:
        raise ValueError(f"There is no date {found[1]}.") from None


def wrong_dates(start: date | None, finish: date | None) -> tuple[str, str] | None:
    """The field and message where the two dates do not fit together."""
    if start and finish:
        return ("baseline_finish", "Must not be before the baseline start.") if finish < start else None
    missing = "baseline_finish" if start else "baseline_start"
    return (missing, "Both baseline dates or none.") if start or finish else None


def _activity(row: int, values: dict[str, Any]) -> ActivityRow:
    location, sub_location, discipline = (values.pop(field) for field in PARENT_FIELDS)
    return ActivityRow(row, (location, sub_location, discipline), values.pop("activity"), **values)
