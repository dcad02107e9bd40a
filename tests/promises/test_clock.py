"""What becomes of punches: hours that no device can double, corrections, and reasons that are true."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.promises.conftest import Client, Reply, Stage

INGEST = "/api/v1/clock-events/ingest/"
DAY = "2026-11-17"


@dataclass
class Yard:
    """Two projects of one activity each, and hands with clock IDs."""

    stage: Stage
    manager: Client
    foreman: Client
    device: Client
    projects: dict[str, str]
    hands: dict[str, str] = field(default_factory=dict)

    def hand(self, **values: Any) -> str:
        """The clock ID of a new operative."""
        clock_id = f"h{len(self.hands)}"
        body = {"name": f"Hand {clock_id}", "external_clock_id": clock_id, "hourly_rate": 30, **values}
        self.hands[clock_id] = self.manager.ok("POST", "/operatives/", body)["id"]
        return clock_id

    def shift(self, clock_id: str, start: str = "07:00:00", finish: str = "15:00:00", **values: Any) -> dict[str, Any]:
        """A shift of the day by times in UTC."""
        at = {"clock_in": f"{DAY}T{start}Z", "clock_out": f"{DAY}T{finish}Z"}
        return {"clock_id": clock_id, "project_code": "Q", **at, **values}

    def send(self, body: dict[str, Any], **headers: str) -> Reply:
        """A body to the ingest endpoint."""
        return Client(self.stage.gateway, self.device.headers).send("POST", INGEST, body, **headers)

    def punch(self, clock_id: str, start: str = "07:00:00", finish: str = "15:00:00", **values: Any) -> Reply:
        """One shift of the day."""
        return self.send(self.shift(clock_id, start, finish, **values))

    def entries(self, clock_id: str) -> list[Any]:
        """The labour entries of a hand, newest date first."""
        found: list[Any] = self.manager.ok("GET", f"/labour/?operative={self.hands[clock_id]}")["results"]
        return found

    def entry(self, event: Any) -> Any:
        """The labour entry of an event."""
        return self.manager.ok("GET", f"/labour/{event['labour_entry']}/")

    def approve(self, entry: str) -> Any:
        """An entry approved by the foreman."""
        return self.foreman.ok("POST", f"/labour/{entry}/approve/", {"cost_code": "C-1"})


@pytest.fixture(scope="module")
def yard(stage: Stage) -> Iterator[Yard]:
    manager, foreman = stage.person("project_manager", "mo"), stage.person("foreman", "fay")
    device = Client(stage.gateway, {"X-Inbound-Secret": stage.made["ingest_secret"]})
    projects = {}
    for code, zone in (("Q", "Europe/Dublin"), ("NY", "America/New_York")):
        project = manager.ok("POST", "/projects/", {"code": code, "name": code, "timezone": zone})["id"]
        parent = None
        for name in ("North", "Ground", "Concrete"):
            parent = manager.ok("POST", f"/projects/{project}/wbs/", {"name": name, "parent": parent})["id"]
        pour = {"name": "Pour", "parent": parent, "cost_code": "C-1", "budget_hours": 100}
        manager.ok("POST", f"/projects/{project}/wbs/", pour)
        projects[code] = project
    yield Yard(stage, manager, foreman, device, projects)


def told(reply: Reply) -> tuple[int, str, str | None, bool]:
    """What a device is told in short."""
    return reply.status, reply.body["status"], reply.body["reason"], reply.body["duplicate"]


@pytest.mark.parametrize(
    ("finish", "break_minutes", "reason"),
    [
        ("06:59:59", 0, "out_before_in"),
        ("07:00:00", 0, "too_short"),
        ("07:00:17", 0, "too_short"),
        ("07:30:00", 30, "too_short"),
        ("07:30:17", 30, "too_short"),
        ("07:29:59", 30, "break_longer_than_shift"),
        ("07:00:00", 1, "break_longer_than_shift"),
        ("07:30:18", 30, None),
    ],
)
def test_the_reason_of_a_punch_that_becomes_no_hours_is_true(
    yard: Yard, finish: str, break_minutes: int, reason: str | None
) -> None:
    reply = yard.punch(yard.hand(), finish=finish, break_minutes=break_minutes)
    assert told(reply) == (201, "needs_review" if reason else "matched", reason, False)


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_time_at_the_edge_of_the_calendar_is_refused_by_name_and_no_fault(yard: Yard, year: str) -> None:
    for day in ("01-01", "12-31"):
        reply = yard.send({"clock_id": "edge", "clock_in": f"{year}-{day}T12:00:00Z"})
        assert (reply.status, list(reply.body["errors"])) == (400, ["clock_in"])
