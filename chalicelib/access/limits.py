"""How often somebody may ask: requests of a minute, counted for addresses, for attempts to sign in, and for users."""

from datetime import datetime
from ipaddress import IPv4Address, ip_address, ip_network

from msgspec import Struct

from chalicelib.access.keys import keyed
from chalicelib.access.rows import Window
from chalicelib.errors import RateLimited
from chalicelib.names import comparison_form
from chalicelib.settings import settings
from chalicelib.storage.store import Store
from chalicelib.times import minute

HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After")


class Allowance(Struct, frozen=True):
    """What is left of a limit in this minute."""

    limit: int
    used: int
    reset: int

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


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
        TableName=store.name(Window.table),
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
        raise RateLimited(headers=headers(held))


def headers(held: Allowance) -> dict[str, str]:
    """The rate headers of an answer; ``Retry-After`` once less than a tenth is left."""
    headers = {
        "X-RateLimit-Limit": str(held.limit),
        "X-RateLimit-Remaining": str(held.remaining),
        "X-RateLimit-Reset": str(held.reset),
    }
    if settings().rate_limits and held.remaining * 10 < held.limit:
        headers["Retry-After"] = str(held.reset)
    return headers
