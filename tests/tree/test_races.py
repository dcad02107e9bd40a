"""Races of two editors lose nothing silently."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from random import Random
from typing import Any

import pytest

from tests.clock.faulty import Interrupted
from tests.faults.harness import replaced
from tests.stage import Stage
from tests.tree import integrity
from tests.tree.conftest import Tree
from tests.tree.work import finish


def at_once(*requests: Any) -> list[Any]:
    """The replies of requests that are sent at the same time."""
    with ThreadPoolExecutor(len(requests)) as pool:
        return [future.result() for future in [pool.submit(request) for request in requests]]


def test_two_who_create_the_same_name_or_code_at_once_make_one_node(tree: Tree) -> None:
    path, discipline = f"/api/v1/projects/{tree.project}/wbs/", tree.branch()[2]
    named = [{"name": "Strike", "parent": discipline, "cost_code": f"S-{n}"} for n in range(3)]
    coded = [{"name": f"Cure {n}", "parent": discipline, "cost_code": "K-1"} for n in range(3)]
    for bodies in (named, coded):
        replies = at_once(*(lambda body=body: tree.client.send("POST", path, body) for body in bodies))
        assert sorted(reply.status for reply in replies) == [201, 409, 409]
    integrity.check(tree.project)


def test_two_who_reorder_the_same_siblings_at_once_lose_none(tree: Tree) -> None:
    nodes = [tree.add(f"N{n}") for n in range(6)]
    replies = at_once(
        *(
            lambda node=node, place=place: tree.client.send("PATCH", f"/api/v1/wbs/{node}/", {"position": place})
            for place, node in enumerate(reversed(nodes), 1)
        )
    )
    assert {reply.status for reply in replies} == {200}
    assert {node["id"] for node in tree.nodes()} == set(nodes)
    integrity.check(tree.project)


def test_a_node_that_two_move_at_once_is_in_one_place(tree: Tree) -> None:
    tops = [tree.add(f"N{n}") for n in range(3)]
    below = tree.add("Ground", tops[0])
    discipline = tree.add("Concrete", below)
    at_once(
        *(
            lambda top=top: tree.client.send("PATCH", f"/api/v1/wbs/{below}/", {"parent": top})
            for top in (tops[1], tops[2])
        ),
        lambda: tree.client.send("PATCH", f"/api/v1/wbs/{below}/", {"name": "First"}),
        lambda: tree.activity("Pour", discipline),
    )
    assert len(tree.nodes(level=2)) == len(tree.nodes(level=3)) == len(tree.nodes(level=4)) == 1
    assert tree.nodes(level=2)[0]["name"] == "First"
    integrity.check(tree.project)


def test_a_parent_that_is_deleted_while_a_child_is_created_takes_it_along_or_refuses_it(tree: Tree) -> None:
    top = tree.add("North")
    created, deleted = at_once(
        lambda: tree.client.send("POST", f"/api/v1/projects/{tree.project}/wbs/", {"name": "Ground", "parent": top}),
        lambda: tree.client.send("DELETE", f"/api/v1/wbs/{top}/"),
    )
    assert deleted.status == 204 and created.status in {201, 400}
    assert tree.nodes() == []
    integrity.check(tree.project)


@pytest.mark.parametrize(("activities", "transaction"), [(3, 1), (30, 2)])  # at once; staged
def test_a_node_that_is_renamed_while_a_subtree_moves_is_found_by_its_new_name(
    tree: Tree, stage: Stage, activities: int, transaction: int
) -> None:
    """What moves with the subtree is its line, which carries the words that search looks at."""
    top, home = tree.add("North"), tree.add("South")
    below = tree.add("Ground", top)
    discipline = tree.add("Concrete", below)
    pours = [tree.activity(f"Pour {n}", discipline) for n in range(activities)]
    sent = count(1)

    def rename() -> None:
        if next(sent) == transaction:
            tree.client.ok("PATCH", f"/wbs/{pours[0]}/", {"name": "Renamed"})

    with replaced(lambda client: Interrupted(client, rename)):
        assert tree.client.send("PATCH", f"/api/v1/wbs/{below}/", {"parent": home}).status == 200
    finish(stage.made["company"]["id"])
    assert [node["id"] for node in tree.nodes(search="renamed")] == [pours[0]]
    integrity.check(tree.project)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_whatever_many_editors_do_at_once_the_tree_is_whole(tree: Tree, stage: Stage, seed: int) -> None:
    random, numbers = Random(seed), count()
    tops = [tree.add(f"T{n}") for n in range(2)]
    middles = [tree.add("M", top) for top in tops]
    disciplines = [tree.add("D", middle) for middle in middles]
    activities = [tree.activity(f"A{n}", disciplines[0]) for n in range(30)]

    def edit(number: int, choice: float) -> int:
        node = random.choice([*tops, *middles, *disciplines, *activities])
        path = f"/api/v1/wbs/{node}/"
        if choice < 0.25:
            body = {"name": f"New {number}", "parent": random.choice(disciplines), "cost_code": f"N-{number}"}
            return int(tree.client.send("POST", f"/api/v1/projects/{tree.project}/wbs/", body).status)
        if choice < 0.5:
            return int(tree.client.send("PATCH", path, {"position": random.randint(1, 4)}).status)
        if choice < 0.75:
            moved, parent = random.choice([(random.choice(activities), disciplines), (disciplines[0], middles)])
            return int(tree.client.send("PATCH", f"/api/v1/wbs/{moved}/", {"parent": random.choice(parent)}).status)
        if choice < 0.9:
            return int(tree.client.send("PATCH", path, {"name": f"R{number}"}).status)
        return int(tree.client.send("DELETE", f"/api/v1/wbs/{random.choice(activities)}/").status)

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: edit(next(numbers), random.random()), range(24)))
    assert set(statuses) <= {200, 201, 204, 400, 404, 409}
    finish(stage.made["company"]["id"])
    integrity.check(tree.project)
    assert [node["code"] for node in tree.nodes(level=1)] == ["1", "2"]
