"""Every index is read by some route or schedule: what nothing reads is not stored."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.handlers.work import resume_unfinished
from chalicelib.labour.rows import ENTRIES, Entry
from chalicelib.storage.queries import Query
from chalicelib.storage.store import store
from chalicelib.work import intents
from infra.local.lambda_context import LambdaContext
from infra.local.schedule import scheduled_event
from infra.provision import definitions
from tests.stage import Stage

NOW = datetime.now(UTC)
DAY = NOW.date().isoformat()
SINCE = (NOW - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
Read = set[tuple[str, str]]


def declared() -> Read:
    """Every index of the stage's tables, as the template and `infra.provision` make them."""
    return {
        (name, index["IndexName"])
        for name, definition in definitions("test").items()
        for index in definition.get("GlobalSecondaryIndexes", [])
    }


class Watch:
    """Notes which index each query reads."""

    def __init__(self) -> None:
        self.read: Read = set()

    def __call__(self, params: dict[str, Any], **_: object) -> None:
        if "IndexName" in params:
            self.read.add((params["TableName"].removeprefix(store().prefix), params["IndexName"]))

    def __enter__(self) -> Read:
        store().client.meta.events.register("provide-client-params.dynamodb.Query", self)
        return self.read

    def __exit__(self, *_: object) -> None:
        store().client.meta.events.unregister("provide-client-params.dynamodb.Query", self)


def lists(project: str, operative: str, user: str) -> list[str]:
    """Every list that the API has, by each filter that has an index."""
    several = {
        "/projects/": ["", "status=active", f"updated_since={SINCE}"],
        f"/projects/{project}/memberships/": [""],
        "/memberships/": ["", f"project={project}", f"user={user}"],
        "/users/": ["", f"updated_since={SINCE}"],
        "/tokens/": [""],
        "/operatives/": ["", "active=true", "trade=Mason", "external_clock_id=7", f"updated_since={SINCE}"],
        "/labour/": ["", f"project={project}", f"operative={operative}", "status=submitted", f"updated_since={SINCE}"],
        f"/labour/?project={project}&": [f"operative={operative}", "status=submitted"],
        "/clashes/": ["", f"operative={operative}", "status=open", f"updated_since={SINCE}"],
        "/clock-events/": ["", "status=matched", "clock_id=7", f"updated_since={SINCE}"],
        f"/reports/missing-hours/?project={project}&": [f"date_from={DAY}&date_to={DAY}"],
        f"/projects/{project}/wbs/": ["", f"updated_since={SINCE}"],
    }
    return [f"{path}{'' if '?' in path else '?'}{query}" for path, queries in several.items() for query in queries]


@pytest.mark.long
def test_every_index_that_is_declared_is_read(stage: Stage) -> None:
    """By a list, a punch, the deletion of an activity, the closing of a period, or the schedule of unfinished work."""
    owner = stage.owner
    project = owner.ok("POST", "/projects/", {"code": "P", "name": "Plant"})["id"]
    user = owner.ok("POST", "/users/", {"name": "Fay", "email": "fay@index.example", "role": "foreman"})["id"]
    operative = owner.ok("POST", "/operatives/", {"name": "Ola", "external_clock_id": "7", "trade": "Mason"})["id"]
    parent: dict[str, Any] = {}
    for level in ("A", "B", "C"):
        parent = {"parent": owner.ok("POST", f"/projects/{project}/wbs/", {"name": level} | parent)["id"]}
    node = owner.ok("POST", f"/projects/{project}/wbs/", {"name": "Pour", "cost_code": "C-1"} | parent)["id"]
    with Watch() as read:
        for path in lists(project, operative, user):
            owner.ok("GET", path)
            if "updated_since" not in path:
                owner.send("GET", f"/api/v1{path}&page=2")  # skips to the page, where there is one
        owner.ok("DELETE", f"/wbs/{node}/")
        job = owner.ok("POST", f"/projects/{project}/periods/", {"closed_to": DAY})["id"]
        intents.forward(store(), stage.made["company"]["id"], job, lambda: datetime.now(UTC) + timedelta(minutes=5))
        resume_unfinished("work_resume", scheduled_event("work_resume"), LambdaContext("work_resume", 120))
    assert declared() - read == set(), "nothing reads these: take them out of the package's rows.py"


def test_a_planted_index_is_found(stage: Stage) -> None:
    with Watch() as read:
        store().page(Query(model=Entry, hash="nobody", list=ENTRIES, keys_only=True), limit=1)
    assert read == {("labour", ENTRIES.keys)}
    assert ("labour", ENTRIES.name) in declared() - read
