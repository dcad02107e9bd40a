"""Who may call a route: the caller found, the request counted, the CSRF token of a signed-in person compared."""

import hmac

from chalicelib.access import authentication, credentials, keys, limits
from chalicelib.access.permissions import API_PLANS
from chalicelib.errors import CsrfFailed, Denied, NotAuthenticated, PlanWithoutApi
from chalicelib.http.call import Call
from chalicelib.http.forms import form
from chalicelib.http.route import Guard, Route, Scope
from chalicelib.ids import project_of
from chalicelib.settings import settings


def admit(route: Route, call: Call) -> None:
    """Let the request in as the route's guard says.

    Raises:
        NotAuthenticated: the guard asks for somebody, and nobody is known.
        RateLimited: the caller or the address is over its limit.
    """
    if route.guard is Guard.DEVICE:
        secret = credentials.parse(call.headers.get("x-inbound-secret", ""), "wbsi")
        call.device_company, call.allowance = authentication.authenticate_device(
            call.store, secret, call.address, call.now
        )
    elif route.guard is Guard.ANYBODY:
        limit_address(call)
    else:
        authenticate(route, call)


def authenticate(route: Route, call: Call) -> None:
    """Find the caller; a signed-in browser's writes need the CSRF token."""
    credential = _credential(call)
    if credential is None:
        limit_address(call)
        raise NotAuthenticated
    call.caller, call.allowance = authentication.authenticate(call.store, credential, call.address, call.now)
    require_plan(route, call)
    if call.caller.session and route.writes and not carries_csrf(_csrf_given(route, call), credential.id):
        raise CsrfFailed
    if call.caller.session is None and route.guard is Guard.SIGNED_IN:
        raise NotAuthenticated


def require_plan(route: Route, call: Call) -> None:
    """Where the company's plan has no API, a signed-in person reads, and writes what every plan may.

    Raises:
        PlanWithoutApi: it has none, and this is something else.
    """
    by_token = call.user.session is None
    if call.user.tenant.plan not in API_PLANS and (by_token or (route.writes and not route.every_plan)):
        raise PlanWithoutApi


def _csrf_given(route: Route, call: Call) -> str:
    """A page's form carries it as a field."""
    return form(call).get("csrf_token", "") if route.page else call.headers.get("x-csrf-token", "")


def is_signed_in(call: Call) -> bool:
    """Whether the browser's session is still good, on a page that anybody may open.

    Raises:
        RateLimited: its user is over the limit.
    """
    session = session_of(call)
    if session is None:
        return False
    try:
        authentication.authenticate(call.store, session, call.address, call.now)
    except NotAuthenticated:
        return False
    return True


def limit_address(call: Call) -> None:
    """Count a request of nobody in particular for its address.

    Raises:
        RateLimited: the address is over its limit.
    """
    used = limits.count_address(call.store, call.address, "api", call.now)
    call.allowance = limits.allowance(settings().rate_address, used, call.now)
    limits.check(call.allowance)


def require_permission(route: Route, call: Call, arguments: dict[str, str]) -> None:
    """Raises :class:`Denied` without the route's permission, before anything is looked up."""
    if route.permission is None:
        return
    if route.scope is Scope.ANYWHERE:
        if not call.user.may_somewhere(route.permission):
            raise Denied(f"This needs the permission {route.permission.value}.")
        return
    project = project_of(next(iter(arguments.values()))) if route.scope is Scope.PROJECT else None
    call.user.require(route.permission, project)


def csrf_token(session: str) -> str:
    """The token that a write of a browser session must carry."""
    return keys.keyed("session-key", "csrf", session)


def carries_csrf(given: str, session: str) -> bool:
    """Whether it is the session's token, compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), csrf_token(session).encode())


def _credential(call: Call) -> credentials.Credential | None:
    header = call.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        return credentials.parse(token.strip(), "wbs") if scheme.lower() == "bearer" else None
    return session_of(call)


def session_of(call: Call) -> credentials.Credential | None:
    """The session that the request's cookie names, not yet checked."""
    return credentials.parse(call.session_cookie, "wbss")
