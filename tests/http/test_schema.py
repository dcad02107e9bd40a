"""The published schema and the service say the same."""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from chalicelib.http.openapi import document
from tests.stage import Stage


def test_a_body_may_be_left_out_exactly_where_an_empty_one_is_valid(stage: Stage) -> None:
    components, bodies = document()["components"], 0
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            if content := taken_json(operation):
                empty = Draft202012Validator({**content["schema"], "components": components}).is_valid({})
                assert operation["requestBody"]["required"] is not empty, (method, path)
                bodies += 1
    assert bodies > 10


def test_every_text_that_is_taken_says_which_characters_are_refused(stage: Stage) -> None:
    found = list(taken_texts())
    assert len(found) > 60
    for place, schema in found:
        for refused in ("North\x00quay", "North\x9fquay", "North\u202equay", "\x1b"):
            assert not Draft202012Validator(schema).is_valid(refused), place


def taken_json(operation: dict[str, Any]) -> dict[str, Any] | None:
    """What an operation takes as its body; None where that is nothing or a file."""
    content: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
    return content.get("application/json")


def taken_texts() -> Iterator[tuple[str, dict[str, Any]]]:
    """The schema of each text of a query or body, with its place."""
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            for parameter in operation["parameters"]:
                if parameter["in"] == "query":
                    yield from _texts(f"{method} {path} {parameter['name']}", parameter["schema"])
            if content := taken_json(operation):
                yield from _texts(f"{method} {path}", content["schema"])


def _texts(place: str, schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Those in a schema; dates and zones are text of a form of their own."""
    if "$ref" in schema:
        yield from _texts(place, document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if schema.get("type") == "string" and "format" not in schema:
        yield place, schema
    for name, each in schema.get("properties", {}).items():
        yield from _texts(f"{place} {name}", each)
    for each in [*schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])]:
        yield from _texts(place, each)
