"""The schema and Swagger UI over it, and the files that our pages load."""

from pathlib import Path

from chalicelib.errors import NotFound
from chalicelib.handlers.sign_in import AnyAnswer
from chalicelib.http.answers import Read
from chalicelib.http.call import Call
from chalicelib.http.openapi import document
from chalicelib.http.pages import POLICY, Page, base, origin, page
from chalicelib.http.routes import Guard, RouteSet

routes = RouteSet("Pages", __name__, pages=True)
ASSETS = Path(__file__).parent.parent / "assets"
# Swagger UI writes style attributes into its own markup; everything else stays as strict as elsewhere.
SWAGGER_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
FILES = {
    "pages.css": "text/css",
    "picker.js": "text/javascript",
    "settings.js": "text/javascript",
    "start.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
}


@routes.route("GET", "/api/schema", answer=AnyAnswer)
def read_schema(call: Call) -> Read:
    """The OpenAPI 3.1 document, for a token or a signed-in person."""
    return Read({**document(), "servers": [{"url": origin(call) + base(call)}]})


@routes.route("GET", "/api/docs", answer=AnyAnswer, guard=Guard.VISITOR, produces=("text/html",))
def read_docs(call: Call) -> Page:
    """Swagger UI over the document, for a signed-in person or a token."""
    return page(call, "API documentation", "documentation.html", policy=SWAGGER_POLICY)


@routes.route("GET", "/assets/{name}", answer=AnyAnswer, guard=Guard.ANYBODY)
def read_asset(call: Call, name: str) -> Page:
    """A file that our pages load; none holds anything private."""
    if name not in FILES:
        raise NotFound
    headers = {"Content-Type": f"{FILES[name]}; charset=utf-8", "Cache-Control": "public, max-age=86400"}
    return 200, headers, (ASSETS / name).read_bytes()
