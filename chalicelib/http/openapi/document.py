"""The OpenAPI 3.1 document, made from the very declarations that validate."""

from functools import lru_cache
from typing import Any

from chalicelib.http.call import session_cookie_name
from chalicelib.http.openapi.components import schemas
from chalicelib.http.openapi.headers import HEADERS
from chalicelib.http.openapi.introduction import INTRODUCTION, TAGS
from chalicelib.http.openapi.operations import operation
from chalicelib.http.openapi.problems import responses
from chalicelib.http.route import Route
from chalicelib.http.routes import ROUTES
from chalicelib.version import VERSION


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The whole document; who serves it adds the address of the service."""
    published = [route for route in ROUTES if _published(route)]
    models, paths = schemas(published), dict[str, Any]()
    for route in published:
        paths.setdefault(f"{route.path}/", {})[route.method.lower()] = operation(route, models)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "wbsync",
            "version": VERSION,
            "summary": "Construction labour tracking and earned value.",
            "description": INTRODUCTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": tag, "description": TAGS.get(tag, tag)} for tag in dict.fromkeys(each.tag for each in published)
        ],
        "paths": paths,
        "components": {
            "schemas": models,
            "responses": responses(),
            "headers": {name: each for name, (each, _) in HEADERS.items()},
            "securitySchemes": _security(),
        },
        "security": [{"token": []}, {"session": []}],
    }


def _security() -> dict[str, Any]:
    return {
        "token": {"type": "http", "scheme": "bearer", "description": "A token from Settings → API & integrations."},
        "device": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Inbound-Secret",
            "description": "The company's ingest secret; for clock devices alone.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": session_cookie_name(),
            "description": "A person signed in through the browser; writes need the X-CSRF-Token header too.",
        },
    }


def _tags(published: list[Route]) -> list[str]:
    return sorted({route.tag for route in published})


def _published(route: Route) -> bool:
    """Routes for programs, and the two that document them; the other pages are for people."""
    return route.path.startswith("/api/")
