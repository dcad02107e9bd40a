"""One request on its way through the service."""

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.access.callers import Caller
from chalicelib.access.limits import Allowance
from chalicelib.http.idempotency import Ledger
from chalicelib.settings import settings
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import Store


class Call(Struct):
    """A request: the gateway's event with what the service has learnt about it.

    ``reading`` is what this attempt at a write has read, ``ledger`` is there where the request has a key,
    ``value`` is what the body says once it has been parsed.
    """

    event: Mapping[str, Any]
    context: Any
    store: Store
    now: datetime
    caller: Caller | None = None
    device_company: str | None = None
    query: Any = None
    allowance: Allowance | None = None
    ledger: Ledger | None = None
    reading: Reading | None = None
    value: object = None

    @property
    def user(self) -> Caller:
        """The caller of a route that needs one."""
        assert self.caller is not None, "the route is declared open"
        return self.caller

    @property
    def decision(self) -> Reading:
        """What this attempt at a write, or this read, rests on: each row read once, however often it is asked for."""
        if self.reading is None:
            self.reading = Reading(self.store)
        return self.reading

    @property
    def company(self) -> str:
        """The company whose data this request may touch."""
        company = self.device_company or (self.caller and self.caller.company)
        assert company, "the route is declared open"
        return company

    @property
    def headers(self) -> Mapping[str, str]:
        return {name.lower(): value for name, value in (self.event.get("headers") or {}).items()}

    @property
    def session_cookie(self) -> str:
        """What the session's cookie holds; nothing where there are two, of which one is somebody else's."""
        pairs = (part.strip().partition("=") for value in self.header_values("cookie") for part in value.split(";"))
        found = [value for name, _, value in pairs if name == session_cookie_name()]
        return found[0] if len(found) == 1 else ""

    def header_values(self, name: str) -> list[str]:
        """Every value that was sent under a header's name."""
        many = self.event.get("multiValueHeaders") or {each: [value] for each, value in self.headers.items()}
        return [value for each, values in many.items() if each.lower() == name for value in values]

    @property
    def method(self) -> str:
        return str(self.event["requestContext"]["httpMethod"])

    @property
    def path(self) -> str:
        """The path as the client sees it: with the stage on the raw gateway URL."""
        context = self.event["requestContext"]
        return str(context.get("path") or self.event.get("path") or "/")

    @property
    def resource(self) -> str:
        """The path below the stage, without a trailing slash, as the client has spelled it."""
        return str(self.event.get("path") or self.path).rstrip("/")

    @property
    def address(self) -> str:
        """The client's address as the gateway saw it; never a header."""
        return str(self.event["requestContext"].get("identity", {}).get("sourceIp") or "unknown")

    @property
    def request_id(self) -> str:
        return str(self.event["requestContext"].get("requestId") or self.context.aws_request_id)

    @property
    def raw_query(self) -> dict[str, list[str]]:
        return dict(self.event.get("multiValueQueryStringParameters") or {})


def session_cookie_name() -> str:
    """Browsers take a ``__Host-`` cookie from this very host over HTTPS alone: no neighbouring site can plant one."""
    return "__Host-wbsync_session" if settings().secure_cookies else "wbsync_session"


class Upload(Struct, frozen=True):
    """A body that is no JSON: its media type, the whole ``Content-Type`` header, and its bytes."""

    kind: str
    header: str
    content: bytes


CURRENT: ContextVar[Call] = ContextVar("call")
