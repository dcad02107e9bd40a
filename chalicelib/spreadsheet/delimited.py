"""Delimited text (CSV): records into rows, and rows into text that stays inert in a spreadsheet.

A row's number is that of its record, as a spreadsheet program shows it: a quoted line break does not
begin a new one.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from decimal import Decimal

from chalicelib.errors import Invalid
from chalicelib.spreadsheet.cells import MOST_CELLS, Cell, Kind, Row, Sheet
from chalicelib.spreadsheet.encoding import decoded

DELIMITERS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
# What a spreadsheet program would take for a formula or shorten: after any apostrophes that guard it already.
_NEEDS_GUARD = re.compile(r"'*(?:[=+\-@\t\r＝＋－＠]|\d(?:\.\d+)?E\+\d)")  # noqa: RUF001 (full-width signs are formulas too)
SHORTENED = re.compile(r"\d(?:\.\d+)?E\+\d{2,}")
SHORTENED_REASON = "has been shortened by a spreadsheet program; give it in full"


def read(content: bytes, fits: Callable[[Sheet], int], most_rows: int) -> Sheet:
    """The file's rows under the delimiter whose rows fit best.

    ``fits`` says of the beginning of a file how much of it is understood.

    Raises:
        Invalid: with the row where the text is no CSV, or when it is too long.
    """
    text = decoded(content)
    told = _SEPARATOR_LINE.match(text)
    delimiters = (told[1],) if told and told[1] in DELIMITERS else DELIMITERS
    delimiter = max(delimiters, key=lambda each: fits(_beginning(text, each)))
    return Sheet("", tuple(_rows(text, delimiter, most_rows)), delimiter=delimiter)


def _beginning(text: str, delimiter: str) -> Sheet:
    """The first records, as far as they can be read."""
    rows: list[Row] = []
    with suppress(Invalid):  # cut within quotes, or not this delimiter: what could be read tells enough
        rows.extend(_rows("".join(text.splitlines(keepends=True)[:100]), delimiter, 100))
    return Sheet("", tuple(rows), delimiter=delimiter)


def _rows(text: str, delimiter: str, most_rows: int) -> Iterable[Row]:
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = filled = cells = 0
    try:
        for number, record in enumerate(records, 1):
            found = {place: _cell(value) for place, value in enumerate(record) if value.strip()}
            filled, cells = filled + bool(found), cells + len(found)
            if filled > most_rows or cells > MOST_CELLS:
                raise too_long(most_rows)
            yield Row(number, found)
    except csv.Error as error:
        row = number + 1
        raise Invalid(
            f"The file is not CSV from row {row} on.",
            errors={f"rows.{row}": [f"Row {row} is not CSV ({error}): check its quotation marks."]},
        ) from None


def too_long(most_rows: int) -> Invalid:
    """The refusal of a file with more rows or cells than are read."""
    text = f"The file has too many rows: at most {most_rows} rows and {MOST_CELLS} cells are read."
    return Invalid(text, errors={"file": [text]})


def _cell(text: str) -> Cell:
    if text.startswith("'") and _NEEDS_GUARD.match(text[1:]):
        return Cell(Kind.TEXT, text[1:])
    if SHORTENED.fullmatch(text.strip()):
        return Cell(Kind.FAULT, text.strip(), reason=SHORTENED_REASON)
    return Cell(Kind.TEXT, text)


def guarded(text: str) -> str:
    """Text that a spreadsheet program shows and does not calculate; reading it gives the text again."""
    return f"'{text}" if _NEEDS_GUARD.match(text) else text


def written(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV with a byte order mark, so that a spreadsheet program reads it as UTF-8.

    Texts are guarded; numbers and dates are written as they are, nothing for None.
    """
    out = io.StringIO(newline="")
    out.write("\ufeff")
    writer = csv.writer(out)
    for row in rows:
        writer.writerow(map(_written, row))
    return out.getvalue()


def _written(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return guarded(value) if isinstance(value, str) else value
