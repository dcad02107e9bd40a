"""API tokens: made for oneself or another user of the company, listed, and ended for good.

A user's access row holds their live tokens beside their sessions; a row of its own says what settings list of a token.
Expired and ended ones leave the access row when another is made, so that it never grows beyond the bound.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.errors import Denied, Inactive, InUse, Invalid, NotAuthenticated, NotFound, PlanWithoutApi
from chalicelib.identity import makers
from chalicelib.identity.access import Caller, expired
from chalicelib.identity.makers import Marks, Standing
from chalicelib.identity.permissions import API_PLANS, ROLES, Role
from chalicelib.identity.rows import Access, Invitation, Makers, Token, User
from chalicelib.identity.secrets import Credential, issue
from chalicelib.storage.attributes import document_value
from chalicelib.storage.changes import Change, Check, Delete, Put, Update, absent
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store
from chalicelib.times import stamp

MOST_LIVE = 50  # tokens of one user
MOST_ENDED = 80  # tokens that one transaction ends
SESSION = "wbss"


class Holder(Struct, frozen=True):
    """For whom a credential is made, by whom, and who may hand out what, as all are now."""

    access: Access
    own: Access
    makers: Makers | None


def holder(store: Store, caller: Caller, id: str) -> Holder | None:
    """The rows that making a credential for a user rests on; None when there is no such user."""
    access, own, row = store.get_many(
        (Access, key(caller.company, id), "access"),
        (Access, key(caller.company, caller.user), "access"),
        makers.place(caller.company),
    )
    return Holder(access, own, row) if access is not None else None


def require_all(caller: Caller, role: Role, project: str | None = None) -> None:
    """Nobody grants or takes away a role holding a permission that they lack, on that project if one is named."""
    if not ROLES[role] <= caller.permissions(project):
        raise Denied(f"The role {role.value} holds a permission that you lack.")


def backed(caller: Caller, rows: Holder) -> tuple[dict[str, int], list[Change]]:
    """The marks of a credential that the caller makes for a user, and what must hold with it.

    Behind it stand those behind the credential in use, and the caller where it is for somebody else.

    Raises:
        Denied: the user's role holds a permission that one of them lacks.
        Inactive: the user may not sign in.
        NotAuthenticated: the credential in use has ended meanwhile.
        InUse: there are too many makers in the company or behind this credential.
    """
    role, own = rows.access.role, rows.own
    require_all(caller, Role(role))
    if not rows.access.active:
        raise Inactive("The user is not active.")
    standing = makers.standing_of(rows.makers)
    behind = set(_behind(caller, own, standing))
    if rows.access.pk == own.pk:
        marks = makers.marked(standing, behind, role)
        return marks, [makers.kept(caller.company, rows.makers, standing)] if marks else []
    together = standing
    checks: list[Change] = []
    if caller.user not in standing and own.active:
        together = makers.joined(standing, caller.user, Role(own.role), makers.next_version(rows.makers))
        checks.append(Check(Access, (own.pk, own.sk), still(own)))
    marks = makers.marked(together, behind | {caller.user}, role)
    return marks, [makers.kept(caller.company, rows.makers, together), *checks]


def _behind(caller: Caller, own: Access, standing: Standing) -> Iterable[str]:
    """Who stands behind the credential in use, which must still hold."""
    if not (caller.makers and caller.token):
        return ()
    kept = own.tokens.get(caller.token)
    if not (kept and own.active and makers.holds(standing, kept.get("by", {}), own.role)):
        raise NotAuthenticated
    return tuple(kept.get("by", {}))


def still(access: Access) -> Condition:
    """The condition on an access row that its user has the role and the activity that were read."""
    same: Condition = (Access.role == access.role) & (Access.active == access.active)
    return same


def create(
    store: Store, caller: Caller, label: str, user: str | None, expires_at: datetime | None, now: datetime
) -> tuple[list[Change], Token, Credential]:
    """A token for the caller or another user of the company.

    Raises:
        Invalid: it would have expired, or there is no such user.
        InUse: the user has as many live tokens as may be.
        Denied, Inactive, NotAuthenticated: see :func:`backed`.
    """
    if expires_at is not None and expires_at <= now:
        raise Invalid(errors={"expires_at": ["Must be in the future."]})
    rows = holder(store, caller, user or caller.user)
    if rows is None:
        raise Invalid(errors={"user": ["There is no such user."]})
    if caller.tenant.plan not in API_PLANS:
        raise PlanWithoutApi
    marks, checks = backed(caller, rows)
    access, token = rows.access, issue("wbs", caller.company, user or caller.user)
    gone = _gone(access, makers.standing_of(rows.makers), now)
    if len(_tokens(access)) - len(gone) >= MOST_LIVE:
        raise InUse(f"The user has {MOST_LIVE} live tokens, which is the most; revoke one first.")
    gone = gone[:MOST_LIVE]
    ends = None if expires_at is None else stamp(expires_at)
    kept = {"digest": token.digest, "expires_at": ends} | ({"by": marks} if marks else {})
    grant = (Access.tokens[token.id].set(document_value(kept)), *removed(gone))
    row = described(token, label, caller.user, stamp(now), ends)
    return (
        [
            Put(row, absent(Token)),
            Update(Access, (access.pk, access.sk), grant, Access.version == access.version),
            *checks,
            *_left(store, access, gone, makers.standing_of(rows.makers), now),
        ],
        row,
        token,
    )


def _tokens(access: Access) -> dict[str, dict[str, Any]]:
    return {id: each for id, each in access.tokens.items() if each.get("kind") != SESSION}


def _gone(access: Access, standing: Standing, now: datetime) -> list[str]:
    """The tokens in an access row that work no more."""
    return [
        id
        for id, each in _tokens(access).items()
        if expired(each, now) or not makers.holds(standing, each.get("by", {}), access.role)
    ]


def removed(ids: Iterable[str]) -> tuple[Action, ...]:
    """Take credentials out of an access row, whose version says so."""
    return (*(Access.tokens[id].remove() for id in ids), Access.version.add(1))


def described(token: Credential, label: str, made_by: str, at: str, expires_at: str | None) -> Token:
    """What settings list of a token."""
    return Token(
        pk=token.company,
        sk=f"token#{token.id}",
        id=token.id,
        label=label,
        prefix=token.text[:12],
        user=token.holder,
        made_by=made_by,
        created_at=at,
        expires_at=expires_at,
    )


def _left(store: Store, access: Access, ids: Sequence[str], standing: Standing, now: datetime) -> list[Change]:
    """What settings go on to list of tokens that leave the access row: their last use, and their end by a maker."""
    ceded = _ceded(store, access, ids, standing)
    changes: list[Change] = []
    for id in ids:
        used = access.tokens[id].get("used")
        actions = [Token.last_used_at.set(used)] if used else []
        actions += [Token.revoked_at.set(ceded[id] or stamp(now))] if id in ceded else []
        if actions:
            place = (access.pk.partition("#")[0], f"token#{id}")
            changes.append(Update(Token, place, tuple(actions), Token.revoked_at.does_not_exist()))
    return changes


def _ceded(store: Store, access: Access, ids: Iterable[str], standing: Standing) -> dict[str, str | None]:
    """When those of the tokens that a maker no longer backs ended: when the first of such makers ceded the right."""
    lost = {
        id: [maker for maker, since in marks.items() if standing.get(maker, {}).get(access.role) != since]
        for id in ids
        if (marks := access.tokens[id].get("by", {})) and not makers.holds(standing, marks, access.role)
    }
    company = access.pk.partition("#")[0]
    wanted = sorted({maker for each in lost.values() for maker in each})
    rows = store.get_many(*((Access, key(company, maker), "access") for maker in wanted)) if wanted else []
    at = {maker: row.ceded_at for maker, row in zip(wanted, rows, strict=True) if row is not None}
    return {id: min((when for maker in each if (when := at.get(maker))), default=None) for id, each in lost.items()}


def revoke(store: Store, caller: Caller, id: str, now: datetime) -> list[Change]:
    """End a token; it stops with the next request. One that has ended by revocation or by its maker is there no more.

    Raises:
        Denied: its user's role holds a permission that the caller lacks.
    """
    row = store.get(Token, caller.company, f"token#{id}")
    if row is None:
        raise NotFound
    access, standing = _of(store, row)
    kept = access.tokens.get(id, {})
    if row.revoked_at or not makers.holds(standing, kept.get("by", {}), access.role):
        raise NotFound("The token has been revoked.")
    require_all(caller, Role(access.role))
    used = kept.get("used")
    ended = (Token.revoked_at.set(stamp(now)), *([Token.last_used_at.set(used)] if used else []))
    return [
        Update(Token, (row.pk, row.sk), ended, Token.revoked_at.does_not_exist()),
        Update(Access, (access.pk, access.sk), removed([id]), Access.version == access.version),
    ]


def _of(store: Store, row: Token) -> tuple[Access, Standing]:
    access, standing = store.get_many((Access, key(row.pk, row.user), "access"), makers.place(row.pk))
    return access, makers.standing_of(standing)


class State(Struct, frozen=True):
    """What changes of a token while it lives: when it was last used, and when it ended."""

    last_used_at: str | None
    revoked_at: str | None


def states(store: Store, rows: Sequence[Token]) -> dict[str, State]:
    """The state of each token of a company, from the access rows of their users and makers, read together."""
    if not rows:
        return {}
    users = list(dict.fromkeys(key(row.pk, row.user) for row in rows))
    *found, row_of_makers = store.get_many(*((Access, user, "access") for user in users), makers.place(rows[0].pk))
    standing, access = makers.standing_of(row_of_makers), dict(zip(users, found, strict=True))
    ended: dict[str, str | None] = {}
    for user, each in access.items():
        theirs = [row.id for row in rows if key(row.pk, row.user) == user and each and row.id in each.tokens]
        ended |= _ceded(store, each, theirs, standing)
    return {row.id: _state(row, access[key(row.pk, row.user)], ended) for row in rows}


def _state(row: Token, access: Access | None, ended: Mapping[str, str | None]) -> State:
    kept = access.tokens.get(row.id, {}) if access else {}
    revoked = (ended[row.id] or row.created_at) if row.id in ended else None
    return State(kept.get("used") or row.last_used_at, row.revoked_at or revoked)


def after_change(
    store: Store, user: User, moved: bool, now: datetime
) -> tuple[tuple[Action, ...], Condition, list[Change]]:
    """What follows for credentials when a user gets another role or activity, on condition that none came meanwhile.

    What they made for others ends where they may not make it any more. What others made for them goes on where its
    makers may hand out the new role, and ends otherwise. A link ends with the user's activity and address too.
    """
    place = key(user.pk, user.id)
    access, link, row = store.get_many(
        (Access, place, "access"), (Invitation, place, "invitation"), makers.place(user.pk)
    )
    before, role = makers.standing_of(row), Role(user.role)
    standing = makers.after(before, user.id, role, user.active, makers.next_version(row))
    anew = {
        id: makers.marked_anew(before, standing, each["by"], access.role, user.role)
        for id, each in access.tokens.items()
        if "by" in each
    }
    ended = [id for id, marks in anew.items() if marks is None]
    if len(ended) > MOST_ENDED:
        raise InUse("Many tokens that others made for this user would end; revoke those first.")
    actions = [Access.role.set(user.role), Access.active.set(user.active), *removed(ended)]
    actions += [Access.tokens[id]["by"].set(document_value(marks)) for id, marks in anew.items() if marks is not None]
    if _rights(access.role, access.active) - _rights(user.role, user.active):
        actions.append(Access.ceded_at.set(stamp(now)))
    revoked = Token.revoked_at.set(stamp(now))
    return (
        tuple(actions),
        Access.version == access.version,
        [
            *(Update(Token, (user.pk, f"token#{id}"), (revoked,), Token.pk.exists()) for id in ended),
            makers.kept(user.pk, row, standing),
            _link(place, link, _link_marks(link, before, standing, (access.role, user.role), moved or not user.active)),
        ],
    )


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
