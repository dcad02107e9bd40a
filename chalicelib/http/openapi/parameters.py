"""The parameters of an operation: of its path, its query and its headers."""

import re
from typing import Any, get_type_hints

import msgspec
from msgspec.structs import fields

from chalicelib.http.openapi.components import plain
from chalicelib.http.openapi.glossary import EXAMPLES, PARAMETERS, of_path
from chalicelib.http.openapi.headers import tagged_read
from chalicelib.http.route import CHANGES, Route

BY_HAND = frozenset({"page", "cursor"})  # what links carry: an example would be wrong
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "A new one for each request: the same key and body within 7 days gives the first answer again.",
}
TAG = {"type": "string", "minLength": 1, "pattern": r"[^\s,]"}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": TAG,
    "description": "Refuse with 412 when the resource has another ETag.",
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "Answer 304 without a body while the resource has this ETag.",
}


def parameters(route: Route) -> list[dict[str, object]]:
    """Every parameter of a route."""
    headers = ([KEY] if route.writes else []) + ([IF_MATCH] if route.method in CHANGES else [])
    headers += [IF_NONE_MATCH] if tagged_read(route) else []
    return [*_of_path(route), *_of_query(route), *headers]


def _of_path(route: Route) -> list[dict[str, object]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": of_path(route.path, name),
            "schema": {"type": "string", "minLength": 1},
            "example": EXAMPLES["date" if name == "date" else "string"],
        }
        for name in re.findall(r"{(\w+)}", route.path)
    ]


def _of_query(route: Route) -> list[dict[str, object]]:
    hints = get_type_hints(route.query, include_extras=True)
    return [_parameter(item, plain(msgspec.json.schema(hints[item.name]))) for item in fields(route.query)]


def _parameter(item: Any, schema: dict[str, Any]) -> dict[str, object]:
    schema = _without_null(schema)
    described = schema.pop("description", None) or PARAMETERS.get(item.encode_name)
    if item.encode_name in PARAMETERS:
        described = PARAMETERS[item.encode_name]
    found = {"name": item.encode_name, "in": "query", "required": item.required, "description": described}
    example = _example(schema)
    schema.pop("examples", None)
    if item.encode_name in BY_HAND:
        return {**found, "schema": schema}
    if item.required:
        return {**found, "example": example, "schema": schema}
    return {**found, "schema": schema | {"examples": [example]}}  # on the parameter itself a page would fill it in


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that may be left out is never null."""
    choices = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name not in {"anyOf", "default"}}
    if len(choices) == 1:
        rest |= choices[0]
    if "enum" in rest:
        rest["enum"] = [each for each in rest["enum"] if each is not None]
    return rest if choices or "anyOf" not in schema else schema


def _example(schema: dict[str, Any]) -> object:
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    return EXAMPLES.get(schema.get("format", schema.get("type", "string")), EXAMPLES["string"])
