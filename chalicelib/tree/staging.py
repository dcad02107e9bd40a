"""A large change of the tree: staged beside what is there, and shown at one flip.

Each function gives changes for one transaction of some intent's step. The intent's version guards that they are
made once; the versions of places guard that no node is appended where the staging has been already. What is staged
is cleared after the flip, or taken back before it (:mod:`chalicelib.tree.clearing`).
"""

from collections.abc import Collection, Mapping
from typing import Any

from chalicelib.storage.changes import Change, Put, Update, absent
from chalicelib.tree.carrying import Carried, line, unrenamed
from chalicelib.tree.claims import claimed, keys
from chalicelib.tree.editions import EDITION, GONE, busy, staged
from chalicelib.tree.ground import new_place
from chalicelib.tree.order import parent_of
from chalicelib.tree.rows import Line, Node, Outline, Place, lines_of
from chalicelib.tree.standing import Standing


def begin(outline: Outline, intent: str) -> Change:
    """Announce a large change: until its flip, other changes of the tree's structure are refused.

    Raises:
        InUse: another large change is under way, or is being cleared.
    """
    if outline.change is not None:
        raise busy()
    actions = (Outline.change.set(intent), Outline.staged.set(outline.edition + 1))
    return Update(Outline, (outline.pk, outline.sk), actions, _same(outline) & Outline.change.does_not_exist())


def flip(outline: Outline, intent: str, clearing: str, *, bulk: bool = False) -> Change:
    """Show what is staged; from now on the intent ``clearing`` has the outline.

    ``bulk`` says that the plans of many nodes change with it.
    """
    assert outline.change == intent and outline.staged is not None, "the intent has it, as long as it is not ended"
    actions = [Outline.edition.set(outline.staged), Outline.change.set(clearing)]
    actions += [Outline.bulk.set(outline.staged)] if bulk else []
    return Update(Outline, (outline.pk, outline.sk), tuple(actions), _same(outline) & (Outline.change == intent))


def end(outline: Outline, intent: str) -> Change:
    """Everything is cleared, taken back, or frozen: the next large change may begin."""
    actions = (Outline.change.remove(), Outline.staged.remove(), Outline.freezing.remove())
    return Update(Outline, (outline.pk, outline.sk), actions, Outline.change == intent)


def raised(outline: Outline, *, bulk: bool = False) -> Change:
    """Another edition, for a change that fits one transaction. ``bulk`` as in :func:`flip`."""
    edition = outline.edition + 1
    actions = [Outline.edition.set(edition), *([Outline.bulk.set(edition)] if bulk else [])]
    return Update(Outline, (outline.pk, outline.sk), tuple(actions), _same(outline))


def _same(outline: Outline) -> Any:
    """Nothing has been announced or shown since it was read."""
    same = Outline.edition == outline.edition
    return same & (Outline.staged.does_not_exist() if outline.staged is None else Outline.staged == outline.staged)


def stage_new(company: str, node: Node, standing: Standing, edition: int, kept: Collection[str] = ()) -> list[Change]:
    """A new node that shows from an edition on, with its place, lines, name and cost code.

    ``node`` is as it will be, and so is its ``standing``. Its parent's children are staged by
    :func:`stage_children`. Claims that are ``kept`` are another's until the flip.
    """
    node.since, order = edition, standing.order
    place = new_place(company, node.project, node.id, standing)
    place.since = edition
    lines = [
        Put(line(pk, sk, node.level, node.searchable(), edition)) for pk, sk in lines_of(company, node.project, order)
    ]
    wanted = keys(parent_of(order, node.project), node.name, node.cost_code)
    claims = claimed(company, node, [sk for sk in wanted.values() if sk not in kept])
    return [Put(node, absent(Node)), Put(place, absent(Place)), *lines, *claims]


def stage_children(place: Place, standing: Standing, edition: int) -> Change:
    """The children that a place will have; new places are staged with theirs, too."""
    values = {"children": list(standing.children), "last_rank": standing.last_rank}
    return _staged_place(place, values, edition)


def _staged_place(place: Place, values: Mapping[str, object], edition: int) -> Change:
    kept = place.next if place.next and place.next[EDITION] == edition else {}
    actions = (Place.next.set(staged(edition, {**kept, **values})), Place.version.set(place.version + 1))
    return Update(Place, (place.pk, place.sk), actions, Place.version == place.version)


def stage_node(node: Node, values: Mapping[str, object], edition: int) -> Change:
    """What a node will be; ``values`` hold its next version and time of change. Its new claims are taken apart."""
    return Update(Node, (node.pk, node.sk), (Node.next.set(staged(edition, values)),), Node.version == node.version)


def stage_order(company: str, each: Carried, edition: int) -> list[Change]:
    """A node at another order key: its old lines end, its new ones begin."""
    place = each.place
    changes = [_staged_place(place, {"order": each.order}, edition)]
    for pk, sk in lines_of(company, place.project, each.line.sk):
        changes.append(Update(Line, (pk, sk), (Line.until.set(edition),), unrenamed(each.line)))
    for pk, sk in lines_of(company, place.project, each.order):
        changes.append(Put(line(pk, sk, each.line.level, each.line.search_text, edition)))
    return changes


def stage_end(company: str, node: Node, place: Place, edition: int) -> list[Change]:
    """A node that is not there any more from an edition on."""
    ended = [Update(Line, key, (Line.until.set(edition),)) for key in lines_of(company, node.project, place.order)]
    return [stage_node(node, {GONE: True}, edition), _staged_place(place, {GONE: True}, edition), *ended]
