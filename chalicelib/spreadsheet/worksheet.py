"""One sheet of a workbook: its XML into rows of cells.

What a formula gave when the workbook was saved is read as its value; nothing is calculated.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal, DecimalException

from chalicelib.spreadsheet.cells import GENERAL, MOST_CELLS, Cell, Kind, Merge, Row, Sheet
from chalicelib.spreadsheet.delimited import too_long
from chalicelib.spreadsheet.formats import is_date, is_percentage, is_time
from chalicelib.spreadsheet.package import Attributes, broken
from chalicelib.spreadsheet.workbook import Tab, Workbook, unescaped

MOST_MERGES = 100_000
BEGINNING = 50  # rows that are looked at to see whether the sheet is the one that is wanted
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")
_NUMBER = re.compile(r"[+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[eE][+-]?\d{1,3})?", re.ASCII)
_EPOCH_1900, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_NOT_A_DAY = 60  # Excel's 29 February 1900, which never was; the days before it count one less
_LAST = 2_958_465  # 9999-12-31


def read(workbook: Workbook, tab: Tab, wanted: Callable[[Sheet], bool], most_rows: int) -> Sheet:
    """The sheet's rows that hold anything, and its merged ranges; of one that is not wanted only its beginning.

    Raises:
        Invalid, PayloadTooLarge: it is damaged or too long.
    """
    reader = _Reader(workbook, lambda rows: wanted(Sheet(tab.name, tuple(rows))), most_rows)
    with suppress(_NotWanted):
        workbook.package.parse(tab.part, reader.start, reader.end, reader.text)
    return Sheet(tab.name, tuple(reader.rows), tuple(reader.merges))


class _NotWanted(Exception):
    """The beginning of a sheet shows that it is not the one."""


class _Reader:
    """What has been read of a sheet so far."""

    def __init__(self, workbook: Workbook, wanted: Callable[[list[Row]], bool], most_rows: int) -> None:
        self.rows: list[Row] = []
        self.merges: list[Merge] = []
        self._workbook, self._wanted, self._most_rows = workbook, wanted, most_rows
        self._row, self._hidden, self._count = 0, False, 0
        self._cells: dict[int, Cell] = {}
        self._column, self._type, self._style = -1, "n", ""
        self._formula = self._taking = self._aloud = False
        self._pieces: list[str] = []

    def start(self, tag: str, attributes: Attributes) -> None:
        if tag == "c":
            self._begin_cell(attributes)
        elif tag in {"v", "t"}:
            self._taking = not self._aloud
        elif tag == "f":
            self._formula = True
        elif tag == "rPh":
            self._aloud = True
        elif tag == "row":
            self._begin_row(attributes)
        elif tag == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def text(self, piece: str) -> None:
        if self._taking:
            self._pieces.append(piece)

    def end(self, tag: str) -> None:
        if tag in {"v", "t"}:
            self._taking = False
        elif tag == "rPh":
            self._aloud = False
        elif tag == "c":
            self._end_cell()
        elif tag == "row" and self._cells:
            self._end_row()

    def _begin_row(self, attributes: Attributes) -> None:
        told = attributes.get("r")
        number = self._row + 1 if told is None else _whole(told)
        if number is None or number <= self._row:
            raise broken("its rows are not in order")
        self._row, self._column = number, -1
        if self._cells:
            self._cells = {}  # those of the last row belong to it
        self._hidden = attributes.get("hidden") in {"1", "true"}

    def _end_row(self) -> None:
        self.rows.append(Row(self._row, self._cells, self._hidden))
        if len(self.rows) == BEGINNING and not self._wanted(self.rows):
            raise _NotWanted
        if len(self.rows) > self._most_rows:
            raise too_long(self._most_rows)

    def _begin_cell(self, attributes: Attributes) -> None:
        reference = _REFERENCE.fullmatch(attributes.get("r", ""))
        self._column = _column(reference[1]) if reference else self._column + 1
        self._type, self._style = attributes.get("t", "n"), attributes.get("s", "0")
        self._formula = False
        self._pieces.clear()

    def _end_cell(self) -> None:
        cell = self._cell("".join(self._pieces))
        if cell is not None:
            self._cells[self._column] = cell
            self._count += 1
            if self._count > MOST_CELLS:
                raise too_long(self._most_rows)

    def _cell(self, raw: str) -> Cell | None:
        if self._formula and not raw and self._type != "str":
            return _fault("=", "is a formula without a stored result; save the workbook in a spreadsheet program")
        if self._type == "s":
            return _text(self._shared(raw)) if raw else None
        if self._type in {"str", "inlineStr"}:
            return _text(unescaped(raw))
        if not raw.strip():
            return None
        if self._type == "e":
            return _fault(raw, f"holds the error {raw[:20]}")
        if self._type == "b":
            return _fault("TRUE" if raw == "1" else "FALSE", "holds a logical value")
        return _text(raw) if self._type == "d" else self._number(raw.strip())

    def _shared(self, place: str) -> str:
        texts, number = self._workbook.texts, _whole(place.strip())
        if number is None or number >= len(texts):
            raise broken("a cell names a text that is not there")
        return texts[number]

    def _number(self, digits: str) -> Cell:
        if not _NUMBER.fullmatch(digits):
            raise broken(f"a cell of row {self._row} holds no number where one must be")
        formats, style = self._workbook.formats, _whole(self._style)
        code = formats[style] if style is not None and style < len(formats) else GENERAL
        if is_date(code):
            return _dated(digits, self._workbook.epoch_1904)
        if is_time(code):
            return _fault(digits, "holds a time")
        if is_percentage(code):
            return _fault(digits, "holds a percentage")
        return Cell(Kind.NUMBER, digits, code)

    def _merge(self, reference: str) -> None:
        corners = [_REFERENCE.fullmatch(corner) for corner in reference.split(":")]
        first, last = corners[0], corners[-1]
        if first is None or last is None or len(self.merges) >= MOST_MERGES:
            raise broken("its merged cells make no sense")
        self.merges.append(Merge(int(first[2]), int(last[2]), _column(first[1]), _column(last[1])))


def _whole(digits: str) -> int | None:
    """A number of a place; None when it is none."""
    return int(digits) if len(digits) < 10 and digits.isascii() and digits.isdigit() else None


def _column(letters: str) -> int:
    place = 0
    for letter in letters.upper():
        place = place * 26 + ord(letter) - 64
    return place - 1


def _text(text: str) -> Cell | None:
    return Cell(Kind.TEXT, text) if text.strip() else None


def _fault(shown: str, reason: str) -> Cell:
    return Cell(Kind.FAULT, shown[:64], reason=reason)


def _dated(digits: str, epoch_1904: bool) -> Cell:
    """The date of a serial number; its time of day is left out."""
    try:
        serial = int(Decimal(digits))
    except DecimalException:
        serial = -1
    if serial == 0:
        return _fault("0", "holds the date number 0, which is no day: clear the cell or give the date")
    if serial == _NOT_A_DAY and not epoch_1904:
        return _fault("60", "holds the date number 60, 29 February 1900, which never was")
    if not 0 < serial <= _LAST - (1462 if epoch_1904 else 0):
        return _fault(digits, "holds a date number that is no day")
    first = _EPOCH_1904 if epoch_1904 else _EPOCH_1900
    missing = int(not epoch_1904 and serial < _NOT_A_DAY)
    return Cell(Kind.DATE, (first + timedelta(serial + missing)).isoformat())
