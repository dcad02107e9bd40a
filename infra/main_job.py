"""The main job over HTTP: a punch becomes an entry, a foreman approves it, the figures change.

Used wherever the service runs: against the local gateway and against the deploy rehearsal.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from infra.company import create
from infra.demo import Client

CODE = "R-1"
LEVELS = ("Plant", "Building", "Concrete")


class Mismatch(AssertionError):
    """The service did not do what it promises."""


def run(
    base_url: str,
    patience: float,
    say: Callable[[str], None],
    host: str | None = None,
    company: Mapping[str, Any] | None = None,
) -> "Done":
    """The whole job on a company, by default on one of its own; raises when a step fails.

    ``host`` is the Host header, where the name does not resolve. ``patience`` is how many seconds an
    approval may take to reach the figures.
    """
    company = company or create("Rehearsal", "pro", "Europe/Dublin", f"owner-{time.time_ns()}@rehearsal.example")
    owner = Client(base_url, company["token"], host)
    job = new_project(owner)
    foreman, project, path = job.foreman, job.project, job.path
    day = datetime.now(UTC).date().isoformat()
    event = punch(owner, company["ingest_secret"], day)
    _expect(event["status"], "matched")
    again = punch(owner, company["ingest_secret"], day)
    _expect(again["labour_entry"], event["labour_entry"])
    foreman.call("POST", f"/labour/{event['labour_entry']}/approve/", {"cost_code": "C-1"})
    began = time.monotonic()
    for place in [f"/projects/{project}", *(f"/wbs/{node}" for node in path)]:
        _await(owner, f"{place}/kpis/", {"bac": 80, "ac": 8, "ev": 0}, began + patience)
    say(f"approved hours reached all {len(path)} levels and the project in {time.monotonic() - began:.1f} s")
    return Done(company["company"]["id"], owner, job, company["owner"])


@dataclass(frozen=True, slots=True)
class Done:
    """The company of the job, its owner, the project, and how the owner signs in."""

    company: str
    owner: Client
    job: "Job"
    person: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Job:
    """A project ready for hours, and who works on it."""

    project: str
    path: list[str]
    operative: str
    foreman: Client

    @property
    def activity(self) -> str:
        return self.path[-1]

    def hours(self, day: date) -> dict[str, object]:
        """A submitted entry of eight hours."""
        return {
            "project": self.project,
            "operative": self.operative,
            "date": day.isoformat(),
            "hours": 8,
            "cost_code": "C-1",
            "status": "submitted",
        }


def new_project(owner: Client) -> Job:
    """A foreman, a project of four levels and an operative with the clock ID 77."""
    foreman = owner.person("Fay", "fay@rehearsal.example", "foreman")
    project, path = _project(owner)
    hand = owner.call("POST", "/operatives/", {"name": "Ola", "external_clock_id": "77", "hourly_rate": 30})
    return Job(project, path, hand["id"], foreman)


def _project(owner: Client) -> tuple[str, list[str]]:
    project = owner.call("POST", "/projects/", {"code": CODE, "name": "Rehearsal"})["id"]
    path: list[str] = []
    for name in LEVELS:
        path.append(_node(owner, project, path, {"name": name}))
    path.append(_node(owner, project, path, {"name": "Pour", "cost_code": "C-1", "budget_hours": 80, "quantity": 100}))
    return project, path


def _node(owner: Client, project: str, path: list[str], values: dict[str, object]) -> str:
    parent = {"parent": path[-1]} if path else {}
    return str(owner.call("POST", f"/projects/{project}/wbs/", values | parent)["id"])


def punch(client: Client, secret: str, day: str) -> dict[str, object]:
    """A shift of eight hours on the project, from a clock device, sent with an idempotency key of its own."""
    body = {
        "clock_id": "77",
        "project_code": CODE,
        "clock_in": f"{day}T00:00:00Z",
        "clock_out": f"{day}T08:30:00Z",
        "break_minutes": 30,
    }
    headers = {"X-Inbound-Secret": secret, "Idempotency-Key": str(uuid.uuid4())}
    return dict(client.call("POST", "/clock-events/ingest/", body, headers))


def _await(client: Client, path: str, wanted: dict[str, float], until: float) -> None:
    while True:
        figures = client.call("GET", path)
        if all(figures[name] == value for name, value in wanted.items()):
            return
        if time.monotonic() > until:
            raise Mismatch(f"{path}: {figures} does not show {wanted}")
        time.sleep(0.1)


def _expect(value: object, wanted: object) -> None:
    if value != wanted:
        raise Mismatch(f"{value!r} instead of {wanted!r}")
