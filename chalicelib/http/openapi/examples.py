"""Examples of bodies, put together from the examples of their fields."""

from collections.abc import Mapping
from typing import Any

from chalicelib.http.openapi.glossary import EXAMPLES

Schemas = Mapping[str, Any]
# What most people send along beside what a body needs.
SHOWN = ("timezone", "clock_in", "clock_out", "break_minutes", "project_code")
CHANGED = ("hours", "name")  # what most changes are of


def body_example(schema: Mapping[str, Any], schemas: Schemas) -> dict[str, Any]:
    """What its fields need, and of one that needs nothing its first field."""
    properties = schema.get("properties", {})
    wanted = [*schema.get("required", ()), *schema.get("then", {}).get("required", ())]
    wanted += [name for name in SHOWN if name in properties and wanted and name not in wanted]
    wanted = wanted or [name for name in (*CHANGED, *properties) if name in properties][:1]
    return {name: _value(properties[name], schemas) for name in wanted}


def _value(schema: Mapping[str, Any], schemas: Schemas) -> object:
    if "$ref" in schema:
        return _value(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in schema.get("anyOf", ()):
        return _value(choice, schemas)
    if schema.get("type") == "array":
        return [_value(schema.get("items", {}), schemas)]
    if schema.get("type") == "object":
        return body_example(schema, schemas)
    return EXAMPLES.get(schema.get("format", schema.get("type", "string")), EXAMPLES["string"])
