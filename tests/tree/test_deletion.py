"""Deleting nodes: a node with hours below is not deleted, and hours that slipped in bring it back."""

from itertools import pairwise
from typing import Any

import pytest

from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from chalicelib.tree.rows import NodeEvent
from tests.stage import Stage
from tests.tree import integrity
from tests.tree.conftest import Tree
from tests.tree.test_imports import SMALL, Work
from tests.tree.test_moves import MANY, Discipline
from tests.tree.work import finish, finish_what_waits, one_step, unfinished


def hours(stage: Stage, tree: Tree, cost_code: str) -> Any:
    """An entry on an activity, in whatever way labour takes it."""
    hand = stage.owner.ok("POST", "/operatives/", {"name": "Ola"})["id"]
    body = {"project": tree.project, "operative": hand, "date": "2026-06-08", "hours": 8, "cost_code": cost_code}
    return stage.owner.ok("POST", "/labour/", body)


def gone(tree: Tree, node: str) -> int:
    return int(tree.client.send("DELETE", f"/api/v1/wbs/{node}/").status)


@pytest.mark.long
@pytest.mark.parametrize("activities", [2, MANY])
def test_a_node_goes_with_everything_below_it(tree: Tree, stage: Stage, activities: int) -> None:
    site, company = Discipline(tree, activities), stage.made["company"]["id"]
    assert gone(tree, site.first) == 204
    assert gone(tree, site.first) == 404
    for node in (site.first, site.discipline, site.activities[0], site.activities[-1]):
        assert tree.client.send("GET", f"/api/v1/wbs/{node}/").status == 404
    assert tree.codes_and_paths() == [("1", ["North"]), ("2", ["South"]), ("2.1", ["South", "Ground"])]
    finish(company)
    integrity.check(tree.project)
    fresh = tree.add("Ground", site.north)  # names and codes are free at once
    assert tree.activity("A00", tree.add("Concrete", fresh), cost_code="C-1")
    since = f"/projects/{tree.project}/wbs/?updated_since=2020-01-01T00:00:00Z&include_deleted=true&page_size=200"
    deleted = {row["id"] for row in tree.client.ok("GET", since)["results"] if "deleted_at" in row}
    assert deleted == {site.first, site.discipline, *site.activities}
    below = tree.client.ok("GET", f"{since}&under={site.north}")["results"]
    assert {row["id"] for row in below if "deleted_at" in row} == deleted
    children = tree.client.ok("GET", f"{since}&parent={site.north}")["results"]
    assert {row["id"] for row in children} == {fresh, site.first}


@pytest.mark.parametrize("level", range(4))
def test_a_node_with_hours_below_is_not_deleted(tree: Tree, stage: Stage, level: int) -> None:
    branch = tree.branch()
    entry = hours(stage, tree, "C-1")
    reply = tree.client.send("DELETE", f"/api/v1/wbs/{branch[level]}/")
    assert (reply.status, reply.body["code"]) == (409, "in_use")
    stage.owner.ok("DELETE", f"/labour/{entry['id']}/")
    assert gone(tree, branch[level]) == 204


def test_a_deleted_node_takes_no_hours(tree: Tree, stage: Stage) -> None:
    *_, activity = tree.branch()
    assert gone(tree, activity) == 204
    hand = stage.owner.ok("POST", "/operatives/", {"name": "Ola"})["id"]
    body = {"project": tree.project, "operative": hand, "date": "2026-06-08", "hours": 8, "cost_code": "C-1"}
    reply = stage.owner.send("POST", "/api/v1/labour/", body)
    assert (reply.status, list(reply.body["errors"])) == (400, ["cost_code"])


def test_hours_that_slipped_in_bring_the_node_back(tree: Tree, stage: Stage) -> None:
    """Noted in its history, last among its siblings, with an ending where its name or code is taken by now."""
    company = stage.made["company"]["id"]
    top, _, _, activity = tree.branch()
    entry = hours(stage, tree, "C-1")
    row = moved_to(entry["id"], company, None)  # as if the request that logs it were not through yet
    assert gone(tree, top) == 204
    moved_to(entry["id"], company, row)
    other = tree.add("North")
    assert tree.codes_and_paths() == [("1", ["North"])]
    finish_what_waits(company)
    assert unfinished(company, waiting=True) == []
    back = tree.read(activity)
    assert back["path"] == [f"North {top[-12:][:4]}", "Ground", "Concrete", "Pour"]
    assert (back["code"], back["cost_code"], back["earning_rule"]) == ("2.1.1.1", "C-1", "percent")
    assert [node["id"] for node in tree.nodes(level=1)] == [other, top]
    events = store().each(Query(model=NodeEvent, hash=key(company, activity), between=("event#", "event#~")))
    assert [(event.action, bool(event.by)) for event in events] == [("deleted", True), ("brought_back", False)]
    assert stage.owner.ok("GET", f"/labour/{entry['id']}/")["cost_code"] == "C-1"
    integrity.check(tree.project)
    finish_what_waits(company)
    assert tree.client.send("DELETE", f"/api/v1/wbs/{top}/").status == 409


def test_a_node_that_was_moved_comes_back_where_it_was_last(tree: Tree, stage: Stage) -> None:
    """Also with an activity that was deleted before the move, and so says that it was elsewhere."""
    company = stage.made["company"]["id"]
    _, old, trade, activity = tree.branch()
    entry = hours(stage, tree, "C-1")
    row = moved_to(entry["id"], company, None)
    assert gone(tree, activity) == 204
    new = tree.branch("South")[1]
    tree.change(trade, name="Steel")
    tree.change(trade, parent=new)
    assert gone(tree, trade) == 204
    moved_to(entry["id"], company, row)
    finish_what_waits(company)
    assert (tree.read(trade)["parent"], tree.read(activity)["parent"]) == (new, trade)
    assert [node["id"] for node in tree.nodes(parent=old)] == []
    integrity.check(tree.project)


def test_a_node_comes_back_after_the_large_change_that_is_under_way(tree: Tree, stage: Stage) -> None:
    company = stage.made["company"]["id"]
    finish_what_waits(company)  # of tests before this one
    *_, activity = tree.branch()
    entry = hours(stage, tree, "C-1")
    row = moved_to(entry["id"], company, None)
    assert gone(tree, activity) == 204
    moved_to(entry["id"], company, row)
    [verify] = unfinished(company, waiting=True)
    work = Work(tree, *SMALL)
    one_step(company, verify.id)
    [waits] = unfinished(company, waiting=True)
    assert (waits.id, waits.status) == (verify.id, "running")
    work.end()
    finish_what_waits(company)
    assert tree.read(activity)["cost_code"].startswith("C-1 ")  # the file has brought another C-1
    integrity.check(tree.project)


def moved_to(entry: str, company: str, activity: str | None) -> str | None:
    """Book an entry's hours on another activity, past all rules; on which they were."""
    from chalicelib.labour.rows import Entry
    from chalicelib.storage.changes import Put

    row = store().get(Entry, key(company, entry), "entry")
    assert row is not None
    before, row.wbs = row.wbs, activity
    store().transact([Put(row)])
    return str(before) if before else None


def test_nothing_comes_back_where_no_hours_slipped_in(tree: Tree, stage: Stage) -> None:
    company = stage.made["company"]["id"]
    top, *_ = tree.branch()
    assert gone(tree, top) == 204
    finish_what_waits(company)
    assert tree.nodes() == [] and unfinished(company, waiting=True) == []


@pytest.mark.long
def test_a_large_deletion_shows_before_or_after_at_every_step(tree: Tree, stage: Stage) -> None:
    site, company = Discipline(tree), stage.made["company"]["id"]
    before = tree.codes_and_paths(page_size=200)
    begin(tree, site, company)
    states = [tree.codes_and_paths(page_size=200)]
    while work := unfinished(company):
        one_step(company, work[0].id)
        states.append(tree.codes_and_paths(page_size=200))
    changes = [(old, new) for old, new in pairwise(states) if old != new]
    assert states[0] == before and changes == [(before, tree.codes_and_paths())] and len(states) > 4
    assert tree.codes_and_paths() == [("1", ["North"]), ("2", ["South"]), ("2.1", ["South", "Ground"])]


def begin(tree: Tree, site: Discipline, company: str) -> None:
    """A large deletion is decided and committed, and the request ends before its first step."""
    from chalicelib.labour.slipped_in import have_hours
    from chalicelib.storage.work import commit
    from chalicelib.times import utc_now
    from chalicelib.tree.deletion import delete
    from tests.tree.callers import owner

    caller = owner(company)
    commit(store(), lambda reading: delete(reading, caller, site.first, utc_now(), have_hours))
