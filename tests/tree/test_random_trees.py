"""Random trees through random edits: every listing, code and path as a simple model in memory has them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import slow
from tests.stage import Stage
from tests.tree import integrity
from tests.tree.conftest import Tree

edit = st.one_of(
    st.tuples(st.just("add"), st.integers(0, 40), st.integers(0, 3)),
    st.tuples(st.just("add"), st.integers(0, 40), st.integers(0, 3)),
    st.tuples(st.just("reorder"), st.integers(0, 40), st.integers(1, 5)),
    st.tuples(st.just("move"), st.integers(0, 40), st.integers(0, 40)),
    st.tuples(st.just("rename"), st.integers(0, 40), st.integers(0, 3)),
    st.tuples(st.just("delete"), st.integers(0, 40), st.just(0)),
)


class Model:
    """Nested lists: the children of each node in their order."""

    def __init__(self) -> None:
        self.children: dict[str | None, list[str]] = {None: []}
        self.names: dict[str, str] = {}
        self.budgets: dict[str, int] = {}

    def walk(self, parent: str | None = None, code: str = "", path: tuple[str, ...] = ()) -> Iterator[Any]:
        for place, node in enumerate(self.children[parent], 1):
            here = (*path, self.names[node])
            yield node, f"{code}{place}", here, parent
            yield from self.walk(node, f"{code}{place}.", here)

    def parent(self, node: str) -> str | None:
        return next(parent for parent, children in self.children.items() if node in children)

    def level(self, node: str | None) -> int:
        return 0 if node is None else 1 + self.level(self.parent(node))

    def add(self, node: str, parent: str | None, name: str) -> None:
        self.children[parent].append(node)
        self.children[node], self.names[node] = [], name

    def place(self, node: str, parent: str | None, position: int) -> None:
        self.children[self.parent(node)].remove(node)
        self.children[parent].insert(position - 1, node)

    def delete(self, node: str) -> None:
        self.children[self.parent(node)].remove(node)
        gone = [node]
        for each in gone:
            gone += self.children.pop(each)
            del self.names[each]


def do(tree: Tree, model: Model, number: int, kind: str, which: int, what: int) -> None:
    """One edit through the API, and what the model says of it."""
    nodes = sorted(model.names)
    if kind == "add" or not nodes:
        parents = [None, *(node for node in nodes if model.level(node) < 4)]
        parent = parents[which % len(parents)]
        name, level = f"N{number}", model.level(parent) + 1
        node = tree.activity(name, str(parent), budget_hours=number) if level == 4 else tree.add(name, parent)
        model.add(node, parent, name)
        model.budgets[node] = number if level == 4 else 0
        return
    node = nodes[which % len(nodes)]
    if kind == "reorder":
        tree.change(node, position=what)
        model.place(node, model.parent(node), what)
    elif kind == "move":
        parents = [each for each in (None, *nodes) if model.level(each) == model.level(node) - 1]
        parent = parents[what % len(parents)]
        position = 1 + what % 3
        tree.change(node, parent=parent, position=position)
        model.place(node, parent, position)
    elif kind == "rename":
        tree.change(node, name=f"R{number}")
        model.names[node] = f"R{number}"
    else:
        assert tree.client.send("DELETE", f"/api/v1/wbs/{node}/").status == 204
        model.delete(node)


def flat(nodes: list[dict[str, Any]]) -> list[Any]:
    return [(node["id"], node["code"], tuple(node["path"]), node["parent"]) for node in nodes]


def nested(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        yield node
        yield from nested(node["children"])


def check(tree: Tree, model: Model) -> None:
    """Every listing of the tree."""
    expected = list(model.walk())
    assert flat(tree.nodes(page_size=7)) == expected
    assert flat(list(nested(tree.nodes(view="tree", page_size=2)))) == expected
    for level in range(1, 5):
        assert flat(tree.nodes(level=level)) == [row for row in expected if model.level(row[0]) == level]
    for node, code, path, parent in expected[:: max(1, len(expected) // 2)]:
        below = [row for row in expected if row[1].startswith(f"{code}.")]
        assert flat(tree.nodes(under=node)) == below
        children = [row for row in below if row[3] == node]
        assert flat(tree.nodes(parent=node)) == children
        assert flat(tree.client.ok("GET", f"/wbs/{node}/children/")["results"]) == children
        above = [row for row in expected if code.startswith(f"{row[1]}.")]
        assert flat(tree.client.ok("GET", f"/wbs/{node}/ancestors/")["results"]) == above
        assert flat([tree.read(node)]) == [(node, code, path, parent)]
    activities = [(row[0], list(row[2])) for row in expected if model.level(row[0]) == 4]
    codes = tree.client.ok("GET", f"/projects/{tree.project}/cost-codes/")["results"]
    assert [(row["node"], row["path"]) for row in codes] == activities


def check_budgets(tree: Tree, model: Model) -> None:
    """Budget hours follow the subtree: at every level they are the sum of what is below."""
    expected = list(model.walk())
    for node, code, _, _ in expected[:: max(1, len(expected) // 4)]:
        below = sum(model.budgets[row[0]] for row in expected if row[1] == code or row[1].startswith(f"{code}."))
        assert Decimal(tree.client.ok("GET", f"/wbs/{node}/kpis/")["bac"]) == below
    whole = tree.client.ok("GET", f"/projects/{tree.project}/kpis/")["bac"]
    assert Decimal(whole) == sum(model.budgets[row[0]] for row in expected)


@pytest.mark.long
@slow(3)
@given(edits=st.lists(edit, min_size=10, max_size=25))
def test_every_listing_code_and_path_is_right_after_any_edits(stage: Stage, edits: list[tuple[str, int, int]]) -> None:
    tree, model = Tree(stage.owner), Model()
    for number, (kind, which, what) in enumerate(edits):
        do(tree, model, number, kind, which, what)
    check(tree, model)
    stage.settle()
    check_budgets(tree, model)
    integrity.check(tree.project)
