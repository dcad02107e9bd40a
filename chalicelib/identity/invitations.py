"""Invitations: a one-time link by which a person sets their password, the first or a new one.

A user has one at most. Its key is derived from a random id, so no table holds it; the row keeps
the digest. Making a new one replaces it, using it removes it.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from chalicelib.errors import NotFound
from chalicelib.identity import makers, passwords, people, secrets, sessions, tokens
from chalicelib.identity.access import Caller
from chalicelib.identity.rows import Access, EmailClaim, Invitation, User
from chalicelib.storage.changes import Change, Check, Delete, Put
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store
from chalicelib.times import stamp

KIND = "wbsp"
DAYS = 7


def invite(store: Store, caller: Caller, id: str, now: datetime) -> tuple[list[Change], Invitation, secrets.Credential]:
    """A new link for a user of the company.

    Raises:
        NotFound: there is no such user.
        Denied, Inactive, NotAuthenticated, InUse: see :func:`chalicelib.identity.tokens.backed`.
    """
    user, rows = people.find(store, caller.company, id), tokens.holder(store, caller, id)
    assert rows is not None, "a user has an access row"
    marks, checks = tokens.backed(caller, rows)
    link = secrets.issue(KIND, user.pk, user.id)
    row = Invitation(
        pk=key(user.pk, user.id),
        sk="invitation",
        id=link.id,
        digest=link.digest,
        address=people.directory_key(user.email),
        by=marks,
        expires_at=stamp(now + timedelta(days=DAYS)),
    )
    same = Check(Access, (row.pk, "access"), Access.version == rows.access.version)
    return [Put(row), same, *checks], row, link


class Invited(Struct, frozen=True):
    """A link that works, whose it is, and that its makers are still who they were."""

    link: secrets.Credential
    user: User
    access: Access
    backed: Change


def find(store: Store, text: str, now: datetime) -> Invited:
    """Who a link invites.

    Raises:
        NotFound: it is wrong, used, replaced or too old, its user is not active or has another e-mail now, or whoever
            made it may not make it any more; nobody learns which.
    """
    link = secrets.parse(text, KIND)
    if link is None:
        raise NotFound
    place = key(link.company, link.holder)
    row, user, access, standing = store.get_many(
        (Invitation, place, "invitation"),
        (User, link.company, f"user#{link.holder}"),
        (Access, place, "access"),
        makers.place(link.company),
    )
    if row is None or not link.matches(row.digest) or row.expires_at <= stamp(now):
        raise NotFound
    if user is None or access is None or not (user.active and access.active):
        raise NotFound
    if row.address != people.directory_key(user.email):  # it was sent to somebody else
        raise NotFound
    if not makers.holds(makers.standing_of(standing), row.by, access.role):
        raise NotFound
    return Invited(link, user, access, makers.kept(link.company, standing, makers.standing_of(standing)))


def accept(invited: Invited, password: str, now: datetime) -> list[Change]:
    """Set the password, use up the link, and end every session: all or nothing, once."""
    same = Invitation.digest == invited.link.digest
    return [
        Delete(Invitation, (invited.access.pk, "invitation"), same),
        invited.backed,
        *_replaced(invited.user, invited.access, password, now),
    ]


def reset(store: Store, company: str, email: str, password: str, now: datetime) -> tuple[list[Change], User]:
    """Another password for the company's user with this e-mail; a link they may have, and every session, end.

    Raises:
        NotFound: the company has no user with this e-mail.
        Inactive: the user may not sign in.
    """
    claim = store.get(EmailClaim, company, people.email_claim(email))
    if claim is None:
        raise NotFound
    place = key(company, claim.holder)
    user, access = store.get_many((User, company, f"user#{claim.holder}"), (Access, place, "access"))
    people.require_active(user)
    return [Delete(Invitation, (place, "invitation")), *_replaced(user, access, password, now)], user


def _replaced(user: User, access: Access, password: str, now: datetime) -> list[Change]:
    """Another password, and no session that knew the old one."""
    same = (User.version == user.version) & (User.active == True)  # noqa: E712 - a condition expression
    user.password = passwords.hashed(password, user.email)
    user.version, user.updated_at = user.version + 1, stamp(now)
    return [
        Put(user, same),
        sessions.end(access, sessions.live(access.tokens)),
    ]
