"""Companies: how they come to be, their plan and their settings."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from chalicelib.access import tokens
from chalicelib.access.credentials import Credential, issue
from chalicelib.access.permissions import API_PLANS
from chalicelib.access.rows import Company, Ingest, Token
from chalicelib.errors import NotFound
from chalicelib.ids import new_id
from chalicelib.people import users
from chalicelib.people.rows import Owners, User
from chalicelib.people.users import Profile
from chalicelib.storage.changes import Change, Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.work import Decided
from chalicelib.times import stamp


class NewCompany(Struct, frozen=True):
    """What the bootstrap shows once."""

    company: Company
    owner: User
    token: Credential | None
    ingest: Credential


class Terms(Struct, frozen=True):
    """What a company begins with."""

    name: str
    plan: str
    timezone: str
    currency: str


def create(terms: Terms, owner: Profile, now: datetime) -> Decided[NewCompany]:
    """A company with its owner, a token where the plan has the API, and an ingest secret."""
    id, at = new_id(), stamp(now)
    company = Company(
        pk=id,
        sk="company",
        id=id,
        name=terms.name,
        plan=terms.plan,
        timezone=terms.timezone,
        currency=terms.currency,
        daily_cap_hours=Decimal(16),
        auto_add_operatives=False,
        version=1,
        created_at=at,
        updated_at=at,
    )
    rows = users.made(id, owner, now)
    user, token, listed = rows.user, None, list[Change]()
    if terms.plan in API_PLANS:
        token = issue("wbs", id, user.id)
        rows.access.tokens = {token.id: {"digest": token.digest, "expires_at": None}}
        listed.append(Put(tokens.described(token, "bootstrap", user.id, at, None), absent(Token)))
    ingest = issue("wbsi", id, id)
    secrets = Ingest(pk=id, sk="ingest", secrets={ingest.id: {"digest": ingest.digest, "until": None}})
    owners = Owners(pk=id, sk="owners", users={user.id: "1"}, version=1)
    return Decided(
        [*(Put(row, absent(type(row))) for row in (company, secrets, owners)), *rows.changes, *listed],
        NewCompany(company, user, token, ingest),
    )


def find(reading: Reading, id: str) -> Company:
    """The company as it is now, or :class:`NotFound`."""
    row = reading.row(Company, id, "company")
    if row is None:
        raise NotFound("There is no such company.")
    return row


def change(reading: Reading, id: str, values: dict[str, object], now: datetime) -> Decided[Company]:
    """Some of name, plan and settings changed, on condition that the company is still the version read.

    Every request reads the row, so the change holds with the next one.
    """
    row = find(reading, id)
    before = row.version
    for name, value in values.items():
        setattr(row, name, value)
    row.version, row.updated_at = before + 1, stamp(now)
    return Decided([Put(row, Company.version == before)], row)
