"""The parts of an XLSX file (ECMA-376 part 2): a ZIP of XML, unpacked within bounds.

Only what is asked for is unpacked: drawings, macros and links to other workbooks are never touched.
"""

import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from xml.parsers import expat

import msgspec

from chalicelib.errors import Invalid, PayloadTooLarge, UnsupportedMediaType

_CHUNK = 256 * 1024
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # OLE: an .xls workbook, or any workbook with a password
# What zipfile raises for damaged files, and for those with a password or a compression that it has not.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    KeyError,
    NotImplementedError,
    RuntimeError,
)

Attributes = dict[str, str]
Start = Callable[[str, Attributes], None]


class Bounds(msgspec.Struct, frozen=True):
    """What a workbook may unpack to: bytes, and elements with their attributes, in all its XML; parts; depth.

    ``tag`` is how long the beginning of one element may be: the parser keeps it whole, and reads it anew with every
    chunk until it ends.
    """

    unpacked: int = 64 * 1024 * 1024  # 20,000 rows of ten columns are some 10 MB
    elements: int = 3_000_000  # some seconds of work
    parts: int = 5_000
    tag: int = 1024 * 1024
    depth: int = 100


def is_zip(content: bytes) -> bool:
    """Whether a file is a ZIP, as every XLSX is."""
    return content.startswith(b"PK")


def refuse_other_formats(content: bytes) -> None:
    """Raises :class:`UnsupportedMediaType` for files that people take for spreadsheets of these kinds."""
    if content.startswith(_OLD):
        raise UnsupportedMediaType(
            "This is a workbook of the old kind (.xls), or one with a password. Save it as .xlsx without a password."
        )
    if content.startswith(b"%PDF"):
        raise UnsupportedMediaType("This is a PDF. Give the workbook (.xlsx) or CSV that it was made from.")


def broken(what: str) -> Invalid:
    """The refusal of a workbook that cannot be read."""
    text = f"The workbook is damaged: {what}. Open it in a spreadsheet program and save it again."
    return Invalid(text, errors={"file": [text]})


class Package:
    """An open XLSX file; it counts what it has unpacked, over all its parts."""

    def __init__(self, content: bytes, bounds: Bounds = Bounds()) -> None:  # noqa: B008 (a frozen value)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except _BROKEN:
            raise broken("it is no whole ZIP file") from None
        self._names = {info.filename.lstrip("/").lower(): info for info in self._zip.infolist()}
        self._unpacked = self._elements = 0
        self._bounds = bounds
        if len(self._names) > bounds.parts:
            raise PayloadTooLarge(f"The workbook has more than {bounds.parts} parts.")

    def has(self, name: str) -> bool:
        """Whether there is such a part."""
        return name.lower() in self._names

    def parse(self, name: str, start: Start, end: Callable[[str], None], text: Callable[[str], None]) -> None:
        """Read a part's XML; the callbacks get names without their name space.

        Raises:
            Invalid: the part is missing, or no XML.
            PayloadTooLarge: the workbook unpacks to more than its bounds.
        """
        depth = 0
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True

        def started(tag: str, attributes: Attributes) -> None:
            nonlocal depth
            depth += 1
            self._elements += 1 + len(attributes)
            if self._elements > self._bounds.elements:
                raise PayloadTooLarge(f"The workbook has more than {self._bounds.elements} elements of XML.")
            if depth > self._bounds.depth:
                raise broken("its XML is nested too deeply")
            start(tag.rpartition(" ")[2], attributes)

        def ended(tag: str) -> None:
            nonlocal depth
            depth -= 1
            end(tag.rpartition(" ")[2])

        parser.StartElementHandler = started
        parser.EndElementHandler = ended
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = _no_doctype
        fed = 0
        try:
            for chunk in self._chunks(name):
                parser.Parse(chunk, False)
                fed += len(chunk)
                if fed - parser.CurrentByteIndex > self._bounds.tag:
                    raise PayloadTooLarge(
                        f"The workbook has an element of more than {self._bounds.tag >> 20} MB of XML."
                    )
            parser.Parse(b"", True)
        except expat.ExpatError:
            raise broken(f"{name} is no XML") from None

    def _chunks(self, name: str) -> Iterator[bytes]:
        info = self._names.get(name.lower())
        if info is None:
            raise broken(f"{name} is missing")
        try:
            with self._zip.open(info) as part:
                while chunk := part.read(_CHUNK):
                    self._unpacked += len(chunk)
                    if self._unpacked > self._bounds.unpacked:
                        raise PayloadTooLarge(f"The workbook unpacks to more than {self._bounds.unpacked >> 20} MB.")
                    yield chunk
        except _BROKEN:
            raise broken(f"{name} cannot be unpacked") from None

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """What a part refers to: by the reference's id, the last word of its kind and the part's name."""
        folder, base = posixpath.split(name)
        relations = posixpath.join(folder, "_rels", f"{base}.rels")
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, attributes: Attributes) -> None:
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
                found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], target.lstrip("/"))

        if self.has(relations):
            self.parse(relations, start, _ignore, _ignore)
        return found


def _ignore(_: str) -> None:
    """Nothing to do for this part of the XML."""


def _no_doctype(*_: object) -> None:
    raise broken("its XML has a document type, which no spreadsheet program writes")


def local(attributes: Mapping[str, str], name: str) -> str | None:
    """An attribute by its name without the name space, whichever edition of the standard it is in."""
    if name in attributes:
        return attributes[name]
    return next((value for full, value in attributes.items() if full.rpartition(" ")[2] == name), None)
