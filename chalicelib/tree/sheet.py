"""The rows of a work breakdown in a file: where its header is, which columns it has, which rows count."""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from chalicelib.errors import Invalid
from chalicelib.spreadsheet import reading
from chalicelib.spreadsheet.cells import Cell, Merge, Row
from chalicelib.spreadsheet.cells import Sheet as Cells
from chalicelib.spreadsheet.package import broken
from chalicelib.tree.columns import BY_FORM, COLUMNS, NEEDED, PARENTS, Column, form
from chalicelib.tree.faults import Faults

MOST_ACTIVITIES = 20_000
MOST_IGNORED_NAMED = 100
HEADER_WITHIN = 50  # rows; a title, a logo and a few notes may stand above it
_ABOVE = HEADER_WITHIN  # rows that are read beside the activities


class Line(msgspec.Struct, frozen=True):
    """One row of the file that is not blank: its cells by field."""

    row: int
    cells: Mapping[str, Cell]


class Sheet(msgspec.Struct, frozen=True):
    """The lines below the header, and what an answer says of how they were read.

    ``fields`` are the columns that the file has. Rows are the file's own numbers.
    """

    name: str
    header_row: int
    fields: frozenset[str]
    lines: tuple[Line, ...]
    delimiter: str = ""
    other_sheets: tuple[str, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    hidden_rows: tuple[int, ...] = ()
    filled_rows: tuple[int, ...] = ()


def read(content: bytes, faults: Faults) -> Sheet:
    """The work breakdown in an XLSX or CSV file; what is wrong with single cells goes to ``faults``.

    Raises:
        Invalid, UnsupportedMediaType, PayloadTooLarge: there is none in it, or it cannot be read.
    """
    found = reading.read(content, fits, len(NEEDED), MOST_ACTIVITIES + _ABOVE)
    header = _header(found.sheet)
    if header is None or {column.field for column in NEEDED} - set(_titles(header).values()):
        raise _no_header(header)
    _refuse_twice(header)
    places = _titles(header)
    below = [row for row in found.sheet.rows if row.number > header.number and _known(row, places)]
    if len(below) > MOST_ACTIVITIES:
        text = f"The file has {len(below)} activities; at most {MOST_ACTIVITIES} are imported at once."
        raise Invalid(text, errors={"file": [text]})
    lines = {row.number: _known(row, places) for row in below}
    filled = _fill_down(lines, places, found.sheet.merges, faults)
    return Sheet(
        name=found.sheet.name,
        header_row=header.number,
        fields=frozenset(places.values()),
        lines=tuple(Line(number, cells) for number, cells in lines.items()),
        delimiter=found.sheet.delimiter,
        other_sheets=found.others,
        ignored_columns=_ignored(header, places),
        hidden_rows=tuple(row.number for row in below if row.hidden),
        filled_rows=filled,
    )


def fits(sheet: Cells) -> int:
    """How many of the columns that a file must have one of its first rows names."""
    needed = {column.field for column in NEEDED}
    return max((len(needed & set(_titles(row).values())) for row in _first(sheet)), default=0)


def _first(sheet: Cells) -> Sequence[Row]:
    return [row for row in sheet.rows[:HEADER_WITHIN] if row.number <= HEADER_WITHIN]


def _header(sheet: Cells) -> Row | None:
    """The row that names the most columns, the first of such."""
    best = max(_first(sheet), key=lambda row: len(set(_titles(row).values())), default=None)
    return best if best is not None and _titles(best) else None


def _titles(row: Row) -> dict[int, str]:
    """The fields that a row names, by place."""
    named = ((place, BY_FORM.get(form(cell.text))) for place, cell in row.cells.items())
    return {place: column.field for place, column in named if column is not None}


def _no_header(closest: Row | None) -> Invalid:
    titles = set(_titles(closest).values()) if closest else set()
    missing = [column.title for column in NEEDED if column.field not in titles]
    text = f"No row within the first {HEADER_WITHIN} has all the titles that are needed: {_listed(NEEDED)}."
    if closest is None:
        return Invalid(text, errors={"file": [text]})
    lacks = f"Row {closest.number} is closest; it lacks {', '.join(missing)}."
    return Invalid(f"{text} {lacks}", errors={"file": [text], f"rows.{closest.number}": [lacks]})


def _listed(columns: Iterable[Column]) -> str:
    return ", ".join(column.title for column in columns)


def _refuse_twice(header: Row) -> None:
    fields = list(_titles(header).values())
    twice = [column.title for column in COLUMNS if fields.count(column.field) > 1]
    if twice:
        text = f"Row {header.number} names {', '.join(twice)} twice."
        raise Invalid(text, errors={f"rows.{header.number}": [text]})


def _ignored(header: Row, places: Mapping[int, str]) -> tuple[str, ...]:
    names = (cell.text.strip()[:64] for place, cell in header.cells.items() if place not in places)
    return tuple(itertools.islice(names, MOST_IGNORED_NAMED))


def _known(row: Row, places: Mapping[int, str]) -> dict[str, Cell]:
    return {places[place]: cell for place, cell in row.cells.items() if place in places}


def _fill_down(
    lines: dict[int, dict[str, Cell]], places: Mapping[int, str], merges: Sequence[Merge], faults: Faults
) -> tuple[int, ...]:
    """Give every row of a merged parent cell its value; the rows that got one.

    Other cells that are merged over several rows belong to one of them only, which the file does not say.
    """
    parents = {column.field for column in PARENTS}
    filled, seen = set[int](), set[tuple[int, str]]()
    for merge, number, field in _merged(list(lines), places, merges):
        top = lines.get(merge.first_row, {}).get(field)
        if (number, field) in seen:
            raise broken("merged cells overlap")
        seen.add((number, field))
        if field not in parents:
            faults.add(number, field, f"Is merged with row {merge.first_row}; give each row a cell of its own.")
        elif top is not None and field not in lines[number]:
            lines[number][field] = top
            filled.add(number)
    return tuple(sorted(filled))


def _merged(numbers: list[int], places: Mapping[int, str], merges: Sequence[Merge]) -> Iterator[tuple[Merge, int, str]]:
    """Every cell that is merged with one above it."""
    for merge in merges:
        for field in (field for place, field in places.items() if merge.first_column <= place <= merge.last_column):
            for number in _between(numbers, merge.first_row + 1, merge.last_row):
                yield merge, number, field


def _between(numbers: list[int], first: int, last: int) -> list[int]:
    return numbers[bisect_left(numbers, first) : bisect_right(numbers, last)]
