"""What takes long is a job: moves, deletions and freezes above 1,000 nodes answer 202."""

from typing import Any

import pytest

from bench.tree import Planted, Shape, plant
from tests.promises.conftest import Stage
from tests.tree import integrity
from tests.tree.work import finish


@pytest.fixture(scope="module")
def planted(stage: Stage) -> Planted:
    """A project with two locations of a little more than 1,000 nodes each."""
    return plant(stage, Shape(2, (1, 1, 1000)))


def watched(stage: Stage, reply: Any) -> Any:
    """The job of an answer, when it is through."""
    assert reply.status == 202, reply
    path = reply.headers["location"].removeprefix("/api/v1")
    assert stage.owner.ok("GET", path)["status"] == "queued"
    finish(stage.made["company"]["id"])
    return stage.owner.ok("GET", path)


def test_a_move_of_more_than_a_thousand_nodes_is_a_job(stage: Stage, planted: Planted) -> None:
    first = planted.locations[0]
    job = watched(stage, stage.owner.send("PATCH", f"/api/v1/wbs/{first}/", {"position": 2}))
    assert (job["status"], job["done"], job["total"]) == ("succeeded", 1003, 1003)
    assert job["result"]["code"] == stage.owner.ok("GET", f"/wbs/{first}/")["code"] == "2"
    last = stage.owner.ok("GET", f"/projects/{planted.project}/wbs/?under={first}&page_size=200&page=6")
    assert last["count"] == 1002 and last["results"][-1]["code"] == "2.1.1.1000"
    integrity.check(planted.project)


def test_a_freeze_of_more_than_a_thousand_nodes_is_a_job(stage: Stage, planted: Planted) -> None:
    path = f"/projects/{planted.project}/baselines/"
    job = watched(stage, stage.owner.send("POST", f"/api/v1{path}", {"name": "Contract"}))
    assert job["result"] == stage.owner.ok("GET", path)["results"][0]


def test_a_deletion_of_more_than_a_thousand_nodes_is_a_job(stage: Stage, planted: Planted) -> None:
    gone, kept = planted.locations
    job = watched(stage, stage.owner.send("DELETE", f"/api/v1/wbs/{gone}/"))
    assert (job["status"], job["total"]) == ("succeeded", 1003)
    assert stage.owner.send("GET", f"/api/v1/wbs/{gone}/").status == 404
    page = stage.owner.ok("GET", f"/projects/{planted.project}/wbs/?view=tree")
    assert [node["id"] for node in page["results"]] == [kept] and page["results"][0]["code"] == "1"
    integrity.check(planted.project)
