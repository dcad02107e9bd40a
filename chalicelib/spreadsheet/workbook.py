"""XLSX workbooks: which sheets there are, their shared texts and number formats."""

import re
from collections.abc import Sequence

import msgspec

from chalicelib.errors import UnsupportedMediaType
from chalicelib.spreadsheet.cells import GENERAL
from chalicelib.spreadsheet.formats import BUILT_IN
from chalicelib.spreadsheet.package import Attributes, Package, broken, local

MOST_SHEETS = 100
_LONGEST_FORMAT = 255  # as spreadsheet programs have it
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Tab(msgspec.Struct, frozen=True):
    """A sheet's name and where its cells are."""

    name: str
    part: str
    hidden: bool


class Workbook(msgspec.Struct, frozen=True):
    """An opened workbook. ``epoch_1904``: its dates count from 1904, as old Macs did."""

    package: Package
    tabs: tuple[Tab, ...]
    texts: Sequence[str]
    formats: Sequence[str]
    epoch_1904: bool


def opened(content: bytes) -> Workbook:
    """A workbook from its bytes.

    Raises:
        UnsupportedMediaType: a ZIP of another kind.
        Invalid, PayloadTooLarge: it is damaged, or unpacks to too much.
    """
    package = Package(content)
    main = _main_part(package)
    related = package.related(main)
    tabs, epoch_1904 = _tabs(package, main, related)
    kinds = dict(related.values())
    texts = _texts(package, kinds["sharedStrings"]) if package.has(kinds.get("sharedStrings", "")) else []
    formats = _formats(package, kinds["styles"]) if package.has(kinds.get("styles", "")) else []
    return Workbook(package, tabs, texts, formats, epoch_1904)


def _main_part(package: Package) -> str:
    part = next((part for kind, part in package.related("").values() if kind == "officeDocument"), "")
    if part.lower().endswith("workbook.xml") and package.has(part):
        return part
    raise UnsupportedMediaType(
        "This is no .xlsx workbook (binary workbooks, .ods and archives are not read). Save it as .xlsx or CSV."
    )


def _tabs(package: Package, main: str, related: dict[str, tuple[str, str]]) -> tuple[tuple[Tab, ...], bool]:
    found: list[Tab] = []
    epochs: list[str] = []

    def start(tag: str, attributes: Attributes) -> None:
        if tag == "workbookPr":
            epochs.append(attributes.get("date1904", "0"))
        elif tag == "sheet":
            kind, part = related.get(local(attributes, "id") or "", ("", ""))
            if kind == "worksheet":  # charts have no cells
                found.append(Tab(attributes.get("name", ""), part, attributes.get("state", "visible") != "visible"))

    package.parse(main, start, _nothing, _nothing)
    if not found or len(found) > MOST_SHEETS:
        raise broken("it has no sheet with cells" if not found else f"it has more than {MOST_SHEETS} sheets")
    return tuple(found), epochs[:1] in (["1"], ["true"])


def _texts(package: Package, part: str) -> list[str]:
    """The shared texts; pieces of one text that differ in looks are joined, hints for reading aloud left out."""
    found: list[str] = []
    pieces: list[str] = []
    inside: list[str] = []

    def start(tag: str, _: Attributes) -> None:
        inside.append(tag)
        if tag == "si":
            pieces.clear()

    def text(piece: str) -> None:
        if inside[-1] == "t" and "rPh" not in inside:
            pieces.append(piece)

    def end(tag: str) -> None:
        inside.pop()
        if tag == "si":
            found.append(unescaped("".join(pieces)))

    package.parse(part, start, end, text)
    return found


def _formats(package: Package, part: str) -> list[str]:
    """The number format of each cell style."""
    own: dict[str, str] = {}
    found: list[str] = []
    inside: list[str] = []

    def start(tag: str, attributes: Attributes) -> None:
        if tag == "numFmt":
            own[attributes.get("numFmtId", "")] = attributes.get("formatCode", GENERAL)[:_LONGEST_FORMAT]
        elif tag == "xf" and inside[-1:] == ["cellXfs"]:
            found.append(attributes.get("numFmtId", "0"))
        inside.append(tag)

    package.parse(part, start, lambda _: _drop(inside), _nothing)
    return [own.get(id) or _built_in(id) for id in found]


def _built_in(id: str) -> str:
    return BUILT_IN.get(int(id), GENERAL) if id.isascii() and id.isdigit() and len(id) < 4 else GENERAL


def _drop(inside: list[str]) -> None:
    inside.pop()


def _nothing(_: str) -> None:
    """Nothing to do for this part of the XML."""


def unescaped(text: str) -> str:
    """Text without the escapes for characters that XML has not (ECMA-376 part 1, 22.9.2.19)."""
    if "_x" not in text:
        return text
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
