"""The main job over HTTP: a punch becomes an entry, a foreman approves it, the figures change.

Used wherever the service runs: against the local gateway and against the deploy rehearsal.
"""

import json
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from infra.company import create
from infra.demo import Client

LEVELS = ("Plant", "Building", "Concrete")


class Mismatch(AssertionError):
    """The service did not do what it promises."""


def run(base_url: str, patience: float, say: Callable[[str], None], host: str | None = None) -> None:
    """The whole job on a company of its own; raises when a step fails.

    ``host`` is the Host header, where the name does not resolve. ``patience`` is how many seconds an approval may take to reach the figures.
    """
    company = create("Rehearsal", "pro", "Europe/Dublin", f"owner-{time.time_ns()}@rehearsal.example")
    owner = Client(base_url, company["token"], host)
    foreman = _foreman(owner)
    project, path = _project(owner)
    owner.call("POST", "/operatives/", {"name": "Ola", "external_clock_id": "77", "hourly_rate": 30})
    day = datetime.now(UTC).date().isoformat()
    event = punch(owner, company["ingest_secret"], "77", f"{day}T00:00:00Z", f"{day}T08:30:00Z", 30)
    _expect(event["status"], "matched")
    again = punch(owner, company["ingest_secret"], "77", f"{day}T00:00:00Z", f"{day}T08:30:00Z", 30)
    _expect(again["labour_entry"], event["labour_entry"])
    foreman.call("POST", f"/labour/{event['labour_entry']}/approve/", {"cost_code": "C-1"})
    began = time.monotonic()
    for place in [f"/projects/{project}", *(f"/wbs/{node}" for node in path)]:
        _await(owner, f"{place}/kpis/", {"bac": 80, "ac": 8, "ev": 0}, began + patience)
    say(f"approved hours reached all {len(path)} levels and the project in {time.monotonic() - began:.1f} s")


def _foreman(owner: Client) -> Client:
    user = owner.call("POST", "/users/", {"name": "Fay", "email": "fay@rehearsal.example", "role": "foreman"})
    return owner.with_token(owner.call("POST", "/tokens/", {"label": "job", "user": user["id"]})["token"])


def _project(owner: Client) -> tuple[str, list[str]]:
    project = owner.call("POST", "/projects/", {"code": "R-1", "name": "Rehearsal"})["id"]
    path: list[str] = []
    for name in LEVELS:
        path.append(_node(owner, project, path, {"name": name}))
    path.append(_node(owner, project, path, {"name": "Pour", "cost_code": "C-1", "budget_hours": 80, "quantity": 100}))
    return project, path


def _node(owner: Client, project: str, path: list[str], values: dict[str, Any]) -> str:
    parent = {"parent": path[-1]} if path else {}
    return str(owner.call("POST", f"/projects/{project}/wbs/", values | parent)["id"])


def punch(client: Client, secret: str, clock_id: str, start: str, finish: str, pause: int) -> dict[str, Any]:
    """One shift from a clock device."""
    body = {"clock_id": clock_id, "clock_in": start, "clock_out": finish, "break_minutes": pause}
    request = urllib.request.Request(
        f"{client.base_url}/api/v1/clock-events/ingest/", json.dumps(body).encode(), method="POST",
        headers={"X-Inbound-Secret": secret, "Content-Type": "application/json",
                 **({"Host": client.host} if client.host else {})})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return dict(json.loads(answer.read()))


def _await(client: Client, path: str, wanted: dict[str, float], until: float) -> None:
    while True:
        figures = client.call("GET", path)
        if all(figures[name] == value for name, value in wanted.items()):
            return
        if time.monotonic() > until:
            raise Mismatch(f"{path}: {figures} does not show {wanted}")
        time.sleep(0.1)


def _expect(value: Any, wanted: Any) -> None:
    if value != wanted:
        raise Mismatch(f"{value!r} instead of {wanted!r}")
