"""The same requests again and again in one process; prints the CPU time of one, in milliseconds, for each kind."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable
from typing import Any

from bench.cold.gateway import LambdaContext, list_projects

Handler = Callable[[dict[str, Any], Any], Any]
RUNS = 60


def main(handler: Handler) -> None:
    """Measure each kind of request and print the figures as the last line, as JSON."""
    figures = {name: _milliseconds(handler, request, status) for name, request, status in _requests()}
    print("\n" + json.dumps(figures))


def _requests() -> list[tuple[str, Callable[[], dict[str, Any]], int]]:
    token, project = os.environ["BENCH_TOKEN"], os.environ["BENCH_PROJECT"]
    one = ("/api/v1/projects/{id}", f"/api/v1/projects/{project}")
    return [
        ("list of 50", lambda: list_projects(token), 200),
        ("GET one", lambda: _event(token, "GET", *one, path_parameters={"id": project}), 200),
        ("POST with key", lambda: _post(token), 201),
    ]


def _post(token: str) -> dict[str, Any]:
    event = _event(token, "POST", "/api/v1/operatives", "/api/v1/operatives")
    named = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    event["headers"] = {**event["headers"], **named}
    event["multiValueHeaders"] = {name: [value] for name, value in event["headers"].items()}
    return event | {"body": '{"name": "Nora Walsh"}'}


def _event(
    token: str, method: str, resource: str, path: str, path_parameters: dict[str, str] | None = None
) -> dict[str, Any]:
    event = list_projects(token)
    context = event["requestContext"] | {"httpMethod": method, "resourcePath": resource, "path": f"/api{path}"}
    changed = {"resource": resource, "path": path, "httpMethod": method, "pathParameters": path_parameters}
    return event | changed | {"requestContext": context}


def _milliseconds(handler: Handler, request: Callable[[], dict[str, Any]], status: int) -> float:
    context = LambdaContext()
    for _ in range(5):
        answer = handler(request(), context)
        if answer["statusCode"] != status:
            raise SystemExit(f"{answer['statusCode']}: {str(answer['body'])[:500]}")
    events = [request() for _ in range(RUNS)]
    began = time.process_time()
    for event in events:
        handler(event, context)
    return (time.process_time() - began) * 1000 / RUNS
