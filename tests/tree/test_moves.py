"""Reorders and moves, small and large: codes and paths follow, and nobody sees a half-moved tree."""

from itertools import pairwise
from typing import Any

import pytest

from chalicelib.handlers.node_answers import NodeAnswer, present
from chalicelib.rollups.progress import NONE
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import store
from chalicelib.storage.work import commit
from chalicelib.times import utc_now
from chalicelib.tree.changing import change
from chalicelib.tree.clearing import clear
from chalicelib.tree.editions import standing_of
from chalicelib.tree.ground import outline_key, place_key
from chalicelib.tree.nodes import Seen
from chalicelib.tree.staging import stage_children
from tests.stage import Stage
from tests.tree import integrity
from tests.tree.callers import owner
from tests.tree.conftest import Tree
from tests.tree.work import finish, one_step, unfinished

MANY = 35  # activities of a discipline: more than one transaction moves


class Discipline:
    """Two sub-locations, and a discipline of many activities under the first of them."""

    def __init__(self, tree: Tree, activities: int = MANY) -> None:
        self.tree = tree
        self.north, self.south = tree.add("North"), tree.add("South")
        self.first, self.second = tree.add("Ground", self.north), tree.add("Ground", self.south)
        self.discipline = tree.add("Concrete", self.first)
        self.activities = [tree.activity(f"A{n:02d}", self.discipline) for n in range(activities)]


def test_a_reorder_renumbers_the_codes_of_all_siblings_and_of_what_is_below(tree: Tree) -> None:
    for name in ("A", "B", "C"):
        tree.branch(name)
    last = tree.nodes(level=1)[2]["id"]
    assert tree.change(last, position=1)["code"] == "1"
    assert [(node["code"], node["path"][0]) for node in tree.nodes(level=4)] == [
        ("1.1.1.1", "C"),
        ("2.1.1.1", "A"),
        ("3.1.1.1", "B"),
    ]
    assert tree.change(last, position=99)["code"] == "3"
    assert [node["name"] for node in tree.nodes(level=1)] == ["A", "B", "C"]


@pytest.mark.long
@pytest.mark.parametrize("activities", [3, MANY])
def test_a_subtree_moves_under_another_parent_of_the_right_level(tree: Tree, stage: Stage, activities: int) -> None:
    site = Discipline(tree, activities)
    answer = tree.change(site.discipline, parent=site.second, name="Slabs")
    assert answer == tree.read(site.discipline)
    assert (answer["code"], answer["path"], answer["parent"]) == ("2.1.1", ["South", "Ground", "Slabs"], site.second)
    finish(stage.made["company"]["id"])
    assert tree.read(site.discipline)["code"] == "2.1.1"
    nodes = tree.nodes(under=site.second)
    assert [node["id"] for node in nodes] == [site.discipline, *site.activities]
    assert [node["code"] for node in nodes[1:]] == [f"2.1.1.{n + 1}" for n in range(activities)]
    assert tree.nodes(under=site.first) == []
    assert tree.add("Slabs", site.first) and tree.add("Concrete", site.first)  # the old name and place are free
    outline = Reading(store()).rows(outline_key(stage.made["company"]["id"], tree.project))[0]
    assert outline.change is None and outline.staged is None


def test_a_node_stands_under_one_of_the_level_above(tree: Tree) -> None:
    site = Discipline(tree, 1)
    for node, parent in ((site.discipline, site.north), (site.discipline, None), (site.north, site.second)):
        reply = tree.client.send("PATCH", f"/api/v1/wbs/{node}/", {"parent": parent})
        assert (reply.status, list(reply.body["errors"])) == (400, ["parent"])
    assert tree.change(site.discipline, parent=site.first)["code"] == "1.1.1"  # it is there already


@pytest.mark.long
def test_a_large_move_shows_before_or_after_at_every_step(tree: Tree, stage: Stage) -> None:
    """A reader of a tree sees the state before or the state after, nothing between."""
    site, company = Discipline(tree), stage.made["company"]["id"]
    before = seen(tree, site)
    begin(tree, site, company)
    states = [seen(tree, site)]
    while work := unfinished(company):
        one_step(company, work[0].id)
        states.append(seen(tree, site))
    after = seen(tree, site)
    changes = [(old, new) for old, new in pairwise(states) if old != new]
    assert states[0] == before and changes == [(before, after)] and before != after
    assert len(states) > 4


def test_while_a_large_move_is_staged_the_structure_waits_and_the_plan_does_not(tree: Tree, stage: Stage) -> None:
    site, company = Discipline(tree), stage.made["company"]["id"]
    begin(tree, site, company)
    path = f"/api/v1/projects/{tree.project}/wbs/"
    busy = [
        tree.client.send("POST", path, {"name": "X", "parent": site.discipline, "cost_code": "X"}),
        tree.client.send("POST", path, {"name": "X"}),
        tree.client.send("PATCH", f"/api/v1/wbs/{site.north}/", {"position": 2}),
        tree.client.send("DELETE", f"/api/v1/wbs/{site.activities[0]}/"),
        tree.client.send("PATCH", f"/api/v1/wbs/{site.discipline}/", {"name": "Y"}),
        tree.client.send("POST", f"/api/v1/projects/{tree.project}/baselines/", {"name": "B"}),
    ]
    assert [(reply.status, reply.body["code"]) for reply in busy] == [(409, "in_use")] * len(busy)
    assert all(reply.headers["retry-after"] for reply in busy)
    tree.change(site.activities[3], budget_hours=77, name="Changed")
    finish(stage.made["company"]["id"])
    found = tree.read(site.activities[3])
    assert (found["budget_hours"], found["path"][0], found["name"]) == ("77.00", "South", "Changed")
    assert [node["id"] for node in tree.nodes(search="changed")] == [site.activities[3]]


def test_between_the_flip_and_the_clearing_nothing_is_lost(tree: Tree, stage: Stage) -> None:
    """What is renamed after it was staged is found by its new name; what is not cleared yet is changed later."""
    site, company = Discipline(tree), stage.made["company"]["id"]
    begin(tree, site, company)
    while unfinished(company)[0].state.get("carry") != 1:
        one_step(company, unfinished(company)[0].id)
    tree.change(site.activities[0], name="Renamed")
    one_step(company, unfinished(company)[0].id)
    assert tree.read(site.discipline)["code"] == "2.1.1"
    early = tree.client.send("PATCH", f"/api/v1/wbs/{site.discipline}/", {"name": "Slabs"})
    late = tree.client.send("PATCH", f"/api/v1/wbs/{site.activities[-1]}/", {"position": 1})
    body = {"name": "More", "parent": site.second}
    there = tree.client.send("POST", f"/api/v1/projects/{tree.project}/wbs/", body)
    assert [(reply.status, reply.body["code"]) for reply in (early, late, there)] == [(409, "in_use")] * 3
    finish(company)
    integrity.check(tree.project)
    assert [node["code"] for node in tree.nodes(search="renamed")] == ["2.1.1.1"]
    assert tree.change(site.discipline, name="Slabs")["path"] == ["South", "Ground", "Slabs"]


def test_a_subtree_of_which_a_part_is_not_cleared_yet_is_moved_later(tree: Tree, stage: Stage) -> None:
    """Clearing would put that part back to where the change before had it."""
    site, company = Discipline(tree, 1), stage.made["company"]["id"]
    rows = outline_key(company, tree.project), place_key(company, site.activities[0])
    outline, place = Reading(store()).rows(*rows)
    store().transact([stage_children(place, standing_of(place), outline.edition)])
    body = {"parent": site.second}
    early = tree.client.send("PATCH", f"/api/v1/wbs/{site.discipline}/", body)
    assert (early.status, early.body.get("code")) == (409, "in_use")
    store().transact(clear(Reading(store()), company, tree.project, site.activities, utc_now(), None).changes)
    assert tree.change(site.discipline, **body)["code"] == "2.1.1"
    integrity.check(tree.project)


def test_a_node_that_is_appended_while_a_move_is_staged_is_never_lost(tree: Tree, stage: Stage) -> None:
    """Races of two editors lose nothing silently: it goes along, or the one who appended it is told."""
    site, company = Discipline(tree), stage.made["company"]["id"]
    path = f"/api/v1/projects/{tree.project}/wbs/"
    late: list[str] = []

    def append() -> None:
        body = {"name": f"Late {len(late)}", "parent": site.discipline, "cost_code": f"L-{len(late)}"}
        reply = tree.client.send("POST", path, body)
        late.extend([reply.body["id"]] if reply.status == 201 else [])

    begin(tree, site, company, between=append)
    finish(stage.made["company"]["id"])
    assert late and {node["id"] for node in tree.nodes(under=site.discipline)} == {*site.activities, *late}
    assert all(node["path"][0] == "South" for node in tree.nodes(under=site.discipline))


@pytest.mark.long
def test_a_large_move_leaves_nothing_behind(tree: Tree, stage: Stage) -> None:
    """Nothing staged, nothing ended, nothing twice: the rows are those that a small one leaves."""
    site = Discipline(tree)
    for parent in (site.second, site.first):
        tree.change(site.discipline, parent=parent)
        finish(stage.made["company"]["id"])
        integrity.check(tree.project)


def seen(tree: Tree, site: Discipline) -> Any:
    """What every reader of the tree answers."""
    flat = [(node["id"], node["code"], tuple(node["path"])) for node in tree.nodes(page_size=200)]
    single = tuple(tree.read(node)["code"] for node in (site.discipline, site.activities[0], site.activities[-1]))
    children = [node["id"] for node in tree.client.ok("GET", f"/wbs/{site.second}/children/")["results"]]
    above = [node["id"] for node in tree.client.ok("GET", f"/wbs/{site.activities[-1]}/ancestors/")["results"]]
    return flat, single, children, above, [node["id"] for node in tree.nodes(under=site.first)]


def begin(tree: Tree, site: Discipline, company: str, between: Any = None) -> None:
    """A large move is decided and committed, and the request ends before its first step."""
    caller = owner(company)

    def show(answer: Seen) -> NodeAnswer:
        return present(caller, answer.node, answer.order, answer.known, NONE)

    def decide(reading: Reading) -> Any:
        decided = change(reading, caller, site.discipline, {"parent": site.second}, utc_now(), show)
        if between is not None and len(tree.nodes(search="late")) < 2:
            between()
        return decided

    commit(store(), decide)
