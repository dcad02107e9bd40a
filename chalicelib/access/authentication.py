"""Who is calling: one round of three calls.

The user's access row holds what a request needs to know of its caller and counts their requests;
the address's window counts the address; the company's row says its plan and settings, and the row
of makers beside it who may hand out what. They are sent together. A wrong token fails the condition of
the first, so it spends the address's allowance only. A company that does not exist is remembered,
and refused without a look-up.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from chalicelib.access import limits, makers, slots
from chalicelib.access.callers import Caller
from chalicelib.access.credentials import Credential
from chalicelib.access.rows import Access, Company, Ingest, Invitation, Makers
from chalicelib.errors import NotAuthenticated
from chalicelib.settings import settings
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store, parse
from chalicelib.times import stamp

SEND_IT = "Send the company's ingest secret: X-Inbound-Secret: <secret>. Settings → API & integrations makes one."


def authenticate(
    store: Store,
    credential: Credential,
    address: str,
    now: datetime,
) -> tuple[Caller, limits.Allowance]:
    """The caller of a credential, with one request counted for the user and the address.

    Raises:
        NotAuthenticated: no such credential, revoked, expired, or the user is inactive.
        RateLimited: the user or the address is over its limit.
    """
    row, used, (tenant, standing) = _looked_up(store, credential, address, now)
    by_address = limits.allowance(settings().rate_address, used, now)
    limits.check(by_address)
    if row is None or tenant is None:
        raise NotAuthenticated(headers=limits.headers(by_address))
    access = parse(Access, {name: value for name, value in row.items() if not name.startswith("hits_")})
    if not _valid(access, credential, now):
        raise NotAuthenticated(headers=limits.headers(by_address))
    marks = access.tokens[credential.id].get("by", {})
    if marks and not makers.holds(
        makers.standing_of(parse(Makers, standing) if standing else None), marks, access.role
    ):
        _close(store, credential)
        raise NotAuthenticated(headers=limits.headers(by_address))
    by_user = limits.allowance(settings().rate_user, int(row[slots.slot(now)]["N"]), now)
    limits.check(by_user)
    tighter = min(by_user, by_address, key=lambda each: each.remaining)
    by_session = credential.kind == "wbss"
    return Caller(
        credential.company,
        credential.holder,
        access,
        tenant,
        now,
        session=credential.id if by_session else None,
        token=None if by_session else credential.id,
        makers=frozenset(marks),
    ), tighter


def _looked_up(
    store: Store, credential: Credential, address: str, now: datetime
) -> tuple[dict[str, Any] | None, int, tuple[Company | None, dict[str, Any] | None]]:
    """Access row, requests of the address, company, makers; nothing is looked up for a company known not to exist."""
    if unknown_companies().holds(credential.company, now):
        return None, limits.count_address(store, address, "api", now), (None, None)
    row, used, (tenant, standing) = store.together(
        lambda: _count_user(store, credential, now),
        lambda: limits.count_address(store, address, "api", now),
        lambda: store.raw_many((Company, credential.company, "company"), makers.place(credential.company)),
    )
    if tenant is None:
        unknown_companies().add(credential.company, now)
    return row, used, (parse(Company, tenant) if tenant else None, standing)


def _close(store: Store, credential: Credential) -> None:
    """A token that a maker no longer backs matches nothing from now on, so it spends none of its user's requests."""
    slots.update(
        store,
        {
            "TableName": store.name(Access.table),
            "Key": {"pk": {"S": key(credential.company, credential.holder)}, "sk": {"S": "access"}},
            "UpdateExpression": "SET #t.#id.#d = :none",
            "ConditionExpression": "#t.#id.#d = :d",
            "ExpressionAttributeNames": {"#t": "tokens", "#id": credential.id, "#d": "digest"},
            "ExpressionAttributeValues": {":none": {"S": ""}, ":d": {"S": credential.digest}},
        },
    )


class Unknown:
    """Companies that were looked for and do not exist: the newest of them, each for some minutes.

    A company's id is random, so one that does not exist today is nobody's tomorrow.
    """

    def __init__(self, most: int = 10_000, seconds: int = 300) -> None:
        self._most = most
        self._seconds = seconds
        self._until: dict[str, float] = {}

    def holds(self, company: str, now: datetime) -> bool:
        """Whether the company was missing lately."""
        return self._until.get(company, 0) > now.timestamp()

    def add(self, company: str, now: datetime) -> None:
        """Remember a company that does not exist; the oldest is forgotten for it when there are too many."""
        self._until.pop(company, None)
        self._until[company] = now.timestamp() + self._seconds
        while len(self._until) > self._most:
            self._until.pop(next(iter(self._until)), None)


@lru_cache(maxsize=1)
def unknown_companies() -> Unknown:
    """The memory of this process."""
    return Unknown()


def _no_secret(held: limits.Allowance) -> NotAuthenticated:
    """The refusal of a device: no bearer token would help it."""
    challenge = {"WWW-Authenticate": "X-Inbound-Secret"}
    return NotAuthenticated(SEND_IT, limits.headers(held) | challenge)


def authenticate_device(
    store: Store, secret: Credential | None, address: str, now: datetime
) -> tuple[str, limits.Allowance]:
    """The company of an ingest secret, with one request counted for its address and the company."""
    limit = settings().rate_ingest
    if secret is None or unknown_companies().holds(secret.company, now):
        held = limits.allowance(limit, limits.count_address(store, address, "ingest", now), now)
        limits.check(held)
        raise _no_secret(held)
    row, used = store.together(
        lambda: _count_device(store, secret, now), lambda: limits.count_address(store, address, "ingest", now)
    )
    by_address = limits.allowance(limit, used, now)
    limits.check(by_address)
    if row is None:
        raise _no_secret(by_address)
    by_company = limits.allowance(limit, int(row[slots.slot(now)]["N"]), now)
    held = min(by_company, by_address, key=lambda each: each.remaining)
    limits.check(held)
    return secret.company, held


def _valid(access: Access, credential: Credential, now: datetime) -> bool:
    kept = access.tokens.get(credential.id)
    if not (kept and access.active and credential.matches(kept["digest"])):
        return False
    return not expired(kept, now)


def expired(kept: Mapping[str, Any], now: datetime) -> bool:
    """Whether a credential that an access row keeps has ended by its time."""
    ends = kept.get("expires_at")
    return ends is not None and ends <= stamp(now)


def lives(store: Store, kind: str, company: str, holder: str, id: str, now: datetime) -> bool:
    """Whether a credential that was once issued still opens anything."""
    if kind == "wbsi":
        ingest = store.get(Ingest, company, "ingest")
        kept = ingest.secrets.get(id) if ingest else None
        ends = kept and kept["until"]
    elif kind == "wbsp":
        link, access, standing = store.get_many(
            (Invitation, key(company, holder), "invitation"),
            (Access, key(company, holder), "access"),
            makers.place(company),
        )
        kept = link is not None and link.id == id and _backed(standing, link.by, access)
        ends = link and link.expires_at
    else:
        access, standing = store.get_many((Access, key(company, holder), "access"), makers.place(company))
        token = access.tokens.get(id) if access else None
        kept = token and _backed(standing, token.get("by", {}), access)
        ends = token and token.get("expires_at")
    return bool(kept) and not (ends and ends <= stamp(now))


def _backed(row: Makers | None, marks: makers.Marks, access: Access) -> bool:
    return makers.holds(makers.standing_of(row), marks, access.role)


def _count_user(store: Store, credential: Credential, now: datetime) -> dict[str, object] | None:
    """Count one request of the user and return the access row; None when the token is wrong or has expired.

    The same update keeps when the token was used.
    """
    place = (key(credential.company, credential.holder), "access")
    return slots.count(store, credential, place, ("tokens", "expires_at", "used"), now)[0]


def _count_device(store: Store, secret: Credential, now: datetime) -> dict[str, object] | None:
    """Count one ingest request of the company and return its row; None when the secret is wrong or has ended.

    A company without such a row does not exist, and is remembered.
    """
    row, there = slots.count(store, secret, (secret.company, "ingest"), ("secrets", "until", None), now)
    if not there:
        unknown_companies().add(secret.company, now)
    return row
