"""Reading the sums of nodes: each at one moment, and several of one project at the same moment."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from chalicelib.errors import Unavailable
from chalicelib.rollups import accounts, books, generations
from chalicelib.rollups.generations import Generation, Generations
from chalicelib.rollups.nodesums import NodeSums
from chalicelib.rollups.rows import Half, Root
from chalicelib.rollups.sources import Place
from chalicelib.rollups.steps import counted
from chalicelib.storage.queries import Query
from chalicelib.storage.store import Store, Wanted, parse

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
    states, found = read_all(store, place, [node], *others)
    return states[node], found


def read_all(
    store: Store, place: Place, nodes: Sequence[str], *others: Wanted, root: Root | None = None
) -> tuple[dict[str, State], list[Any]]:
    """The sums of several nodes of a project at one moment, and other rows, in one round.

    Several nodes need the root to be read before: ``root``, where the caller has it from an earlier round.
    """
    several = len(nodes) > 1
    for attempt in range(ATTEMPTS):
        if several and (root is None or attempt):
            root = store.get(Root, place.pk, "root")
        rows, *found = store.together(
            lambda: store.raw_many(root_of(place), *others),
            *(lambda node=node: list(store.items(_query(place, node))) for node in nodes),
        )
        if not several:
            root = parse(Root, rows[0]) if rows[0] else None
        try:
            known = generations.unpack(root.content) if root else None
            states = {node: _state(items, known) for node, items in zip(nodes, found, strict=True)}
            if several and any(each.version > (root.version if root else 0) for each in states.values()):
                raise Torn
            if any(each.unsure for each in states.values()):
                _confirm(store, place, known)
            return states, rows[1:]
        except Torn:
            store.pause(min(attempt, 3))
    raise Unavailable


def _confirm(store: Store, place: Place, known: Generations | None) -> None:
    """That the generation which was read is still current, so that what it lacks was not cleared away."""
    [again] = store.raw_many((Root, place.pk, "root"))
    if not again or not known or generations.unpack(again["content"]["B"]).current.number != known.current.number:
        raise Torn


def root_of(place: Place) -> Wanted:
    """The row that must be read before several nodes of a project."""
    return Root, place.pk, "root"


def _query(place: Place, node: str) -> Query[Half]:
    """Tips and half-years of both slots, and the head of an activity."""
    return Query(model=Half, hash=place.of(node), between=("a#", "head"))


def _state(items: list[dict[str, Any]], known: Generations | None) -> State:
    rows = {item["sk"]["S"]: item for item in items}
    if known is None:
        if rows:
            raise Torn  # the root came between
        return State(None, NOTHING)
    if "head" in rows:
        return _of_head(rows["head"], known.current)
    return _of_tip(rows, known.current)


def _of_head(head: dict[str, Any], current: Generation) -> State:
    account = accounts.unpack(head["content"]["B"])
    sums = NodeSums.of_sheet(counted(account, current), current)
    unsure = bool(account.bases) and min(account.bases) > current.number
    return State(current, sums, head["computed_at"]["S"], int(head["version"]["N"]), unsure)


def _of_tip(rows: dict[str, dict[str, Any]], current: Generation) -> State:
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
