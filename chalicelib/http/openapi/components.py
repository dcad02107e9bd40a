"""The models of bodies and answers as shared schemas."""

from collections.abc import Iterable
from typing import Any, get_args, get_origin

import msgspec

from chalicelib.http.answers import JSON
from chalicelib.http.openapi.field_words import spoken
from chalicelib.http.openapi.problems import Problem
from chalicelib.http.pagination import Changes, Deleted, Listed
from chalicelib.http.route import Route

SCHEMAS = "#/components/schemas/{name}"


def reference(model: object) -> dict[str, str]:
    """The reference to a model's schema."""
    return {"$ref": SCHEMAS.format(name=name_of(model))}


def name_of(model: Any) -> str:
    """The name of a model's schema; a list's comes from its rows."""
    if not is_list(model) or not get_args(model):
        return str(model.__name__)
    [row] = get_args(model)
    return f"{row.__name__.removesuffix('Answer')}List"


def is_list(model: object, kind: Any = Listed) -> bool:
    """Whether a model is the answer of a list (of that kind)."""
    origin = get_origin(model) or model
    return isinstance(origin, type) and issubclass(origin, kind)


def schemas(routes: Iterable[Route]) -> dict[str, Any]:
    """The schemas of every model that routes name, and of what these hold."""
    models = _models(routes)
    references, found = msgspec.json.schema_components(models, ref_template=SCHEMAS)
    names = {each["$ref"].rpartition("/")[2]: name_of(model) for each, model in zip(references, models, strict=True)}
    assert len(set(names.values())) == len(names), "two models of one name"
    for own, model in zip(names, models, strict=True):
        found[own] |= {"title": names[own], **_rules(getattr(model, "schema_rules", {}))}
        if is_list(model, Changes):
            items = found[own]["properties"]["results"]
            items["items"] = {"anyOf": [items["items"], reference(Deleted)]}
    return {names.get(name, name): spoken(_renamed(plain(schema), names)) for name, schema in sorted(found.items())}


def _rules(rules: dict[str, Any]) -> dict[str, Any]:
    """What holds between fields; "one of these is there" as a condition, as generators take ``anyOf`` for a union."""
    if "anyOf" not in rules:
        return rules
    first, *others = rules["anyOf"]
    rest = {name: value for name, value in rules.items() if name != "anyOf"}
    return rest | {"if": {"not": others[0] if len(others) == 1 else {"anyOf": others}}, "then": first}


def _models(routes: Iterable[Route]) -> list[object]:
    found: list[object] = [Problem, Deleted]
    for route in routes:
        found += [model for model in _named(route) if model is not None]
        found += getattr(route.body, "schema_parts", ())
    return list(dict.fromkeys(found))


def _named(route: Route) -> tuple[object, ...]:
    answer = route.answer if JSON in route.produces else None  # of a file there is no schema
    return route.body, answer, route.batch_answer, route.job_answer


def _renamed(schema: object, names: dict[str, str]) -> Any:
    """The schema with references to the names that we publish."""
    if isinstance(schema, list):
        return [_renamed(each, names) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        own = schema["$ref"].rpartition("/")[2]
        return {**schema, "$ref": SCHEMAS.format(name=names.get(own, own))}
    return {name: _renamed(each, names) for name, each in schema.items()}


def plain(schema: object) -> Any:
    """Decimals are JSON numbers here, never text; and words are Markdown."""
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: plain(value) for name, value in schema.items() if not (name == "format" and value is None)}
    if kept.get("format") == "decimal":
        kept = {name: value for name, value in kept.items() if name != "format"} | {"type": "number"}
    if isinstance(kept.get("description"), str):
        kept["description"] = " ".join(kept["description"].replace("``", "`").split())
    return kept
