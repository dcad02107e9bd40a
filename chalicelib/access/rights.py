"""What follows for credentials when a user gets another role, activity or e-mail."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.access import makers
from chalicelib.access.makers import Marks, Standing
from chalicelib.access.permissions import Role
from chalicelib.access.rows import Access, Invitation, Token
from chalicelib.access.tokens import removed
from chalicelib.errors import InUse
from chalicelib.storage.attributes import document_value
from chalicelib.storage.changes import Change, Check, Delete, Update, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Wanted
from chalicelib.times import stamp

MOST_ENDED = 80  # tokens that one transaction ends


class Consequence(Struct, frozen=True):
    """What is done to the user's access row and under which condition, and to other rows."""

    actions: tuple[Action, ...]
    condition: Condition
    others: Sequence[Change]


def wanted(company: str, user: str) -> tuple[Wanted, Wanted, Wanted]:
    """What :func:`follow` reads."""
    place = key(company, user)
    return (Access, place, "access"), (Invitation, place, "invitation"), makers.place(company)


def follow(
    reading: Reading, company: str, user: str, role: Role, active: bool, moved: bool, now: datetime
) -> Consequence:
    """What follows for credentials when a user gets another role or activity, on condition that none came meanwhile.

    What they made for others ends where they may not make it any more. What others made for them goes on where its
    makers may hand out the new role, and ends otherwise. A link ends with the user's activity and address too.
    """
    place = key(company, user)
    access, link, row = reading.rows(*wanted(company, user))
    before = makers.standing_of(row)
    standing = makers.after(before, user, role, active, makers.next_version(row))
    anew = {
        id: makers.marked_anew(before, standing, each["by"], access.role, role)
        for id, each in access.tokens.items()
        if "by" in each
    }
    ended = [id for id, marks in anew.items() if marks is None]
    if len(ended) > MOST_ENDED:
        raise InUse("Many tokens that others made for this user would end; revoke those first.")
    actions = [Access.role.set(role.value), Access.active.set(active), *removed(ended)]
    actions += [Access.tokens[id]["by"].set(document_value(marks)) for id, marks in anew.items() if marks is not None]
    if _rights(access.role, access.active) - _rights(role, active):
        actions.append(Access.ceded_at.set(stamp(now)))
    revoked = Token.revoked_at.set(stamp(now))
    others: list[Change] = [
        *(Update(Token, (company, f"token#{id}"), (revoked,), Token.pk.exists()) for id in ended),
        makers.kept(company, row, standing),
        _link(place, link, _link_marks(link, before, standing, (access.role, role), moved or not active)),
    ]
    return Consequence(tuple(actions), Access.version == access.version, others)


def _rights(role: str, active: bool) -> frozenset[Role]:
    return makers.may_hand_out(Role(role)) if active else frozenset()


def _link_marks(
    link: Invitation | None, before: Standing, standing: Standing, roles: tuple[str, str], ends: bool
) -> dict[str, int] | None:
    return None if link is None or ends else makers.marked_anew(before, standing, link.by, *roles)


def _link(place: str, link: Invitation | None, marks: Marks | None) -> Change:
    """The link that goes on with its makers' marks for the new role, or ends; none may have come meanwhile."""
    where = (place, "invitation")
    if link is None:
        return Check(Invitation, where, absent(Invitation))
    same = Invitation.digest == link.digest
    if marks is None:
        return Delete(Invitation, where, same)
    return Update(Invitation, where, (Invitation.by.set(dict(marks)),), same)
