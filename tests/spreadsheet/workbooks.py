"""Workbooks as other programs write them, and the same with a part of their XML changed by hand."""

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

SHEET1 = "xl/worksheets/sheet1.xml"


def book(
    rows: Iterable[Sequence[Any]],
    finish: Callable[[Worksheet], object] | None = None,
    title: str = "WBS",
    **settings: Any,
) -> bytes:
    """A workbook of one sheet; ``finish`` does to it what people do: merge, hide, format."""
    made = Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if finish is not None:
        finish(sheet)
    for name, value in settings.items():
        setattr(made, name, value)
    return saved(made)


def saved(made: Workbook) -> bytes:
    """The bytes of a workbook."""
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def parts(content: bytes) -> dict[str, bytes]:
    """The parts of a workbook by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def packed(files: Mapping[str, bytes]) -> bytes:
    """A ZIP of parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return out.getvalue()


def patched(content: bytes, part: str, old: str, new: str) -> bytes:
    """The workbook with a piece of a part's XML replaced."""
    files = parts(content)
    assert old.encode() in files[part], files[part][:2000]
    return packed({**files, part: files[part].replace(old.encode(), new.encode())})


def with_data(content: bytes, data: str) -> bytes:
    """The workbook with the first sheet's rows replaced by XML as another program writes it."""
    files = parts(content)
    head, rest = files[SHEET1].split(b"<sheetData", 1)
    tail = rest.split(b"</sheetData>")[-1] if b"</sheetData>" in rest else rest.split(b"/>", 1)[1]
    return packed({**files, SHEET1: head + f"<sheetData>{data}</sheetData>".encode() + tail})
