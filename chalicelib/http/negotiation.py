"""What a request sends and takes: the body's bytes, its content type, and ``Accept``."""

import base64
import re

from chalicelib.errors import NotAcceptable, PayloadTooLarge, UnsupportedMediaType
from chalicelib.http.answers import JSON
from chalicelib.http.call import Call
from chalicelib.http.json_text import parse_json

MAX_BODY = 4_500_000  # what the gateway hands on for every content type


def raw_body(call: Call) -> bytes:
    """The request's body.

    Raises:
        PayloadTooLarge: it has more bytes than the gateway would hand on.
        UnsupportedMediaType: it is compressed or otherwise encoded.
    """
    encodings = call.headers.get("content-encoding", "")
    if {each.strip().lower() for each in encodings.split(",")} - {"", "identity"}:
        raise UnsupportedMediaType("The body must come as it is: no Content-Encoding but identity is taken.")
    body = call.event.get("body") or ""
    encoded = call.event.get("isBase64Encoded")
    raw = base64.b64decode(body) if encoded else str(body).encode("utf-8", "surrogatepass")
    if len(raw) > MAX_BODY:
        raise PayloadTooLarge(f"The body may have {MAX_BODY} bytes.")
    return raw


def content_type(call: Call) -> str:
    """The media type that the body is sent as, without parameters; JSON where none is named."""
    return call.headers.get("content-type", JSON).split(";")[0].strip().lower()


def require_content_type(call: Call, taken: tuple[str, ...]) -> None:
    """Raises :class:`UnsupportedMediaType` for a body of another type than those taken, or text that is not UTF-8."""
    if content_type(call) not in taken:
        raise UnsupportedMediaType(f"The body must be {' or '.join(taken)}.")
    charset = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", call.headers.get("content-type", "").lower())
    if charset and charset[1] not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType("The body must be UTF-8.")


def json_body(call: Call, raw: bytes) -> object:
    """The body's plain value; none is an empty object."""
    if raw:
        require_content_type(call, (JSON,))
    return parsed(call, raw)


def parsed(call: Call, raw: bytes) -> object:
    """The value of a JSON body, parsed once however often it is asked for: a large one takes a second."""
    if call.value is None:
        call.value = parse_json(raw) if raw else {}
    return call.value


def require_acceptable(call: Call, offered: tuple[str, ...]) -> None:
    """Raises :class:`NotAcceptable` when ``Accept`` takes none of the media types."""
    if chosen(call.headers.get("accept", "*/*"), offered) is None:
        raise NotAcceptable(f"This gives {' or '.join(offered)}.")


def chosen(header: str, offered: tuple[str, ...]) -> str | None:
    """The media type that an ``Accept`` header likes best, the first offered among equals; None when it takes none.

    The most specific range that fits a type decides on it (RFC 9110, 12.5.1).
    """
    ranges: dict[str, float] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        ranges[name or "*/*"] = float(quality) if re.fullmatch(r"[01](\.\d{0,3})?", quality, re.ASCII) else 1.0
    liked = {kind: _quality(kind, ranges) for kind in offered}
    best = max(offered, key=lambda kind: liked[kind])
    return best if liked[best] > 0 else None


def _quality(kind: str, ranges: dict[str, float]) -> float:
    wanted = (kind, f"{kind.split('/')[0]}/*", "*/*")
    return next((ranges[name] for name in wanted if name in ranges), 0.0)
