"""The API's own routes, as a page asks them for the person who looks at it.

A page has no rules of its own. What it shows is an answer of the API and what its forms send is a write of the API,
with that route's permission, plan, validation, idempotency and effect. Only the guard is not asked again: the request
was authenticated and counted when it came for the page.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import msgspec
from msgspec.structs import asdict

from chalicelib.http.answers import JSON, Reply
from chalicelib.http.call import Call
from chalicelib.http.guards import require_plan
from chalicelib.http.pages import base
from chalicelib.http.route import Route
from chalicelib.http.routes import ROUTES
from chalicelib.http.serving import perform

T = TypeVar("T")
Handler = Callable[..., Any]


def read(call: Call, handler: Handler, answer: type[T], *arguments: str, **query: object) -> T:
    """The answer of a route that reads; a filter that is None or empty is not sent.

    Raises:
        WbsyncError: as the route does.
    """
    _, _, body = _asked(call, handler, arguments, query)
    return msgspec.json.decode(body, type=answer)


def picture(call: Call, handler: Handler, kind: str, **query: object) -> str:
    """The answer of a route as text of a media type, such as an SVG."""
    _, _, body = _asked(call, handler, (), query, kind)
    return body.decode()


def write(call: Call, handler: Handler, answer: type[T], *arguments: str, body: Mapping[str, object], key: str) -> T:
    """The answer of a route that writes, at most once for the key of the form and what was filled in.

    Raises:
        WbsyncError: as the route does.
    """
    text = json.dumps(body, sort_keys=True)
    once = hashlib.sha256(json.dumps([key, text]).encode()).hexdigest()
    _, _, answered = _asked(call, handler, arguments, {}, JSON, text, once)
    return msgspec.json.decode(answered or b"null", type=answer)


def _asked(
    call: Call,
    handler: Handler,
    arguments: tuple[str, ...],
    query: Mapping[str, object],
    accept: str = JSON,
    body: str = "",
    key: str | None = None,
) -> Reply:
    route = next(each for each in ROUTES if each.handler is handler)
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    named = dict(zip(names, arguments, strict=True))
    inner = _call(call, route, named, query, {"accept": accept} | ({"idempotency-key": key} if key else {}), body)
    require_plan(route, inner)
    return perform(route, inner, named)


def _call(
    call: Call,
    route: Route,
    named: Mapping[str, str],
    query: Mapping[str, object],
    headers: Mapping[str, str],
    body: str,
) -> Call:
    """The request as the gateway would hand it on."""
    path = route.path.format(**{name: quote(value, safe="") for name, value in named.items()}) + "/"
    context = {**call.event["requestContext"], "httpMethod": route.method, "path": base(call) + path}
    event = {
        "path": path,
        "requestContext": context,
        "headers": headers,
        "multiValueQueryStringParameters": {
            name: [str(each)] for name, each in query.items() if each not in (None, "")
        },
        "body": body,
    }
    return Call(event, call.context, call.store, call.now, caller=call.caller)


def choices(call: Call) -> dict[str, str]:
    """What a page's address asks for; empty text for what it does not name."""
    return {name: value or "" for name, value in asdict(call.query).items()}


def link(asked: Mapping[str, str], **changed: str | None) -> str:
    """The page with some of its choices changed; those that are empty are left out."""
    return "?" + urlencode({name: value for name, value in {**asked, **changed}.items() if value})


def turned(call: Call, address: str | None) -> str | None:
    """A link of a list of the API (``next``, ``previous``) as the link of the page that shows this list."""
    if address is None:
        return None
    return link(choices(call), **place_in(address))


def place_in(address: str) -> dict[str, str]:
    """Where in its list a link of the API leads."""
    found = parse_qs(urlsplit(address).query)
    return {name: found[name][0] for name in ("page", "cursor") if name in found}
