"""The worst input of each parser and validator: what a KB of it costs, small and large; flat where it is bounded."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta

from chalicelib.access import credentials
from chalicelib.clock.payloads import as_json
from chalicelib.clock.payloads import read as punch
from chalicelib.errors import WbsyncError
from chalicelib.http.binding import bind, bind_query
from chalicelib.http.conditional import tags_in
from chalicelib.http.fields import Body, Code, Email, Hours, Name, Note, Zone
from chalicelib.http.idempotency import checked_key, fingerprint
from chalicelib.http.json_text import parse_json
from chalicelib.http.multipart import file_of
from chalicelib.http.negotiation import chosen
from chalicelib.labour.sheets import read as hours_sheet
from chalicelib.names import comparison_form
from chalicelib.tree.faults import Faults
from chalicelib.tree.sheet import read as read_breakdown

SMALL, LARGE = 20_000, 400_000
_LAYOUT = "{:<58} {:>14} {:>14}"
MARKS = "\u0300\u0327\u0345\u0323"  # of classes that have to be put in order


HEADING = b"operative,date,project,hours,note\n"


def breakdown(content: bytes) -> object:
    """A work breakdown out of a file."""
    return read_breakdown(content, Faults())


class Line(Body, kw_only=True):
    """A row of a sheet."""

    name: Name
    hours: Hours


class Sheet(Body, kw_only=True):
    """A field of each kind."""

    name: Name | None = None
    code: Code | None = None
    email: Email | None = None
    note: Note | None = None
    timezone: Zone | None = None
    hours: Hours | None = None
    days: Annotated[list[int], Meta(max_length=7)] | None = None
    entries: Annotated[list[Line], Meta(max_length=500)] | None = None


@dataclass(frozen=True)
class Worst:
    """An input of about so many bytes, and what reads it."""

    made: Callable[[int], Any]
    read: Callable[[Any], object]


def _json(made: Callable[[int], str]) -> Worst:
    return Worst(lambda size: made(size).encode(), lambda raw: bind(Sheet, parse_json(raw)))


def _field(name: str, made: Callable[[int], str]) -> Worst:
    return Worst(made, lambda value: bind(Sheet, {name: value}))


def _keys(size: int, name: str = "k{}") -> str:
    return ", ".join(f'"{name.format(number)}": 1' for number in range(size // 12))


WORST: Mapping[str, Worst] = {
    "json: unknown fields": _json(lambda size: f"{{{_keys(size)}}}"),
    "json: a key that appears twice, last": _json(lambda size: f'{{{_keys(size)}, "k0": 2}}'),
    "json: the same key": _json(lambda size: f"{{{_keys(size, 'same')}}}"),
    "json: a number with many digits": _json(lambda size: f'{{"hours": {"9" * size}}}'),
    "json: a number with a long exponent": _json(lambda size: f'{{"hours": 1e{"9" * size}}}'),
    "json: many large numbers": _json(lambda size: f'{{"days": [{", ".join(["1e1000000"] * (size // 11))}]}}'),
    "json: many small numbers": _json(lambda size: f'{{"days": [{",".join("1" * (size // 2))}]}}'),
    "json: nested arrays": _json(lambda size: "[" * size),
    "json: arrays at the bound of depth": _json(lambda size: f"[{','.join(['[' * 18 + ']' * 18] * (size // 37))}]"),
    "json: an unfinished text": _json(lambda size: '{"name": "' + "x" * size),
    "json: escapes": _json(lambda size: '{"name": "' + r"\u0041" * (size // 6) + '"}'),
    "json: a batch of faults": _json(lambda size: f'{{"entries": [{",".join(["{}"] * min(500, size // 3))}]}}'),
    "json: a batch of repeated keys": _json(lambda size: f'{{"entries": [{",".join(["{0}"] * (size // 22))}]}}'.replace(
        "{0}", '{"hours":1,"hours":2}')),
    "name: combining marks": _field("name", lambda size: "a" + MARKS * (size // 8)),
    "email: combining marks": _field("email", lambda size: "a" + MARKS * (size // 8) + "@b.example"),
    "email: dots": _field("email", lambda size: "a." * (size // 2) + "@"),
    "note: as long as the body": _field("note", lambda size: "x" * size),
    "code: spaces": _field("code", lambda size: " " * size + "x"),
    "timezone: parents": _field("timezone", lambda size: "../" * (size // 3)),
    "names: combining marks": Worst(lambda size: MARKS * (size // 8), comparison_form),
    "query: many parameters": Worst(
        lambda size: {f"p{number}": ["1"] for number in range(size // 8)}, lambda raw: bind_query(Sheet, raw)
    ),
    "header: Accept": Worst(lambda size: "a/b;q=0.5," * (size // 10), lambda text: chosen(text, ("text/csv",))),
    "header: If-Match": Worst(
        lambda size: ",".join(f'"{number}"' for number in range(size // 8)), lambda text: tags_in([text])
    ),
    "header: Idempotency-Key": Worst(lambda size: '"' * size, lambda text: checked_key([text])),
    "header: boundary of a form": Worst(
        lambda size: "boundary=" * (size // 9), lambda text: file_of(text, b"", "file")
    ),
    "form: many parts": Worst(lambda size: b"\r\n--x" * (size // 5), lambda raw: file_of("boundary=x", raw, "file")),
    "form: a long head": Worst(
        lambda size: b"--x\r\ncontent-disposition: " + b" name=" * (size // 6) + b"\r\n--x--",
        lambda raw: file_of("boundary=x", raw, "file"),
    ),
    "hours as CSV: a wide heading": Worst(lambda size: b"a," * (size // 2), hours_sheet),
    "hours as CSV: empty lines": Worst(lambda size: HEADING + b"\n" * size, hours_sheet),
    "hours as CSV: bad rows": Worst(lambda size: HEADING + b"x,y,z,1e9,0\n" * min(5000, size // 12), hours_sheet),
    "hours as CSV: quotes": Worst(lambda size: HEADING + b'""' * (size // 2), hours_sheet),
    "work breakdown as CSV: a wide heading": Worst(lambda size: b"Activity," * (size // 9), breakdown),
    "work breakdown as CSV: short rows": Worst(lambda size: b"a\n" * (size // 2), breakdown),
    "work breakdown as CSV: delimiters": Worst(lambda size: b",;\t" * (size // 3), breakdown),
    "work breakdown as CSV: quotes": Worst(lambda size: b'"a""' * (size // 4), breakdown),
    "work breakdown as a workbook: a broken archive": Worst(lambda size: b"PK\x03\x04" * (size // 4), breakdown),
    "punch: every field as long as it may be sent": Worst(
        lambda size: dict.fromkeys(("clock_id", "clock_in", "clock_out", "project_code"), "9" * (size // 4)),
        punch,
    ),
    "punch: fields that nobody knows": Worst(
        lambda size: {f"k{number}": "1" for number in range(size // 12)}, lambda event: (punch(event), as_json(event))
    ),
    "punch: a time of marks": Worst(lambda size: {"clock_id": "1", "clock_in": MARKS * (size // 8)}, punch),
    "fingerprint: numbers": Worst(
        lambda size: [Decimal(f"1e{number}") for number in range(size // 8)], lambda body: fingerprint(body, {})
    ),
    "header: Authorization": Worst(lambda size: "wbs_" + "a" * size, lambda text: credentials.parse(text, "wbs")),
}  # fmt: skip


def milliseconds(worst: Worst, size: int, runs: int = 3) -> float:
    """CPU time of reading an input of about so many bytes: the least of some runs."""
    made, least = worst.made(size), float("inf")
    gc.collect()
    gc.disable()  # its work grows with what the whole process holds
    try:
        for _ in range(runs):
            begun = time.process_time()
            with suppress(WbsyncError):
                worst.read(made)
            least = min(least, time.process_time() - begun)
    finally:
        gc.enable()
    return least * 1000


def parsers_section(output: Callable[[str], object] = print) -> None:
    """Print what a KB of each costs."""
    output(_LAYOUT.format("CPU in microseconds a KB of", f"{SMALL // 1000} KB", f"{LARGE // 1000} KB"))
    for name, worst in WORST.items():
        costs = (milliseconds(worst, size) * 1000 / (size / 1000) for size in (SMALL, LARGE))
        output(_LAYOUT.format(name, *(f"{cost:.2f}" for cost in costs)))
