"""A file out of a form (``multipart/form-data``, RFC 7578), as browsers and most clients send one."""

import re
from collections.abc import Iterator

from chalicelib.errors import Invalid

MULTIPART = "multipart/form-data"
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name=(?:"([^"]*)"|([^\s;"]+))', re.IGNORECASE)
MOST_PARTS = 20


def file_of(header: str, content: bytes, name: str) -> bytes:
    """The bytes of the part with a name. ``header`` is the whole ``Content-Type``.

    Raises:
        Invalid: the form is damaged, or has no such part, or several.
    """
    found = [part for own, part in _parts(header, content) if own == name]
    if len(found) != 1:
        raise _invalid(f"The form must have one file named {name}.", name)
    return found[0]


def _parts(header: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """The names and contents of the parts."""
    boundary = _BOUNDARY.search(header)
    if boundary is None:
        raise _invalid("The Content-Type of a form names its boundary.", "Content-Type")
    mark = b"--" + (boundary[1] or boundary[2]).encode()
    pieces = (b"\r\n" + content).split(b"\r\n" + mark, MOST_PARTS + 2)
    if len(pieces) < 3 or len(pieces) > MOST_PARTS + 2 or not pieces[-1].startswith(b"--"):
        raise _invalid(f"The form is damaged, or has more than {MOST_PARTS} parts.", "body")
    for piece in pieces[1:-1]:
        head, _, body = piece.lstrip(b" \t").partition(b"\r\n\r\n")
        named = next((_NAME.search(line) for line in head.split(b"\r\n") if _is_disposition(line)), None)
        yield ((named[1] or named[2] or b"").decode("utf-8", "replace") if named else "", body)


def _is_disposition(line: bytes) -> bool:
    return line.lower().startswith(b"content-disposition:")


def _invalid(text: str, field: str) -> Invalid:
    return Invalid(text, errors={field: [text]})
