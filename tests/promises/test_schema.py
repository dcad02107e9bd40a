"""The published schema and the service say the same."""

from jsonschema import Draft202012Validator

from chalicelib.http.openapi import document
from tests.promises.conftest import Stage


def test_a_body_may_be_left_out_exactly_where_an_empty_one_is_valid(stage: Stage) -> None:
    components, bodies = document()["components"], 0
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            if "requestBody" in operation:
                [content] = operation["requestBody"]["content"].values()
                empty = Draft202012Validator({**content["schema"], "components": components}).is_valid({})
                assert operation["requestBody"]["required"] is not empty, (method, path)
                bodies += 1
    assert bodies > 10
