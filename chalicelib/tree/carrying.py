"""A subtree that goes from one order key to another: which rows it takes along, and how they are written.

Few rows go in the transaction of the change itself. Many are staged for an edition (:mod:`chalicelib.tree.staging`).
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from pynamodb.expressions.condition import Condition

from chalicelib.storage.changes import Change, Delete, Put, Update
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import parse
from chalicelib.tree.editions import busy
from chalicelib.tree.ground import EditionChanged, place_key
from chalicelib.tree.order import LEVELS, carried, last_step, node_of
from chalicelib.tree.rows import ALL_LEVELS, FOREVER, Line, Node, Place, lines_of

ITEMS = 80  # of a transaction's 100, the others are for the parents, claims, the outline, the key's completion


class Carry(Struct, frozen=True):
    """A subtree and where it goes: the order keys of its top node before and after."""

    old: str
    new: str


class Carried(Struct, frozen=True):
    """A node of a subtree: its line among all, its place, and its order key afterwards."""

    line: Line
    place: Place
    order: str


def subtree(company: str, project: str, order: str, after: str = "") -> Query[Line]:
    """The lines of a node and of everything below it, or those of them after an order key."""
    low = after + "!" if after else order
    return Query(model=Line, hash=key(company, project, ALL_LEVELS), between=(low, order + "~"))


def items(level: int) -> int:
    """How many rows of a transaction one node takes: its place, and each line at the old and the new key."""
    return 3 if level == LEVELS else 5


def gathered(reading: Reading, company: str, project: str, carries: Iterable[Carry]) -> list[Carried] | None:
    """All nodes of some subtrees; None where they are too many for one transaction.

    Raises:
        EditionChanged: a node has come or gone between the two rounds of reading.
        InUse: a large change is not cleared there yet.
    """
    found: list[Carried] = []
    for carry in carries:
        page = reading.page(subtree(company, project, carry.old), limit=ITEMS)
        lines = [parse(Line, item) for item in page.rows]
        if page.last is not None or sum(items(line.level) for line in lines) + _size(found) > ITEMS:
            return None
        found += with_places(reading, company, project, carry, lines)
    return found


def _size(found: Iterable[Carried]) -> int:
    return sum(items(each.line.level) for each in found)


def with_places(
    reading: Reading, company: str, project: str, carry: Carry, lines: Sequence[Line], whole: bool = True
) -> list[Carried]:
    """Lines with the places of their nodes, read after them: none of their children may be missing among the lines.

    ``whole`` says that the lines reach to the end of the subtree.
    """
    places = reading.rows(*(place_key(company, node_of(last_step(line.sk), project)) for line in lines))
    orders, end = {line.sk for line in lines}, "~" if whole or not lines else lines[-1].sk
    for line, place in zip(lines, places, strict=True):
        if place is not None and place.next is not None:
            raise busy()
        if place is None or any(line.sk + each not in orders and line.sk + each < end for each in place.children):
            raise EditionChanged
    return [
        Carried(line, place, carried(line.sk, carry.old, carry.new)) for line, place in zip(lines, places, strict=True)
    ]


def carry_now(company: str, found: Iterable[Carried], renamed: Node) -> list[Change]:
    """The nodes at their new order keys at once, on condition that nothing has come to them since.

    ``renamed`` is the one that may have another name or code, too.
    """
    text = renamed.searchable()
    return [
        change
        for each in found
        for change in (_placed(each), *_lines(company, each, text if each.place.node == renamed.id else None))
    ]


def _placed(each: Carried) -> Change:
    place = each.place
    actions = (Place.order.set(each.order), Place.version.set(place.version + 1))
    return Update(Place, (place.pk, place.sk), actions, Place.version == place.version)


def _lines(company: str, each: Carried, text: str | None) -> list[Change]:
    changes: list[Change] = []
    for (pk, old), (_, new) in zip(
        lines_of(company, each.place.project, each.line.sk),
        lines_of(company, each.place.project, each.order),
        strict=True,
    ):
        changes += [
            Delete(Line, (pk, old), unrenamed(each.line)),
            Put(line(pk, new, each.line.level, text or each.line.search_text)),
        ]
    return changes


def unrenamed(line: Line) -> Condition:
    """Nobody has given the node other words since its line was read: they would stay behind at the old order key."""
    same: Condition = Line.search_text == line.search_text
    return same


def line(pk: str, order: str, level: int, search_text: str, since: int = 0) -> Line:
    """A node's line, to be seen from an edition on."""
    return Line(pk=pk, sk=order, level=level, search_text=search_text, since=since, until=FOREVER)
