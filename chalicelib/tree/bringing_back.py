"""Deleted nodes brought back, with those above them that are deleted as well, and a line in the history of each."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.ids import ID_LENGTH, project_of
from chalicelib.storage.changes import Change, Delete, Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Wanted
from chalicelib.times import stamp
from chalicelib.tree.carrying import line
from chalicelib.tree.claims import claim_key, claimed, keys
from chalicelib.tree.editions import as_of, from_document, require_own, require_still, standing_of
from chalicelib.tree.ground import new_place, node_key, outline_key, place_key
from chalicelib.tree.movement import with_children
from chalicelib.tree.order import ancestors_of, nodes_of
from chalicelib.tree.rows import DeletedNode, Node, NodeEvent, Outline, Place, lines_of
from chalicelib.tree.standing import Standing, bring_back

SLIPPED_IN = "Hours came to it while it was deleted."


class Holder(Struct, frozen=True):
    """A place that gets a child back: as it lies in the table, None where it comes back itself; its node's id."""

    row: Place | None
    standing: Standing
    node: str | None


def tombstone_key(company: str, node: str) -> Wanted:
    """Which row stays of a deleted node."""
    return DeletedNode, key(company, project_of(node)), f"deleted#{node}"


def brought_back(reading: Reading, company: str, id: str, now: datetime) -> list[Change]:
    """The changes that bring a deleted node back where it was last, at the end of its siblings; none where it is there.

    Its name and code get an ending where somebody else has them by now.

    Raises:
        InUse: a large change is under way.
    """
    project = project_of(id)
    tombstone: DeletedNode | None = reading.rows(tombstone_key(company, id))[0]
    if tombstone is None:
        return []
    outline: Outline | None = reading.rows(outline_key(company, project))[0]
    if outline is None:
        return []
    require_still(outline)
    ids = nodes_of(tombstone.order, project)
    reading.rows(*(row for each in ids for row in _rows_of(company, each)), place_key(company, project))
    parent, deleted = _deleted(reading, company, id, outline.edition)
    place: Place = reading.rows(place_key(company, parent or project))[0]
    require_own(place)
    holder, changes, places = Holder(place, standing_of(place), parent), list[Change](), list[Change]()
    for gone in deleted:
        edited = bring_back(holder.standing, gone.id)
        places.append(_placed(company, project, Holder(holder.row, edited.standing, holder.node)))
        back = _as_it_was(gone, outline, now)
        order = holder.standing.order + edited.step
        changes += _returned(reading, company, gone, back, holder.node, order, now)
        holder = Holder(None, Standing(order), gone.id)
    return [*changes, *places, _placed(company, project, holder)] if changes else []


def _rows_of(company: str, node: str) -> tuple[Wanted, Wanted, Wanted]:
    return node_key(company, node), place_key(company, node), tombstone_key(company, node)


def _deleted(reading: Reading, company: str, id: str, edition: int) -> tuple[str | None, list[DeletedNode]]:
    """The parent that is there, None for the project itself; and what is deleted below it, from there to the node.

    A parent may have been moved after the node was deleted, so each says itself where it was.
    """
    found = list[DeletedNode]()
    each: str | None = id
    while each is not None:
        node, place, gone = reading.rows(*_rows_of(company, each))
        require_own(node, place)
        if as_of(node, edition) is not None:
            break
        found.append(gone)
        each = next(reversed(ancestors_of(gone.order, project_of(id))), None)
    return each, found[::-1]


def _placed(company: str, project: str, holder: Holder) -> Change:
    """A place with its children: changed where it is there, put where it comes back itself."""
    if holder.row is not None:
        return with_children(holder.row, holder.standing)
    return Put(new_place(company, project, str(holder.node), holder.standing), absent(Place))


def _returned(
    reading: Reading, company: str, gone: DeletedNode, back: Node, parent: str | None, order: str, now: datetime
) -> list[Change]:
    """One node as it was; its history says that it was deleted, and that it is back."""
    node = _renamed(reading, company, back, parent)
    lines = [Put(line(pk, sk, node.level, node.searchable())) for pk, sk in lines_of(company, node.project, order)]
    held = keys(parent, node.name, node.cost_code)
    return [
        Put(node, absent(Node)),
        Delete(DeletedNode, (gone.pk, gone.sk)),
        *lines,
        *claimed(company, node, held.values()),
        *_history(company, gone, now),
    ]


def _as_it_was(gone: DeletedNode, outline: Outline, now: datetime) -> Node:
    node = from_document(gone.node)
    node.version, node.updated_at, node.made_during = node.version + 1, stamp(now), outline.freezing
    return node


def _renamed(reading: Reading, company: str, node: Node, parent: str | None) -> Node:
    ending = node.id[-ID_LENGTH:][:4]
    held = keys(parent, node.name, node.cost_code)
    taken = reading.rows(*(claim_key(company, node.project, sk) for sk in held.values()))
    for field, claim in zip(held, taken, strict=True):
        if claim is not None:
            setattr(node, field, f"{getattr(node, field)} {ending}")
    return node


def _history(company: str, gone: DeletedNode, now: datetime) -> Sequence[Change]:
    pk = key(company, gone.id)
    return (
        Put(NodeEvent(pk=pk, sk=f"event#{gone.deleted_at}", at=gone.deleted_at, by=gone.by, action="deleted")),
        Put(NodeEvent(pk=pk, sk=f"event#{stamp(now)}", at=stamp(now), action="brought_back", reason=SLIPPED_IN)),
    )
