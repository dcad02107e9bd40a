"""Dated measurements: recorded, corrected, taken away; what becomes of percent complete and installed quantity."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stage import Stage
from tests.tree.conftest import Tree

DAYS = [(datetime.now(UTC).date() - timedelta(days=9 - n)).isoformat() for n in range(9)]


def measure(tree: Tree, activity: str, day: str, **values: Any) -> Any:
    return tree.client.ok("POST", f"/wbs/{activity}/progress/", {"date": day, **values})


def stands(tree: Tree, stage: Stage, node: str) -> tuple[Any, Any, bool]:
    """Percent complete, installed quantity and whether that is over the quantity, once the sums have followed."""
    stage.settle()
    found = tree.read(node)
    return found["percent_complete"], found["installed_quantity"], found["over_quantity"]


def test_percent_is_what_a_person_entered_last(tree: Tree, stage: Stage) -> None:
    """Of two for one date the later one holds; a correction keeps its place, and what is taken away never was."""
    top, *_, activity = tree.branch()
    tree.change(activity, budget_hours=10)
    first = measure(tree, activity, DAYS[1], percent_complete=0.2)
    measure(tree, activity, DAYS[2], percent_complete=0.5)
    late = measure(tree, activity, DAYS[2], percent_complete=0.4, note="after rain")
    assert stands(tree, stage, activity)[0] == stands(tree, stage, top)[0] == "0.4000"
    path = f"/wbs/{activity}/progress/"
    assert [row["percent_complete"] for row in tree.client.ok("GET", path)["results"]] == ["0.4000", "0.5000", "0.2000"]
    tree.client.ok("DELETE", f"{path}{late['id']}/")
    assert stands(tree, stage, activity)[0] == "0.5000"
    moved = tree.client.ok("PATCH", f"{path}{first['id']}/", {"date": DAYS[4], "percent_complete": 0.9})
    assert (moved["id"], moved["date"], moved["percent_complete"]) == (first["id"], DAYS[4], "0.9000")
    assert stands(tree, stage, top)[0] == "0.9000"


def test_what_a_measurement_shows_can_be_sent_back(tree: Tree) -> None:
    """A measure that is null is none, as if it were left out; one has to be there."""
    activity = tree.branch()[3]
    nulls = {"installed_quantity": None, "milestone": None, "note": None}
    first = measure(tree, activity, DAYS[1], percent_complete=0.2, **nulls)
    path = f"/wbs/{activity}/progress/{first['id']}/"
    assert tree.client.ok("PATCH", path, {"percent_complete": 0.3, **nulls})["percent_complete"] == "0.3000"
    assert tree.client.ok("PATCH", path, nulls)["percent_complete"] == "0.3000"
    assert tree.client.send("PATCH", f"/api/v1{path}", {"percent_complete": None}).status == 400


def test_a_measured_total_replaces_all_dated_on_or_before_it(tree: Tree, stage: Stage) -> None:
    discipline = tree.branch()[2]
    activity = tree.activity("Cure", discipline, budget_hours=10, quantity=20)
    measure(tree, activity, DAYS[3], installed_quantity=12)
    measure(tree, activity, DAYS[1], installed_quantity=30)  # dated before it
    assert stands(tree, stage, activity) == ("0.6000", "12.0000", False)
    measure(tree, activity, DAYS[5], installed_quantity=25)
    assert stands(tree, stage, activity) == ("1.0000", "25.0000", True)


def test_milestones_earn_their_weights(tree: Tree, stage: Stage) -> None:
    discipline = tree.branch()[2]
    steps = [{"name": "Set out", "weight": 0.25}, {"name": "Cast", "weight": 0.75}]
    activity = tree.activity("Base", discipline, budget_hours=10, earning_rule="milestones", milestones=steps)
    measure(tree, activity, DAYS[0], milestone="set  OUT")
    assert stands(tree, stage, activity)[0] == "0.2500"
    reply = tree.client.send("POST", f"/api/v1/wbs/{activity}/progress/", {"date": DAYS[0], "milestone": "Paint"})
    assert (reply.status, list(reply.body["errors"])) == (400, ["milestone"])


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({}, {"installed_quantity", "percent_complete", "milestone"}),
        ({"percent_complete": 0.5, "installed_quantity": 4}, {"installed_quantity", "percent_complete"}),
        ({"percent_complete": 1.5}, {"percent_complete"}),
        ({"installed_quantity": -1}, {"installed_quantity"}),
        ({"percent_complete": 0.5, "date": "1999-12-31"}, {"date"}),
        ({"percent_complete": 0.5, "date": "2099-12-31"}, {"date"}),
    ],
)
def test_a_measurement_is_one_measure_on_a_date(tree: Tree, values: dict[str, Any], named: set[str]) -> None:
    *_, activity = tree.branch()
    reply = tree.client.send("POST", f"/api/v1/wbs/{activity}/progress/", {"date": DAYS[0], **values})
    assert (reply.status, set(reply.body["errors"])) == (400, named)


def test_only_activities_are_measured_and_only_by_those_who_may(tree: Tree, stage: Stage) -> None:
    """Progress measurements: those who may edit the WBS or log for the crew."""
    top, *_, activity = tree.branch()
    body = {"date": DAYS[0], "percent_complete": 0.5}
    assert tree.client.send("POST", f"/api/v1/wbs/{top}/progress/", body).status == 400
    path = f"/api/v1/wbs/{activity}/progress/"
    may = {
        role: stage.person(role, f"{role}{tree.project}") for role in ("engineer", "foreman", "commercial", "operative")
    }
    assert {role: person.send("POST", path, body).status for role, person in may.items()} == {
        "engineer": 201,
        "foreman": 201,
        "commercial": 403,
        "operative": 403,
    }
    other = tree.activity("Cure", tree.read(activity)["parent"])
    mine = tree.client.ok("GET", path.removeprefix("/api/v1"))["results"][0]["id"]
    for method, body in (("PATCH", {"note": "x"}), ("DELETE", None)):
        assert tree.client.send(method, f"/api/v1/wbs/{other}/progress/{mine}/", body).status == 404


def test_a_stale_correction_is_refused(tree: Tree) -> None:
    *_, activity = tree.branch()
    row = measure(tree, activity, DAYS[0], percent_complete=0.5)
    path = f"/api/v1/wbs/{activity}/progress/{row['id']}/"
    first = tree.client.send("PATCH", path, {"note": "one"})
    assert tree.client.send("PATCH", path, {"note": "two"}, If_Match='"1"').status == 412
    assert tree.client.send("DELETE", path, If_Match=first.headers["etag"]).status == 204
