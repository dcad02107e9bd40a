"""Pages for people: sign-in, sign-out, the schema and Swagger UI."""

import html
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, quote

from chalice.app import Response

from chalicelib.errors import CsrfFailed, NotAuthenticated, NotFound, RateLimited
from chalicelib.http.call import Call, Read
from chalicelib.http.fields import Answer, Body
from chalicelib.http.openapi import document
from chalicelib.http.routes import PAGES, RouteSet, authenticate, carries_csrf, cookies, csrf_token, raw_body
from chalicelib.identity import access, people, secrets
from chalicelib.settings import settings

routes = RouteSet(PAGES, __name__)
ASSETS = Path(__file__).parent.parent / "assets"
FILES = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript", "start.js": "text/javascript"}
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


class NextQuery(Body, kw_only=True):
    """Where to go after signing in."""

    next: str | None = None


class AnyAnswer(Answer, kw_only=True):
    """A page or document."""


def page(title: str, body: str, status: int = 200, **headers: str) -> Response:
    """An HTML page."""
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width">'
        f"<style>body{{font:16px system-ui;max-width:24rem;margin:4rem auto;padding:0 1rem}}"
        f"label,input,button{{display:block;width:100%;margin:.4rem 0;font:inherit;box-sizing:border-box}}</style>"
        f"</head><body><main><h1>{html.escape(title)}</h1>{body}</main></body></html>"
    )
    return Response(
        text,
        status_code=status,
        headers={
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
            **headers,
        },
    )


def _form(call: Call, message: str = "", status: int = 200) -> Response:
    where = html.escape(_safe(call.query.next))
    note = f'<p role="alert">{html.escape(message)}</p>' if message else ""
    return page(
        "Sign in to wbsync",
        f'{note}<form method="post" action="?next={quote(where)}">'
        '<label for="email">E-mail</label><input id="email" name="email" type="email" required autofocus>'
        '<label for="password">Password</label><input id="password" name="password" type="password" required>'
        "<button>Sign in</button></form>",
        status,
    )


def _safe(target: str | None) -> str:
    """A path of this site, never another one."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\n" in target:
        return "/api/docs/"
    return target


def _base(call: Call) -> str:
    """What the stage puts before every path on the raw gateway URL."""
    return call.path.rstrip("/").removesuffix(call.resource)


@routes.route("GET", "/login", query=NextQuery, answer=AnyAnswer, open=True)
def sign_in_page(call: Call) -> Response:
    """The sign-in page."""
    return _form(call)


@routes.route("POST", "/login", query=NextQuery, answer=AnyAnswer, open=True)
def sign_in(call: Call) -> Response:
    """Sign in with e-mail and password."""
    form = parse_qs(raw_body(call).decode("utf-8", "replace"))
    email, password = form.get("email", [""])[0], form.get("password", [""])[0]
    if not _allowed(call, email):
        raise RateLimited("Too many sign-in attempts.", headers={"Retry-After": "60"})
    found = people.sign_in(call.store, email, password)
    company = form.get("company", [None])[0]
    matching = [pair for pair in found if company in (None, pair[0])]
    if not matching:
        return _form(call, "This e-mail and password do not belong together.", 401)
    if len(matching) > 1:
        return _which(call, matching, email, password)
    return _open(call, *matching[0])


def _allowed(call: Call, email: str) -> bool:
    names = (call.address, secrets.keyed("digest-key", "attempts", email.casefold())[:26])
    used = call.store.together(
        *(lambda name=name: access.count_address(call.store, name, "sign-in", call.now) for name in names)
    )
    return not settings().rate_limits or max(used) <= settings().rate_sign_in


def _which(call: Call, found: list[tuple[str, str]], email: str, password: str) -> Response:
    choices = "".join(f"<option>{html.escape(company)}</option>" for company, _ in found)
    return page(
        "Which company?",
        f'<form method="post"><label for="company">Company</label>'
        f'<select id="company" name="company">{choices}</select>'
        f'<input type="hidden" name="email" value="{html.escape(email)}">'
        '<label for="password">Password, once more</label>'
        '<input id="password" name="password" type="password" required><button>Sign in</button></form>',
    )


def _open(call: Call, company: str, user: str) -> Response:
    until = call.now + timedelta(hours=settings().session_hours)
    changes, session = people.open_session(company, user, access.stamp(until))
    call.store.transact(changes)
    secure = "; Secure" if settings().secure_cookies else ""
    cookie = f"wbsync_session={session.text}; Path=/; HttpOnly; SameSite=Lax; Max-Age={settings().session_hours * 3600}"
    return page("Signed in", "", 303, Location=_base(call) + _safe(call.query.next), **{"Set-Cookie": cookie + secure})


@routes.route("POST", "/logout", answer=AnyAnswer, open=True)
def sign_out(call: Call) -> Response:
    """Sign out: the session ends at once."""
    form = parse_qs(raw_body(call).decode("utf-8", "replace"))
    session = secrets.parse(cookies(call).get("wbsync_session", ""), "wbss")
    if session is None:
        raise NotAuthenticated
    given = form.get("csrf_token", [call.headers.get("x-csrf-token", "")])[0]
    if not carries_csrf(given, session.id):
        raise CsrfFailed
    caller, call.allowance = access.authenticate(call.store, session, call.address, call.now)
    call.store.transact(people.close_session(caller))
    return page(
        "Signed out",
        f'<p><a href="{_base(call)}/login/">Sign in</a></p>',
        200,
        **{"Set-Cookie": "wbsync_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"},
    )


@routes.route("GET", "/api/schema", answer=AnyAnswer)
def read_schema(call: Call) -> Read:
    """The OpenAPI 3.1 document."""
    return Read({**document(), "servers": [{"url": _base(call) or "/"}]})


@routes.route("GET", "/api/docs", answer=AnyAnswer, open=True)
def read_docs(call: Call) -> Response:
    """Swagger UI over the document, for a signed-in person."""
    base = _base(call)
    try:
        authenticate(call)
    except NotAuthenticated:
        return page("Sign in", "", 303, Location=f"{base}/login/?next={quote('/api/docs/')}")
    session = call.user.session
    csrf = csrf_token(session) if session else ""
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>wbsync API</title>'
        f'<link rel="stylesheet" href="{base}/api/docs/assets/swagger-ui.css"></head>'
        f'<body data-base="{html.escape(base)}" data-csrf="{csrf}"><div id="swagger-ui"></div>'
        f'<script src="{base}/api/docs/assets/swagger-ui-bundle.js"></script>'
        f'<script src="{base}/api/docs/assets/start.js"></script></body></html>'
    )
    answer = page("", "")
    return Response(text, headers=answer.headers)


@routes.route("GET", "/api/docs/assets/{name}", answer=AnyAnswer, open=True)
def read_asset(call: Call, name: str) -> Response:
    """Swagger UI's own files; they hold nothing private."""
    if name not in FILES:
        raise NotFound
    text = (ASSETS / name).read_text(encoding="utf-8")
    return Response(
        text,
        headers={
            "Content-Type": f"{FILES[name]}; charset=utf-8",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "public, max-age=86400",
            "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        },
    )
