"""Pages for people: one frame, one strict content policy, and the words of a refusal.

A page is ``(status, headers, body)``; :func:`chalicelib.http.routes.serve` adds the headers that
every answer has. Its HTML is a template of ``chalicelib/templates``, which escapes every value.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from chalicelib.access.limits import HEADERS as LIMIT_HEADERS
from chalicelib.access.permissions import Permission
from chalicelib.errors import WbsyncError
from chalicelib.http.call import Call, session_cookie_name
from chalicelib.http.guards import csrf_token
from chalicelib.http.shown import FILTERS
from chalicelib.settings import settings

if TYPE_CHECKING:  # loaded by the first page: programs do not wait for it
    from jinja2 import Environment

Page = tuple[int, dict[str, str], bytes]
HOME = "/projects/"
TEMPLATES = Path(__file__).parent.parent / "templates"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
PLACES: tuple[tuple[str, str, Permission | None], ...] = (
    ("/projects/", "Projects", None),
    ("/approvals/", "Approvals", Permission.APPROVE),
    ("/clock/", "Clock", Permission.APPROVE),
    ("/people/", "People", Permission.READ_USERS),
    ("/settings/api/", "API & integrations", None),
    ("/api/docs/", "API documentation", None),
)


def page(
    call: Call,
    title: str,
    template: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    policy: str = POLICY,
    **values: Any,
) -> Page:
    """An HTML page: a template filled in. Who is signed in, and the ways from here, stand above it."""
    text = (
        _templates()
        .get_template(template)
        .render(
            call=call,
            title=title,
            base=base(call),
            who=call.caller if call.caller and call.caller.session else None,
            places=_places(call),
            csrf=csrf_token(call.caller.session) if call.caller and call.caller.session else "",
            **values,
        )
    )
    return status, page_headers(headers, policy), text.encode()


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(FILTERS)
    return found


def _places(call: Call) -> list[tuple[str, str, bool]]:
    """The pages that the person may open: path, name, and whether it is this one."""
    here = call.resource + "/"
    return [
        (path, name, here.startswith(path))
        for path, name, needed in PLACES
        if call.caller and (needed is None or call.user.may_somewhere(needed))
    ]


def page_headers(headers: Mapping[str, str] | None = None, policy: str = POLICY) -> dict[str, str]:
    """The headers of a page beside those of every answer."""
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",
        **(headers or {}),
    }


def redirect(call: Call, target: str, headers: Mapping[str, str] | None = None) -> Page:
    """Send the browser to a path of this site."""
    return 303, page_headers({"Location": base(call) + target, **(headers or {})}), b""


def to_sign_in(call: Call, error: WbsyncError | None = None) -> Page:
    """To the sign-in page, and back here afterwards; with what the address has left when a credential was refused."""
    asked = urlencode([(name, each) for name, values in call.raw_query.items() for each in values])
    back = quote(f"{call.resource}/{'?' if asked else ''}{asked}")
    return redirect(call, f"/login/?next={back}", _limits(error))


def too_often(call: Call, error: WbsyncError) -> Page:
    """Over a rate limit: when to try again, and the way back."""
    seconds = error.headers.get("Retry-After", "60")
    said = f"Too many attempts. Wait {seconds} seconds, then try again."
    return page(
        call, "Too many attempts", "refused.html", 429, _limits(error), said=said, errors={}, back=call.resource
    )


def refusal(call: Call, error: WbsyncError) -> Page:
    """What a person sees where a program gets the problem."""
    errors = {} if error.errors is None else dict(error.errors)
    back = call.resource if error.status >= 500 else ""
    return page(
        call, error.title, "refused.html", error.status, error.headers, said=error.detail, errors=errors, back=back
    )


def _limits(error: WbsyncError | None) -> dict[str, str]:
    return {name: value for name, value in (error.headers if error else {}).items() if name in LIMIT_HEADERS}


def base(call: Call) -> str:
    """What the stage puts before every path on the raw gateway URL."""
    return call.path.rstrip("/").removesuffix(call.resource)


def origin(call: Call) -> str:
    """Scheme and host of this site as the gateway knows them; never a header of the client's where deployed."""
    scheme = "https" if settings().secure_cookies else "http"
    return f"{scheme}://{call.event['requestContext'].get('domainName', 'localhost')}"


def safe(target: str | None) -> str:
    """A path of this site in plain ASCII, never another site."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or not target.isprintable():
        return HOME
    return quote(target, safe="/?&=%#:@!$'()*+,;~-._")


def session_cookie(text: str, seconds: int) -> dict[str, str]:
    """The header that keeps a session in the browser; without text and time it is removed."""
    secure = "; Secure" if settings().secure_cookies else ""
    return {"Set-Cookie": f"{session_cookie_name()}={text}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"}
