"""Hours as CSV: what a file says, row by row, and what an export writes.

An export can be imported: its first columns are those of an import, the others are ignored there.
Cells that a spreadsheet would run as a formula get an apostrophe in front, which an import takes off.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct

from chalicelib.errors import Invalid
from chalicelib.names import comparison_form

COLUMNS = ("operative", "date", "project", "cost_code", "hours", "quantity", "note")
NEEDED = ("operative", "date", "project", "hours")
MORE = (
    "operative_name",
    "id",
    "status",
    "source",
    "submitted_by",
    "submitted_at",
    "approved_by",
    "approved_at",
    "hourly_rate",
)
MOST_COLUMNS = 50
MOST_ROWS = 5000
MOST_CELL = 2000
_BOUNDS = {"hours": (2, Decimal(24)), "quantity": (4, Decimal(1_000_000_000))}
_RISKY = re.compile(r"'*[=+\-@\t\r]")
_LONGEST = {"operative": 200, "project": 64, "cost_code": 64, "note": MOST_CELL}
Errors = dict[str, list[str]]


class SheetRow(Struct, frozen=True):
    """One line of hours: ``operative`` is an id or a clock ID, ``project`` a code; ``line`` is where it stands."""

    operative: str
    date: str
    project: str
    cost_code: str | None
    hours: Decimal
    quantity: Decimal | None
    note: str | None
    line: int = 0


def read(raw: bytes) -> list[SheetRow]:
    """The rows of a file.

    Raises:
        Invalid: every bad cell, as ``rows.<line in the file>.<column>``; or what is wrong with the file.
    """
    lines = _lines(raw)
    columns, separator = _heading(lines)
    errors: Errors = {}
    rows = [_row(cells, columns, separator, line, errors) for line, cells in _body(lines, separator)]
    if errors:
        raise Invalid("Some rows are not valid. Nothing was written.", errors=errors)
    if not rows:
        raise Invalid(errors={"file": ["Has no rows of hours."]})
    return [row for row in rows if row is not None]


def _lines(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(errors={"file": ["Must be CSV in UTF-8."]}) from None
    if "\0" in text:
        raise Invalid(errors={"file": ["Must be CSV in UTF-8."]})
    return text


def _heading(text: str) -> tuple[list[str | None], str]:
    """Which column each cell is of, and the separator: a semicolon where the heading has one."""
    first = text.partition("\n")[0]
    separator = ";" if ";" in first else "\t" if "\t" in first else ","
    cells = next(_cells(first, separator), [])
    if len(cells) > MOST_COLUMNS:
        raise Invalid(errors={"file": [f"At most {MOST_COLUMNS} columns."]})
    names = [comparison_form(cell).replace(" ", "_") for cell in cells]
    wrong = {name: [f"Must be one of {', '.join(COLUMNS)}."] for name in names if name not in {*COLUMNS, *MORE}}
    wrong |= {name: ["This column is required."] for name in NEEDED if name not in names}
    wrong |= {name: ["Appears twice."] for name in names if names.count(name) > 1}
    if wrong:
        raise Invalid("The heading is not valid.", errors={f"columns.{name[:64]}": why for name, why in wrong.items()})
    return [name if name in COLUMNS else None for name in names], separator


def _body(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The lines below the heading with their numbers as a spreadsheet shows them; empty ones are left out."""
    for count, (line, cells) in enumerate(
        (pair for pair in enumerate(_cells(text, separator), 1) if any(cell.strip() for cell in pair[1])), 0
    ):
        if count > MOST_ROWS:
            raise Invalid(errors={"file": [f"At most {MOST_ROWS} rows."]})
        if count:
            yield line, cells


def _cells(text: str, separator: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    except csv.Error as error:
        raise Invalid(errors={"file": [f"Is not CSV: {error}."]}) from None


def _row(
    cells: Sequence[str], columns: Sequence[str | None], separator: str, line: int, errors: Errors
) -> SheetRow | None:
    found: dict[str, str] = {}
    wrong: Errors = {}
    if len(cells) > len(columns):
        wrong["row"] = ["Has more cells than the heading."]
    for name, cell in zip(columns, cells, strict=False):
        if name is not None and cell.strip():
            found[name] = _bare(cell.strip())
    wrong |= {name: ["This field is required."] for name in NEEDED if name not in found}
    for name, longest in _LONGEST.items():
        if len(found.get(name, "")) > longest:
            wrong[name] = [f"Must have at most {longest} characters."]
    values = {name: _value(name, found, separator, wrong) for name in ("date", "hours", "quantity")}
    errors |= {f"rows.{line}.{name}": why for name, why in wrong.items()}
    if wrong:
        return None
    return SheetRow(
        found["operative"],
        str(values["date"]),
        found["project"],
        found.get("cost_code"),
        Decimal(values["hours"] or 0),
        Decimal(values["quantity"]) if values["quantity"] is not None else None,
        found.get("note"),
        line,
    )


def _value(name: str, found: Mapping[str, str], separator: str, wrong: Errors) -> str | None:
    """A date or number as our own notation has it; what it is not goes into ``wrong``."""
    if name not in found:
        return None
    try:
        return _date(found[name]) if name == "date" else str(_number(name, found[name], separator))
    except ValueError as error:
        wrong[name] = [str(error)]
        return None


def _date(text: str) -> str:
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("Must be a date such as 2026-06-30.") from None


def _number(name: str, text: str, separator: str) -> Decimal:
    """``12.5``, and where commas do not separate cells ``12,5``."""
    places, highest = _BOUNDS[name]
    mark = "[.]" if separator == "," else "[.,]"
    if not re.fullmatch(rf"-?\d{{1,12}}({mark}\d{{1,12}})?", text, re.ASCII):
        raise ValueError("Must be a number such as 12.5.")
    number = Decimal(text.replace(",", "."))
    if number != round(number, places):
        raise ValueError(f"Must have at most {places} decimals.")
    if name == "hours" and number <= 0:
        raise ValueError("Must be more than 0.")
    if abs(number) > highest:
        raise ValueError(f"Must be at most {highest}.")
    return number.quantize(Decimal(1).scaleb(-places)) + 0


def _bare(cell: str) -> str:
    """A cell without the apostrophe that an export put in front of it."""
    return cell[1:] if cell.startswith("'") and _RISKY.match(cell) else cell


def write(rows: Iterable[Mapping[str, str | Decimal | None]], columns: Sequence[str], heading: bool = True) -> str:
    """The rows as CSV by RFC 4180; numbers as they are, text inert in a spreadsheet."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    if heading:
        writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return buffer.getvalue()


def _cell(value: str | Decimal | None) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    return f"'{value}" if _RISKY.match(value) else value
