"""The sheet that is wanted out of a file, whichever of the formats it has."""

from collections.abc import Callable

import msgspec

from chalicelib.spreadsheet import delimited, workbook, worksheet
from chalicelib.spreadsheet.cells import Sheet
from chalicelib.spreadsheet.package import is_zip, refuse_other_formats


class Found(msgspec.Struct, frozen=True):
    """The sheet that was chosen, and the names of the others."""

    sheet: Sheet
    others: tuple[str, ...] = ()


def read(content: bytes, fits: Callable[[Sheet], int], enough: int, most_rows: int) -> Found:
    """The first sheet that fits ``enough``, in the workbook's order and those shown before hidden ones; else the best.

    Raises:
        Invalid, UnsupportedMediaType, PayloadTooLarge: saying what the file is instead.
    """
    if not is_zip(content):
        refuse_other_formats(content)
        return Found(delimited.read(content, fits, most_rows))
    book = workbook.opened(content)
    tabs = sorted(book.tabs, key=lambda tab: tab.hidden)
    best: tuple[int, Sheet] | None = None
    for tab in tabs:
        sheet = worksheet.read(book, tab, lambda beginning: fits(beginning) >= enough, most_rows)
        fit = fits(sheet)
        if best is None or fit > best[0]:
            best = fit, sheet
        if fit >= enough:
            break
    assert best is not None  # a workbook has a sheet
    return Found(best[1], tuple(tab.name for tab in book.tabs if tab.name != best[1].name))
