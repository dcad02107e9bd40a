"""A site whose clocks punch in, and the people who settle what they send."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.storage.queries import Query
from chalicelib.storage.store import store
from chalicelib.times import utc_now
from chalicelib.work import intents
from chalicelib.work.rows import UNFINISHED, Intent
from tests.stage import Client, Reply, Stage, running

DAY = "2026-11-17"


@dataclass
class Gates:
    """One company with a project of one activity, and as many hands as a test wants."""

    stage: Stage
    manager: Client
    foreman: Client
    device: Client
    project: str
    hands: dict[str, str] = field(default_factory=dict)

    @property
    def company(self) -> str:
        return str(self.stage.made["company"]["id"])

    def hand(self, **values: Any) -> str:
        """The clock ID of a new operative."""
        clock_id = f"g{len(self.hands)}"
        body = {"name": f"Hand {clock_id}", "external_clock_id": clock_id, **values}
        self.hands[clock_id] = self.manager.ok("POST", "/operatives/", body)["id"]
        return clock_id

    def send(self, body: Any, **headers: str) -> Reply:
        """A body to the ingest endpoint."""
        return self.device.send("POST", "/api/v1/clock-events/ingest/", body, **headers)

    def punch(self, clock_id: str, clock_in: str | None = None, clock_out: str | None = None, **more: Any) -> Reply:
        """An event of the day by times in UTC."""
        times = {"clock_in": clock_in, "clock_out": clock_out}
        at = {name: f"{DAY}T{text}:00Z" if len(text) == 5 else text for name, text in times.items() if text}
        return self.send({"clock_id": clock_id, "project_code": "P-1", **at, **more})

    def hours(self, clock_id: str) -> list[str]:
        """The hours of a hand's entries, oldest first."""
        found = self.manager.ok("GET", f"/labour/?operative={self.hands[clock_id]}&page_size=200")["results"]
        return [row["hours"] for row in reversed(found)]

    def event(self, id: str) -> Any:
        return self.manager.ok("GET", f"/clock-events/{id}/")

    def settle(self) -> None:
        """Let the stream functions see what was written, and take the steps of what has begun."""
        self.stage.settle()

    def settle_later(self) -> None:
        """The same once the longest request of before is over."""
        self.settle()
        later = utc_now() + timedelta(minutes=2)
        for item in list(store().items(Query(model=Intent, hash="unfinished", list=UNFINISHED))):
            company, _, id = item["pk"]["S"].partition("#")
            intents.forward(store(), company, id, lambda: later)


@pytest.fixture(scope="module")
def gates() -> Iterator[Gates]:
    with running() as stage:
        manager, foreman = stage.person("project_manager", "mo"), stage.person("foreman", "fay")
        device = Client(stage.gateway, {"X-Inbound-Secret": stage.made["ingest_secret"]})
        project = manager.ok("POST", "/projects/", {"code": "P-1", "name": "Quay"})["id"]
        parent = None
        for name in ("North", "Ground", "Concrete"):
            parent = manager.ok("POST", f"/projects/{project}/wbs/", {"name": name, "parent": parent})["id"]
        pour = {"name": "Pour", "parent": parent, "cost_code": "C-1", "budget_hours": 100}
        manager.ok("POST", f"/projects/{project}/wbs/", pour)
        yield Gates(stage, manager, foreman, device, project)


def told(reply: Reply) -> tuple[int, str, str | None]:
    """What a device is told in short."""
    return reply.status, reply.body["status"], reply.body["reason"]
