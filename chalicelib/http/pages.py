"""Pages for people: one frame, one strict content policy, and what their forms send.

A page is ``(status, headers, body)``; :func:`chalicelib.http.routes.serve` adds the headers that
every answer has.
"""

import html
from collections.abc import Mapping
from urllib.parse import parse_qs, quote, urlsplit

from chalicelib.access import credentials
from chalicelib.access.limits import HEADERS as LIMIT_HEADERS
from chalicelib.errors import Denied, Invalid, PayloadTooLarge, UnsupportedMediaType, WbsyncError
from chalicelib.http.call import Call, session_cookie_name
from chalicelib.http.json_text import LOST, printable
from chalicelib.http.negotiation import raw_body
from chalicelib.settings import settings

Page = tuple[int, dict[str, str], bytes]
FORM = "application/x-www-form-urlencoded"
MAX_FORM = 65_536
HOME = "/api/docs/"
# A browser asks for /favicon.ico where a page names no icon. Two bars, the lower one longer.
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%231557b0' "
    "d='M2 3h8v4H2zM2 9h12v4H2z'/%3E%3C/svg%3E"
)
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def page(
    call: Call,
    title: str,
    body: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    links: str = "",
    head: str = "",
    data: Mapping[str, str] | None = None,
    policy: str = POLICY,
) -> Page:
    """An HTML page; ``body``, ``links`` and ``head`` are HTML, the title and ``data`` are text."""
    attributes = "".join(f' data-{name}="{html.escape(value)}"' for name, value in (data or {}).items())
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)} · wbsync</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="{ICON}">'
        f'<link rel="stylesheet" href="{asset(call, "pages.css")}">{head}</head>'
        f'<body{attributes}><header><p><a href="{html.escape(base(call))}/">wbsync</a></p>{links}</header>'
        f"<main><h1>{html.escape(title)}</h1>{body}</main></body></html>"
    )
    return status, page_headers(headers, policy), text.encode()


def alert(message: str) -> str:
    """What went wrong, for ``aria-describedby="alert"``; nothing where nothing did."""
    return f'<p role="alert" id="alert">{html.escape(message)}</p>' if message else ""


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
    return redirect(call, f"/login/?next={quote(call.resource + '/')}", _limits(error))


def too_often(call: Call, error: WbsyncError) -> Page:
    """Over a rate limit: when to try again, and the way back."""
    seconds = html.escape(error.headers.get("Retry-After", "60"))
    back = f'<p><a href="{html.escape(base(call) + call.resource)}/">Try again</a></p>'
    said = alert(f"Too many attempts. Wait {seconds} seconds, then try again.")
    return page(call, "Too many attempts", said + back, 429, _limits(error))


def _limits(error: WbsyncError | None) -> dict[str, str]:
    return {name: value for name, value in (error.headers if error else {}).items() if name in LIMIT_HEADERS}


def base(call: Call) -> str:
    """What the stage puts before every path on the raw gateway URL."""
    return call.path.rstrip("/").removesuffix(call.resource)


def origin(call: Call) -> str:
    """Scheme and host of this site as the gateway knows them; never a header of the client's where deployed."""
    scheme = "https" if settings().secure_cookies else "http"
    return f"{scheme}://{call.event['requestContext'].get('domainName', 'localhost')}"


def asset(call: Call, name: str) -> str:
    """The address of one of our own files."""
    return f"{html.escape(base(call))}/assets/{name}"


def safe(target: str | None) -> str:
    """A path of this site in plain ASCII, never another site."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or not target.isprintable():
        return HOME
    return quote(target, safe="/?&=%#:@!$'()*+,;~-._")


def form(call: Call) -> dict[str, str]:
    """The fields of a form of this very site.

    Raises:
        Denied: the browser says that another site has sent it.
        Invalid: it is not UTF-8, or has a field twice.
        PayloadTooLarge, UnsupportedMediaType: it is no form of ours.
    """
    if not _from_here(call):
        raise Denied("This form was sent from another site.")
    kind = call.headers.get("content-type", FORM).split(";")[0].strip().lower()
    raw = raw_body(call)
    if raw and kind != FORM:
        raise UnsupportedMediaType(f"The body must be {FORM}.")
    if len(raw) > MAX_FORM:
        raise PayloadTooLarge(f"A form may have {MAX_FORM} bytes.")
    try:
        text = raw.decode()
        fields = parse_qs(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        text = LOST
    if LOST in text:
        raise Invalid("The form is not UTF-8.")
    if repeated := {printable(name): ["Given more than once."] for name, values in fields.items() if len(values) > 1}:
        raise Invalid("Some fields are not valid.", errors=repeated)
    return {name: values[0] for name, values in fields.items()}


def _from_here(call: Call) -> bool:
    """What the browser says of where the form was; programs say nothing."""
    site = call.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    sender = call.headers.get("origin")
    hosts = {call.headers.get("host"), call.event["requestContext"].get("domainName")}
    return sender is None or _host(sender) in hosts


def _host(sender: str) -> str:
    try:
        return urlsplit(sender).netloc
    except ValueError:
        return ""


def session_of(call: Call) -> credentials.Credential | None:
    """The session that the request's cookie names, not yet checked."""
    return credentials.parse(call.session_cookie, "wbss")


def session_cookie(text: str, seconds: int) -> dict[str, str]:
    """The header that keeps a session in the browser; without text and time it is removed."""
    secure = "; Secure" if settings().secure_cookies else ""
    return {"Set-Cookie": f"{session_cookie_name()}={text}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"}
