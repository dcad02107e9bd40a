"""Browser sessions: signing in, choosing one of several companies, opening and ending a session.

A session lies beside the user's tokens in the access row, so that it is read in the same call. The
functions decide; who calls them commits the changes, and decides again when a condition failed.
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from chalicelib.errors import NotAuthenticated
from chalicelib.identity import passwords
from chalicelib.identity.passwords import Compute
from chalicelib.identity.people import directory_key
from chalicelib.identity.rows import Access, Directory, User
from chalicelib.identity.secrets import Credential, issue, keyed
from chalicelib.identity.tokens import removed
from chalicelib.settings import settings
from chalicelib.storage.attributes import document_value
from chalicelib.storage.changes import Change, Check, Update
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store
from chalicelib.times import stamp

KIND = "wbss"
MOST_LIVE = 10  # sessions of one user; the oldest ends when another is opened
MOST_COMPANIES = 500  # of one address that a sign-in looks at
CHOICE_SECONDS = 300
_NOBODY = (User, "nobody", "user#nobody")


class Account(Struct, frozen=True):
    """A user that the person has proved to be: the hash that proved it, and the one to keep from now on."""

    user: User
    fresh: str

    @property
    def mark(self) -> str:
        """Stands for the present password in a signed choice."""
        return keyed("session-key", "password", str(self.user.password))[:16]


def sign_in(store: Store, email: str, password: str, compute: Compute = passwords.argon2id) -> list[Account]:
    """The accounts that an e-mail and password open: the same calls and the same work whether there are any or none."""
    page = store.page(Query(model=Directory, hash=directory_key(email)), limit=MOST_COMPANIES)
    keys = [(item["company"]["S"], item["user"]["S"]) for item in page.rows]
    users = store.get_many(*((User, company, f"user#{user}") for company, user in keys), _NOBODY)[:-1]
    right, fresh = passwords.matching(password, email, [user and user.password for user in users], compute)
    return [Account(user, fresh) for user, fits in zip(users, right, strict=True) if fits and user.active]


def choice(accounts: list[Account], now: datetime) -> str:
    """The accounts that were proved, signed and valid for a few minutes, so that nobody types the password twice."""
    listed = ",".join(f"{each.user.pk}.{each.user.id}.{each.mark}" for each in accounts)
    text = f"{int(now.timestamp()) + CHOICE_SECONDS};{listed}"
    return f"{base64.urlsafe_b64encode(text.encode()).decode()}.{keyed('session-key', 'choice', text)}"


def chosen(store: Store, signed: str, company: str, now: datetime) -> Account | None:
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
        row = store.get(User, tenant, f"user#{user}") if tenant == company else None
        if row and row.active and Account(row, "").mark == mark:
            return Account(row, str(row.password))
    return None


def open_session(store: Store, account: Account, now: datetime) -> tuple[list[Change], Credential]:
    """A session; ended ones leave the row, and beyond the most that may live the oldest ends.

    The transaction holds only while the password is the one that was proved.

    Raises:
        NotAuthenticated: the user has been made inactive since.
    """
    user = account.user
    session = issue(KIND, user.pk, user.id)
    until = stamp(now + timedelta(hours=settings().session_hours))
    kept = {"digest": session.digest, "expires_at": until, "kind": KIND}
    row = store.get(Access, key(user.pk, user.id), "access")
    if row is None or not row.active:
        raise NotAuthenticated
    tokens = row.tokens
    gone = _surplus(tokens, now)
    actions = (Access.tokens[session.id].set(document_value(kept)), *removed(gone))
    return [
        Update(Access, (row.pk, row.sk), actions, Access.version == row.version),
        _same_password(account),
    ], session


def _same_password(account: Account) -> Change:
    """Requires the proved password; a hash with an old salt or old parameters is replaced on the way."""
    user, place = account.user, (account.user.pk, account.user.sk)
    condition = User.password == user.password
    if user.password == account.fresh:
        return Check(User, place, condition)
    return Update(User, place, (User.password.set(account.fresh),), condition & (User.version == user.version))


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


def close_session(session: Credential) -> list[Change]:
    """Sign out: the session ends wherever its cookie is kept. The condition fails when it has ended already."""
    place = (key(session.company, session.holder), "access")
    held = Access.tokens[session.id]["digest"] == session.digest
    return [Update(Access, place, removed([session.id]), held)]
