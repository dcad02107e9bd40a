"""Reading the body of an HTTP request from its connection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from io import BufferedIOBase

BODY_LIMIT = 10 * 1024 * 1024
"""Bytes the gateway takes."""
DRAIN_LIMIT = 6 * BODY_LIMIT
"""Bytes read, and forgotten, of a body that is too large, so that the client sees the answer."""
BLOCK = 64 * 1024


class RefusedBody(Exception):
    """The body cannot be used; the connection is no longer in step and must be closed."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


def read_body(headers: Message, stream: BufferedIOBase) -> bytes:
    """Read a body of known length or in chunks; raise RefusedBody naming the gateway's answer."""
    kept: list[bytes] = []
    size = 0
    for block in _blocks(headers, stream):
        size += len(block)
        if size <= BODY_LIMIT:
            kept.append(block)
        elif size > DRAIN_LIMIT:
            break
    if size > BODY_LIMIT:
        raise RefusedBody("REQUEST_TOO_LARGE", f"A request body may have {BODY_LIMIT} bytes.")
    return b"".join(kept)


def _blocks(headers: Message, stream: BufferedIOBase) -> Iterator[bytes]:
    """Choose how the body's end is marked; two ways at once are refused."""
    encodings = headers.get_all("transfer-encoding", [])
    lengths = set(headers.get_all("content-length", []))
    if encodings:
        if lengths or [value.strip().lower() for value in encodings] != ["chunked"]:
            raise RefusedBody("BAD_REQUEST_BODY", "The Transfer-Encoding header cannot be understood.")
        return _chunks(stream)
    if len(lengths) > 1 or not all(re.fullmatch("[0-9]{1,15}", value) for value in lengths):
        raise RefusedBody("BAD_REQUEST_BODY", "The Content-Length header cannot be understood.")
    return _exactly(stream, int(lengths.pop()) if lengths else 0)


def _exactly(stream: BufferedIOBase, length: int) -> Iterator[bytes]:
    """Iterate over the next ``length`` bytes in blocks."""
    while length:
        block = stream.read(min(BLOCK, length))
        if not block:
            raise RefusedBody("BAD_REQUEST_BODY", "The request body ended too early.")
        length -= len(block)
        yield block


def _chunks(stream: BufferedIOBase) -> Iterator[bytes]:
    """Iterate over a chunked body up to the end of its trailer."""
    while length := _chunk_length(stream):
        yield from _exactly(stream, length)
        if stream.readline(3) not in (b"\r\n", b"\n"):
            raise RefusedBody("BAD_REQUEST_BODY", "A chunk of the request body is malformed.")
    while stream.readline(8192) not in (b"\r\n", b"\n", b""):
        pass


def _chunk_length(stream: BufferedIOBase) -> int:
    line = stream.readline(1024).partition(b";")[0].strip()
    if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", line):
        raise RefusedBody("BAD_REQUEST_BODY", "A chunk of the request body is malformed.")
    return int(line, 16)
