"""Who is calling, what they may do, and whether they call too often: one round of three calls.

The user's access row holds what a request needs to know of its caller and counts their requests;
the address's window counts the address; the company's row says its plan and settings. They are
sent together. A wrong token fails the condition of the first, so it spends the address's
allowance only. A company that does not exist is remembered, and refused without a look-up.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

from botocore.exceptions import ClientError
from msgspec import Struct

from chalicelib.errors import Denied, NotAuthenticated, RateLimited
from chalicelib.identity import makers
from chalicelib.identity.permissions import ROLES, Permission, Role
from chalicelib.identity.rows import Access, Company, Ingest, Invitation, Makers
from chalicelib.identity.secrets import Credential, keyed
from chalicelib.names import comparison_form
from chalicelib.settings import settings
from chalicelib.storage.attributes import from_wire
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store, parse

SLOTS = 10
LIMIT_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After")


class Allowance(Struct, frozen=True):
    """What is left of a limit in this minute."""

    limit: int
    used: int
    reset: int

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class Caller(Struct, frozen=True):
    """The user behind a request, in their company, as both are at the moment of the request."""

    company: str
    user: str
    access: Access
    tenant: Company
    now: datetime
    session: str | None = None
    token: str | None = None  # the id of the API token in use
    makers: frozenset[str] = frozenset()  # who stands behind that token, along the chain by which it was made

    @property
    def people(self) -> frozenset[str]:
        """Whose doing this is: the user's, and that of whoever made the token in use for them."""
        return self.makers | {self.user}

    @property
    def role(self) -> Role:
        return Role(self.access.role)

    @property
    def operatives(self) -> frozenset[str]:
        """The operatives this user is."""
        return frozenset(self.access.operatives)

    def permissions(self, project: str | None = None) -> frozenset[Permission]:
        """Base role, and on a project the membership of it that has not ended as well."""
        held = ROLES[self.role]
        membership = self.access.memberships.get(project) if project else None
        if membership and (membership["until"] is None or stamp(self.now) < membership["until"]):
            held = held | ROLES[Role(membership["role"])]
        return held

    def may(self, permission: Permission, project: str | None = None) -> bool:
        """Everywhere in the company, or on the project named."""
        return permission in self.permissions(project)

    def may_somewhere(self, permission: Permission) -> bool:
        """By base role, or by a membership of some project."""
        return self.may(permission) or bool(self.projects_with(permission))

    def projects_with(self, permission: Permission) -> frozenset[str]:
        """The projects on which a membership gives the permission; whoever has it by base role has it on all."""
        return frozenset(project for project in self.access.memberships if self.may(permission, project))

    def require(self, permission: Permission, project: str | None = None) -> None:
        """Raises :class:`Denied` without the permission."""
        if not self.may(permission, project):
            raise Denied(f"This needs the permission {permission.value}.")


def authenticate(
    store: Store,
    credential: Credential,
    address: str,
    now: datetime,
) -> tuple[Caller, Allowance]:
    """The caller of a credential, with one request counted for the user and the address.

    Raises:
        NotAuthenticated: no such credential, revoked, expired, or the user is inactive.
        RateLimited: the user or the address is over its limit.
    """
    row, used, (tenant, standing) = _looked_up(store, credential, address, now)
    by_address = allowance(settings().rate_address, used, now)
    check(by_address)
    if row is None or tenant is None:
        raise NotAuthenticated(headers=limit_headers(by_address))
    access = parse(Access, {name: value for name, value in row.items() if not name.startswith("hits_")})
    if not _valid(access, credential, now):
        raise NotAuthenticated(headers=limit_headers(by_address))
    marks = access.tokens[credential.id].get("by", {})
    if marks and not makers.holds(
        makers.standing_of(parse(Makers, standing) if standing else None), marks, access.role
    ):
        _close(store, credential)
        raise NotAuthenticated(headers=limit_headers(by_address))
    by_user = allowance(settings().rate_user, int(row[_slot(now)]["N"]), now)
    check(by_user)
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
        return None, count_address(store, address, "api", now), (None, None)
    row, used, (tenant, standing) = store.together(
        lambda: _count_user(store, credential, now),
        lambda: count_address(store, address, "api", now),
        lambda: store.raw_many((Company, credential.company, "company"), makers.place(credential.company)),
    )
    if tenant is None:
        unknown_companies().add(credential.company, now)
    return row, used, (parse(Company, tenant) if tenant else None, standing)


def _close(store: Store, credential: Credential) -> None:
    """A token that a maker no longer backs matches nothing from now on, so it spends none of its user's requests."""
    _update(
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


def authenticate_device(store: Store, secret: Credential | None, address: str, now: datetime) -> tuple[str, Allowance]:
    """The company of an ingest secret, with one request counted for its address and the company."""
    limit = settings().rate_ingest
    if secret is None or unknown_companies().holds(secret.company, now):
        held = allowance(limit, count_address(store, address, "ingest", now), now)
        check(held)
        raise NotAuthenticated("The X-Inbound-Secret header is missing or wrong.", limit_headers(held))
    row, used = store.together(
        lambda: _count_device(store, secret, now), lambda: count_address(store, address, "ingest", now)
    )
    by_address = allowance(limit, used, now)
    check(by_address)
    if row is None:
        raise NotAuthenticated("The X-Inbound-Secret header is missing or wrong.", limit_headers(by_address))
    by_company = allowance(limit, int(row[_slot(now)]["N"]), now)
    held = min(by_company, by_address, key=lambda each: each.remaining)
    check(held)
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


def _slot(now: datetime) -> str:
    return f"hits_{minute(now) % SLOTS}"


def _count_user(store: Store, credential: Credential, now: datetime) -> dict[str, Any] | None:
    """Count one request of the user and return the access row; None when the token is wrong or has expired.

    The same update keeps when the token was used.
    """
    place = (key(credential.company, credential.holder), "access")
    return _count(store, credential, place, ("tokens", "expires_at", "used"), now)[0]


def _count_device(store: Store, secret: Credential, now: datetime) -> dict[str, Any] | None:
    """Count one ingest request of the company and return its row; None when the secret is wrong or has ended.

    A company without such a row does not exist, and is remembered.
    """
    row, there = _count(store, secret, (secret.company, "ingest"), ("secrets", "until", None), now)
    if not there:
        unknown_companies().add(secret.company, now)
    return row


def _count(
    store: Store, credential: Credential, place: tuple[str, str], held: tuple[str, str, str | None], now: datetime
) -> tuple[dict[str, Any] | None, bool]:
    """Count one request in the row that holds the credential, and return the row and whether there is one.

    The row is None when it does not hold the credential now. ``held`` names its map of credentials,
    their attribute that says when one ends, and the one that keeps its last use. The hits of a minute
    live in the slot ``minute mod 10``; ``window`` is the minute of the last count. Every count removes the slots
    that are not of this minute or its neighbours, and these too when the last count was not near: they are of
    ten minutes ago.
    """
    this, (within, end, used) = minute(now), held
    stale = [f"hits_{slot}" for slot in range(SLOTS) if (slot - this) % SLOTS not in {0, 1, SLOTS - 1}]
    names = {"#t": within, "#end": end, "#id": credential.id, "#d": "digest", "#hits": _slot(now), "#w": "window"}
    near = {"#next": f"hits_{(this + 1) % SLOTS}", "#last": f"hits_{(this - 1) % SLOTS}"}
    names |= {"#u": used} if used else {}
    kept = "#w = :w, #t.#id.#u = :now" if used else "#w = :w"
    values = {
        ":null": {"S": "NULL"},
        ":now": {"S": stamp(now)},
        ":d": {"S": credential.digest},
        ":one": {"N": "1"},
        ":w": {"N": str(this)},
        ":before": {"N": str(this - 1)},
        ":after": {"N": str(this + 1)},
    }
    parameters: dict[str, Any] = {
        "TableName": store.name(Access.table),
        "ReturnValues": "ALL_NEW",
        "Key": {"pk": {"S": place[0]}, "sk": {"S": place[1]}},
    }
    clean = " AND ".join(f"attribute_not_exists({slot})" for slot in ("#hits", "#next", "#last"))
    known = "#t.#id.#d = :d AND (attribute_type(#t.#id.#end, :null) OR #t.#id.#end > :now)"
    counted: dict[str, Any] = parameters | {
        "UpdateExpression": f"SET {kept} ADD #hits :one REMOVE {', '.join(stale)}",
        "ConditionExpression": f"{known} AND (#w BETWEEN :before AND :after OR ({clean}))",
        "ExpressionAttributeNames": names | near,
        "ExpressionAttributeValues": values,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    row, old = _update(store, counted)
    if row is not None or not old or not _holds(old, within, credential):
        return row, row is not None or bool(old)
    fresh = counted | {
        "UpdateExpression": f"SET {kept}, #hits = :one REMOVE {', '.join(stale)}, #next, #last",
        "ConditionExpression": f"{known} AND NOT (#w BETWEEN :before AND :after)",
    }
    row, _ = _update(store, fresh)
    return (row if row is not None else _update(store, counted)[0]), True


def _update(store: Store, parameters: dict[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    try:
        return store.call("update_item", **parameters).get("Attributes"), None
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        old: dict[str, Any] | None = error.response.get("Item")  # type: ignore[assignment]  # not in the stubs
        return None, old


def _holds(row: dict[str, Any], held: str, credential: Credential) -> bool:
    kept: dict[str, Any] = from_wire(row[held]).get(credential.id) or {}
    return "digest" in kept and credential.matches(kept["digest"])


def count_address(store: Store, address: str, kind: str, now: datetime) -> int:
    """Count one request of an address; how many it has made this minute, this one included."""
    return count(store, f"address#{network(address)}#{kind}", now)


def network(address: str) -> str:
    """Whom an address stands for: of IPv6 the /64, all of which one subscriber has."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ip_network((int(ip) >> 64 << 64, 64)))


def count(store: Store, whom: str, now: datetime) -> int:
    """Count one request of somebody; how many there were this minute, this one included."""
    answer = store.call(
        "update_item",
        TableName=store.name("requests"),
        ReturnValues="ALL_NEW",
        Key={"pk": {"S": whom}, "sk": {"S": str(minute(now))}},
        UpdateExpression="SET #e = :e ADD hits :one",
        ExpressionAttributeNames={"#e": "expires"},
        ExpressionAttributeValues={":one": {"N": "1"}, ":e": {"N": str(int(now.timestamp()) + 300)}},
    )
    return int(answer["Attributes"]["hits"]["N"])


def count_sign_in(store: Store, address: str, email: str, now: datetime) -> Allowance:
    """Count an attempt to sign in: of this address for this e-mail, of the address, and for the e-mail.

    So nobody locks out somebody else from where they are, and nobody tries the e-mails of many or from everywhere.
    Whether anybody has the e-mail is not asked. The tightest of the three.

    Raises:
        RateLimited: one of them is over its limit.
    """
    here, whose, limits = network(address), keyed("digest-key", "sign-in", comparison_form(email)), settings()
    pair, from_here = store.together(
        lambda: count(store, f"sign-in#{whose}#{here}", now), lambda: count(store, f"sign-in#address#{here}", now)
    )
    held = [allowance(limits.rate_sign_in, pair, now), allowance(limits.rate_sign_in_address, from_here, now)]
    for each in held:
        check(each)  # first: what is refused here counts for nobody else's attempts on the e-mail
    held.append(allowance(limits.rate_sign_in_email, count(store, f"sign-in#{whose}", now), now))
    check(held[-1])
    return min(held, key=lambda each: each.remaining)


def allowance(limit: int, used: int, now: datetime) -> Allowance:
    """A limit and what this minute has used of it."""
    return Allowance(limit, used, 60 - int(now.timestamp()) % 60)


def check(held: Allowance) -> None:
    """Raises :class:`RateLimited` when the limit is used up."""
    if settings().rate_limits and held.used > held.limit:
        raise RateLimited(headers=limit_headers(held))


def limit_headers(held: Allowance) -> dict[str, str]:
    """The rate headers of an answer; ``Retry-After`` once less than a tenth is left."""
    headers = {
        "X-RateLimit-Limit": str(held.limit),
        "X-RateLimit-Remaining": str(held.remaining),
        "X-RateLimit-Reset": str(held.reset),
    }
    if settings().rate_limits and held.remaining * 10 < held.limit:
        headers["Retry-After"] = str(held.reset)
    return headers


def minute(now: datetime) -> int:
    """The minute since 1970 that a moment is in."""
    return int(now.timestamp()) // 60


def stamp(moment: datetime) -> str:
    """A moment as RFC 3339 in UTC, to the microsecond so that order is kept."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


Clock = Callable[[], datetime]
