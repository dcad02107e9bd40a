"""What a handler gives back, and the form in which an answer is kept for its Idempotency-Key."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from chalicelib.encoding import encode
from chalicelib.storage.work import Decided

JSON = "application/json"
Reply = tuple[int, dict[str, str], bytes]  # status, headers, body


class Secret(Struct, frozen=True):
    """A field of an answer that shows a credential: the credential's reference, and the text around its secret."""

    reference: str
    before: str = ""
    after: str = ""


class Written(Decided[Any], frozen=True):
    """What a write has decided: the changes to commit, and the body of the answer that they make true.

    ``secrets`` are fields of the body that show a credential: what is kept names it only, and each time the answer
    is given the secret is worked out. ``intent`` names the work of more than one transaction that ``changes``
    begin; the answer is what it comes to.
    """

    status: int | None = None
    location: str | None = None
    etag: str | None = None
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    intent: str | None = None


class Read(Struct, frozen=True):
    """An answer of a read that carries headers or has a body that is not JSON."""

    body: Any
    etag: str | None = None
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200

    def reply(self) -> Reply:
        """The answer as it goes out."""
        headers = {"Content-Type": self.content_type, **self.headers}
        headers |= {"ETag": self.etag} if self.etag else {}
        raw = isinstance(self.body, str | bytes)
        body = (self.body.encode() if isinstance(self.body, str) else self.body) if raw else encode(self.body)
        return self.status, headers, body


class Kept(Struct, frozen=True):
    """The answer to a write: what the completion of its key keeps, and what every repeat gives again."""

    status: int
    headers: dict[str, str]
    body: bytes
    secrets: dict[str, Secret] = {}
    intent: str | None = None

    @classmethod
    def of(cls, written: Written, status: int) -> "Kept":
        """The answer to what was decided; ``status`` is the route's own."""
        headers = {"Content-Type": JSON}
        headers |= {"Location": written.location} if written.location else {}
        headers |= {"ETag": written.etag} if written.etag else {}
        body = b"" if written.answer is None else encode(written.answer)
        return cls(written.status or status, headers, body, dict(written.secrets), written.intent)

    def pack(self) -> bytes:
        """As bytes for the table."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def unpack(cls, packed: bytes) -> "Kept":
        """The reverse of :meth:`pack`."""
        return msgspec.msgpack.decode(packed, type=cls)


def with_fields(body: bytes, texts: Mapping[str, str]) -> bytes:
    """A JSON object with some fields of text put at its end."""
    added = b"".join(b"," + encode(name) + b":" + encode(text) for name, text in texts.items())
    return body[:-1] + (added if len(body) > 2 else added[1:]) + b"}"
