"""Tokens, session cookies, ingest secrets and one-time links: made, recognised and digested.

A credential is ``<prefix>_<id><company><holder><secret><checksum>``: fixed lengths of base 32, so
it carries its company and can be refused from memory when the checksum is wrong. The secret is an
HMAC of the credential's random id under the stage's key, so that a replay can compute it again and
no table ever holds it; the tables keep a keyed digest.
"""

import hashlib
import hmac
import zlib
from functools import lru_cache

from aws_lambda_powertools.utilities.parameters import GetParameterError, SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import SetParameterError
from botocore.config import Config
from msgspec import Struct

from chalicelib.ids import ID_LENGTH, base32, new_id
from chalicelib.settings import settings
from chalicelib.storage.calls import CONNECT_SECONDS, READ_SECONDS
from chalicelib.storage.store import store

SECRET_LENGTH = 32
CHECK_LENGTH = 6
_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz234567")


@lru_cache(maxsize=1)
def _provider() -> SSMProvider:
    """On the session of the DynamoDB client: a second one would read the same files again."""
    once = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    return SSMProvider(boto3_client=store().session.create_client("ssm", config=once))


def secret_parameter(name: str) -> bytes:
    """A SecureString of the stage, kept for five minutes by Powertools.

    Raises:
        Unavailable: Parameter Store throttles or fails for longer than the request can wait.
    """
    return store().patiently(lambda: _parameter(settings().parameter_prefix + name)).encode()


def _parameter(name: str) -> str:
    """Powertools hides the cause of a failure behind its own error; here it shows again."""
    try:
        return str(_provider().get(name, decrypt=True, max_age=300))
    except GetParameterError as error:
        raise error.__context__ or error from None


def keep_for_operators(company: str, text: str) -> None:
    """Put a company's ingest secret where operators can read it again; functions never read it.

    Raises:
        Unavailable: Parameter Store throttles or fails for longer than the request can wait.
    """
    store().patiently(lambda: _put(f"{settings().parameter_prefix}ingest/{company}", text))


def _put(name: str, text: str) -> None:
    """As :func:`_parameter`; the error that Powertools makes of a failure is not shown."""
    try:
        # Its annotation asks for a key of one's own; without one the account's key for Parameter Store serves.
        _provider().set(name, text, overwrite=True, parameter_type="SecureString")  # type: ignore[call-overload]
    except SetParameterError as error:
        raise error.__context__ or error from None


def keyed(key: str, *parts: str) -> str:
    """The HMAC-SHA-256 of the parts under the stage's key of that name, in base 32."""
    message = "\0".join(parts).encode()
    return base32(hmac.new(secret_parameter(key), message, hashlib.sha256).digest())


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
