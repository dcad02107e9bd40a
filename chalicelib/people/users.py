"""Users: how they come to be and change."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.access import directory, passwords, rights
from chalicelib.access.callers import Caller, require_all
from chalicelib.access.permissions import Role
from chalicelib.access.rows import Access, Directory, Invitation, Password
from chalicelib.errors import Conflict, InUse, NotFound
from chalicelib.ids import new_id
from chalicelib.names import comparison_form
from chalicelib.people.rows import EmailClaim, Owners, User
from chalicelib.storage.changes import Change, Delete, Put, Update, absent
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import Row, key
from chalicelib.storage.store import Store, Wanted
from chalicelib.storage.work import Decided
from chalicelib.times import stamp

MOST_OWNERS = 100  # active owners of a company


class Profile(Struct, frozen=True):
    """Who a new user is."""

    name: str
    email: str
    role: Role
    password: str | None = None


class Rows(Struct, frozen=True):
    """The rows of a new user: what people are shown, what requests read, and the others."""

    user: User
    access: Access
    others: Sequence[Row]

    @property
    def changes(self) -> list[Change]:
        return [Put(row, absent(type(row))) for row in (self.user, self.access, *self.others)]


def made(company: str, profile: Profile, now: datetime) -> Rows:
    """A user of a company, with their access row, e-mail claim, sign-in directory row and password."""
    id, at = new_id(), stamp(now)
    name, email, role = profile.name, profile.email, profile.role.value
    user = User(
        pk=company,
        sk=f"user#{id}",
        id=id,
        name=name,
        email=email,
        role=role,
        active=True,
        version=1,
        created_at=at,
        updated_at=at,
    )
    place = key(company, id)
    access = Access(
        pk=place,
        sk="access",
        user={"id": id, "name": name, "email": email},
        role=role,
        active=True,
        tokens={},
        memberships={},
        operatives={},
        version=1,
    )
    claim = EmailClaim(pk=company, sk=email_claim(email), holder=id)
    others: list[Row] = [claim, directory.listing(company, id, email)]
    if profile.password is not None:
        others.append(Password(pk=place, sk="password", hash=passwords.hashed(profile.password, email)))
    return Rows(user, access, others)


def listed_anew(store: Store, company: str) -> Iterator[Change]:
    """The sign-in directory's row of every user of a company, under the stage's digest key of now."""
    for user in store.each(Query(model=User, hash=company, between=("user#", "user#~"))):
        yield Put(directory.listing(company, user.id, user.email))


def place(company: str, id: str) -> tuple[type[User], str, str]:
    """Which row a user is."""
    return User, company, f"user#{id}"


def _claim(company: str, email: str) -> tuple[type[EmailClaim], str, str]:
    return EmailClaim, company, email_claim(email)


def _owners(company: str) -> tuple[type[Owners], str, str]:
    return Owners, company, "owners"


def email_claim(email: str) -> str:
    """The key of the row that keeps an e-mail unique in its company."""
    return f"email#{comparison_form(email)}"


def find(reading: Reading, company: str, id: str) -> User:
    """The user, or :class:`NotFound`."""
    row = reading.row(*place(company, id))
    if row is None:
        raise NotFound
    return row


def with_email(reading: Reading, company: str, email: str) -> str:
    """The id of the company's user who has an e-mail, or :class:`NotFound`."""
    claim = reading.row(*_claim(company, email))
    if claim is None:
        raise NotFound
    return claim.holder


def create(reading: Reading, caller: Caller, profile: Profile, now: datetime) -> Decided[User]:
    """A new user made by an owner or admin; nobody hands out more than they have."""
    require_all(caller, profile.role)
    return add(reading, caller.company, profile, now)


def add(reading: Reading, company: str, profile: Profile, now: datetime) -> Decided[User]:
    """A new user whose e-mail nobody else of the company has.

    Raises:
        Conflict: somebody has it.
        InUse: the company has as many owners as may be.
    """
    _refuse_taken(reading, company, profile.email)
    rows = made(company, profile, now)
    owners = [_owners_with(reading, company, rows.user.id, True)] if profile.role is Role.OWNER else []
    return Decided([*rows.changes, *owners], rows.user)


def change(reading: Reading, caller: Caller, id: str, values: dict[str, Any], now: datetime) -> Decided[User]:
    """Some of name, e-mail, role and active changed by an owner or admin.

    Raises:
        NotFound: there is no such user.
        Denied: the user's role, or the new one, holds a permission that the caller lacks.
        InUse: the user is the last active owner, and would not be one any more.
        Conflict: the e-mail is taken.
    """
    reading.rows(*_wanted(caller.company, id, values))
    row = find(reading, caller.company, id)
    require_all(caller, Role(row.role))
    require_all(caller, Role(values.get("role", row.role)))
    return changed(reading, row, values, now)


def _wanted(company: str, id: str, values: Mapping[str, Any]) -> list[Wanted]:
    """Everything that a change of some fields may read, so that it costs one round."""
    wanted: list[Wanted] = [place(company, id)]
    if "email" in values:
        wanted += [_claim(company, values["email"]), (Password, key(company, id), "password")]
    if {"role", "active"} & set(values):
        wanted += [_owners(company), *rights.wanted(company, id)]
    return wanted


def changed(reading: Reading, row: User, values: dict[str, Any], now: datetime) -> Decided[User]:
    """The user's row with their access row, and as needed their e-mail's rows, credentials and the row of owners."""
    before, email, owned, was = row.version, row.email, _owns(row), (row.role, row.active)
    for name, value in values.items():
        setattr(row, name, str(value) if isinstance(value, Role) else value)
    row.version, row.updated_at = before + 1, stamp(now)
    moved = comparison_form(row.email) != comparison_form(email)
    others = _moved(reading, row, email) if moved else []
    if _owns(row) is not owned:
        others.append(_owners_with(reading, row.pk, row.id, not owned))
    actions: tuple[Action, ...] = (Access.user.set({"id": row.id, "name": row.name, "email": row.email}),)
    place = key(row.pk, row.id)
    condition: Condition = Access.pk.exists()
    if (row.role, row.active) != was:
        follows = rights.follow(reading, row.pk, row.id, Role(row.role), row.active, moved, now)
        actions, condition, others = actions + follows.actions, follows.condition, [*others, *follows.others]
    elif moved:
        others.append(Delete(Invitation, (place, "invitation")))
    changes = [Put(row, User.version == before), Update(Access, (place, "access"), actions, condition), *others]
    return Decided(changes, row)


def _owns(row: User) -> bool:
    return row.active and row.role == Role.OWNER


def _owners_with(reading: Reading, company: str, user: str, owns: bool) -> Change:
    """The row of active owners with the user in it or not; on condition that nobody else changes it meanwhile.

    Raises:
        InUse: the user is the last active owner, or would be one too many.
    """
    row = reading.row(*_owners(company))
    assert row is not None, "a company is made with its owner"
    left = {id: kept for id, kept in row.users.items() if id != user} | ({user: "1"} if owns else {})
    if not left:
        raise InUse("The last active owner stays an active owner: make another owner first.")
    if owns and len(left) > MOST_OWNERS:
        raise InUse(
            f"The company has {MOST_OWNERS} active owners, which is the most: give one of them another role first."
        )
    before = row.version
    row.users, row.version = left, before + 1
    return Put(row, Owners.version == before)


def _refuse_taken(reading: Reading, company: str, email: str, user: str | None = None) -> None:
    """Somebody else has the e-mail; one's own claim only says that the row was changed since it was read."""
    claim = reading.row(*_claim(company, email))
    if claim and claim.holder != user:
        raise Conflict(
            "The e-mail is taken; find that user, or give another.",
            errors={"email": ["A user of this company has this e-mail."]},
        )


def _moved(reading: Reading, row: User, old: str) -> list[Change]:
    """The e-mail's claim and its row in the sign-in directory under the new address, and a password that remembers."""
    _refuse_taken(reading, row.pk, row.email, row.id)
    place = key(row.pk, row.id)
    claim = EmailClaim(pk=row.pk, sk=email_claim(row.email), holder=row.id)
    kept = reading.row(Password, place, "password")
    password: Sequence[Change] = (
        [Put(Password(pk=place, sk="password", hash=passwords.moved(kept.hash)), Password.hash == kept.hash)]
        if kept
        else []
    )
    return [
        Put(claim, absent(EmailClaim)),
        Delete(EmailClaim, (row.pk, email_claim(old)), EmailClaim.holder == row.id),
        Put(directory.listing(row.pk, row.id, row.email), absent(Directory)),
        Delete(Directory, (directory.directory_key(old), place)),
        *password,
    ]


def forgotten(reading: Reading, company: str, id: str, now: datetime) -> Decided[User]:
    """A user without what names a person: under an address that nobody can have taken, inactive, without a password."""
    values = {"name": f"Former user {id}", "email": f"{new_id()}@anonymised.invalid", "active": False}
    decided = changed(reading, find(reading, company, id), values, now)
    place = (key(company, id), "password")
    kept = [each for each in decided.changes if not (isinstance(each, Put) and isinstance(each.row, Password))]
    return Decided([*kept, Delete(Password, place)], decided.answer)
