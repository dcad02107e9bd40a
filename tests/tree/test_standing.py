"""Codes by position are right after any change; ranks never repeat after deletions; order ends in an id."""

from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.errors import InUse
from chalicelib.tree import order
from chalicelib.tree.order import LEVELS, STEP_LENGTH, TOP, carried, rank_of
from chalicelib.tree.standing import GAP, LAST_RANK, MOST_CHILDREN, Standing, code, holders, insert, remove, reorder

PROJECT = "p" * 12


def ids() -> Any:
    return (f"{PROJECT}{number:012d}" for number in count())


class Outline:
    """A project's order keys and places, edited the way the service edits them."""

    def __init__(self) -> None:
        self.places: dict[str, Standing] = {TOP: Standing()}

    def order_of(self, node: str) -> str:
        return next(key for key in self.places if key and order.nodes_of(key, PROJECT)[-1] == node)

    def add(self, parent: str, node: str, position: int | None = None) -> None:
        edited = insert(self.places[parent], node, position)
        self.place(parent, edited.standing, edited.moved)
        self.places[parent + edited.step] = Standing(parent + edited.step)

    def place(self, parent: str, standing: Standing, moved: Any) -> None:
        self.places[parent] = standing
        self.carry({parent + old: parent + new for old, new in moved.items()})

    def carry(self, keys: dict[str, str]) -> None:
        """The subtrees at some order keys go to others."""

        def after(key: str) -> str:
            return next((carried(key, old, new) for old, new in keys.items() if key.startswith(old)), key)

        places = {after(key): held for key, held in self.places.items()}
        self.places = {key: Standing(key, held.children, held.last_rank) for key, held in places.items()}

    def reorder(self, key: str, position: int) -> None:
        parent = order.holder_order(key)
        edited = reorder(self.places[parent], order.last_step(key), position)
        self.place(parent, edited.standing, edited.moved)

    def move(self, key: str, parent: str, position: int | None) -> None:
        old = order.holder_order(key)
        self.places[old] = remove(self.places[old], order.last_step(key))
        edited = insert(self.places[parent], order.nodes_of(key, PROJECT)[-1], position)
        self.place(parent, edited.standing, edited.moved)
        self.carry({key: parent + edited.step})

    def delete(self, key: str) -> None:
        parent = order.holder_order(key)
        self.places[parent] = remove(self.places[parent], order.last_step(key))
        self.places = {each: held for each, held in self.places.items() if not each.startswith(key)}


class TreesUnderEdits(RuleBasedStateMachine):
    """Random trees through random edits, beside nested lists."""

    def __init__(self) -> None:
        super().__init__()
        self.tree = Outline()
        self.model: dict[str, list[str]] = {"": []}
        self.ids = ids()

    def level(self, node: str) -> int:
        return 0 if not node else 1 + self.level(self.parent(node))

    def parent(self, node: str) -> str:
        return next(parent for parent, children in self.model.items() if node in children)

    def key(self, node: str) -> str:
        return self.tree.order_of(node) if node else TOP

    def holders(self) -> list[str]:
        return [node for node in self.model if self.level(node) < LEVELS]

    def nodes(self) -> list[str]:
        return [node for node in self.model if node]

    @rule(data=st.data(), position=st.none() | st.integers(1, 6))
    def add(self, data: st.DataObject, position: int | None) -> None:
        parent, node = data.draw(st.sampled_from(self.holders())), next(self.ids)
        self.tree.add(self.key(parent), node, position)
        siblings = self.model[parent]
        siblings.insert(len(siblings) if position is None else position - 1, node)
        self.model[node] = []

    @precondition(lambda self: self.nodes())
    @rule(data=st.data(), position=st.integers(1, 6))
    def reorder(self, data: st.DataObject, position: int) -> None:
        node = data.draw(st.sampled_from(self.nodes()))
        self.tree.reorder(self.key(node), position)
        siblings = self.model[self.parent(node)]
        siblings.remove(node)
        siblings.insert(position - 1, node)

    @precondition(lambda self: self.nodes())
    @rule(data=st.data(), position=st.none() | st.integers(1, 6))
    def move(self, data: st.DataObject, position: int | None) -> None:
        node = data.draw(st.sampled_from(self.nodes()))
        old = self.parent(node)
        others = [each for each in self.model if self.level(each) == self.level(old) and each != old]
        if not others:
            return
        parent = data.draw(st.sampled_from(others))
        self.tree.move(self.key(node), self.key(parent), position)
        self.model[old].remove(node)
        siblings = self.model[parent]
        siblings.insert(len(siblings) if position is None else position - 1, node)

    @precondition(lambda self: self.nodes())
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        node = data.draw(st.sampled_from(self.nodes()))
        self.tree.delete(self.key(node))
        self.model[self.parent(node)].remove(node)
        gone = [node]
        for each in gone:
            gone += self.model.pop(each)

    @invariant()
    def the_order_of_keys_is_the_order_of_the_tree(self) -> None:
        """Flat in tree order; codes by position, and each key names exactly the nodes above."""
        expected: list[tuple[str, str, list[str]]] = []

        def walk(parent: str, code: str, above: list[str]) -> None:
            for place, node in enumerate(self.model[parent], 1):
                expected.append((node, f"{code}{place}", above))
                walk(node, f"{code}{place}.", [*above, node])

        walk("", "", [])
        keys = sorted(key for key in self.tree.places if key)
        places = self.tree.places
        found = [
            (order.nodes_of(key, PROJECT)[-1], code(key, places), order.ancestors_of(key, PROJECT)) for key in keys
        ]
        assert found == expected
        assert all(places[key].order == key for key in places)
        assert all(held.last_rank >= max(map(rank_of, held.children), default=0) for held in places.values())


TestTreesUnderEdits = TreesUnderEdits.TestCase
TestTreesUnderEdits.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


def family(size: int) -> Standing:
    parent, new = Standing(), ids()
    for _ in range(size):
        parent = insert(parent, next(new)).standing
    return parent


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_ranks_never_repeat_after_deletions(appends: list[bool]) -> None:
    """An appended child's rank is above every rank that its parent ever gave."""
    parent, new, given_out = Standing(), ids(), set[int]()
    for append in appends:
        if append or not parent.children:
            edited = insert(parent, next(new))
            assert rank_of(edited.step) not in given_out
            given_out.add(rank_of(edited.step))
            parent = edited.standing
        else:
            parent = remove(parent, parent.children[-1])


@pytest.mark.parametrize("position", [1, 2, 150, 299, 300])
def test_an_insertion_at_the_same_place_always_finds_room_and_moves_few_others(position: int) -> None:
    """A reorder costs what it changes: over many insertions at one place, few neighbours move."""
    parent, moved = family(300), 0
    for number in range(500):
        edited = insert(parent, f"{PROJECT}new{number:09d}", position)
        parent, moved = edited.standing, moved + len(edited.moved)
        assert parent.position(edited.step) == position
        assert list(parent.children) == sorted(parent.children) and len(set(parent.children)) == len(parent.children)
    assert moved < 500 * 4


def test_where_the_ranks_end_the_family_begins_anew() -> None:
    """Appending never ends: the ranks of the family are given out again, in the same order."""
    first = insert(Standing(last_rank=LAST_RANK - GAP), "a" * 24).standing
    second = insert(first, "b" * 24)
    assert [each[-1] for each in second.standing.children] == ["a", "b"]
    assert second.standing.last_rank <= 3 * GAP
    assert set(second.moved) == {first.children[0]}


def test_a_parent_has_at_most_2000_children() -> None:
    """2,000 children of one parent, refused with the bound in the message."""
    parent = family(MOST_CHILDREN)
    with pytest.raises(InUse, match="2000"):
        insert(parent, "n" * 24)
    child = parent.children[-1]
    assert reorder(parent, child, 1).standing.children[0].endswith(child[-12:])  # nothing comes to it


def test_a_child_at_its_own_position_moves_nothing() -> None:
    parent = family(3)
    edited = reorder(parent, parent.children[2], 99)
    assert edited.standing == parent and not edited.moved


def test_the_holders_of_a_key_are_the_places_its_code_is_read_from() -> None:
    key = "".join(order.step(rank, f"{rank:024d}") for rank in (1, 2, 3))
    assert holders(key) == [TOP, key[:STEP_LENGTH], key[: 2 * STEP_LENGTH]]
    assert order.level_of(key) == 3 and order.parent_of(key[:STEP_LENGTH], PROJECT) is None
    low, high = order.below(key[:STEP_LENGTH])
    assert low <= key <= high and not low <= key[:STEP_LENGTH] <= high
