"""Where nodes stand: the children of one parent in order, and what an edit makes of them.

Everything here is a plain value and a pure function. An edit of the children of one parent is an :class:`Edited`:
the parent as it stands afterwards, and which steps of its children have become others. What stands below those is
carried along by their order keys (:func:`chalicelib.tree.order.carried`).
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from msgspec import Struct

from chalicelib.errors import InUse
from chalicelib.tree.order import RANK_DIGITS, TOP, holder_order, rank_of, step, steps

MOST_CHILDREN = 2000
GAP = 100_000  # between the ranks of children that are appended: room for sixteen insertions at one place
ROOMY = 16  # how far apart two ranks are at least after they are spread out; wider sets of them further
LAST_RANK = 10**RANK_DIGITS - 1


class Standing(Struct, frozen=True):
    """A place in the tree: its order key, the steps of its children in order, and the highest rank it ever gave."""

    order: str = TOP
    children: tuple[str, ...] = ()
    last_rank: int = 0

    def position(self, child: str) -> int:
        """The position of a child's step among the children, from 1."""
        place = bisect_left(self.children, child)
        if place == len(self.children) or self.children[place] != child:
            raise KeyError(child)
        return place + 1


class Edited(Struct, frozen=True):
    """A parent after an edit of its children; ``moved`` are the steps that became others, old to new."""

    standing: Standing
    step: str
    moved: Mapping[str, str] = {}


def require_room(children: Sequence[str]) -> None:
    """Raises :class:`InUse` when a parent has as many children as it may have."""
    if len(children) >= MOST_CHILDREN:
        raise InUse(f"A parent has at most {MOST_CHILDREN} children. Put the node under another parent.")


def insert(parent: Standing, node: str, position: int | None = None) -> Edited:
    """A node that comes to a parent: at a position from 1, or last where there is none or fewer children.

    Raises:
        InUse: the parent has as many children as it may have.
    """
    require_room(parent.children)
    return _insert(parent, node, position)


def bring_back(parent: Standing, node: str) -> Edited:
    """A node that comes back to a parent, last; also where the parent is full by now."""
    return _insert(parent, node, None)


def remove(parent: Standing, child: str) -> Standing:
    """A parent without one of its children; the ranks of the others stay."""
    place = parent.position(child) - 1
    return Standing(parent.order, parent.children[:place] + parent.children[place + 1 :], parent.last_rank)


def reorder(parent: Standing, child: str, position: int) -> Edited:
    """A child at another position among its siblings; at its own, nothing moves."""
    if parent.position(child) == min(position, len(parent.children)):
        return Edited(parent, child)
    edited = _insert(remove(parent, child), child, position)
    return Edited(edited.standing, edited.step, {**edited.moved, child: edited.step})


def _insert(parent: Standing, node: str, position: int | None) -> Edited:
    count = len(parent.children)
    place = count if position is None else min(position - 1, count)
    ranks = [rank_of(each) for each in parent.children]
    rank = _between(ranks, place, parent.last_rank)
    if rank is None:
        return _spread(parent, node, place, ranks)
    own = step(rank, node)
    children = (*parent.children[:place], own, *parent.children[place:])
    return Edited(Standing(parent.order, children, max(parent.last_rank, rank)), own)


def _between(ranks: Sequence[int], place: int, last_rank: int) -> int | None:
    """A rank for a child before ``ranks[place]``; None when there is no room."""
    if place == len(ranks):
        return last_rank + GAP if last_rank + GAP <= LAST_RANK else None
    low, high = ranks[place - 1] if place else 0, ranks[place]
    return (low + high) // 2 if high - low > 1 else None


def _spread(parent: Standing, node: str, place: int, ranks: Sequence[int]) -> Edited:
    """Room for a child: the fewest neighbours around its place are set apart evenly."""
    first, last, apart = _window(ranks, place)
    low = ranks[first - 1] if first else 0
    around = [*parent.children[first:place], step(0, node), *parent.children[place:last]]
    spread = [step(low + apart * (index + 1), each) for index, each in enumerate(around)]
    moved = {old: new for old, new in zip(around, spread, strict=True) if old != new}
    own = moved.pop(around[place - first])
    children = (*parent.children[:first], *spread, *parent.children[last:])
    highest = rank_of(children[-1])  # ranks begin anew where none was left to append
    return Edited(
        Standing(parent.order, children, highest if place == len(ranks) else max(parent.last_rank, highest)), own, moved
    )


def _window(ranks: Sequence[int], place: int) -> tuple[int, int, int]:
    """Which siblings to set apart, from and to, and how far; the whole family always has room."""
    reach = 1 if place < len(ranks) else len(ranks)
    while True:
        first, last = max(0, place - reach), min(len(ranks), place + reach)
        low, high = ranks[first - 1] if first else 0, ranks[last] if last < len(ranks) else LAST_RANK
        apart = min(GAP, (high - low) // (last - first + 2))
        if apart >= ROOMY * reach or (first == 0 and last == len(ranks)):
            return first, last, apart
        reach *= 2


def positions(order: str, places: Mapping[str, Standing]) -> list[int]:
    """The positions from level 1 to a node; ``places`` are those above it by their order keys."""
    above, found = TOP, list[int]()
    for each in steps(order):
        found.append(places[above].position(each))
        above += each
    return found


def code(order: str, places: Mapping[str, Standing]) -> str:
    """A node's code, ``1.2.3.4`` by position."""
    return ".".join(map(str, positions(order, places)))


def holders(order: str) -> list[str]:
    """The order keys of the places above a node, the top first: what its code is read from."""
    found = []
    while order:
        order = holder_order(order)
        found.append(order)
    return found[::-1]
