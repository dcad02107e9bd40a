"""The published schema declares what answers carry: the routes are walked, and their real answers compared."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator.schemas import schema_v31

from chalicelib.http.openapi import document
from chalicelib.http.routes import ROUTES
from tests.faults import harness
from tests.faults.scenarios import SCENARIOS, Site, route_of
from tests.stage import Client, Reply, Stage

OF_HTTP = {"content-type", "x-amzn-requestid"}


@pytest.fixture(scope="module")
def site(stage: Stage) -> Site:
    return Site(stage)


def test_it_is_openapi_by_the_schema_of_openapi_3_1(site: Site) -> None:
    assert document()["openapi"] == "3.1.0"
    Draft202012Validator(schema_v31).validate(document())


def test_a_default_is_a_value_that_its_field_takes(site: Site) -> None:
    found = list(schemas_of(document()["components"]["schemas"]))
    assert found
    for name, schema in found:
        rest = {key: value for key, value in schema.items() if key != "default"}
        whole = rest | {"components": document()["components"]}
        assert Draft202012Validator(whole).is_valid(schema["default"]), (name, schema)


def schemas_of(said: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema with a default, and where it stands."""
    if isinstance(said, dict):
        if "default" in said and "properties" not in said:
            yield name, said
        for key, each in said.items():
            yield from schemas_of(each, f"{name}/{key}")
    elif isinstance(said, list):
        for each in said:
            yield from schemas_of(each, name)


def declared(method: str, template: str, status: int) -> dict[str, Any]:
    """What the schema says of an answer, references resolved."""
    said = document()["paths"][f"{template}/"][method.lower()]["responses"][str(status)]
    return document()["components"]["responses"][said["$ref"].rpartition("/")[2]] if "$ref" in said else said


def agrees(reply: Reply, said: dict[str, Any]) -> None:
    """Every header of an answer is declared, and so are its media type and body."""
    assert reply.headers.keys() - OF_HTTP <= {name.lower() for name in said["headers"]}
    if reply.text:
        kind = reply.headers["content-type"].partition(";")[0]
        schema = {**said["content"][kind]["schema"], "components": document()["components"]}
        body = json.loads(reply.text) if "json" in kind else reply.text
        Draft202012Validator(schema).validate(body)


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_a_write_answers_is_declared(site: Site, name: str) -> None:
    method, template = route_of(name).split()
    clean = harness.saved()
    try:
        sent = SCENARIOS[name](site)
        for key in ("first", "first"):
            reply = sent.client.send(method, f"/api/v1{sent.path}", sent.body, Idempotency_Key=key)
            agrees(reply, declared(method, template, reply.status))
        nobody = Client(site.stage.gateway).send(method, f"/api/v1{sent.path}", sent.body)
        agrees(nobody, declared(method, template, 401))
    finally:
        harness.put_back(clean)


@pytest.mark.parametrize("template", [route.path for route in ROUTES if not route.writes and "/api/" in route.path])
def test_what_a_read_answers_is_declared(site: Site, template: str) -> None:
    entry = site.entry()
    ids = {"operatives": site.hand, "labour": entry.split("/")[2], "wbs": site.activity}
    me = site.foreman.ok("GET", "/me/")["user"]["id"]
    group = template.removeprefix("/api/v1/").split("/")[0]
    path = template.replace("{id}", ids.get(group, me if group == "users" else site.project)).replace("{user}", me)
    reply = site.owner.send("GET", f"{path}/")
    agrees(reply, declared("GET", template, reply.status))


def test_a_refused_method_says_what_is_allowed_and_the_schema_says_so(stage: Stage) -> None:
    agrees(stage.owner.send("PUT", "/api/v1/projects/"), document()["components"]["responses"]["Problem405"])


def test_the_clash_that_holds_an_entry_back_is_declared(site: Site) -> None:
    """Without its schema the problem would pass as one with an unknown member: the properties are looked at."""
    paths = [site.entry(hours=9), site.entry(hours=9)]
    refused = site.manager.send("POST", f"/api/v1{paths[0]}approve/", {})
    assert (refused.status, refused.body["code"]) == (409, "clash_unresolved")
    properties = document()["components"]["schemas"]["Problem"]["properties"]
    assert refused.body.keys() <= properties.keys()
    schema = {**properties["clash"], "components": document()["components"]}
    Draft202012Validator(schema).validate(json.loads(refused.text)["clash"])
    others = {each["id"]: each["submitted_by"] for each in refused.body["clash"]["entries"]}
    assert others[paths[1].split("/")[2]] is not None
    assert not Draft202012Validator(schema).is_valid({"id": 1})


def test_a_batch_says_what_it_holds_and_what_it_answers_and_refuses_no_event_by_schema(site: Site) -> None:
    components = document()["components"]["schemas"]
    items = components["IngestBody"]["properties"]["events"]["items"]
    assert {"$ref": "#/components/schemas/PunchBody"} in items["anyOf"]
    for event in (site.punched(), None, {"clock_id": []}):
        assert Draft202012Validator({**items, "components": document()["components"]}).is_valid(event)
    reply = site.device.send("POST", "/api/v1/clock-events/ingest/", {"events": [site.punched(), {"clock_id": "7"}]})
    result = components["BatchAnswer"]["properties"]["results"]["items"]
    for each in json.loads(reply.text)["results"]:
        Draft202012Validator({**result, "components": document()["components"]}).validate(each)
    assert not Draft202012Validator({**result, "components": document()["components"]}).is_valid({"status_code": 201})
