"""A workbook of one sheet (ECMA-376 part 1): a row of titles, and rows of texts, numbers and dates below."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\r\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_FIRST_DATE, _EPOCH = date(1900, 3, 1), date(1899, 12, 30)  # before that Excel's calendar is wrong by a day
_WRITTEN = (1980, 1, 1, 0, 0, 0)  # the same rows give the same bytes
# Places in cellXfs below: texts stay texts when they are edited, dates are shown as this API writes them.
_TEXT, _NUMBER, _DATE, _TITLE = 1, 0, 2, 3
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def workbook(sheet: str, titles: Sequence[tuple[str, int]], rows: Iterable[Sequence[object]]) -> bytes:
    """The bytes of an XLSX file; ``titles`` are texts with their columns' widths.

    Texts are cells of text, so that nothing in them is calculated. None is no cell.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in _parts(sheet).items():
            package.writestr(zipfile.ZipInfo(name, _WRITTEN), _HEAD + content, zipfile.ZIP_DEFLATED)
        info = zipfile.ZipInfo("xl/worksheets/sheet1.xml", _WRITTEN)
        info.compress_type = zipfile.ZIP_DEFLATED
        with package.open(info, "w") as part:
            for piece in _sheet(titles, rows):
                part.write(piece.encode())
    return out.getvalue()


def _parts(sheet: str) -> dict[str, str]:
    return {
        "[Content_Types].xml": (
            f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
        ),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/_rels/workbook.xml.rels": _relations([("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml")]),
        "xl/workbook.xml": (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name="{escape(sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/styles.xml": _styles(),
    }


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    inner = "".join(
        f'<Relationship Id="rId{place}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for place, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>'


def _styles() -> str:
    def style(format: int, font: int = 0) -> str:
        marks = f'numFmtId="{format}" fontId="{font}" fillId="0" borderId="0" xfId="0"'
        return f'<xf {marks} applyNumberFormat="1" applyFont="1"/>'

    return (
        f'<styleSheet xmlns="{_MAIN}">'
        '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="4">{style(0)}{style(49)}{style(164)}{style(49, 1)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


def _sheet(titles: Sequence[tuple[str, int]], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    yield '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>'
    for place, (_, width) in enumerate(titles, 1):
        yield f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
    yield "</cols><sheetData>"
    yield _row(1, [_text(title, _TITLE) for title, _ in titles])
    for number, row in enumerate(rows, 2):
        yield _row(number, [_content(value) for value in row])
    yield "</sheetData></worksheet>"


def _row(number: int, contents: Sequence[str]) -> str:
    cells = (
        f'<c r="{letter}{number}"{content}' for letter, content in zip(_LETTERS, contents, strict=False) if content
    )
    return f'<row r="{number}">{"".join(cells)}</row>'


def _content(value: object) -> str:
    """What follows a cell's reference; empty for None."""
    if value is None:
        return ""
    if isinstance(value, date) and value >= _FIRST_DATE:
        return f' s="{_DATE}"><v>{(value - _EPOCH).days}</v></c>'
    if isinstance(value, Decimal):
        return f' s="{_NUMBER}"><v>{value:f}</v></c>'
    return _text(str(value), _TEXT)


def _text(text: str, style: int) -> str:
    return f' s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(escaped(text))}</t></is></c>'


def escaped(text: str) -> str:
    """Text with escapes for characters that XML has not, and for what would be read as one."""
    return _NO_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
