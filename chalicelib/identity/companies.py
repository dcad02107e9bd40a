"""Companies: how they come to be, their plan and their settings."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from chalicelib.errors import NotFound
from chalicelib.identity import passwords, people, tokens
from chalicelib.identity.permissions import API_PLANS, Role
from chalicelib.identity.rows import Company, Ingest, Owners, Token, User
from chalicelib.identity.secrets import Credential, issue
from chalicelib.ids import new_id
from chalicelib.storage.changes import Change, Put, absent
from chalicelib.storage.store import Store
from chalicelib.times import stamp


class NewCompany(Struct, frozen=True):
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
    hashed = passwords.hashed(password, email)
    changes, user, access = people.create_user(company, owner_name, email, Role.OWNER, hashed, now)
    token = None
    if plan in API_PLANS:
        token = issue("wbs", id, user.id)
        access.tokens = {token.id: {"digest": token.digest, "expires_at": None}}
        changes.append(Put(tokens.described(token, "bootstrap", user.id, at, None), absent(Token)))
    ingest = issue("wbsi", id, id)
    secrets = Ingest(pk=id, sk="ingest", secrets={ingest.id: {"digest": ingest.digest, "until": None}})
    owners = Owners(pk=id, sk="owners", users={user.id: "1"}, version=1)
    return (
        [Put(row, absent(type(row))) for row in (company, secrets, owners)] + changes,
        NewCompany(company, user, token, ingest),
    )


def find(store: Store, id: str) -> Company:
    """The company as it is now, or :class:`NotFound`."""
    row = store.get(Company, id, "company")
    if row is None:
        raise NotFound("There is no such company.")
    return row


def change(row: Company, values: dict[str, Any], now: datetime) -> tuple[list[Change], Company]:
    """Some of name, plan and settings changed, on condition that the company is still the version read.

    Every request reads the row, so the change holds with the next one.
    """
    before = row.version
    for name, value in values.items():
        setattr(row, name, value)
    row.version, row.updated_at = before + 1, stamp(now)
    return [Put(row, Company.version == before)], row
