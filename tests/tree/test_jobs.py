"""What takes long is a job: moves, deletions and freezes above 1,000 nodes answer 202."""

from typing import Any

import pytest

from bench.tree import Planted, Shape, plant
from tests.stage import Stage
from tests.tree.work import finish


@pytest.fixture(scope="module")
def planted(stage: Stage) -> Planted:
    """A project with one location of a little more than 1,000 nodes."""
    return plant(stage, Shape(1, (1, 1, 1000)))


def begun(stage: Stage, reply: Any) -> str:
    """The path of an answer's job, which has begun and not come to its end."""
    assert reply.status == 202, reply
    path = str(reply.headers["location"].removeprefix("/api/v1"))
    job = stage.owner.ok("GET", path)
    assert (job["status"], job["total"]) == ("queued", 1003) and reply.body["id"] == job["id"]
    return path


@pytest.mark.proof
def test_a_freeze_of_more_than_a_thousand_nodes_is_a_job(stage: Stage, planted: Planted) -> None:
    path = f"/projects/{planted.project}/baselines/"
    job = begun(stage, stage.owner.send("POST", f"/api/v1{path}", {"name": "Contract"}))
    finish(stage.made["company"]["id"])
    assert stage.owner.ok("GET", job)["result"] == stage.owner.ok("GET", path)["results"][0]


def test_a_move_of_more_than_a_thousand_nodes_is_a_job(stage: Stage, planted: Planted) -> None:
    """Whoever may edit the structure may read how far it is."""
    first = planted.locations[0]
    stage.owner.ok("POST", f"/projects/{planted.project}/wbs/", {"name": "Other"})
    job = begun(stage, stage.owner.send("PATCH", f"/api/v1/wbs/{first}/", {"position": 2}))
    assert stage.owner.ok("GET", f"/wbs/{first}/")["code"] == "1"
    assert stage.person("engineer", "eve").send("GET", f"/api/v1{job}").status == 200
    assert stage.person("commercial", "cas").send("GET", f"/api/v1{job}").status == 404
