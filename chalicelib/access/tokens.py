"""API tokens: made for oneself or another user of the company, listed, and ended for good.

A user's access row holds their live tokens beside their sessions; a row of its own says what settings list of a token.
Expired and ended ones leave the access row when another is made, so that it never grows beyond the bound.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from pynamodb.expressions.update import Action

from chalicelib.access import makers
from chalicelib.access.authentication import expired
from chalicelib.access.backing import backed, holder
from chalicelib.access.callers import Caller, require_all
from chalicelib.access.credentials import Credential, issue
from chalicelib.access.makers import Standing
from chalicelib.access.permissions import API_PLANS, Role
from chalicelib.access.rows import Access, Token
from chalicelib.errors import InUse, Invalid, NotFound, PlanWithoutApi
from chalicelib.storage.attributes import document_value
from chalicelib.storage.changes import Change, Put, Update, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.work import Decided
from chalicelib.times import stamp

MOST_LIVE = 50  # tokens of one user
SESSION = "wbss"


class Made(Struct, frozen=True):
    """A token that was made: its description, and the credential to show once."""

    row: Token
    token: Credential


def create(
    reading: Reading, caller: Caller, label: str, user: str | None, expires_at: datetime | None, now: datetime
) -> Decided[Made]:
    """A token for the caller or another user of the company.

    Raises:
        Invalid: it would have expired, or there is no such user.
        InUse: the user has as many live tokens as may be.
        Denied, Inactive, NotAuthenticated: see :func:`chalicelib.access.backing.backed`.
    """
    errors = {"expires_at": ["Must be in the future."]} if expires_at is not None and expires_at <= now else {}
    rows = holder(reading, caller, user or caller.user)
    if rows is None or errors:
        raise Invalid(errors=errors | ({} if rows else {"user": ["There is no such user."]}))
    if caller.tenant.plan not in API_PLANS:
        raise PlanWithoutApi
    marks, checks = backed(caller, rows)
    access, token = rows.access, issue("wbs", caller.company, user or caller.user)
    gone = _gone(access, rows.standing, now)
    if len(_tokens(access)) - len(gone) >= MOST_LIVE:
        raise InUse(f"The user has {MOST_LIVE} live tokens, which is the most; revoke one first.")
    gone = gone[:MOST_LIVE]
    ends = None if expires_at is None else stamp(expires_at)
    kept = {"digest": token.digest, "expires_at": ends} | ({"by": marks} if marks else {})
    grant = (Access.tokens[token.id].set(document_value(kept)), *removed(gone))
    row = described(token, label, caller.user, stamp(now), ends)
    return Decided(
        [
            Put(row, absent(Token)),
            Update(Access, (access.pk, access.sk), grant, Access.version == access.version),
            *checks,
            *_left(reading, access, gone, rows.standing, now),
        ],
        Made(row, token),
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


def _left(reading: Reading, access: Access, ids: Sequence[str], standing: Standing, now: datetime) -> list[Change]:
    """What settings go on to list of tokens that leave the access row: their last use, and their end by a maker."""
    ceded = _ceded(reading, access, ids, standing)
    changes: list[Change] = []
    for id in ids:
        used = access.tokens[id].get("used")
        actions = [Token.last_used_at.set(used)] if used else []
        actions += [Token.revoked_at.set(ceded[id] or stamp(now))] if id in ceded else []
        if actions:
            place = (access.pk.partition("#")[0], f"token#{id}")
            changes.append(Update(Token, place, tuple(actions), Token.revoked_at.does_not_exist()))
    return changes


def _ceded(reading: Reading, access: Access, ids: Iterable[str], standing: Standing) -> dict[str, str | None]:
    """When those of the tokens that a maker no longer backs ended: when the first of such makers ceded the right."""
    lost = {
        id: [maker for maker, since in marks.items() if standing.get(maker, {}).get(access.role) != since]
        for id in ids
        if (marks := access.tokens[id].get("by", {})) and not makers.holds(standing, marks, access.role)
    }
    company = access.pk.partition("#")[0]
    wanted = sorted({maker for each in lost.values() for maker in each})
    rows = reading.rows(*((Access, key(company, maker), "access") for maker in wanted)) if wanted else []
    at = {maker: row.ceded_at for maker, row in zip(wanted, rows, strict=True) if row is not None}
    return {id: min((when for maker in each if (when := at.get(maker))), default=None) for id, each in lost.items()}


def find(reading: Reading, company: str, id: str) -> Token:
    """A token of the company, also one that has ended, or :class:`NotFound`."""
    row = reading.row(Token, company, f"token#{id}")
    if row is None:
        raise NotFound
    return row


def revoke(reading: Reading, caller: Caller, id: str, now: datetime) -> Decided[None]:
    """End a token; it stops with the next request. One that has ended by revocation or by its maker is there no more.

    Raises:
        Denied: its user's role holds a permission that the caller lacks.
        NotFound: there is none, or no more.
    """
    row = find(reading, caller.company, id)
    access, found = reading.rows((Access, key(row.pk, row.user), "access"), makers.place(row.pk))
    kept = access.tokens.get(id, {})
    if row.revoked_at or not makers.holds(makers.standing_of(found), kept.get("by", {}), access.role):
        raise NotFound("The token has been revoked.")
    require_all(caller, Role(access.role))
    used = kept.get("used")
    ended = (Token.revoked_at.set(stamp(now)), *([Token.last_used_at.set(used)] if used else []))
    return Decided(
        [
            Update(Token, (row.pk, row.sk), ended, Token.revoked_at.does_not_exist()),
            Update(Access, (access.pk, access.sk), removed([id]), Access.version == access.version),
        ],
        None,
    )


class State(Struct, frozen=True):
    """What changes of a token while it lives: when it was last used, and when it ended."""

    last_used_at: str | None
    revoked_at: str | None


def states(reading: Reading, rows: Sequence[Token]) -> dict[str, State]:
    """The state of each token of a company, from the access rows of their users and makers, read together."""
    if not rows:
        return {}
    users = list(dict.fromkeys(key(row.pk, row.user) for row in rows))
    *found, row_of_makers = reading.rows(*((Access, user, "access") for user in users), makers.place(rows[0].pk))
    standing, access = makers.standing_of(row_of_makers), dict(zip(users, found, strict=True))
    ended: dict[str, str | None] = {}
    for user, each in access.items():
        theirs = [row.id for row in rows if key(row.pk, row.user) == user and each and row.id in each.tokens]
        ended |= _ceded(reading, each, theirs, standing)
    return {row.id: _state(row, access[key(row.pk, row.user)], ended) for row in rows}


def _state(row: Token, access: Access | None, ended: Mapping[str, str | None]) -> State:
    kept = access.tokens.get(row.id, {}) if access else {}
    revoked = (ended[row.id] or row.created_at) if row.id in ended else None
    return State(kept.get("used") or row.last_used_at, row.revoked_at or revoked)
