"""Browser sessions: signing in, choosing one of several companies, opening and ending a session.

A session lies beside the user's tokens in the access row, so that it is read in the same call.
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from chalicelib.access import passwords
from chalicelib.access.credentials import Credential, issue
from chalicelib.access.directory import directory_key
from chalicelib.access.keys import keyed
from chalicelib.access.passwords import Compute
from chalicelib.access.rows import Access, Directory, Password
from chalicelib.access.tokens import removed
from chalicelib.errors import NotAuthenticated
from chalicelib.settings import settings
from chalicelib.storage.attributes import document_value
from chalicelib.storage.changes import Change, Check, Update
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.work import Decided
from chalicelib.times import stamp

KIND = "wbss"
MOST_LIVE = 10  # sessions of one user; the oldest ends when another is opened
MOST_COMPANIES = 500  # of one address that a sign-in looks at
CHOICE_SECONDS = 300
_NOBODY = key("nobody", "nobody")


class Account(Struct, frozen=True):
    """A user that the person has proved to be: the hash that proved it, and the one to keep from now on."""

    company: str
    user: str
    kept: str
    fresh: str

    @property
    def place(self) -> str:
        return key(self.company, self.user)

    @property
    def mark(self) -> str:
        """Stands for the present password in a signed choice."""
        return keyed("session-key", "password", self.kept)[:16]


def sign_in(reading: Reading, email: str, password: str, compute: Compute = passwords.argon2id) -> list[Account]:
    """The accounts that an e-mail and password open: the same calls and the same work whether there are any or none."""
    page = reading.page(Query(model=Directory, hash=directory_key(email)), limit=MOST_COMPANIES)
    users = [(item["company"]["S"], item["user"]["S"]) for item in page.rows]
    found = reading.rows(*((Password, key(*user), "password") for user in users), (Password, _NOBODY, "password"))[:-1]
    right, fresh = passwords.matching(password, email, [row and row.hash for row in found], compute)
    proved = [
        Account(*user, row.hash, fresh) for user, row, fits in zip(users, found, right, strict=True) if row and fits
    ]
    access = reading.rows(*((Access, each.place, "access") for each in proved), (Access, _NOBODY, "access"))[:-1]
    return [each for each, row in zip(proved, access, strict=True) if row and row.active]


def choice(accounts: list[Account], now: datetime) -> str:
    """The accounts that were proved, signed and valid for a few minutes, so that nobody types the password twice."""
    listed = ",".join(f"{each.company}.{each.user}.{each.mark}" for each in accounts)
    text = f"{int(now.timestamp()) + CHOICE_SECONDS};{listed}"
    return f"{base64.urlsafe_b64encode(text.encode()).decode()}.{keyed('session-key', 'choice', text)}"


def chosen(reading: Reading, signed: str, company: str, now: datetime) -> Account | None:
    """The account of a company in a signed choice; None when it is forged, old, or the password has changed since."""
    encoded, _, signature = signed.partition(".")
    try:
        text = base64.urlsafe_b64decode(encoded.encode("ascii", "replace")).decode()
    except ValueError:
        return None
    if not hmac.compare_digest(signature.encode(), keyed("session-key", "choice", text).encode()):
        return None
    until, _, listed = text.partition(";")
    if int(until) < now.timestamp():
        return None
    for each in listed.split(","):
        tenant, user, mark = each.split(".")
        if tenant == company:
            place = key(tenant, user)
            row, access = reading.rows((Password, place, "password"), (Access, place, "access"))
            account = Account(tenant, user, row.hash, row.hash) if row and access and access.active else None
            return account if account and account.mark == mark else None
    return None


def open_session(reading: Reading, account: Account, now: datetime) -> Decided[Credential]:
    """A session; ended ones leave the row, and beyond the most that may live the oldest ends.

    The transaction holds only while the password is the one that was proved.

    Raises:
        NotAuthenticated: the user has been made inactive since.
    """
    session = issue(KIND, account.company, account.user)
    until = stamp(now + timedelta(hours=settings().session_hours))
    kept = {"digest": session.digest, "expires_at": until, "kind": KIND}
    row = reading.row(Access, account.place, "access")
    if row is None or not row.active:
        raise NotAuthenticated
    actions = (Access.tokens[session.id].set(document_value(kept)), *removed(_surplus(row.tokens, now)))
    opened = Update(Access, (row.pk, row.sk), actions, Access.version == row.version)
    return Decided([opened, _same_password(account)], session)


def _same_password(account: Account) -> Change:
    """Requires the proved password; a hash with an old salt or old parameters is replaced on the way."""
    place, same = (account.place, "password"), Password.hash == account.kept
    if account.kept == account.fresh:
        return Check(Password, place, same)
    return Update(Password, place, (Password.hash.set(account.fresh),), same)


def _surplus(tokens: Mapping[str, Any], now: datetime) -> list[str]:
    """Sessions that have expired, and the oldest of too many."""
    sessions = live(tokens)
    ended = [id for id in sessions if tokens[id]["expires_at"] <= stamp(now)]
    left = sorted((id for id in sessions if id not in ended), key=lambda id: tokens[id]["expires_at"])
    return ended + left[: max(0, len(left) - MOST_LIVE + 1)]


def live(tokens: Mapping[str, Any]) -> list[str]:
    """The sessions among a user's tokens."""
    return [id for id, each in tokens.items() if each.get("kind") == KIND]


def end(access: Access, ended: list[str]) -> Change:
    """End these sessions, on condition that no other has come since the row was read."""
    return Update(Access, (access.pk, access.sk), removed(ended), Access.version == access.version)


def close_session(session: Credential) -> Decided[None]:
    """Sign out: the session ends wherever its cookie is kept. The condition fails when it has ended already."""
    place = (key(session.company, session.holder), "access")
    held = Access.tokens[session.id]["digest"] == session.digest
    return Decided([Update(Access, place, removed([session.id]), held)], None)
