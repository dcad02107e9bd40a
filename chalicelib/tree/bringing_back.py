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
from chalicelib.tree.order import nodes_of
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
    """The changes that bring a deleted node back where it was, last among its siblings; none where it is there.

    Its name and code get an ending where somebody else has them by now.

    Raises:
        InUse: a large change is under way.
    """
    project = project_of(id)
    tombstone: DeletedNode | None = reading.rows(tombstone_key(company, id))[0]
    if tombstone is None:
        return []
    ids = nodes_of(tombstone.order, project)
    outline: Outline | None = reading.rows(outline_key(company, project))[0]
    if outline is None:
        return []
    require_still(outline)
    reading.rows(*(of(company, each) for each in ids for of in (node_key, place_key, tombstone_key)))
    top: Place = reading.rows(place_key(company, project))[0]
    holder, changes = Holder(top, standing_of(top), None), list[Change]()
    places: list[Change] = []
    for each in ids:
        node, place, gone = reading.rows(*(of(company, each) for of in (node_key, place_key, tombstone_key)))
        require_own(holder.row, node, place)
        if as_of(node, outline.edition) is not None:
            holder = Holder(place, standing_of(place), each)
            continue
        edited = bring_back(holder.standing, each)
        places.append(_placed(company, project, Holder(holder.row, edited.standing, holder.node)))
        back = _as_it_was(gone, outline, now)
        changes += _returned(reading, company, gone, back, holder.node, holder.standing.order + edited.step, now)
        holder = Holder(None, Standing(holder.standing.order + edited.step), each)
    return [*changes, *places, _placed(company, project, holder)] if changes else []


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
