"""What a spreadsheet holds: cells in rows, as the file has them.

A cell keeps the text of the file; what a number or a text means is for whoever knows its column.
"""

from collections.abc import Mapping
from enum import Enum

import msgspec

GENERAL = "General"
MOST_CELLS = 500_000  # of one sheet: a bound on memory, 20,000 rows of 25 columns


class Kind(Enum):
    """What a cell holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    FAULT = "fault"  # something that can be no value: an error, a logical value, a date that is none


class Cell(msgspec.Struct, frozen=True, gc=False):
    """One cell that is not blank.

    ``text`` is the text, the number's digits as stored, the date as ISO text, or what a fault shows.
    ``format`` is a number's format code. ``reason`` says what is wrong with a fault.
    """

    kind: Kind
    text: str
    format: str = GENERAL
    reason: str = ""


class Row(msgspec.Struct, frozen=True):
    """One row by the file's own number, from 1; its cells by column, from 0."""

    number: int
    cells: Mapping[int, Cell]
    hidden: bool = False


class Merge(msgspec.Struct, frozen=True):
    """A merged range, both ends included; only its top left cell has a value."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


class Sheet(msgspec.Struct, frozen=True):
    """One sheet. ``delimiter`` is that of delimited text, empty for a workbook's sheet."""

    name: str
    rows: tuple[Row, ...]
    merges: tuple[Merge, ...] = ()
    delimiter: str = ""
