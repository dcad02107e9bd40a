"""Companies, users and tokens: how they come to be and how a token ends."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.errors import Conflict, Denied, Invalid, NotFound, PlanWithoutApi
from chalicelib.identity import passwords
from chalicelib.identity.access import Caller, stamp
from chalicelib.identity.permissions import API_PLANS, ROLES, Role
from chalicelib.identity.secrets import Credential, issue, keyed, new_id
from chalicelib.names import comparison_form
from chalicelib.storage.rows import Access, Company, Directory, Ingest, Token, Unique, User, key
from chalicelib.storage.store import Change, Put, Store, Update, absent


@dataclass(frozen=True, slots=True)
class NewCompany:
    """What the bootstrap shows once."""

    company: Company
    owner: User
    token: Credential | None
    ingest: Credential


def create_company(
    name: str, plan: str, timezone: str, currency: str, owner: tuple[str, str, str], now: datetime
) -> tuple[list[Change], NewCompany]:
    """A company with its owner (name, e-mail, password), a token where the plan has the API, and an ingest secret."""
    id, at = new_id(), stamp(now)
    company = Company(
        pk=id,
        sk="company",
        id=id,
        name=name,
        plan=plan,
        timezone=timezone,
        currency=currency,
        daily_cap_hours=Decimal(16),
        auto_add_operatives=False,
        version=1,
        created_at=at,
        updated_at=at,
    )
    owner_name, email, password = owner
    changes, user, access = create_user(company, owner_name, email, Role.OWNER, passwords.hashed(password), now)
    token = None
    if plan in API_PLANS:
        token = issue("wbs", id, user.id)
        access.tokens = {token.id: {"digest": token.digest, "expires_at": None}}
        changes.append(Put(_token_row(token, "bootstrap", user, at, None), absent(Token)))
    ingest = issue("wbsi", id, id)
    secrets = Ingest(pk=id, sk="ingest", secrets={ingest.id: {"digest": ingest.digest, "until": None}})
    return (
        [Put(company, absent(Company)), Put(secrets, absent(Ingest)), *changes],
        NewCompany(company, user, token, ingest),
    )


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
        list_users=company.id,
        list_order=f"{comparison_form(name)}#{id}",
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
    claim = Unique(pk=company.id, sk=email_claim(email), holder=id)
    directory = Directory(pk=directory_key(email), sk=key(company.id, id), company=company.id, user=id)
    rows = (user, access, claim, directory)
    return [Put(row, absent(type(row))) for row in rows], user, access


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
    taken = store.get(Unique, caller.company, email_claim(email))
    if not ROLES[role] <= caller.permissions():
        raise Denied("Nobody grants a role that holds a permission they lack.")
    if taken:
        raise Conflict("The e-mail is taken.", errors={"email": ["A user of this company has this e-mail."]})
    changes, user, _ = create_user(caller.tenant, name, email, role, None, now)
    return changes, user


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
    if not ROLES[Role(user.role)] <= caller.permissions():
        raise Denied("Nobody makes a token for a user who may do more than they may.")
    token = issue("wbs", caller.company, holder)
    row = _token_row(token, label, user, stamp(now), expires_at)
    kept = {"digest": token.digest, "expires_at": expires_at}
    grant = Update(
        Access, (access.pk, "access"), (Access.tokens[token.id].set(_document(kept)),), Access.tokens.exists()
    )
    return [Put(row, absent(Token)), grant], row, token


def _document(value: dict[str, Any]) -> Any:
    from pynamodb.expressions.operand import Value

    from chalicelib.storage.attributes import DocumentAttribute

    return Value(value, attribute=DocumentAttribute())


def _token_row(token: Credential, label: str, user: User, at: str, expires_at: str | None) -> Token:
    return Token(
        pk=token.company,
        sk=f"token#{token.id}",
        id=token.id,
        label=label,
        prefix=token.text[:12],
        user=user.id,
        created_at=at,
        expires_at=expires_at,
        list_tokens=token.company,
        list_order=f"{at}#{token.id}",
    )


def revoke_token(store: Store, caller: Caller, id: str, now: datetime) -> list[Change]:
    """End a token; it stops with the next request."""
    row = store.get(Token, caller.company, f"token#{id}")
    if row is None:
        raise NotFound
    if row.revoked_at:
        return []
    return [
        Update(Token, (row.pk, row.sk), (Token.revoked_at.set(stamp(now)),), Token.pk.exists()),
        Update(Access, (key(caller.company, row.user), "access"), (Access.tokens[id].remove(),)),
    ]


def sign_in(store: Store, email: str, password: str) -> list[tuple[str, str]]:
    """The (company, user) pairs that an e-mail and password open; as slow for an unknown e-mail."""
    found = list(store.query_all(Directory, directory_key(email)))
    users = store.get_many(*((User, row.company, f"user#{row.user}") for row in found))
    if not users:
        passwords.matches(password, None)
    return [(user.pk, user.id) for user in users if user and passwords.matches(password, user.password) and user.active]


def open_session(company: str, user: str, until: str) -> tuple[list[Change], Credential]:
    """A browser session; kept beside the user's tokens so that it is read in the same call."""
    session = issue("wbss", company, user)
    kept = {"digest": session.digest, "expires_at": until}
    return [
        Update(
            Access,
            (key(company, user), "access"),
            (Access.tokens[session.id].set(_document(kept)),),
            Access.active == True,  # noqa: E712 - a condition expression
        )
    ], session


def close_session(caller: Caller) -> list[Change]:
    """Sign out."""
    assert caller.session is not None
    return [Update(Access, (key(caller.company, caller.user), "access"), (Access.tokens[caller.session].remove(),))]
