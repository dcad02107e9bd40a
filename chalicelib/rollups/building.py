"""Building the next generation beside the current one, in slices of bounded work, and switching to it at once.

First every activity that stands in the tree is counted in it, then those that only have a head; then one write of the
root makes it current; then the rows of the old one go. A slice that died is done again.
"""

from chalicelib.errors import Unavailable
from chalicelib.rollups import accounts, generations
from chalicelib.rollups.reads import Touched
from chalicelib.rollups.recompute import recompute
from chalicelib.rollups.rows import Half, Head, Known, Root, Slices, Tip
from chalicelib.rollups.sources import Place
from chalicelib.rollups.steps import Touch
from chalicelib.storage.changes import Check, Delete, Put
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import Row
from chalicelib.storage.store import Store
from chalicelib.tree.rows import Node, is_activity

PIECE = 25
GONE = 100
CLEANED = 90


def build(store: Store, place: Place, slices: Slices) -> None:
    """One slice; ``slices`` says afterwards where the next begins."""
    match slices.phase:
        case "activities":
            _activities(store, place, slices)
        case "known":
            _known(store, place, slices)
        case "switch":
            _switch(store, place, slices)
        case _:
            _clean(store, place, slices)


def _activities(store: Store, place: Place, slices: Slices) -> None:
    found, after = activities_from(store, place, slices.after)
    _count(store, place, found)
    slices.phase, slices.after = ("activities", after) if after else ("known", "")


def _known(store: Store, place: Place, slices: Slices) -> None:
    found, after = known_from(store, place, slices.after)
    root = store.get(Root, place.pk, "root")
    if root is None:
        raise Unavailable
    newest = generations.unpack(root.content).newest.number
    heads = store.get_many(*((Head, place.of(id), "head") for id in found))
    _count(store, place, [row.pk.partition("#")[2] for row in heads if row and _counted(row) < newest])
    slices.phase, slices.after = ("known", after) if after else ("switch", "")


def _counted(head: Head) -> int:
    return accounts.unpack(head.content).counted


def _count(store: Store, place: Place, activities: list[str]) -> None:
    """Every one of them, or the slice is not done."""
    applied = recompute(store, place, Touched({id: Touch() for id in activities}))
    if applied.left:
        raise Unavailable


def _switch(store: Store, place: Place, slices: Slices) -> None:
    """Make it current, provided that no newer one has been begun: that would have put the row of slices."""
    root = store.get(Root, place.pk, "root")
    known = generations.unpack(root.content) if root else None
    if root is None or known is None or known.next is None:  # switched before, by one who died then
        slices.phase, slices.after = "clean", ""
        return
    new = Root(pk=place.pk, sk="root", version=root.version + 1, content=generations.pack(known.switched()))
    mine = (Slices.steps == slices.steps) & (Slices.since == slices.since)
    store.transact([Put(new, Root.version == root.version), Check(Slices, (slices.pk, slices.sk), mine)])
    slices.phase, slices.after = "clean", ""


def _clean(store: Store, place: Place, slices: Slices) -> None:
    """The rows of the old slot go, unless yet another generation is being built there."""
    root = store.get(Root, place.pk, "root")
    known = generations.unpack(root.content) if root else None
    if root is None or known is None or known.next is not None:
        slices.phase = "done"
        return
    uppers, after = uppers_from(store, place, slices.after)
    old = generations.slot_of(known.current.number + 1)
    rows = [each for node in [*uppers, *([] if after else [place.project])] for each in _rows(store, place, node, old)]
    for start in range(0, len(rows), CLEANED):
        gone = [Delete(model, row) for model, row in rows[start : start + CLEANED]]
        store.transact([Check(Root, (place.pk, "root"), Root.version == root.version), *gone])
    slices.phase, slices.after = ("clean", after) if after else ("done", "")


def _rows(store: Store, place: Place, node: str, slot: str) -> list[tuple[type[Row], tuple[str, str]]]:
    found = store.items(
        Query(model=Half, hash=place.of(node), between=(f"{slot}#", f"{slot}#~"), attributes=("pk", "sk"))
    )
    return [(Tip if row["sk"]["S"].endswith("tip") else Half, (row["pk"]["S"], row["sk"]["S"])) for row in found]


# -- lists of what there is, a piece at a time; the second value is where the next piece begins, empty at the end


def activities_from(store: Store, place: Place, after: str) -> tuple[list[str], str]:
    """Some activities of the tree."""
    nodes = Query(model=Node, hash=place.pk, between=(f"node#{after} ", "node#~"))
    page = store.page(nodes, limit=PIECE)
    found = [row["id"]["S"] for row in page.rows if is_activity(row)]
    return found, page.rows[-1]["id"]["S"] if page.last is not None else ""


def known_from(store: Store, place: Place, after: str) -> tuple[list[str], str]:
    """Some activities that have a head."""
    return _known_from(store, place, "known#4#", after, GONE)


def uppers_from(store: Store, place: Place, after: str) -> tuple[list[str], str]:
    """Some nodes above activities that have sums."""
    return _known_from(store, place, "known#upper#", after, PIECE)


def _known_from(store: Store, place: Place, prefix: str, after: str, most: int) -> tuple[list[str], str]:
    page = store.page(Query(model=Known, hash=place.pk, between=(f"{prefix}{after} ", f"{prefix}~")), limit=most)
    found = [row["sk"]["S"].removeprefix(prefix) for row in page.rows]
    return found, found[-1] if page.last is not None else ""
