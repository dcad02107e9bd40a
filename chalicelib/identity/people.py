"""Users and tokens: how they come to be, change and end."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from chalicelib.errors import Conflict, Denied, Inactive, InUse, Invalid, NotFound, PlanWithoutApi
from chalicelib.identity.access import Caller, unchanged
from chalicelib.identity.permissions import API_PLANS, ROLES, Role
from chalicelib.identity.rows import Access, Company, Directory, EmailClaim, Invitation, Owners, Token, User
from chalicelib.identity.secrets import Credential, issue, keyed
from chalicelib.ids import new_id
from chalicelib.names import comparison_form
from chalicelib.storage.attributes import document_value
from chalicelib.storage.changes import Change, Check, Delete, Put, Update, absent
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store
from chalicelib.times import stamp

MOST_ENDED = 80  # tokens that one transaction ends


def create_user(
    company: Company,
    name: str,
    email: str,
    role: Role,
    password: str | None,
    now: datetime,
) -> tuple[list[Change], User, Access]:
    """A user of a company: their row, access row, e-mail claim and sign-in directory row."""
    id, at = new_id(), stamp(now)
    user = User(
        pk=company.id,
        sk=f"user#{id}",
        id=id,
        name=name,
        email=email,
        role=role.value,
        active=True,
        password=password,
        version=1,
        created_at=at,
        updated_at=at,
    )
    access = Access(
        pk=key(company.id, id),
        sk="access",
        user={"id": id, "name": name, "email": email},
        role=role.value,
        active=True,
        tokens={},
        memberships={},
        operatives={},
    )
    claim = EmailClaim(pk=company.id, sk=email_claim(email), holder=id)
    rows = (user, access, claim, _directory(user))
    return [Put(row, absent(type(row))) for row in rows], user, access


def _directory(user: User) -> Directory:
    """By which sign-in finds the user."""
    return Directory(pk=directory_key(user.email), sk=key(user.pk, user.id), company=user.pk, user=user.id)


def listed_anew(store: Store, company: str) -> Iterator[Change]:
    """The sign-in directory's row of every user of a company, under the stage's digest key of now."""
    for user in store.each(Query(model=User, hash=company, between=("user#", "user#~"))):
        yield Put(_directory(user))


def owners_with(store: Store, company: str, user: str, owns: bool) -> list[Change]:
    """The row of active owners with the user in it or not; on condition that nobody else changes it meanwhile.

    Raises:
        InUse: the user is the last active owner.
    """
    row = store.get(Owners, company, "owners")
    assert row is not None, "a company is made with its owner"
    left = {id: kept for id, kept in row.users.items() if id != user} | ({user: "1"} if owns else {})
    if not left:
        raise InUse("The last active owner stays an active owner.")
    before = row.version
    row.users, row.version = left, before + 1
    return [Put(row, Owners.version == before)]


def email_claim(email: str) -> str:
    """The key of the row that keeps an e-mail unique in its company."""
    return f"email#{comparison_form(email)}"


def directory_key(email: str) -> str:
    """Where sign-in looks an e-mail up."""
    return f"directory#{keyed('digest-key', 'directory', comparison_form(email))}"


def add_user(
    store: Store,
    caller: Caller,
    name: str,
    email: str,
    role: Role,
    now: datetime,
) -> tuple[list[Change], User]:
    """A new user made by an owner or admin; nobody hands out more than they have."""
    require_all(caller, role)
    return add(store, caller.tenant, name, email, role, None, now)


def add(
    store: Store, company: Company, name: str, email: str, role: Role, password: str | None, now: datetime
) -> tuple[list[Change], User]:
    """A new user whose e-mail nobody else of the company has."""
    _refuse_taken(store, company.id, email)
    changes, user, _ = create_user(company, name, email, role, password, now)
    return changes + (owners_with(store, company.id, user.id, True) if role is Role.OWNER else []), user


def require_all(caller: Caller, role: Role, project: str | None = None) -> None:
    """Nobody grants or takes away a role holding a permission that they lack, on that project if one is named."""
    if not ROLES[role] <= caller.permissions(project):
        raise Denied(f"The role {role.value} holds a permission that you lack.")


def require_active(user: User) -> None:
    """Raises :class:`Inactive` for a user who may not sign in; nobody makes a credential for one."""
    if not user.active:
        raise Inactive("The user is not active.")


def _refuse_taken(store: Store, company: str, email: str, user: str | None = None) -> None:
    """Somebody else has the e-mail; one's own claim only says that the row was changed since it was read."""
    claim = store.get(EmailClaim, company, email_claim(email))
    if claim and claim.holder != user:
        raise Conflict("The e-mail is taken.", errors={"email": ["A user of this company has this e-mail."]})


def find(store: Store, company: str, id: str) -> User:
    """The user, or :class:`NotFound`."""
    row = store.get(User, company, f"user#{id}")
    if row is None:
        raise NotFound
    return row


def change_user(
    store: Store, caller: Caller, row: User, values: dict[str, Any], now: datetime
) -> tuple[list[Change], User]:
    """Some of name, e-mail, role and active changed, on condition that the user is still the version read.

    Raises:
        Denied: the user's role, or the new one, holds a permission that the caller lacks.
        InUse: the user is the last active owner, and would not be one any more.
        Conflict: the e-mail is taken.
    """
    require_all(caller, Role(row.role))
    require_all(caller, Role(values.get("role", row.role)))
    return change(store, row, values, now)


def change(store: Store, row: User, values: dict[str, Any], now: datetime) -> tuple[list[Change], User]:
    """The user's row with their access row, and as needed their e-mail's rows and the row of owners."""
    before, email, owned, role = row.version, row.email, _owns(row), Role(row.role)
    for name, value in values.items():
        setattr(row, name, str(value) if isinstance(value, Role) else value)
    moved = comparison_form(row.email) != comparison_form(email)
    changes = _moved(store, row, email) if moved else []
    if _owns(row) is not owned:
        changes += owners_with(store, row.pk, row.id, not owned)
    row.version, row.updated_at = before + 1, stamp(now)
    shown = {"id": row.id, "name": row.name, "email": row.email}
    access = [Access.user.set(shown), Access.role.set(row.role), Access.active.set(row.active)]
    place, same = (key(row.pk, row.id), "access"), Access.pk.exists()
    if ROLES[Role(row.role)] <= ROLES[role]:
        changes += [Delete(Invitation, (place[0], "invitation"))] if moved or not row.active else []
    else:
        tokens, same, ended = _raised(store, row, moved, now)
        access += [Access.tokens[id].remove() for id in tokens]
        changes += ended
    return [
        Put(row, User.version == before),
        Update(Access, place, tuple(access), same),
        *changes,
    ], row


def _raised(store: Store, row: User, moved: bool, now: datetime) -> tuple[list[str], Any, list[Change]]:
    """What ends when a user gets a role that may more: tokens and link made by those who may not hand it out.

    The ids of the tokens, the condition that no other has come since, and the changes to other rows.
    """
    place = key(row.pk, row.id)
    access, link = store.get_many((Access, place, "access"), (Invitation, place, "invitation"))
    made = {id: each["by"] for id, each in access.tokens.items() if "by" in each}
    makers = sorted({*made.values(), *([link.by] if link else [])})
    found = store.get_many(*((Access, key(row.pk, maker), "access") for maker in makers))
    may = {maker for maker, each in zip(makers, found, strict=True) if ROLES[Role(row.role)] <= ROLES[Role(each.role)]}
    ended = [id for id, maker in made.items() if maker not in may]
    if len(ended) > MOST_ENDED:
        raise InUse("Many tokens that others made for this user would end; revoke those first.")
    revoked = Token.revoked_at.set(stamp(now))
    changes: list[Change] = [Update(Token, (row.pk, f"token#{id}"), (revoked,), Token.pk.exists()) for id in ended]
    there = (place, "invitation")
    if link is None:
        changes.append(Check(Invitation, there, absent(Invitation)))
    elif moved or not row.active or link.by not in may:
        changes.append(Delete(Invitation, there))
    else:
        changes.append(Check(Invitation, there, Invitation.digest == link.digest))
    return ended, unchanged(access.tokens, ended), changes


def _owns(row: User) -> bool:
    return row.active and row.role == Role.OWNER


def _moved(store: Store, row: User, old: str) -> list[Change]:
    """The e-mail's claim in the company and its row in the sign-in directory, under the new address."""
    _refuse_taken(store, row.pk, row.email, row.id)
    place = key(row.pk, row.id)
    claim = EmailClaim(pk=row.pk, sk=email_claim(row.email), holder=row.id)
    return [
        Put(claim, absent(EmailClaim)),
        Delete(EmailClaim, (row.pk, email_claim(old)), EmailClaim.holder == row.id),
        Put(_directory(row), absent(Directory)),
        Delete(Directory, (directory_key(old), place)),
    ]


def create_token(
    store: Store,
    caller: Caller,
    label: str,
    user_id: str | None,
    expires_at: str | None,
    now: datetime,
) -> tuple[list[Change], Token, Credential]:
    """A token for the caller or another user of the company."""
    if expires_at is not None and expires_at <= stamp(now):
        raise Invalid(errors={"expires_at": ["Must be in the future."]})
    holder = user_id or caller.user
    user, access = store.get_many(
        (User, caller.company, f"user#{holder}"), (Access, key(caller.company, holder), "access")
    )
    if user is None:
        raise Invalid(errors={"user": ["There is no such user."]})
    if caller.tenant.plan not in API_PLANS:
        raise PlanWithoutApi
    require_all(caller, Role(user.role))
    require_active(user)
    token = issue("wbs", caller.company, holder)
    row = token_row(token, label, user, stamp(now), expires_at)
    kept = {"digest": token.digest, "expires_at": expires_at} | ({} if holder == caller.user else {"by": caller.user})
    grant = Update(Access, (access.pk, "access"), (Access.tokens[token.id].set(document_value(kept)),), still(user))
    return [Put(row, absent(Token)), grant], row, token


def still(user: User) -> Any:
    """The condition on the access row of an active user that they have the role that was read."""
    return (Access.role == user.role) & (Access.active == True)  # noqa: E712 - a condition expression


def token_row(token: Credential, label: str, user: User, at: str, expires_at: str | None) -> Token:
    return Token(
        pk=token.company,
        sk=f"token#{token.id}",
        id=token.id,
        label=label,
        prefix=token.text[:12],
        user=user.id,
        created_at=at,
        expires_at=expires_at,
    )


def revoke_token(store: Store, caller: Caller, id: str, now: datetime) -> list[Change]:
    """End a token; it stops with the next request. One that has been revoked is there no more."""
    row = store.get(Token, caller.company, f"token#{id}")
    if row is None:
        raise NotFound
    if row.revoked_at:
        raise NotFound("The token has been revoked.")
    used = last_uses(store, [row])[row.id]
    ended = (Token.revoked_at.set(stamp(now)), *([Token.last_used_at.set(used)] if used else []))
    return [
        Update(Token, (row.pk, row.sk), ended, Token.revoked_at.does_not_exist()),
        Update(Access, (key(caller.company, row.user), "access"), (Access.tokens[id].remove(),)),
    ]


def last_uses(store: Store, rows: Sequence[Token]) -> dict[str, str | None]:
    """When each token was last used, from the access rows of their users, read together."""
    users = list(dict.fromkeys((row.pk, row.user) for row in rows))
    access = store.get_many(*((Access, key(*user), "access") for user in users))
    tokens = {user: row.tokens if row else {} for user, row in zip(users, access, strict=True)}
    return {row.id: tokens[row.pk, row.user].get(row.id, {}).get("used") or row.last_used_at for row in rows}
