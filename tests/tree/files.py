"""Files of work breakdowns as people have them, read with the rules that the API has for single nodes."""

from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.errors import Invalid
from chalicelib.handlers.wbs_files import checks
from chalicelib.tree import activity_rows, sheet
from chalicelib.tree.activity_rows import ActivityRows
from chalicelib.tree.faults import Faults
from chalicelib.tree.sheet import Sheet
from infra.simulator.tree_files import TITLES as HEADER
from tests.spreadsheet.workbooks import book

SHORT = HEADER[:6]


CHECKS = checks()


def activity(code: Any = "C-1", name: Any = "Pour", hours: Any = 10, *more: Any, place: str = "Quay") -> list[Any]:
    """A row of the file."""
    return [place, "North", "Concrete", name, code, hours, *more]


def workbook(
    *rows: Sequence[Any], header: Sequence[str] = HEADER, finish: Callable[..., object] | None = None
) -> bytes:
    """A workbook of a header and rows."""
    return book([header, *rows], finish)


def text(*rows: Sequence[Any], header: Sequence[str] = HEADER, mark: str = ",") -> bytes:
    """CSV of a header and rows, quoted where needed."""
    quoted = [
        mark.join(f'"{cell}"' if set(f'{mark}"\n') & set(str(cell)) else str(cell) for cell in row)
        for row in [header, *rows]
    ]
    return "\n".join(quoted).encode()


def read(content: bytes) -> tuple[Sheet, ActivityRows, dict[str, list[str]]]:
    """A file's sheet, its rows, and what is wrong with it."""
    faults = Faults()
    found = sheet.read(content, faults)
    rows = activity_rows.read(found, CHECKS, faults)
    return found, rows, faults.named()


def wrong(content: bytes) -> dict[str, list[str]]:
    """What is wrong with a file, whether that is found in its cells or its shape."""
    try:
        return read(content)[2]
    except Invalid as error:
        return {path: list(messages) for path, messages in (error.errors or {}).items()}


def only(content: bytes) -> activity_rows.ActivityRow:
    """The one activity of a file without faults."""
    _, rows, faults = read(content)
    assert not faults
    [row] = rows.rows
    return row
