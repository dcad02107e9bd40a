"""The schema is a page to read: words, examples and shared parts, whoever declares the route."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.handlers import labour
from chalicelib.http.openapi import document, problems
from chalicelib.http.openapi.components import is_list, name_of
from chalicelib.http.routes import ROUTES
from tests.stage import Stage

WITHOUT_EXAMPLE = {"page", "cursor", "Idempotency-Key", "If-Match", "If-None-Match"}


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


@pytest.fixture(scope="module", autouse=True)
def _routes(stage: Stage) -> None:
    """The routes are registered."""


def test_every_parameter_is_described_and_has_an_example_but_what_only_links_and_clients_make() -> None:
    for name, operation in operations():
        for parameter in operation["parameters"]:
            assert parameter["description"].endswith((".", ")")), (name, parameter["name"])
            given = "example" in parameter or "examples" in parameter["schema"]
            assert given is (parameter["name"] not in WITHOUT_EXAMPLE), (name, parameter["name"])


def test_an_example_is_one_that_its_schema_takes() -> None:
    from jsonschema import Draft202012Validator

    for name, operation in operations():
        for parameter in operation["parameters"]:
            given = [parameter["example"]] if "example" in parameter else parameter["schema"].get("examples", [])
            assert all(map(Draft202012Validator(parameter["schema"]).is_valid, given)), (name, parameter)


def test_a_page_fills_in_no_filter_that_may_be_left_out() -> None:
    """Swagger UI takes a parameter's own example for its value: a list would come back empty."""
    for name, operation in operations():
        for parameter in operation["parameters"]:
            assert parameter["required"] or "example" not in parameter, (name, parameter["name"])


def test_every_body_has_an_example_that_it_takes() -> None:
    from jsonschema import Draft202012Validator

    for name, operation in operations():
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if kind != "application/json":
                continue  # a file
            schema = {**content["schema"], "components": document()["components"]}
            assert Draft202012Validator(schema).is_valid(content["example"]), (name, content["example"])


def test_every_field_says_what_it_means_and_plain_ones_have_a_real_example() -> None:
    from jsonschema import Draft202012Validator

    silent = set()
    for name, schema in document()["components"]["schemas"].items():
        for field, declared in schema.get("properties", {}).items():
            text = json.dumps(declared)
            if '"description"' not in text and "$ref" not in text:
                silent.add((name, field))
            for example in declared.get("examples", []):
                whole = {**declared, "components": document()["components"]}
                assert Draft202012Validator(whole).is_valid(example), (name, field, example)
                assert example != "string"
    assert not silent


def test_the_rows_of_every_list_have_a_type() -> None:
    schemas = document()["components"]["schemas"]
    for route in ROUTES:
        if is_list(route.answer):
            items = schemas[name_of(route.answer)]["properties"]["results"]["items"]
            assert "$ref" in (items.get("anyOf") or [items])[0], route.path


def test_problems_and_lists_are_shared_parts_and_no_operation_has_its_own() -> None:
    for name, operation in operations():
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert response == {"$ref": f"#/components/responses/Problem{status}"}, name
            for kind, content in response.get("content", {}).items():
                assert kind != "application/json" or content["schema"].keys() <= {"$ref", "anyOf"}, name


def test_times_are_date_times_and_dates_are_dates_in_answers() -> None:
    for name, schema in document()["components"]["schemas"].items():
        for field, declared in schema.get("properties", {}).items():
            formats = {each.get("format") for each in [declared, *declared.get("anyOf", [])]}
            if field.endswith("_at") or field == "synced_until":
                assert "date-time" in formats, (name, field)
            if field == "date" or field.endswith(("_date", "_on")) or field in {"as_of", "valid_from"}:
                assert "date" in formats, (name, field)


def test_states_and_kinds_are_enumerated_in_answers_too() -> None:
    for name, schema in document()["components"]["schemas"].items():
        for field in {"status", "source", "earning_rule", "role", "measure"} & schema.get("properties", {}).keys():
            if name not in {"Problem", "Health"}:
                assert "enum" in json.dumps(schema["properties"][field]) or "$ref" in json.dumps(
                    schema["properties"][field]
                ), (name, field)
    assert problems.Status == labour.Status


def test_amounts_claim_the_decimals_of_the_contract() -> None:
    text = json.dumps(document())
    assert "6 decimals" not in text and "1.0417" not in text
    assert '"format": "decimal"' not in text


def test_the_page_has_an_introduction_and_every_tag_is_described() -> None:
    intro = document()["info"]["description"]
    for word in ("Authentication", "Lists", "Keys", "Limits", "Incremental reads"):
        assert f"**{word}" in intro
    tags = {tag["name"]: tag["description"] for tag in document()["tags"]}
    assert {tag for _, operation in operations() for tag in operation["tags"]} == tags.keys()
    assert all(described.endswith(".") for described in tags.values()), tags


def test_no_markup_of_a_docstring_reaches_the_page() -> None:
    assert "``" not in json.dumps(document()) and ":class:" not in json.dumps(document())


def test_the_server_is_the_service(stage: Stage) -> None:
    [server] = stage.owner.send("GET", "/api/schema/").body["servers"]
    assert server["url"].startswith(("http://", "https://")) and not server["url"].endswith("/")
