"""Invitations: a one-time link by which a person sets their password, the first or a new one.

A user has one at most. Its key is derived from a random id, so no table holds it; the row keeps
the digest. Making a new one replaces it, using it removes it.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from chalicelib.access import credentials, makers, passwords, sessions
from chalicelib.access.backing import backed, holder
from chalicelib.access.callers import Caller
from chalicelib.access.credentials import Credential
from chalicelib.access.directory import directory_key
from chalicelib.access.rows import Access, Invitation, Password
from chalicelib.errors import Inactive, NotFound
from chalicelib.storage.changes import Change, Check, Delete, Put
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.work import Decided
from chalicelib.times import stamp

KIND = "wbsp"
DAYS = 7


class Made(Struct, frozen=True):
    """A link that was made: its row, and the credential to show once."""

    row: Invitation
    link: Credential


def invite(reading: Reading, caller: Caller, id: str, now: datetime) -> Decided[Made]:
    """A new link for a user of the company.

    Raises:
        NotFound: there is no such user.
        Denied, Inactive, NotAuthenticated, InUse: see :func:`chalicelib.access.backing.backed`.
    """
    rows = holder(reading, caller, id)
    if rows is None:
        raise NotFound
    marks, checks = backed(caller, rows)
    link = credentials.issue(KIND, caller.company, id)
    row = Invitation(
        pk=rows.access.pk,
        sk="invitation",
        id=link.id,
        digest=link.digest,
        address=directory_key(rows.access.user["email"]),
        by=marks,
        expires_at=stamp(now + timedelta(days=DAYS)),
    )
    read = (Access.version == rows.access.version) & (Access.user["email"] == rows.access.user["email"])
    same = Check(Access, (row.pk, "access"), read)
    return Decided([Put(row), same, *checks], Made(row, link))


class Invited(Struct, frozen=True):
    """A link that works, whose it is, and that its makers are still who they were."""

    link: Credential
    access: Access
    backed: Change

    @property
    def email(self) -> str:
        return str(self.access.user["email"])


def find(reading: Reading, text: str, now: datetime) -> Invited:
    """Who a link invites.

    Raises:
        NotFound: it is wrong, used, replaced or too old, its user is not active or has another e-mail now, or whoever
            made it may not make it any more; nobody learns which.
    """
    link = credentials.parse(text, KIND)
    if link is None:
        raise NotFound
    place = key(link.company, link.holder)
    row, access, found = reading.rows(
        (Invitation, place, "invitation"), (Access, place, "access"), makers.place(link.company)
    )
    if row is None or not link.matches(row.digest) or row.expires_at <= stamp(now):
        raise NotFound
    if access is None or not access.active or row.address != directory_key(access.user["email"]):
        raise NotFound
    standing = makers.standing_of(found)
    if not makers.holds(standing, row.by, access.role):
        raise NotFound
    return Invited(link, access, makers.kept(link.company, found, standing))


def accept(invited: Invited, password: str) -> Decided[None]:
    """Set the password, use up the link, and end every session: all or nothing, once."""
    used = Delete(Invitation, (invited.access.pk, "invitation"), Invitation.digest == invited.link.digest)
    return Decided([used, invited.backed, *_replaced(invited.access, password)], None)


def reset(reading: Reading, company: str, user: str, password: str) -> Decided[Access]:
    """Another password for a user; a link they may have, and every session, end.

    Raises:
        Inactive: the user may not sign in.
        NotFound: there is no such user.
    """
    access = reading.row(Access, key(company, user), "access")
    if access is None:
        raise NotFound
    if not access.active:
        raise Inactive("The user is not active: an owner or admin sets active to true first.")
    return Decided([Delete(Invitation, (access.pk, "invitation")), *_replaced(access, password)], access)


def _replaced(access: Access, password: str) -> list[Change]:
    """Another password, and no session that knew the old one."""
    hash = passwords.hashed(password, access.user["email"])
    return [
        Put(Password(pk=access.pk, sk="password", hash=hash)),
        sessions.end(access, sessions.live(access.tokens)),
    ]
