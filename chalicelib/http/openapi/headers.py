"""The headers of answers, and which answers carry them."""

from typing import Any

from chalicelib.http.route import Route
from chalicelib.http.routes import ROUTES

HEADERS: dict[str, tuple[dict[str, Any], str]] = {
    "X-Request-Id": ({"schema": {"type": "string"}, "description": "Names the request in the logs."}, "all"),
    "X-RateLimit-Limit": ({"schema": {"type": "integer"}, "description": "Requests a minute."}, "all"),
    "X-RateLimit-Remaining": ({"schema": {"type": "integer"}, "description": "How many of them are left."}, "all"),
    "X-RateLimit-Reset": ({"schema": {"type": "integer"}, "description": "Seconds until they are new."}, "all"),
    "Retry-After": ({"schema": {"type": "integer"}, "description": "Seconds to wait."}, "all"),
    "Cache-Control": ({"schema": {"type": "string"}, "description": "Private answers are kept nowhere."}, "all"),
    "Strict-Transport-Security": ({"schema": {"type": "string"}, "description": "HTTPS only, from now on."}, "all"),
    "X-Content-Type-Options": ({"schema": {"const": "nosniff"}, "description": "The type is what it says."}, "all"),
    "WWW-Authenticate": (
        {
            "schema": {"enum": ["Bearer", "X-Inbound-Secret"]},
            "description": "A bearer token is wanted; of devices, the secret in a header of that name.",
        },
        "401",
    ),
    "Allow": ({"schema": {"type": "string"}, "description": "The methods of this path."}, "405"),
    "Content-Security-Policy": ({"schema": {"type": "string"}, "description": "What the page may load."}, "page"),
    "Referrer-Policy": ({"schema": {"type": "string"}, "description": "Who is told where a visitor was."}, "page"),
    "ETag": ({"schema": {"type": "string"}, "description": "The version, for If-Match."}, "one"),
    "Location": ({"schema": {"type": "string"}, "description": "Where the new resource is."}, "new"),
    "Content-Disposition": ({"schema": {"type": "string"}, "description": "The name of the file."}, "file"),
    "Link": ({"schema": {"type": "string"}, "description": "The next page, with rel=next."}, "table"),
    "Idempotency-Replayed": (
        {"schema": {"const": "true"}, "description": "This is the first answer again."},
        "write",
    ),
}


def headers_of(route: Route) -> dict[str, object]:
    """The headers of a route's good answer."""
    found = shared(route.writes)
    versioned = any(other.path == route.path and other.method == "PATCH" for other in ROUTES)
    single = route.path.endswith("}") or (route.writes and "{" in route.path)
    if versioned or single or route.status == 201:
        found |= one("ETag")
    if route.status in {201, 202}:
        found |= one("Location")
    if route.files:
        found |= one("Content-Disposition")
    if "text/csv" in route.produces:
        found |= one("Link")
    if route.page:
        found |= one("Content-Security-Policy") | one("Referrer-Policy")
    return found


def one(name: str) -> dict[str, object]:
    """A single header, by name."""
    return {name: header(name)}


def shared(write: bool) -> dict[str, object]:
    """Those that every answer has, and of a write what tells a repeat."""
    kinds = {"all", "write"} if write else {"all"}
    return {name: header(name) for name, (_, kind) in HEADERS.items() if kind in kinds}


def header(name: str) -> dict[str, str]:
    """A reference to the header's declaration."""
    return {"$ref": f"#/components/headers/{name}"}


def tagged_read(route: Route) -> bool:
    """Whether a read's answer has an ETag, so that it may be asked for only when it has changed."""
    return not route.writes and "ETag" in headers_of(route)
