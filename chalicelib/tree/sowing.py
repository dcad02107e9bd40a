"""What an import stages, entry by entry, cut into pieces that fit a transaction each.

A piece is put beside the intent before the intent is, so what is decided is fixed when it begins.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from chalicelib.tree.claims import name_key
from chalicelib.tree.plan_import import Change, ImportPlan, Planned, TreeNode, seat

ITEMS = 84  # of a transaction's 100; the intent is one more
CHILDREN_PER_ITEM = 50  # a parent's children are written together: 2,000 are some 50 KB


class NewChildren(msgspec.Struct, frozen=True, tag="children"):
    """A parent that is there, and the nodes that come to it and leave it; the top is the project's id."""

    id: str
    come: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    held: int = 0

    @property
    def items(self) -> int:
        """How many rows of a transaction it counts for."""
        return 1 + (self.held + len(self.come)) // CHILDREN_PER_ITEM


class NewNode(msgspec.Struct, frozen=True, tag="new"):
    """A node to create, with all children that it will have; ``handed`` is its name's claim where another leaves it."""

    id: str
    parent: str
    level: int
    name: str
    planned: Planned | None = None
    children: tuple[str, ...] = ()
    handed: str | None = None

    @property
    def items(self) -> int:
        """Node, place, lines and claims."""
        return 5 + len(self.children) // CHILDREN_PER_ITEM


class ChangedNode(msgspec.Struct, frozen=True, tag="changed"):
    """An activity to change: what it will be, and which fields the file says otherwise.

    ``hands_on`` is the claim of the name that it leaves to another in this import, ``handed`` that of one it gets.
    """

    id: str
    parent: str
    name: str
    planned: Planned
    fields: tuple[str, ...]
    moved: bool = False
    hands_on: str | None = None
    handed: str | None = None

    @property
    def items(self) -> int:
        """Node, claims, place and lines."""
        return 6


Entry = NewChildren | NewNode | ChangedNode


def entries(made: ImportPlan, present: Sequence[TreeNode], project: str) -> list[Entry]:
    """Everything that is to be staged: parents before what comes to them."""
    new = [*made.parents, *made.activities]
    coming = _by_parent([*new, *(change.after for change in made.changes if change.moved)], project)
    leaving = _by_parent([change.before for change in made.changes if change.moved], project)
    created = {node.id for node in new}
    held = {parent: len(ids) for parent, ids in _by_parent(present, project).items()}
    handed, hands_on = _names_handed(made)
    return [
        *(
            NewChildren(id, coming.get(id, ()), leaving.get(id, ()), held.get(id, 0))
            for id in dict.fromkeys([*coming, *leaving])
            if id not in created
        ),
        *(_new(node, project, coming.get(node.id, ()), handed.get(node.id)) for node in new),
        *(_changed(change, hands_on.get(change.after.id), handed.get(change.after.id)) for change in made.changes),
    ]


def _by_parent(nodes: Iterable[TreeNode], project: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for node in nodes:
        found.setdefault(node.parent or project, []).append(node.id)
    return {parent: tuple(ids) for parent, ids in found.items()}


def _names_handed(made: ImportPlan) -> tuple[dict[str, str], dict[str, str]]:
    """The claims of sibling names that one node leaves to another in the same import: by who gets and by who leaves."""
    reseated = [change for change in made.changes if seat(change.before) != seat(change.after)]
    left = {seat(change.before): change.before.id for change in reseated}
    coming = [node for node in [*made.activities, *(change.after for change in reseated)] if seat(node) in left]
    handed = {node.id: name_key(node.parent, node.name) for node in coming}
    return handed, {left[seat(node)]: handed[node.id] for node in coming}


def _new(node: TreeNode, project: str, children: tuple[str, ...], handed: str | None) -> NewNode:
    return NewNode(node.id, node.parent or project, node.level, node.name, node.planned, children, handed)


def _changed(change: Change, hands_on: str | None, handed: str | None) -> ChangedNode:
    before, after = change.before, change.after
    assert before.planned is not None and after.planned is not None and after.parent is not None, "an activity"
    old, new = msgspec.structs.asdict(before.planned), msgspec.structs.asdict(after.planned)
    fields = [name for name, value in new.items() if value != old[name]]
    fields += ["name"] if before.name != after.name else []
    return ChangedNode(after.id, after.parent, after.name, after.planned, tuple(fields), change.moved, hands_on, handed)


def pieces(found: Iterable[Entry]) -> Iterator[dict[str, object]]:
    """The entries in pieces, as they are kept."""
    piece: list[Entry] = []
    for entry in found:
        if piece and sum(each.items for each in piece) + entry.items > ITEMS:
            yield packed(piece)
            piece = []
        piece.append(entry)
    if piece:
        yield packed(piece)


def packed(piece: Sequence[Entry]) -> dict[str, object]:
    """A piece as a document; numbers keep their digits as text."""
    return {"entries": msgspec.json.encode(piece).decode()}


def unpacked(content: Mapping[str, Any]) -> list[Entry]:
    """The reverse of :func:`packed`."""
    return msgspec.json.decode(content["entries"], type=list[Entry])
