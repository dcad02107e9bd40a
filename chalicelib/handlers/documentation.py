"""The schema and Swagger UI over it, and the files that our pages load."""

import html
from pathlib import Path

from chalicelib.errors import NotAuthenticated, NotFound
from chalicelib.handlers.sign_in import AnyAnswer, navigation
from chalicelib.http.call import Call, Read
from chalicelib.http.openapi import document
from chalicelib.http.pages import POLICY, Page, asset, base, page_headers, to_sign_in, visit
from chalicelib.http.routes import PAGES, RouteSet, authenticate, csrf_token

routes = RouteSet(PAGES, __name__)
ASSETS = Path(__file__).parent.parent / "assets"
# Swagger UI writes style attributes into its own markup; everything else stays as strict as elsewhere.
SWAGGER_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
FILES = {
    "pages.css": "text/css",
    "settings.js": "text/javascript",
    "start.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
}


@routes.route("GET", "/api/schema", answer=AnyAnswer)
def read_schema(call: Call) -> Read:
    """The OpenAPI 3.1 document, for a token or a signed-in person."""
    return Read({**document(), "servers": [{"url": base(call) or "/"}]})


@routes.route("GET", "/api/docs", answer=AnyAnswer, open=True, produces=("text/html",))
def read_docs(call: Call) -> Page:
    """Swagger UI over the document, for a signed-in person or a token."""
    try:
        authenticate(call)
    except NotAuthenticated:
        return to_sign_in(call)
    session = call.user.session
    csrf, prefix = csrf_token(session) if session else "", html.escape(base(call))
    links = navigation(call, session, "/settings/api/", "API & integrations") if session else ""
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>wbsync API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{asset(call, "pages.css")}">'
        f'<link rel="stylesheet" href="{asset(call, "swagger-ui.css")}"></head>'
        f'<body data-base="{prefix}" data-csrf="{csrf}">{links}<div id="swagger-ui"></div>'
        f'<script src="{asset(call, "swagger-ui-bundle.js")}"></script>'
        f'<script src="{asset(call, "start.js")}"></script></body></html>'
    )
    return 200, page_headers(policy=SWAGGER_POLICY), text.encode()


@routes.route("GET", "/assets/{name}", answer=AnyAnswer, open=True)
def read_asset(call: Call, name: str) -> Page:
    """A file that our pages load; none holds anything private."""
    visit(call)
    if name not in FILES:
        raise NotFound
    headers = {"Content-Type": f"{FILES[name]}; charset=utf-8", "Cache-Control": "public, max-age=86400"}
    return 200, headers, (ASSETS / name).read_bytes()
