"""Users: how they come to be and change."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.errors import Conflict, Inactive, InUse, NotFound
from chalicelib.identity import passwords, tokens
from chalicelib.identity.access import Caller
from chalicelib.identity.permissions import Role
from chalicelib.identity.rows import Access, Company, Directory, EmailClaim, Invitation, Owners, User
from chalicelib.identity.secrets import keyed
from chalicelib.identity.tokens import require_all
from chalicelib.ids import new_id
from chalicelib.names import comparison_form
from chalicelib.storage.changes import Change, Delete, Put, Update, absent
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store
from chalicelib.times import stamp

MOST_OWNERS = 100  # active owners of a company


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
        version=1,
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
    if owns and len(left) > MOST_OWNERS:
        raise InUse(f"The company has {MOST_OWNERS} active owners, which is the most.")
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
    before, email, owned, role, active = row.version, row.email, _owns(row), row.role, row.active
    for name, value in values.items():
        setattr(row, name, str(value) if isinstance(value, Role) else value)
    moved = comparison_form(row.email) != comparison_form(email)
    changes: list[Change] = []
    if moved:
        row.password, changes = passwords.moved(row.password), _moved(store, row, email)
    if _owns(row) is not owned:
        changes += owners_with(store, row.pk, row.id, not owned)
    row.version, row.updated_at = before + 1, stamp(now)
    shown = {"id": row.id, "name": row.name, "email": row.email}
    actions: tuple[Action, ...] = (Access.user.set(shown),)
    place = (key(row.pk, row.id), "access")
    same: Condition = Access.pk.exists()
    if (row.role, row.active) != (role, active):
        more, same, others = tokens.after_change(store, row, moved, now)
        actions, changes = actions + more, changes + others
    elif moved:
        changes.append(Delete(Invitation, (place[0], "invitation")))
    return [Put(row, User.version == before), Update(Access, place, actions, same), *changes], row


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
