"""The OpenAPI 3.1 document, made from the very declarations that validate."""

import re
from functools import lru_cache
from typing import Any, get_type_hints

import msgspec

from chalicelib.errors import WbsyncError
from chalicelib.http.fields import Answer
from chalicelib.http.pagination import Listed
from chalicelib.http.routes import ROUTES, Route, Scope
from chalicelib.version import VERSION

SCHEMAS = "#/components/schemas/{name}"
WHERE = {
    Scope.COMPANY: "by base role",
    Scope.PROJECT: "on the project",
    Scope.ANYWHERE: "on some project, and shows or changes rows of such projects only",
}


class Problem(Answer, kw_only=True):
    """An RFC 9457 problem answer."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: dict[str, list[str]] | msgspec.UnsetType = msgspec.UNSET


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The whole document."""
    models = _models()
    _, components = msgspec.json.schema_components(models, ref_template=SCHEMAS)
    paths: dict[str, Any] = {}
    for route in ROUTES:
        if route.path.startswith("/api/v1"):
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
            "responses": {
                "Problem": {
                    "description": "A problem (RFC 9457).",
                    "content": {"application/problem+json": {"schema": {"$ref": SCHEMAS.format(name="Problem")}}},
                }
            },
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "device": {"type": "apiKey", "in": "header", "name": "X-Inbound-Secret"},
                "session": {"type": "apiKey", "in": "cookie", "name": "wbsync_session"},
            },
        },
        "security": [{"token": []}, {"session": []}],
    }


def _models() -> list[Any]:
    found: list[Any] = [Problem, Listed]
    for route in ROUTES:
        found += [model for model in (route.body, route.answer) if model is not None]
        if route.answer is Listed:
            found.append(_row_of(route))
    return list(dict.fromkeys(found))


def _row_of(route: Route) -> Any:
    """The model of a list's rows: the answer of the route that reads or makes one of them.

    A list over several projects has the rows of the list of the same name below one project.
    """
    wanted, name = (route.path, route.path + "/{id}"), route.path.rpartition("/")[2]
    single = [other for other in ROUTES if isinstance(other.answer, type) and other.answer is not Listed]
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
        "responses": {str(route.status): _success(route), "default": {"$ref": "#/components/responses/Problem"}},
    }
    if route.permission is not None:
        operation["description"] = f"Needs the permission `{route.permission.value}` {WHERE[route.scope]}."
    if route.body is not None:
        content = {kind: {"schema": {"$ref": SCHEMAS.format(name=route.body.__name__)}} for kind in route.content_types}
        operation["requestBody"] = {"required": True, "content": content}
    if route.open:
        operation["security"] = []
    if route.device:
        operation["security"] = [{"device": []}]
        operation["responses"]["200"] = _success(route)
    return operation


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
        for item in msgspec.structs.fields(route.query)
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
                "schema": {"type": "string"},
                "description": "Refuse with 412 when the resource has another ETag.",
            }
        )
    return found


def _success(route: Route) -> dict[str, Any]:
    if route.answer is None:
        return {"description": "Done."}
    schema: dict[str, Any] = {"$ref": SCHEMAS.format(name=route.answer.__name__)}
    if route.answer is Listed:
        rows = {"type": "array", "items": {"$ref": SCHEMAS.format(name=_row_of(route).__name__)}}
        schema = {"allOf": [schema, {"type": "object", "properties": {"results": rows}}]}
    return {"description": "Done.", "content": {"application/json": {"schema": schema}}}


def codes() -> dict[str, int]:
    """Every problem code with its status."""
    found: dict[str, int] = {}
    kinds: list[type[WbsyncError]] = [WbsyncError]
    while kinds:
        kind = kinds.pop()
        found[kind.code] = kind.status
        kinds += kind.__subclasses__()
    return found
