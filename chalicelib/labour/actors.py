"""Who does something to hours: a user with whoever stands behind their token, or the clock, who is nobody."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.access.callers import Caller
from chalicelib.access.rows import Access, Company
from chalicelib.labour.four_eyes import Hand
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Wanted


class Actor(Struct, frozen=True):
    """Whose doing a change is, with the token in use and its makers."""

    user: str | None = None
    token: str | None = None
    makers: tuple[str, ...] = ()

    @property
    def hand(self) -> Hand | None:
        """The same as the four-eyes rule counts them; None for the clock."""
        return Hand(self.user, self.makers) if self.user else None


THE_CLOCK = Actor()


def acting(caller: Caller) -> Actor:
    """The caller as the one who does it."""
    return Actor(caller.user, caller.token, tuple(sorted(caller.makers)))


def hand_of(caller: Caller) -> Hand:
    """The caller as the four-eyes rule counts them."""
    return Hand(caller.user, tuple(sorted(caller.makers)))


def remembered(caller: Caller) -> dict[str, object]:
    """The caller as an intent, or a decision about a punch, keeps them."""
    return {"user": caller.user, "token": caller.token, "makers": sorted(caller.makers)}


def again(kept: Mapping[str, Any]) -> Actor:
    """Whoever has been kept so."""
    return Actor(kept["user"], kept["token"], tuple(kept["makers"]))


def places(company: str, kept: Mapping[str, Any]) -> list[Wanted]:
    """The rows that :func:`caller_again` reads, for whoever reads ahead."""
    return [(Access, key(company, kept["user"]), "access"), (Company, company, "company")]


def caller_again(reading: Reading, company: str, kept: Mapping[str, Any], now: datetime) -> Caller:
    """The caller of the request that an intent came from, with the rights that they have now."""
    access, tenant = reading.rows(*places(company, kept))
    return Caller(company, kept["user"], access, tenant, now, token=kept["token"], makers=frozenset(kept["makers"]))
