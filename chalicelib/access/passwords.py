"""Slow password hashes: argon2id with the low-memory parameters of RFC 9106.

All users of one e-mail address share a salt, an HMAC of the address under the stage's key. So one hash tells which of
the address's companies a password opens. A hash from before the person changed their e-mail, or from before the
stage's key or the parameters changed, has another salt and costs another computation. How many of those an address
has is up to strangers too, so each kept hash has a *mark* beside it: a few bits of a second slow hash whose salt is
the stage's, under its key. Only those whose mark fits are tried. So an attempt makes the same number of computations
for an unknown address, a wrong password, and an address in hundreds of companies.

After a change of the stage's key no mark fits until a person has signed in once. Until then an attempt tries up to
``UNMARKED`` old salts, those of people whose e-mail never changed first: its time tells how many salts an address has.
"""

import hmac
import unicodedata
from base64 import b64decode
from collections.abc import Callable, Sequence

from argon2 import Parameters, extract_parameters
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import hash_secret
from argon2.profiles import RFC_9106_LOW_MEMORY
from msgspec import Struct
from msgspec.structs import replace

from chalicelib.access.keys import keyed
from chalicelib.names import comparison_form

SHORTEST, LONGEST = 12, 1000  # NIST SP 800-63B asks for 8 at least and 64 allowed, and for no rules of composition
MARK_LENGTH = 3  # of five bits each: by chance one hash in 32,768 fits
UNMARKED = 20  # hashes from before the stage's key changed that one attempt looks at: those have no mark to go by


Compute = Callable[[bytes, bytes, Parameters], str]


def argon2id(password: bytes, salt: bytes, parameters: Parameters) -> str:
    """One computation, in argon2's own notation."""
    return hash_secret(
        password,
        salt,
        time_cost=parameters.time_cost,
        memory_cost=parameters.memory_cost,
        parallelism=parameters.parallelism,
        hash_len=parameters.hash_len,
        type=parameters.type,
        version=parameters.version,
    ).decode()


class Kept(Struct, frozen=True):
    """A kept hash: as argon2 writes it, its mark, and whether it was made for another address than the present."""

    hash: str
    mark: str = ""
    moved: bool = False

    @property
    def setting(self) -> str:
        """Algorithm, parameters and salt: all before its last part."""
        return self.hash.rpartition("$")[0]

    @property
    def text(self) -> str:
        """What the table holds."""
        return " ".join((self.hash, self.mark, *(["moved"] if self.moved else [])))


def parsed(text: str) -> Kept:
    """A hash as the table holds it."""
    hash, *rest = text.split(" ")
    return Kept(hash, rest[0] if rest else "", "moved" in rest)


def moved(text: str) -> str:
    """The hash of somebody whose e-mail changes; its salt is still that of the address it was made for."""
    return replace(parsed(text), moved=True).text


def hashed(password: str, email: str, compute: Compute = argon2id) -> str:
    """The hash to keep."""
    return _made(password, email, _slow(password, compute), compute).text


def matching(
    password: str, email: str, kept: Sequence[str | None], compute: Compute = argon2id
) -> tuple[list[bool], str]:
    """Which of the kept hashes are of this password, and the hash that a new one of it would have.

    Three computations where nothing fits, and mostly where something does. Longer passwords than may be set are
    nobody's.
    """
    typed = password if len(password) <= LONGEST else ""
    slow = _slow(typed, compute)
    fresh = _made(typed, email, slow, compute)
    hashes = [parsed(each) if each else None for each in kept]
    others = [each for each in hashes if each and each.setting != fresh.setting]
    computed = [_again(typed, setting, compute) for setting in _tried(others, slow) or [fresh.setting]]
    right = [fresh.hash, *(each for each in computed if each)]
    return [
        each is not None and any(hmac.compare_digest(each.hash, one) for one in right) for each in hashes
    ], fresh.text


def _made(password: str, email: str, slow: str, compute: Compute) -> Kept:
    hash = compute(_prepared(password), _salt(email), RFC_9106_LOW_MEMORY)
    return Kept(hash, _mark(slow, hash.rpartition("$")[0]))


def _tried(others: Sequence[Kept], slow: str) -> list[str]:
    """The settings that may be the password's: all whose mark fits, and some of those that have none to go by."""
    ours = _generation()
    unmarked = [each for each in others if not each.mark.startswith(ours)]
    first = dict.fromkeys(each.setting for each in sorted(unmarked, key=lambda each: each.moved))
    marked = [each.setting for each in others if each.mark == _mark(slow, each.setting)]
    return list(dict.fromkeys((*marked, *list(first)[:UNMARKED])))


def _again(password: str, setting: str, compute: Compute) -> str | None:
    """The password hashed as a kept hash was; None when it is none of argon2's."""
    try:
        parameters = extract_parameters(f"{setting}${'A' * 43}")
        salt = setting.rpartition("$")[2]
        return compute(_prepared(password), b64decode(salt + "=" * (-len(salt) % 4)), parameters)
    except (Argon2Error, InvalidHashError, ValueError):
        return None


def _slow(password: str, compute: Compute) -> str:
    """What marks are made of: a hash that depends on nothing but the password and the stage's key."""
    return compute(_prepared(password), keyed("digest-key", "password-mark-salt")[:26].encode(), RFC_9106_LOW_MEMORY)


def _mark(slow: str, setting: str) -> str:
    return _generation() + keyed("digest-key", "password-mark", slow, setting)[:MARK_LENGTH]


def _generation() -> str:
    """Names the stage's key without telling anything of it: marks made under another one say nothing."""
    return keyed("digest-key", "password-generation")[:6] + "."


def complaints(password: str, email: str) -> list[str]:
    """What is wrong with a new password, for the person who chose it."""
    found = []
    if len(password) < SHORTEST:
        found.append(f"Choose a password of at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        found.append(f"A password may have {LONGEST} characters.")
    elif comparison_form(password) == comparison_form(email):
        found.append("Choose a password that is not your e-mail address.")
    return found


def _prepared(password: str) -> bytes:
    """The same bytes for the same password on every keyboard (NFKC, as NIST SP 800-63B advises)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace")


def _salt(email: str) -> bytes:
    return keyed("digest-key", "password-salt", comparison_form(email))[:26].encode()
