"""Tokens, session cookies, ingest secrets and one-time links: made, recognised and digested.

A credential is ``<prefix>_<id><company><holder><secret><checksum>``: fixed lengths of base 32, so
it carries its company and can be refused from memory when the checksum is wrong. The secret is an
HMAC of the credential's random id under the stage's key, so that a replay can compute it again and
no table ever holds it; the tables keep a keyed digest.
"""

import hmac
import zlib

from msgspec import Struct

from chalicelib.access.keys import keyed
from chalicelib.ids import ID_LENGTH, base32, new_id

SECRET_LENGTH = 32
CHECK_LENGTH = 6
_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz234567")


class Credential(Struct, frozen=True):
    """A token (``wbs``), session (``wbss``), ingest secret (``wbsi``) or one-time link (``wbsp``) as it travels."""

    kind: str
    company: str
    holder: str
    id: str
    secret: str

    @property
    def text(self) -> str:
        """What the client sends."""
        body = f"{self.id}{self.company}{self.holder}{self.secret}"
        return f"{self.kind}_{body}{_checksum(self.kind + body)}"

    @property
    def digest(self) -> str:
        """What the tables keep."""
        return keyed("digest-key", "digest", self.kind, self.company, self.holder, self.id, self.secret)

    @property
    def reference(self) -> str:
        """Names it without its secret: what a kept answer holds, to compute it again."""
        return f"{self.kind} {self.company} {self.holder} {self.id}"

    def matches(self, digest: str) -> bool:
        """Compare with a kept digest in constant time."""
        return hmac.compare_digest(self.digest, digest)


def issue(kind: str, company: str, holder: str, id: str | None = None) -> Credential:
    """The credential of an id; the same id gives the same credential again."""
    id = id or new_id()
    secret = keyed("digest-key", "secret", kind, company, holder, id)[:SECRET_LENGTH]
    return Credential(kind, company, holder, id, secret)


def parse(text: str, kind: str) -> Credential | None:
    """A credential from what a client sent, or None when it is not one."""
    prefix, _, body = text.partition("_")
    lengths = 3 * ID_LENGTH + SECRET_LENGTH + CHECK_LENGTH
    if prefix != kind or len(body) != lengths or not _ALPHABET.issuperset(body):
        return None
    if _checksum(kind + body[:-CHECK_LENGTH]) != body[-CHECK_LENGTH:]:
        return None
    id, company, holder = (body[start : start + ID_LENGTH] for start in range(0, 3 * ID_LENGTH, ID_LENGTH))
    return Credential(kind, company, holder, id, body[3 * ID_LENGTH : -CHECK_LENGTH])


def _checksum(text: str) -> str:
    return base32(zlib.crc32(text.encode()).to_bytes(4, "big"))[:CHECK_LENGTH]
