"""After the flip, what was staged beside a row becomes the row; before it, a change that cannot go on is taken back."""

from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import Struct

from chalicelib.storage.changes import Change, Delete, Put, Update
from chalicelib.storage.reading import Reading
from chalicelib.times import stamp
from chalicelib.tree.carrying import line
from chalicelib.tree.claims import keys, released
from chalicelib.tree.editions import EDITION, as_of
from chalicelib.tree.ground import node_key, outline_key, place_key
from chalicelib.tree.order import parent_of
from chalicelib.tree.rows import FOREVER, DeletedNode, Line, Node, Place, lines_of
from chalicelib.work.intents import changed_at

ITEMS = 90
AT_MOST = 45  # ids whose rows are read for one step


class Pair(Struct, frozen=True):
    """The two rows of a node as they lie in the table; the top has no node. Of its claims, ``kept`` stay."""

    company: str
    node: Node | None
    place: Place | None
    kept: frozenset[str] = frozenset()

    def lines(self, order: str) -> list[tuple[str, str]]:
        """The keys of the node's lines at an order key."""
        assert self.place is not None, "a node without a place has no lines"
        return lines_of(self.company, self.place.project, order) if order else []


class Cleared(Struct, frozen=True):
    """The changes of one transaction, and for how many of the ids that is all."""

    changes: list[Change]
    count: int


def clear(
    reading: Reading,
    company: str,
    project: str,
    ids: Iterable[str],
    now: datetime,
    by: str | None,
    kept: frozenset[str] = frozenset(),
) -> Cleared:
    """Nodes as they were staged, as many of them as fit a transaction; the top goes by the project's id.

    What was staged to end is deleted in the name of ``by``. Claims that are ``kept`` go to another node.
    """
    outline = reading.rows(outline_key(company, project))[0]
    return _packed(reading, company, ids, lambda pair: _forward(pair, outline.edition, now, by), kept)


def take_back(
    reading: Reading, company: str, ids: Iterable[str], edition: int, kept: frozenset[str] = frozenset()
) -> Cleared:
    """Nodes as they were before an edition was staged, as many as fit a transaction; new ones go.

    Claims that are ``kept`` stay whose they are.
    """
    return _packed(reading, company, ids, lambda pair: _back(pair, edition), kept)


def _packed(
    reading: Reading,
    company: str,
    ids: Iterable[str],
    changes_of: Callable[[Pair], list[Change]],
    kept: frozenset[str],
) -> Cleared:
    """What becomes of the ids, one after another, until a transaction is full."""
    wanted = list(ids)[:AT_MOST]
    rows = reading.rows(*(node_key(company, id) for id in wanted), *(place_key(company, id) for id in wanted))
    changes: list[Change] = []
    for count, (node, place) in enumerate(zip(rows[: len(wanted)], rows[len(wanted) :], strict=True)):
        more = changes_of(Pair(company, node, place, kept))
        if len(changes) + len(more) > ITEMS:
            return Cleared(changes, count)
        changes += more
    return Cleared(changes, len(wanted))


def _forward(pair: Pair, edition: int, now: datetime, by: str | None) -> list[Change]:
    changes: list[Change] = []
    if pair.node is not None and (pair.node.next is not None or pair.node.since is not None):
        changes += _node_forward(pair, pair.node, edition, now, by)
    if pair.place is not None and pair.place.next is not None:
        changes += _place_forward(pair, pair.place, edition)
    return changes


def _place_forward(pair: Pair, place: Place, edition: int) -> list[Change]:
    after, same = as_of(place, edition), Place.version == place.version
    if after is None:
        return [Delete(Place, (place.pk, place.sk), same), *_without(pair, place.order)]
    after.version = place.version + 1
    return [Put(after, same), *(_without(pair, place.order) if after.order != place.order else [])]


def _without(pair: Pair, order: str) -> list[Change]:
    return [Delete(Line, key) for key in pair.lines(order)]


def _node_forward(pair: Pair, node: Node, edition: int, now: datetime, by: str | None) -> list[Change]:
    after, same = as_of(node, edition), Node.version == node.version
    gone = _release(pair, node, _claims(pair, node, 0) - _claims(pair, after, edition))
    if after is None:
        assert pair.place is not None, "a node has a place"
        return [Delete(Node, (node.pk, node.sk), same), Put(tombstone(node, pair.place, now, by)), *gone]
    after.updated_at, after.since = changed_at(after.updated_at, now), None
    assert pair.place is not None, "a node has a place"
    stands = as_of(pair.place, edition) or pair.place
    text = after.searchable()
    found = text != node.searchable()
    return [
        Put(after, same),
        *gone,
        *(Put(line(pk, sk, node.level, text)) for pk, sk in pair.lines(stands.order) if found),
    ]


def _claims(pair: Pair, node: Node | None, edition: int) -> set[str]:
    """The keys of the claims that a node holds where it stands in an edition."""
    place = pair.place and (as_of(pair.place, edition) or pair.place)
    if node is None or place is None:
        return set()
    return set(keys(parent_of(place.order, node.project), node.name, node.cost_code).values())


def _back(pair: Pair, edition: int) -> list[Change]:
    changes: list[Change] = []
    if pair.node is not None:
        changes += _node_back(pair, pair.node, edition)
    if pair.place is not None:
        changes += _place_back(pair, pair.place, edition)
    return changes


def _node_back(pair: Pair, node: Node, edition: int) -> list[Change]:
    same, key = Node.version == node.version, (node.pk, node.sk)
    if node.since == edition:
        return [Delete(Node, key, same), *_release(pair, node, _claims(pair, node, edition))]
    if node.next is None or node.next[EDITION] != edition:
        return []
    taken = _claims(pair, as_of(node, edition), edition) - _claims(pair, node, 0)
    return [Update(Node, key, (Node.next.remove(),), same), *_release(pair, node, taken)]


def _release(pair: Pair, node: Node, claims: set[str]) -> list[Change]:
    return released(pair.company, node, sorted(claims - pair.kept))


def _place_back(pair: Pair, place: Place, edition: int) -> list[Change]:
    same, key = Place.version == place.version, (place.pk, place.sk)
    if place.since == edition:
        return [Delete(Place, key, same), *_without(pair, place.order)]
    if place.next is None or place.next[EDITION] != edition:
        return []
    actions = (Place.next.remove(), Place.version.set(place.version + 1))
    after = as_of(place, edition)
    changes: list[Change] = [Update(Place, key, actions, same)]
    if after is None or after.order != place.order:
        changes += [Update(Line, each, (Line.until.set(FOREVER),)) for each in pair.lines(place.order)]
    return [*changes, *(_without(pair, after.order) if after is not None and after.order != place.order else [])]


def tombstone(node: Node, place: Place, now: datetime, by: str | None) -> DeletedNode:
    """What stays of a node that is deleted now."""
    kept = {name: value for name, value in node.plain().items() if name not in {"next", "since"} and value is not None}
    return DeletedNode(
        pk=node.pk,
        sk=f"deleted#{node.id}",
        id=node.id,
        deleted_at=stamp(now),
        scope=node.scope(),
        level=node.level,
        order=place.order,
        search_text=node.searchable(),
        node=kept,
        by=by,
    )
