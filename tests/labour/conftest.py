"""A site with a project, an activity, operatives and people of the roles that labour is about."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.storage.store import store
from chalicelib.work import intents
from tests.stage import Client, Reply, Stage

DAY = "2026-06-08"
NEXT = "2026-06-09"


@dataclass
class Site:
    """One project of the stage's company."""

    stage: Stage
    people: dict[str, tuple[Client, str]] = field(default_factory=dict)
    project: str = ""
    activity: str = ""

    def __post_init__(self) -> None:
        self.owner = self.stage.owner
        self.company = self.stage.made["company"]["id"]
        self.project = self.new_project()
        self.activity = self.activity_of(self.project, "C-1")

    @property
    def foreman(self) -> Client:
        return self.client("foreman")

    @property
    def manager(self) -> Client:
        return self.client("project_manager")

    @property
    def supervisor(self) -> Client:
        return self.client("supervisor")

    def client(self, role: str, name: str = "") -> Client:
        """Somebody of a role; another name is another person."""
        return self.person(role, name)[0]

    def user(self, role: str, name: str = "") -> str:
        return self.person(role, name)[1]

    def person(self, role: str, name: str = "") -> tuple[Client, str]:
        if (known := self.people.get(role + name)) is None:
            email = f"{role}.{uuid4().hex[:10]}@site.example"
            user = self.owner.ok("POST", "/users/", {"name": role, "email": email, "role": role})["id"]
            token = self.owner.ok("POST", "/tokens/", {"label": role, "user": user})["token"]
            known = self.people[role + name] = (self.owner.token(token), user)
        return known

    def new_project(self, **values: Any) -> str:
        code = uuid4().hex[:10]
        return str(self.owner.ok("POST", "/projects/", {"code": code, "name": code, **values})["id"])

    def activity_of(self, project: str, code: str) -> str:
        """An activity with this cost code, and what is above it."""
        parent = None
        for name in ("North", "Ground", "Concrete"):
            parent = self.owner.ok("POST", f"/projects/{project}/wbs/", {"name": name + code, "parent": parent})["id"]
        body = {"name": "Pour", "parent": parent, "cost_code": code, "budget_hours": 100}
        return str(self.owner.ok("POST", f"/projects/{project}/wbs/", body)["id"])

    def hand(self, **values: Any) -> str:
        return str(self.owner.ok("POST", "/operatives/", {"name": f"Ola {uuid4().hex[:6]}", **values})["id"])

    def hours(self, hand: str, **values: Any) -> dict[str, Any]:
        body = {"project": self.project, "operative": hand, "date": DAY, "hours": 8, "cost_code": "C-1"}
        return {**body, **values}

    def entry(self, hand: str, by: Client | None = None, **values: Any) -> str:
        """The id of an entry, by the foreman unless somebody else makes it."""
        return str((by or self.foreman).ok("POST", "/labour/", self.hours(hand, **values))["id"])

    def read(self, id: str, by: Client | None = None) -> Any:
        return (by or self.manager).ok("GET", f"/labour/{id}/")

    def act(self, client: Client, id: str, action: str, body: Any = None) -> Reply:
        return client.send("POST", f"/api/v1/labour/{id}/{action}/", {} if body is None else body)

    def clash(self, hand: str, date: str = DAY) -> Any:
        """The clash of an operative's day, by whoever sees all."""
        return self.owner.ok("GET", f"/clashes/{hand}{date.replace('-', '')}/")

    def work_off(self, job: str, later: timedelta = timedelta()) -> dict[str, Any]:
        """A job carried out as if so much time had passed."""
        intents.forward(store(), self.company, job, lambda: datetime.now(UTC) + later)
        return dict(self.owner.ok("GET", f"/jobs/{job}/"))


def code(reply: Reply) -> tuple[int, str]:
    """Status and code of a refusal."""
    return reply.status, reply.body["code"]


@pytest.fixture(scope="module")
def site(stage: Stage) -> Iterator[Site]:
    yield Site(stage)
