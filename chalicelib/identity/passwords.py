"""Slow password hashes: argon2id with the library's current defaults.

All users of one e-mail address share a salt, an HMAC of the address under the stage's key. So one
hash tells which of the address's companies a password opens: an attempt costs the same for an
unknown address, a wrong password, and an address in hundreds of companies.
"""

import hmac
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from chalicelib.identity.secrets import keyed
from chalicelib.names import comparison_form

SHORTEST, LONGEST = 12, 1000  # NIST SP 800-63B asks for 8 at least and 64 allowed, and for no rules of composition
OTHERS = 3  # hashes with an older salt or older parameters that one attempt looks at


@lru_cache(maxsize=1)
def argon2id() -> PasswordHasher:
    """The library's hasher: argon2id, the low-memory parameters of RFC 9106."""
    return PasswordHasher()


def hashed(password: str, email: str, hasher: PasswordHasher | None = None) -> str:
    """The hash to keep."""
    return (hasher or argon2id()).hash(_prepared(password), salt=_salt(email))


def matching(
    password: str, email: str, kept: Sequence[str | None], hasher: PasswordHasher | None = None
) -> tuple[list[bool], str]:
    """Which of the kept hashes are of this password, and the hash that a new one of it would have.

    One computation, whatever is kept. A hash from before the person changed their e-mail, or from
    before the parameters changed, costs one more; only a few of those are tried, the rest do not match.
    """
    fresh = hashed(password[:LONGEST], email, hasher)
    others = [each for each in dict.fromkeys(kept) if each and _setting(each) != _setting(fresh)][:OTHERS]
    right = {each for each in others if _verified(password, each, hasher)}
    return [each is not None and (hmac.compare_digest(each, fresh) or each in right) for each in kept], fresh


def complaints(password: str, email: str) -> list[str]:
    """What is wrong with a new password, for the person who chose it."""
    found = []
    if len(password) < SHORTEST:
        found.append(f"Choose a password of at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        found.append(f"A password may have {LONGEST} characters.")
    if comparison_form(password) == comparison_form(email):
        found.append("Choose a password that is not your e-mail address.")
    return found


def _prepared(password: str) -> bytes:
    """The same bytes for the same password on every keyboard (NFKC, as NIST SP 800-63B advises)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace")


def _salt(email: str) -> bytes:
    return keyed("digest-key", "password-salt", comparison_form(email))[:26].encode()


def _setting(kept: str) -> str:
    """Algorithm, parameters and salt of a hash: all before its last part."""
    return kept.rpartition("$")[0]


def _verified(password: str, kept: str, hasher: PasswordHasher | None) -> bool:
    try:
        return (hasher or argon2id()).verify(kept, _prepared(password))
    except (Argon2Error, InvalidHashError):
        return False
