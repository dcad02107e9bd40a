"""Checking a project: every activity against its sources, then every sum against what lies below it.

What differs is drift. Of activities it is mended on the way; where sums differ, the next generation is built.
"""

from collections.abc import Mapping

from chalicelib.errors import Unavailable
from chalicelib.rollups import accounts, generations, sheets
from chalicelib.rollups.books import Books
from chalicelib.rollups.building import activities_from, known_from
from chalicelib.rollups.generations import Generation
from chalicelib.rollups.reads import Touched
from chalicelib.rollups.recompute import differing, recompute
from chalicelib.rollups.rows import Head, Known, Root, Slices
from chalicelib.rollups.sheets import Sheet
from chalicelib.rollups.sources import Place
from chalicelib.rollups.steps import Touch, counted
from chalicelib.storage.queries import Query
from chalicelib.storage.store import Store
from chalicelib.tree.rows import Node

NODES = 40
HEADS = 100
ATTEMPTS = 6
ON_ITS_WAY = 3.0  # seconds that a stream takes to bring a record, as a rule


def check(store: Store, place: Place, slices: Slices) -> None:
    """One slice; ``slices`` says afterwards where the next begins, and how much was wrong."""
    match slices.phase:
        case "activities":
            found, after = activities_from(store, place, slices.after)
            slices.drift += _recompute(store, place, found)
            slices.phase, slices.after = ("activities", after) if after else ("gone", "")
        case "gone":
            known, after = known_from(store, place, slices.after)
            nodes = store.raw_many(*((Node, place.pk, f"node#{id}") for id in known))
            gone = [id for id, node in zip(known, nodes, strict=True) if node is None]
            slices.drift += _recompute(store, place, gone)
            slices.phase, slices.after = ("gone", after) if after else ("sums", "")
        case _:
            _sums(store, place, slices)


def _recompute(store: Store, place: Place, activities: list[str]) -> int:
    """How many activities do not count as they are, also after what is on its way has had time to arrive."""
    touched = Touched({id: Touch(None, True) for id in activities}, plans=True)
    if not differing(store, place, touched):
        return 0
    store.require_time(ON_ITS_WAY)
    store.sleep(ON_ITS_WAY)
    applied = recompute(store, place, touched)
    return applied.changed + len(applied.left)


def _sums(store: Store, place: Place, slices: Slices) -> None:
    """Some nodes; what others changed meanwhile is looked at again."""
    for attempt in range(ATTEMPTS):
        root = store.get(Root, place.pk, "root")
        known = generations.unpack(root.content) if root else None
        if root is None or known is None or known.next is not None:
            slices.phase = "done"  # nothing is counted yet, or all of it is counted anew
            return
        wrong, after = _wrong(store, place, slices.after, known.current)
        again = store.get(Root, place.pk, "root")
        if not wrong or (again and again.version == root.version):
            slices.drift += wrong
            slices.phase, slices.after = ("mend", "") if wrong else ("sums", after) if after else ("done", "")
            return
        store.pause(attempt)
    raise Unavailable


def _wrong(store: Store, place: Place, after: str, generation: Generation) -> tuple[int, str]:
    """How many of some nodes do not hold what lies below them, and where the next ones begin."""
    parents = {
        row.sk.removeprefix("known#"): row.parent
        for row in store.each(Query(model=Known, hash=place.pk, between=("known#", "known#~")))
    }
    nodes = sorted({place.project, *(name.partition("#")[2] for name in parents if name.startswith("upper#"))})
    these = [node for node in nodes if node > after][:NODES]
    below: dict[str, list[str]] = {node: [] for node in these}
    for name, parent in parents.items():
        below.get(parent, []).append(name)
    books = Books(store, place)
    uppers = {name.partition("#")[2] for names in below.values() for name in names if name.startswith("upper#")}
    _read_whole(books, {*these, *uppers}, generation)
    wrong = sum(
        books.opened(node, generation).whole() != _expected(store, place, names, books, generation)
        for node, names in below.items()
    )
    return wrong, these[-1] if these and these[-1] != nodes[-1] else ""


def _read_whole(books: Books, nodes: set[str], generation: Generation) -> None:
    books.read({(node, generation.number): set() for node in nodes}, [generation])
    tips = {node: books.opened(node, generation).contents for node in nodes}
    halves = {(node, generation.number): set(each.halves) for node, each in tips.items() if each}
    books.read(halves, [generation])


def _expected(store: Store, place: Place, names: list[str], books: Books, generation: Generation) -> Sheet:
    activities = [name.partition("#")[2] for name in names if name.startswith("4#")]
    parts: list[Mapping[str, Mapping[int, int]]] = [
        books.opened(name.partition("#")[2], generation).whole() for name in names if name.startswith("upper#")
    ]
    for start in range(0, len(activities), HEADS):
        heads = store.get_many(*((Head, place.of(id), "head") for id in activities[start : start + HEADS]))
        parts += [counted(accounts.unpack(head.content), generation) for head in heads if head]
    return sheets.total(parts)
