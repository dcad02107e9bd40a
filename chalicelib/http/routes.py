"""How a route is declared, and what every request goes through because of it.

A route states its path, permission, query, body and answer once; validation, permission check,
idempotency, the schema and the tests all read that declaration. A request passes: authentication
and rate limit (one round) -> replay -> validation -> permission -> the handler -> commit -> answer.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec
from chalice.app import Blueprint, Response
from msgspec import Struct

from chalicelib.errors import (
    CsrfFailed,
    InProgress,
    Invalid,
    NotAcceptable,
    NotAuthenticated,
    NotFound,
    PayloadTooLarge,
    PlanWithoutApi,
    PreconditionFailed,
    Unavailable,
    UnsupportedMediaType,
    WbsyncError,
)
from chalicelib.http.call import CURRENT, Call, Read, Written
from chalicelib.http.fields import Body, bind, bind_query, encode, parse_json
from chalicelib.http.idempotency import LOCK_LOST, Ledger, checked_key, fingerprint, once
from chalicelib.http.problems import problem
from chalicelib.http.telemetry import logger
from chalicelib.identity import access, secrets
from chalicelib.identity.permissions import API_PLANS, Permission
from chalicelib.projects.wbs import project_of
from chalicelib.settings import settings
from chalicelib.storage.store import CONTESTED, Change, ConditionFailed

BASE = "/api/v1"
JSON = "application/json"
WRITES = frozenset({"POST", "PATCH", "DELETE"})
CHANGES = frozenset({"PATCH", "DELETE"})  # of what is there: they honour If-Match
MAX_BODY = 4_500_000  # what the gateway hands on for every content type
PAGES = "Pages"
SESSION = "wbsync_session"
_ID = re.compile(r"[a-z0-9]{1,64}")  # no id of ours looks otherwise, and no key is made of what does


class NoQuery(Body, kw_only=True):
    """Routes that take no query parameters."""


class Scope(StrEnum):
    """Where a caller must hold the permission that a route names."""

    COMPANY = "company"  # by base role
    PROJECT = "project"  # on the project that the path names, or whose node it names
    ANYWHERE = "anywhere"  # on some project at least; the handler asks for the rows at hand


BY_ROW = frozenset({"labour", "clashes", "clock-events", "reports"})  # the handler knows which projects they are of


class Route(Struct, frozen=True):
    """One endpoint: everything that is known of it before a request comes."""

    method: str
    path: str
    handler: Callable[..., Any]
    permission: Permission | None
    query: type[msgspec.Struct]
    body: type[msgspec.Struct] | None
    answer: Any
    batch_answer: Any
    status: int
    tag: str
    open: bool
    device: bool
    content_types: tuple[str, ...]
    produces: tuple[str, ...]
    summary: str = ""

    @property
    def writes(self) -> bool:
        return self.method in WRITES

    @property
    def scope(self) -> Scope:
        """Read off the path: what lies below a project or node is that project's.

        What belongs to the whole company is read with the permission on some project, and written
        with a base role that has it.
        """
        group, *rest = self.path.removeprefix(f"{BASE}/").split("/")
        if group in {"projects", "wbs"} and rest:
            return Scope.PROJECT
        return Scope.ANYWHERE if group in BY_ROW or not self.writes else Scope.COMPANY


ROUTES: list[Route] = []


class RouteSet:
    """The routes of one resource group; ``blueprint`` is what the Chalice app registers."""

    def __init__(self, tag: str, module: str) -> None:
        self.tag = tag
        self.blueprint = Blueprint(module)

    def route(
        self,
        method: str,
        path: str,
        *,
        permission: Permission | None = None,
        query: type[msgspec.Struct] = NoQuery,
        body: type[msgspec.Struct] | None = None,
        answer: Any = None,
        batch_answer: Any = None,
        status: int = 200,
        open: bool = False,
        device: bool = False,
        content_types: tuple[str, ...] = (JSON,),
        produces: tuple[str, ...] = (JSON,),
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a route; ``open`` ones need nobody, ``device`` ones the company's ingest secret.

        Without a ``body`` a write takes none but an empty object.
        ``batch_answer`` is the 200 to a body of many. ``produces`` are the media types that ``Accept``
        may choose from, the usual one first.
        """

        def declare(handler: Callable[..., Any]) -> Callable[..., Any]:
            summary = (handler.__doc__ or handler.__name__).strip().splitlines()[0]
            declared = Route(
                method,
                path,
                handler,
                permission,
                query,
                body,
                answer,
                batch_answer,
                status,
                self.tag,
                open,
                device,
                content_types,
                produces,
                summary,
            )
            ROUTES.append(declared)

            def view(**arguments: str) -> Response:
                return serve(declared, CURRENT.get(), arguments)

            name = f"{handler.__module__}.{handler.__name__}"
            # every content type: a read ignores it, and a write refuses it with a problem of ours
            self.blueprint.route(path, methods=[method], name=name, content_types=["*/*"])(view)
            return handler

        return declare


def serve(route: Route, call: Call, arguments: dict[str, str]) -> Response:
    """One request to one route; every domain error becomes its problem."""
    try:
        if route.device:
            call.device_company, call.allowance = access.authenticate_device(
                call.store, secrets.parse(call.headers.get("x-inbound-secret", ""), "wbsi"), call.address, call.now
            )
        elif route.open and route.tag != PAGES:  # pages count for themselves: some know their visitor
            limit_address(call)
        elif not route.open:
            authenticate(call)
        return _response(call, *_perform(route, call, arguments))
    except WbsyncError as error:
        return refused(call, error)


def refused(call: Call, error: WbsyncError) -> Response:
    """The problem answer of an error."""
    if error.status >= 500:
        logger.exception("request failed", exc_info=error)
    return _response(call, *problem(error, call.request_id))


def authenticate(call: Call) -> None:
    """Find the caller; a signed-in browser's writes need the CSRF token."""
    credential = _credential(call)
    if credential is None:
        limit_address(call)
        raise NotAuthenticated
    call.caller, call.allowance = access.authenticate(call.store, credential, call.address, call.now)
    by_token = credential.kind == "wbs"
    reads = call.method in {"GET", "HEAD"}
    if call.caller.tenant.plan not in API_PLANS and (by_token or not reads):
        raise PlanWithoutApi
    if not by_token and not reads and not carries_csrf(call.headers.get("x-csrf-token", ""), credential.id):
        raise CsrfFailed


def limit_address(call: Call) -> None:
    """Count a request of nobody in particular for its address.

    Raises:
        RateLimited: the address is over its limit.
    """
    used = access.count_address(call.store, call.address, "api", call.now)
    call.allowance = access.allowance(settings().rate_address, used, call.now)
    access.check(call.allowance)


def csrf_token(session: str) -> str:
    """The token that a write of a browser session must carry."""
    return secrets.keyed("session-key", "csrf", session)


def carries_csrf(given: str, session: str) -> bool:
    """Whether it is the session's token, compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), csrf_token(session).encode())


def _credential(call: Call) -> secrets.Credential | None:
    header = call.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        return secrets.parse(token.strip(), "wbs") if scheme.lower() == "bearer" else None
    return secrets.parse(session_text(call), "wbss")


def session_cookie_name() -> str:
    """Browsers take a ``__Host-`` cookie from this very host over HTTPS alone: no neighbouring site can plant one."""
    return f"__Host-{SESSION}" if settings().secure_cookies else SESSION


def session_text(call: Call) -> str:
    """What the session's cookie holds; nothing where there are two, of which one is somebody else's."""
    pairs = (part.strip().partition("=") for value in call.header_values("cookie") for part in value.split(";"))
    found = [value for name, _, value in pairs if name == session_cookie_name()]
    return found[0] if len(found) == 1 else ""


def _perform(route: Route, call: Call, arguments: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    if route.open and route.tag == PAGES:
        call.query = bind_query(route.query, call.raw_query)
        page: tuple[int, dict[str, str], bytes] = route.handler(call, *arguments.values())
        return page
    raw = raw_body(call) if route.writes else b""
    key = checked_key(call.header_values("idempotency-key")) if route.writes else None
    if key is None:
        return _rendered(_restored(_run(route, call, arguments, raw, None)))
    return _once(route, call, arguments, raw, key)


def _once(
    route: Route,
    call: Call,
    arguments: dict[str, str],
    raw: bytes,
    key: str,
) -> tuple[int, dict[str, str], bytes]:
    holder = call.user.user if call.caller else "ingest"
    answer, replayed = once(
        call.store,
        f"{call.company}#{holder}",
        [route.method, route.path, *arguments.values(), key],  # however the path was spelled
        _fingerprint(route, call, raw),
        call.context,
        lambda ledger: _run(route, call, arguments, raw, ledger),
    )
    if replayed:
        answer = _without_ended_secrets(call, answer)
        answer["headers"]["Idempotency-Replayed"] = "true"
    return _rendered(_restored(answer))


def _without_ended_secrets(call: Call, answer: dict[str, Any]) -> dict[str, Any]:
    """A kept answer without the secrets that have been revoked since."""
    for mark, spec in answer.get("replay", {}).items():
        kind, company, holder, id = spec.split(" ")
        if not access.lives(call.store, kind, company, holder, id, call.now):
            body = re.sub(rf',"\w+":"[^"]*{re.escape(mark)}[^"]*"', "", answer["body"])
            answer["body"] = re.sub(rf'"\w+":"[^"]*{re.escape(mark)}[^"]*",?', "", body)
    return answer


def _restored(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer with its secrets computed (see :attr:`Written.replay`)."""
    for mark, spec in answer.get("replay", {}).items():
        kind, company, holder, id = spec.split(" ")
        answer["body"] = answer["body"].replace(mark, secrets.issue(kind, company, holder, id).text)
    return answer


def _fingerprint(route: Route, call: Call, raw: bytes) -> str:
    """Of the body as its content type reads it (no body is an empty object), and the query."""
    if JSON in route.content_types and _content_type(call) == JSON:
        return fingerprint(parse_json(raw) if raw else {}, call.raw_query)
    return fingerprint(hashlib.sha256(raw).hexdigest(), call.raw_query)


def _content_type(call: Call) -> str:
    return call.headers.get("content-type", JSON).split(";")[0].strip().lower()


def raw_body(call: Call) -> bytes:
    """The request's body.

    Raises:
        PayloadTooLarge: it has more bytes than the gateway would hand on.
        UnsupportedMediaType: it is compressed or otherwise encoded.
    """
    encodings = call.headers.get("content-encoding", "")
    if {each.strip().lower() for each in encodings.split(",")} - {"", "identity"}:
        raise UnsupportedMediaType("The body must come as it is: no Content-Encoding but identity is taken.")
    body = call.event.get("body") or ""
    if len(body) > MAX_BODY:
        raise PayloadTooLarge(f"The body may have {MAX_BODY} bytes.")
    if call.event.get("isBase64Encoded"):
        return base64.b64decode(body)
    return str(body).encode("utf-8", "surrogatepass")


def _run(route: Route, call: Call, arguments: dict[str, str], raw: bytes, ledger: Ledger | None) -> dict[str, Any]:
    """Validate, check the permission, run the handler and commit; the answer as plain text."""
    if route.answer is not None and not accepts(call.headers.get("accept", "*/*"), route.produces):
        raise NotAcceptable(f"This gives {' or '.join(route.produces)}.")
    call.ledger = ledger
    call.query = bind_query(route.query, call.raw_query)
    _require(route, call, arguments)
    if not all(_ID.fullmatch(value) for value in arguments.values()):
        raise NotFound
    values: list[Any] = [call, *arguments.values()]
    if not route.writes:
        return _plain(route, route.handler(*values))
    body = bind(route.body or Body, _parsed(route, call, raw))  # a route without a body takes an empty one only
    if route.body is not None:
        values.append(body)
    if route.method in CHANGES:
        _if_match(call)  # one that says nothing is refused before anything is decided
    return _commit(route, call, lambda: route.handler(*values), ledger)


def _require(route: Route, call: Call, arguments: dict[str, str]) -> None:
    """Raises :class:`Denied` without the route's permission, before anything is looked up."""
    if route.permission is None:
        return
    if route.scope is Scope.ANYWHERE and call.user.may_somewhere(route.permission):
        return
    project = project_of(next(iter(arguments.values()))) if route.scope is Scope.PROJECT else None
    call.user.require(route.permission, project)


def _parsed(route: Route, call: Call, raw: bytes) -> Any:
    if raw and _content_type(call) not in route.content_types:
        raise UnsupportedMediaType(f"The body must be {' or '.join(route.content_types)}.")
    charset = re.search(r"charset\s*=\s*\"?([^\s;\"]+)", call.headers.get("content-type", "").lower())
    if charset and charset[1] not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType("The body must be UTF-8.")
    return parse_json(raw) if raw else {}


def accepts(header: str, offered: tuple[str, ...]) -> bool:
    """Whether an ``Accept`` header takes one of the media types; the most specific range decides (RFC 9110)."""
    ranges: dict[str, float] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        ranges[name or "*/*"] = float(quality) if re.fullmatch(r"[01](\.\d{0,3})?", quality, re.ASCII) else 1.0
    for kind in offered:
        wanted = (kind, f"{kind.split('/')[0]}/*", "*/*")
        if next((ranges[name] for name in wanted if name in ranges), 0.0) > 0:
            return True
    return False


def _commit(route: Route, call: Call, decide: Callable[[], Written], ledger: Ledger | None) -> dict[str, Any]:
    """Decide on what is there now and commit it; decide anew when something changed in between."""
    for attempt in range(CONTESTED):
        call.compared = False
        written = decide()
        if route.method in CHANGES and not call.compared:
            matching(call, "")  # nothing that the handler changes has a tag
        answer = _answer_of(route, written)
        changes: list[Change] = list(written.changes)
        if ledger is not None:
            changes += ledger.completion(answer)
        try:
            call.store.transact(changes)
            return answer
        except ConditionFailed as error:
            if ledger is not None and len(written.changes) in error.failed:
                raise InProgress(LOCK_LOST) from error
            call.store.pause(attempt)
    raise Unavailable("The resource is too busy; try again.")


def _answer_of(route: Route, written: Written) -> dict[str, Any]:
    headers = {"Content-Type": JSON}
    if written.location:
        headers["Location"] = written.location
    if written.etag:
        headers["ETag"] = written.etag
    status = written.status or route.status
    body = "" if written.body is None else encode(written.body).decode()
    return {"status": status, "headers": headers, "body": body, "replay": dict(written.replay)}


def _plain(route: Route, result: Any) -> dict[str, Any]:
    read = result if isinstance(result, Read) else Read(result)
    headers = {"Content-Type": read.content_type, **read.headers}
    if read.etag:
        headers["ETag"] = read.etag
    body = read.body if isinstance(read.body, str) else encode(read.body).decode()
    return {"status": read.status, "headers": headers, "body": body}


def _rendered(answer: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    return answer["status"], answer["headers"], answer["body"].encode()


def _response(call: Call, status: int, headers: dict[str, str], body: bytes) -> Response:
    return Response(body.decode(), status_code=status, headers={**_everywhere(call), **headers})


def _everywhere(call: Call) -> dict[str, str]:
    """The headers that every answer has."""
    return {
        "X-Request-Id": call.request_id,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        **(access.limit_headers(call.allowance) if call.allowance else {}),
    }


def matching(call: Call, tag: str) -> None:
    """Compare the version that a change begins with to If-Match.

    Raises:
        PreconditionFailed: If-Match names other versions than ``tag``.
    """
    call.compared = True
    if not {tag, "*"} & _if_match(call):
        raise PreconditionFailed("The resource has changed since the version named in If-Match.")


def _if_match(call: Call) -> set[str]:
    """The tags that the request names; any, when it says nothing of them."""
    values = call.header_values("if-match")
    tags = {part.strip() for value in values for part in value.split(",")} - {""} if values else {"*"}
    if not tags:
        raise Invalid(errors={"If-Match": ["Must be ETags, or *."]})
    return tags
