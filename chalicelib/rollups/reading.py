"""Reading the sums of nodes: each at one moment, and several of one project at the same moment."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from chalicelib.errors import Unavailable
from chalicelib.rollups import accounts, books, generations
from chalicelib.rollups.generations import Generation, Generations
from chalicelib.rollups.nodesums import NodeSums
from chalicelib.rollups.rows import Half, Root, Tip
from chalicelib.rollups.sources import Place
from chalicelib.rollups.steps import counted
from chalicelib.storage.calls import Item
from chalicelib.storage.queries import Query
from chalicelib.storage.store import Store, Wanted
from chalicelib.tree.order import LEVELS

ATTEMPTS = 20


class State(Struct, frozen=True):
    """The sums of a node, the generation that they belong to, and when the newest change in them was computed."""

    generation: Generation | None
    sums: NodeSums
    computed_at: str | None = None
    version: int = 0
    unsure: bool = False  # it has sums in a later generation alone: was the root read before a switch?


class Torn(Exception):
    """Rows of different moments."""


NOTHING = NodeSums({}, {}, {})


def read(store: Store, place: Place, node: str, *others: Wanted) -> tuple[State, list[Any]]:
    """The sums of a node or project, and other rows, in one round; again where somebody wrote in between."""
    query = Query(model=Half, hash=place.of(node), between=("a#", "head"))  # both slots, and an activity's head
    for attempt in range(ATTEMPTS):
        rows, items = store.together(lambda: store.raw_many(root_of(place), *others), lambda: list(store.items(query)))
        known = generations.unpack(rows[0]["content"]["B"]) if rows[0] else None
        try:
            state = _state(items, known)
            if state.unsure:
                _confirm(store, place, known)
            return state, rows[1:]
        except Torn:
            store.pause(min(attempt, 3))
    raise Unavailable


class Ahead(Struct, frozen=True):
    """What is read before the sums of several nodes: the root, and which half-years the project has sums in."""

    version: int = 0
    generations: Generations | None = None
    halves: tuple[str, ...] = ()


def ahead_of(place: Place) -> list[Wanted]:
    """The rows that :func:`ahead_from` takes."""
    return [root_of(place), *((Tip, place.pk, f"{slot}#tip") for slot in "ab")]


def ahead_from(rows: Sequence[Any]) -> Ahead:
    """What the rows say; a node of the project has sums in no other half-years, as a rule."""
    root, *tips = rows
    if root is None:
        return Ahead()
    known = generations.unpack(root.content)
    contents = [books.unpack(tip.content) for tip in tips if tip is not None]
    halves = (half for each in contents if each.generation == known.current.number for half in each.halves)
    return Ahead(root.version, known, tuple(halves))


def read_page(store: Store, place: Place, levels: Mapping[str, int], ahead: Ahead | None = None) -> dict[str, State]:
    """The sums of several nodes of a project (id to level; the project's is 0) at one moment, in one round.

    ``ahead`` is what an earlier round of the caller read; without it, it is read first.
    """
    for attempt in range(ATTEMPTS):
        if ahead is None or attempt:
            ahead = ahead_from(store.get_many(*ahead_of(place)))
        try:
            states = _page(store, place, levels, ahead)
            if any(each.version > ahead.version for each in states.values()):
                raise Torn
            if any(each.unsure for each in states.values()):
                _confirm(store, place, ahead.generations)
            return states
        except Torn:
            store.pause(min(attempt, 3))
    raise Unavailable


def _page(store: Store, place: Place, levels: Mapping[str, int], ahead: Ahead) -> dict[str, State]:
    slot = ahead.generations.current.slot if ahead.generations else "a"
    wanted = {node: ["head"] if level == LEVELS else ["a#tip", "b#tip"] for node, level in levels.items()}
    for node, level in levels.items():
        wanted[node] += [f"{slot}#{half}" for half in ahead.halves] if level != LEVELS else []
    found = _items(store, place, wanted)
    lacking = {node: _lacking(items, slot) for node, items in found.items()}
    if any(lacking.values()):
        more = _items(store, place, lacking)
        found = {node: [*items, *more.get(node, ())] for node, items in found.items()}
    return {node: _state(items, ahead.generations) for node, items in found.items()}


def _items(store: Store, place: Place, wanted: Mapping[str, Sequence[str]]) -> dict[str, list[dict[str, object]]]:
    places = [(node, sk) for node, sks in wanted.items() for sk in sks]
    items = store.raw_many(*((Half, place.of(node), sk) for node, sk in places)) if places else []
    found: dict[str, list[dict[str, object]]] = {node: [] for node in wanted}
    for (node, _), item in zip(places, items, strict=True):
        if item is not None:
            found[node].append(item)
    return found


def _lacking(items: Sequence[Item], slot: str) -> list[str]:
    """Half-years that a tip names and that were not read with it."""
    rows = {item["sk"]["S"]: item for item in items}
    tip = rows.get(f"{slot}#tip")
    halves = books.unpack(tip["content"]["B"]).halves if tip else {}
    return [sk for half in halves if (sk := f"{slot}#{half}") not in rows]


def read_projects(store: Store, places: Sequence[Place]) -> list[State]:
    """The sums of several projects, each at one moment, in two rounds: roots and tips, then half-years."""
    if not places:
        return []
    rows = iter(store.get_many(*(row for place in places for row in ahead_of(place))))
    ahead = [ahead_from([next(rows), next(rows), next(rows)]) for _ in places]
    wanted: list[Wanted] = []
    for place, each in zip(places, ahead, strict=True):
        slot = each.generations.current.slot if each.generations else "a"
        wanted += [(Half, place.pk, sk) for sk in ("a#tip", "b#tip", *(f"{slot}#{half}" for half in each.halves))]
    items: dict[str, list[dict[str, object]]] = {}
    for (_, pk, _), item in zip(wanted, store.raw_many(*wanted), strict=True):
        items.setdefault(pk, []).extend([item] if item is not None else [])
    return [_project(store, place, items[place.pk], each) for place, each in zip(places, ahead, strict=True)]


def _project(store: Store, place: Place, items: list[dict[str, object]], ahead: Ahead) -> State:
    try:
        state = _state(items, ahead.generations)
    except Torn:
        state = State(None, NOTHING, unsure=True)
    return read(store, place, place.project)[0] if state.unsure else state


def _confirm(store: Store, place: Place, known: Generations | None) -> None:
    """That the generation which was read is still current, so that what it lacks was not cleared away."""
    [again] = store.raw_many((Root, place.pk, "root"))
    if not again or not known or generations.unpack(again["content"]["B"]).current.number != known.current.number:
        raise Torn


def root_of(place: Place) -> Wanted:
    """The row that must be read before several nodes of a project."""
    return Root, place.pk, "root"


def _state(items: list[Item], known: Generations | None) -> State:
    rows = {item["sk"]["S"]: item for item in items}
    if known is None:
        if rows:
            raise Torn  # the root came between
        return State(None, NOTHING)
    if "head" in rows:
        return _of_head(rows["head"], known.current)
    return _of_tip(rows, known.current)


def _of_head(head: Item, current: Generation) -> State:
    account = accounts.unpack(head["content"]["B"])
    sums = NodeSums.of_sheet(counted(account, current), current)
    unsure = bool(account.bases) and min(account.bases) > current.number
    return State(current, sums, head["computed_at"]["S"], int(head["version"]["N"]), unsure)


def _of_tip(rows: dict[str, Item], current: Generation) -> State:
    slot = current.slot
    tip = rows.get(f"{slot}#tip")
    contents = books.unpack(tip["content"]["B"]) if tip else None
    if tip is None or contents is None or contents.generation != current.number:
        others = [books.unpack(item["content"]["B"]) for sk, item in rows.items() if sk.endswith("#tip")]
        return State(current, NOTHING, unsure=any(each.generation > current.number for each in others))
    packed = {}
    for half, summary in contents.halves.items():
        row = rows.get(f"{slot}#{half}")
        if row is None or int(row["version"]["N"]) != summary.version:
            raise Torn
        packed[half] = row["content"]["B"]
    sums = NodeSums(contents.undated, contents.halves, packed)
    return State(current, sums, tip["computed_at"]["S"], int(tip["version"]["N"]))
