"""The OpenAPI 3.1 document, made from the very declarations that validate."""

import re
from functools import lru_cache
from typing import Any, get_type_hints

import msgspec
from msgspec.structs import fields

from chalicelib.errors import WbsyncError
from chalicelib.http.answers import JSON
from chalicelib.http.call import session_cookie_name
from chalicelib.http.fields import Answer
from chalicelib.http.multipart import MULTIPART
from chalicelib.http.pagination import Changes, Deleted, Listed
from chalicelib.http.route import Guard, Route, Scope
from chalicelib.http.routes import ROUTES
from chalicelib.version import VERSION

SCHEMAS = "#/components/schemas/{name}"
WHERE = {
    Scope.COMPANY: "by base role",
    Scope.PROJECT: "on the project",
    Scope.ANYWHERE: "on some project, and shows or changes rows of such projects only",
}


class ClashReference(Answer, kw_only=True):
    """Which clash holds an entry back."""

    id: str
    link: str


class Problem(Answer, kw_only=True):
    """An RFC 9457 problem answer; ``errors`` where fields are at fault, ``clash`` with ``clash_unresolved``."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: dict[str, list[str]] | msgspec.UnsetType = msgspec.UNSET
    clash: ClashReference | msgspec.UnsetType = msgspec.UNSET


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The whole document."""
    models = _models()
    _, components = msgspec.json.schema_components(models, ref_template=SCHEMAS)
    for model in models:
        components[model.__name__] |= getattr(model, "schema_rules", {})
    paths: dict[str, Any] = {}
    for route in ROUTES:
        if _published(route):
            paths.setdefault(f"{route.path}/", {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "wbsync",
            "version": VERSION,
            "description": "Construction labour tracking and earned value.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {name: _numbers(schema) for name, schema in sorted(components.items())},
            "responses": {f"Problem{status}": _problem(status, names) for status, names in _codes_by_status().items()},
            "headers": {name: each for name, (each, _) in HEADERS.items()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "device": {"type": "apiKey", "in": "header", "name": "X-Inbound-Secret"},
                "session": {"type": "apiKey", "in": "cookie", "name": session_cookie_name()},
            },
        },
        "security": [{"token": []}, {"session": []}],
    }


def _published(route: Route) -> bool:
    """Routes for programs, and the two that document them; the other pages are for people."""
    return route.path.startswith("/api/")


def _models() -> list[Any]:
    found: list[Any] = [Problem, Deleted]
    for route in filter(_published, ROUTES):
        found += [model for model in (route.body, route.answer, route.batch_answer, route.job) if model is not None]
        found += getattr(route.body, "schema_parts", ())
        if _lists(route):
            found.append(_row_of(route))
    return list(dict.fromkeys(found))


def _lists(route: Route, kind: type[Listed] = Listed) -> bool:
    return isinstance(route.answer, type) and issubclass(route.answer, kind)


def _row_of(route: Route) -> Any:
    """The model of a list's rows: what the list says, or the answer of the route that reads or makes one of them.

    A list over several projects has the rows of the list of the same name below one project.
    """
    if route.row is not None:
        return route.row
    wanted, name = (route.path, route.path + "/{id}"), route.path.rpartition("/")[2]
    single = [other for other in ROUTES if isinstance(other.answer, type) and not _lists(other)]
    same = [other.answer for other in single if other.path in wanted]
    return next(iter(same or [other.answer for other in single if other.path.endswith(f"/{name}")]), Listed)


def _numbers(schema: Any) -> Any:
    """Decimals are JSON numbers here, never text."""
    if isinstance(schema, list):
        return [_numbers(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: _numbers(value) for name, value in schema.items() if not (name == "format" and value is None)}
    if kept.get("format") == "decimal":
        kept = {name: value for name, value in kept.items() if name != "format"} | {"type": "number"}
    return kept


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)],
        "responses": {str(route.status): _success(route) | {"headers": _headers(route)}}
        | {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in _refusals(route)},
    }
    if route.permission is not None:
        operation["description"] = f"Needs the permission `{route.permission.value}` {WHERE[route.scope]}."
    if route.body is not None:
        content = {kind: {"schema": {"$ref": SCHEMAS.format(name=route.body.__name__)}} for kind in route.content_types}
        operation["requestBody"] = {"required": _needs_fields(route.body), "content": content}
    if route.job is not None:
        content = {JSON: {"schema": _reference(route.job)}}
        headers = _shared(True) | _one("Location")
        operation["responses"]["202"] = {"description": "A job does it.", "headers": headers, "content": content}
    if route.writes and JSON not in route.content_types:
        operation["requestBody"] = {"required": True, "content": {kind: _file(kind) for kind in route.content_types}}
    if route.guard is Guard.ANYBODY:
        operation["security"] = []
    if route.guard is Guard.DEVICE:
        operation["security"] = [{"device": []}]
    if route.page:
        to_sign_in = {"description": "To the sign-in page, and back.", "headers": _shared(False) | _one("Location")}
        operation["responses"]["303"] = to_sign_in
    if route.batch_answer is not None:
        again: dict[str, Any] = {"anyOf": [_reference(route.answer), _reference(route.batch_answer)]}
        content = {"application/json": {"schema": again}}
        operation["responses"]["200"] = {"description": "Done.", "headers": _headers(route), "content": content}
    return operation


def _file(kind: str) -> dict[str, Any]:
    """A file as the body, or in a form."""
    binary = {"type": "string", "format": "binary"}
    if kind != MULTIPART:
        return {"schema": binary}
    return {"schema": {"type": "object", "properties": {"file": binary}, "required": ["file"]}}


def _needs_fields(body: type[msgspec.Struct]) -> bool:
    """Whether an empty object is refused; no body at all is read as one."""
    choices = getattr(body, "schema_rules", {}).get("anyOf", [{}])
    return all(choice.get("required") for choice in choices) or any(item.required for item in fields(body))


def _reference(model: Any) -> dict[str, str]:
    return {"$ref": SCHEMAS.format(name=model.__name__)}


def _refusals(route: Route) -> list[int]:
    """The statuses of problems that a route can answer with."""
    found = {400, 406, 429, 500, 503}
    if route.guard is not Guard.ANYBODY:
        found |= {401, 403}
    if "{" in route.path or _lists(route):
        found.add(404)
    if route.writes:
        found |= {409, 413, 415, 422}
    if route.method in {"PATCH", "DELETE"}:
        found.add(412)
    return sorted(found)


def _problem(status: int, names: list[str]) -> dict[str, Any]:
    example = {
        "type": f"urn:wbsync:problem:{names[0]}",
        "title": KINDS[names[0]].title,
        "status": status,
        "detail": KINDS[names[0]].title,
        "code": names[0],
        "request_id": "6f1c1f0e-3f0b-4f3c-9a4e-0c6a1f1d2b3c",
    }
    schema = {"allOf": [{"$ref": SCHEMAS.format(name="Problem")}, {"properties": {"code": {"enum": names}}}]}
    content = {"application/problem+json": {"schema": schema, "example": example}}
    headers = _shared(False) | {name: _header(name) for name, (_, kind) in HEADERS.items() if kind == str(status)}
    return {"description": f"A problem (RFC 9457): {', '.join(names)}.", "headers": headers, "content": content}


HEADERS: dict[str, tuple[dict[str, Any], str]] = {
    "X-Request-Id": ({"schema": {"type": "string"}, "description": "Names the request in the logs."}, "all"),
    "X-RateLimit-Limit": ({"schema": {"type": "integer"}, "description": "Requests a minute."}, "all"),
    "X-RateLimit-Remaining": ({"schema": {"type": "integer"}, "description": "How many of them are left."}, "all"),
    "X-RateLimit-Reset": ({"schema": {"type": "integer"}, "description": "Seconds until they are new."}, "all"),
    "Retry-After": ({"schema": {"type": "integer"}, "description": "Seconds to wait."}, "all"),
    "Cache-Control": ({"schema": {"type": "string"}, "description": "Private answers are kept nowhere."}, "all"),
    "Strict-Transport-Security": ({"schema": {"type": "string"}, "description": "HTTPS only, from now on."}, "all"),
    "X-Content-Type-Options": ({"schema": {"const": "nosniff"}, "description": "The type is what it says."}, "all"),
    "WWW-Authenticate": ({"schema": {"const": "Bearer"}, "description": "A bearer token is wanted."}, "401"),
    "Allow": ({"schema": {"type": "string"}, "description": "The methods of this path."}, "405"),
    "Content-Security-Policy": ({"schema": {"type": "string"}, "description": "What the page may load."}, "page"),
    "Referrer-Policy": ({"schema": {"type": "string"}, "description": "Who is told where a visitor was."}, "page"),
    "ETag": ({"schema": {"type": "string"}, "description": "The version, for If-Match."}, "one"),
    "Location": ({"schema": {"type": "string"}, "description": "Where the new resource is."}, "new"),
    "Content-Disposition": ({"schema": {"type": "string"}, "description": "The name of the file."}, "file"),
    "Idempotency-Replayed": (
        {"schema": {"const": "true"}, "description": "This is the first answer again."},
        "write",
    ),
}


def _headers(route: Route) -> dict[str, Any]:
    """The headers of a route's good answer."""
    found = _shared(route.writes)
    versioned = any(other.path == route.path and other.method == "PATCH" for other in ROUTES)
    if versioned or "{" in route.path or route.status == 201:
        found |= _one("ETag")
    if route.status == 201:
        found |= _one("Location")
    if route.files:
        found |= _one("Content-Disposition")
    if route.page:
        found |= _one("Content-Security-Policy") | _one("Referrer-Policy")
    return found


def _one(name: str) -> dict[str, Any]:
    return {name: _header(name)}


def _shared(write: bool) -> dict[str, Any]:
    kinds = {"all", "write"} if write else {"all"}
    return {name: _header(name) for name, (_, kind) in HEADERS.items() if kind in kinds}


def _header(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/headers/{name}"}


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    hints = get_type_hints(route.query, include_extras=True)
    return [
        {
            "name": item.encode_name,
            "in": "query",
            "required": item.required,
            "schema": _numbers(msgspec.json.schema(hints[item.name])),
        }
        for item in fields(route.query)
    ]


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    if not route.writes:
        return []
    text = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
    found = [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": text,
            "description": "The same key and body within 24 hours gives the first answer again.",
        }
    ]
    if route.method in {"PATCH", "DELETE"}:
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "minLength": 1, "pattern": r"[^\s,]"},
                "description": "Refuse with 412 when the resource has another ETag.",
            }
        )
    return found


def _success(route: Route) -> dict[str, Any]:
    if route.answer is None:
        return {"description": "Done."}
    if route.produces != (JSON,):
        return {"description": "Done.", "content": {kind: {"schema": {"type": "string"}} for kind in route.produces}}
    schema: dict[str, Any] = {"$ref": SCHEMAS.format(name=route.answer.__name__)}
    if _lists(route):
        row: dict[str, Any] = {"$ref": SCHEMAS.format(name=_row_of(route).__name__)}
        if _lists(route, Changes):
            row = {"anyOf": [row, {"$ref": SCHEMAS.format(name=Deleted.__name__)}]}
        schema = {"allOf": [schema, {"type": "object", "properties": {"results": {"type": "array", "items": row}}}]}
    return {"description": "Done.", "content": {"application/json": {"schema": schema}}}


def kinds() -> dict[str, type[WbsyncError]]:
    """Every kind of error by its code."""
    found: dict[str, type[WbsyncError]] = {}
    waiting: list[type[WbsyncError]] = [WbsyncError]
    while waiting:
        kind = waiting.pop()
        found[kind.code] = kind
        waiting += kind.__subclasses__()
    return found


KINDS = kinds()


def codes() -> dict[str, int]:
    """Every problem code with its status."""
    return {code: kind.status for code, kind in KINDS.items()}


def _codes_by_status() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for code, status in sorted(codes().items()):
        found.setdefault(status, []).append(code)
    return found
