"""One route as an operation of the document."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import fields

from chalicelib.http.answers import JSON
from chalicelib.http.multipart import MULTIPART
from chalicelib.http.openapi.components import name_of, reference
from chalicelib.http.openapi.examples import body_example
from chalicelib.http.openapi.headers import headers_of, one, shared, tagged_read
from chalicelib.http.openapi.parameters import parameters
from chalicelib.http.route import CHANGES, Guard, Route, Scope

WHERE = {
    Scope.COMPANY: "by base role",
    Scope.PROJECT: "on the project",
    Scope.ANYWHERE: "on some project, and shows or changes rows of such projects only",
}
GUARDED = {
    Guard.ANYBODY: "Needs no token.",
    Guard.DEVICE: "Needs the company's ingest secret in place of a token.",
    Guard.PERSON: "For every token and everybody who is signed in; shows what they may see.",
    Guard.VISITOR: "For every token and everybody who is signed in; others are led to the sign-in page.",
    Guard.SIGNED_IN: "For everybody who is signed in; others are led to the sign-in page.",
}
SECURITY = {Guard.ANYBODY: [], Guard.DEVICE: [{"device": list[str]()}]}


def operation(route: Route, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """What the document says of a route."""
    found: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": route.summary.replace("``", "`"),
        "description": _who(route),
        "tags": [route.tag],
        "parameters": parameters(route),
        "responses": _responses(route),
    }
    if route.body is not None:
        example = body_example(schemas[name_of(route.body)], schemas)
        content = {kind: {"schema": reference(route.body), "example": example} for kind in route.content_types}
        found["requestBody"] = {"required": needs_fields(route.body), "content": content}
    if route.writes and JSON not in route.content_types:
        found["requestBody"] = {"required": True, "content": {kind: _file(kind) for kind in route.content_types}}
    if route.guard in SECURITY:
        found["security"] = SECURITY[route.guard]
    return found


def _who(route: Route) -> str:
    """Who may ask."""
    if route.permission is not None:
        return f"Needs the permission `{route.permission.value}` {WHERE[route.scope]}."
    return GUARDED[route.guard]


def _file(kind: str) -> dict[str, object]:
    """A file as the body, or in a form."""
    binary = {"type": "string", "format": "binary"}
    if kind != MULTIPART:
        return {"schema": binary}
    return {"schema": {"type": "object", "properties": {"file": binary}, "required": ["file"]}}


def _responses(route: Route) -> dict[str, Any]:
    found = {str(route.status): _success(route) | {"headers": headers_of(route)}}
    if route.batch_answer is not None:
        again = {"anyOf": [reference(route.answer), reference(route.batch_answer)]}
        found["200"] = {"description": "Done.", "headers": headers_of(route), "content": {JSON: {"schema": again}}}
    if route.job_answer is not None:
        content = {JSON: {"schema": reference(route.job_answer)}}
        told = shared(route.writes) | one("Location")
        found["202"] = {"description": "It takes long: a job to ask for.", "headers": told, "content": content}
    if tagged_read(route):
        found["304"] = {"description": "It still has that ETag.", "headers": shared(False) | one("ETag")}
    if route.page:
        found["303"] = {"description": "To the sign-in page, and back.", "headers": shared(False) | one("Location")}
    return found | {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in _refusals(route)}


def _success(route: Route) -> dict[str, object]:
    if route.answer is None:
        return {"description": "Done."}
    content: dict[str, object] = {kind: {"schema": {"type": "string"}} for kind in route.produces if kind != JSON}
    content |= {JSON: {"schema": reference(route.answer)}} if JSON in route.produces else {}
    return {"description": "Done.", "content": content}


def _refusals(route: Route) -> list[int]:
    """The statuses of problems that a route can answer with."""
    found = {400, 406, 429, 500, 503}
    if route.guard is not Guard.ANYBODY:
        found |= {401, 403}
    if "{" in route.path or {"page", "project", "node"} & {item.name for item in fields(route.query)}:
        found.add(404)
    if route.writes:
        found |= {409, 413, 415, 422}
    if route.method in CHANGES:
        found.add(412)
    return sorted(found)


def needs_fields(body: type[msgspec.Struct]) -> bool:
    """Whether an empty object is refused; no body at all is read as one."""
    choices = getattr(body, "schema_rules", {}).get("anyOf", [{}])
    return all(choice.get("required") for choice in choices) or any(item.required for item in fields(body))
