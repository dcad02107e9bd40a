"""Rebuilding a project: every activity from its source rows, then every sum above from the activities' rows.

It goes in pieces of bounded work, each of which says where the next begins, and runs beside the
stream functions. A row of an upper node is read before the rows below it, and mended on condition
that its version is still the one read: every recompute that changes a row below raises it. The
activities' rows themselves say in ``under`` which nodes hold them, so a move under way is no drift.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from chalicelib.errors import Unavailable
from chalicelib.rollups.measures import TOTAL, Sums, add_to
from chalicelib.rollups.recompute import ATTEMPTS, Target, recompute, rows, sums_of, under_of
from chalicelib.rollups.rows import RollupDay, RollupKnown
from chalicelib.storage.attributes import to_wire
from chalicelib.storage.changes import Raw
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import ConditionFailed, Store
from chalicelib.tree.rows import Node, is_activity

PIECE = 25
WINDOW = 60_000
BEFORE_DAYS = "day"
TOGETHER = 200


class Place(Struct, frozen=True):
    """How far a rebuild has come: ``phase``, the key after which it goes on, rows found wrong so far."""

    phase: str = "activities"
    after: str = ""
    drift: int = 0


def rebuild(store: Store, company: str, project: str, window: int = WINDOW) -> int:
    """Rebuild a whole project, however long it takes; how many rows were wrong (0 is right).

    Raises:
        Unavailable: others wrote the same sums at every attempt; it can be begun again.
    """
    place = Place()
    while place.phase != "done":
        place = advance(store, company, project, place, window)
    return place.drift


def advance(store: Store, company: str, project: str, place: Place, window: int = WINDOW) -> Place:
    """One piece of a rebuild, and where the next begins; ``window`` is about how many rows of sums it reads.

    Raises:
        Unavailable: others wrote the same sums at every attempt; the piece can be done again.
    """
    match place.phase:
        case "activities":
            return _activities(store, company, project, place)
        case "gone":
            return _gone(store, company, project, place)
    return _sums(store, company, project, place, window)


def _activities(store: Store, company: str, project: str, place: Place) -> Place:
    """Some of the project's activities from their source rows."""
    nodes = Query(model=Node, hash=key(company, project), between=(f"node#{place.after} ", "node#~"))
    page = store.page(nodes, limit=PIECE)
    found = [row["id"]["S"] for row in page.rows if is_activity(row)]
    drift = place.drift + recompute(store, {Target(company, project, id): None for id in found}).changed
    return Place("gone", "", drift) if page.last is None else Place(place.phase, page.rows[-1]["id"]["S"], drift)


def _gone(store: Store, company: str, project: str, place: Place) -> Place:
    """Some of the activities that had rows and whose nodes are no more."""
    pk = key(company, project)
    query = Query(model=RollupKnown, hash=pk, between=(f"activity#{place.after} ", "activity#~"))
    page = store.page(query, limit=100)
    known = [row["sk"]["S"].partition("#")[2] for row in page.rows]
    nodes = store.raw_many(*((Node, pk, f"node#{id}") for id in known))
    gone: dict[Target, set[str] | None] = {
        Target(company, project, id): None for id, node in zip(known, nodes, strict=True) if node is None
    }
    drift = place.drift + recompute(store, gone).changed
    return Place("sums", BEFORE_DAYS, drift) if page.last is None else Place(place.phase, known[-1], drift)


def _sums(store: Store, company: str, project: str, place: Place, window: int) -> Place:
    """The upper rows of some dates; those in whose way somebody came are looked at again, each alone."""
    until, mended, missed = _window(store, company, project, place.after, None, window)
    for attempt in range(ATTEMPTS):
        if not missed:
            break
        store.pause(attempt)
        again = [_window(store, company, project, "", sk, window) for sk in sorted(missed)]
        mended += sum(each[1] for each in again)
        missed = set().union(*(each[2] for each in again))
    if missed:
        raise Unavailable
    return Place("done" if until is None else place.phase, until or "", place.drift + mended)


class Read(Struct):
    """What some partitions hold in a range of rows; ``until`` is how far all of them were read, None to the end."""

    rows: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    until: str | None = None


def _window(
    store: Store, company: str, project: str, after: str, only: str | None, window: int
) -> tuple[str | None, int, set[str]]:
    """Compare one range of rows at every upper node: how far it went, rows mended, rows somebody else wrote."""
    upper, activities = _tree(store, company, project)
    limit = max(8, window // (len(upper) + len(activities)))
    stored = _read(store, company, upper, after, only, limit)
    activities |= {row["sk"]["S"].partition("#")[2] for row in _known(store, company, project)}
    cells = _read(store, company, activities, after, only, limit)
    until = min((each.until for each in (stored, cells) if each.until is not None), default=None)
    expected = _expected(cells, until)
    found = {(node, row["sk"]["S"]): row for node, row in stored.rows if until is None or row["sk"]["S"] <= until}
    mended, missed = 0, set()
    for node, sk in sorted({place for place in expected if place[0] in upper} | found.keys()):
        row, sums = found.get((node, sk)), expected.get((node, sk), {})
        if _says(row) == sums:
            continue
        try:
            store.transact([_mend(store, key(company, node), sk, row, sums)])
            mended += 1
        except ConditionFailed:
            missed.add(sk)
    return until, mended, missed


def _tree(store: Store, company: str, project: str) -> tuple[set[str], set[str]]:
    """The ids of the nodes that hold sums, the project's among them, and those of the activities."""
    upper, activities = {project}, set[str]()
    for row in rows(store, Node, key(company, project), ("node#", "node#~")):
        (activities if is_activity(row) else upper).add(row["id"]["S"])
    return upper, activities


def _known(store: Store, company: str, project: str) -> Iterator[dict[str, Any]]:
    return rows(store, RollupKnown, key(company, project), ("activity#", "activity#~"))


def _read(store: Store, company: str, ids: Iterable[str], after: str, only: str | None, limit: int) -> Read:
    """At most ``limit`` rows of each id, from ``after`` on (not included) or only of one key."""
    between = (only, only) if only else (f"{after} ", TOTAL)
    read, waiting = Read(), sorted(ids)

    def page(id: str) -> tuple[str, Any]:
        return id, store.page(Query(model=RollupDay, hash=key(company, id), between=between), limit=limit)

    for start in range(0, len(waiting), TOGETHER):
        for id, answer in store.together(*(lambda id=id: page(id) for id in waiting[start : start + TOGETHER])):
            read.rows += [(id, row) for row in answer.rows if row["sk"]["S"] != "head"]
            if answer.last is not None:
                last = answer.rows[-1]["sk"]["S"]
                read.until = last if read.until is None else min(read.until, last)
    return read


def _expected(cells: Read, until: str | None) -> dict[tuple[str, str], Sums]:
    sums: dict[tuple[str, str], Sums] = defaultdict(dict)
    for _, row in cells.rows:
        sk = row["sk"]["S"]
        if until is None or sk <= until:
            for node in under_of(row):
                add_to(sums[node, sk], sums_of(row))
    return {
        place: kept for place, row in sums.items() if (kept := {name: value for name, value in row.items() if value})
    }


def _says(row: Mapping[str, Any] | None) -> dict[str, Any]:
    """What an upper row says; what is no sum makes it differ from every right one."""
    if row is None:
        return {}
    other = {name: value for name, value in row.items() if "N" not in value and name not in {"pk", "sk"}}
    other |= {name: value for name, value in row.items() if name == "quantity"}
    return other | {name: value for name, value in sums_of(row).items() if value}


def _mend(store: Store, pk: str, sk: str, row: Mapping[str, Any] | None, sums: Sums) -> Raw:
    """The row as it must be, provided that no recompute has written it since it was read."""
    version = (row or {}).get("version")
    change: dict[str, Any] = {
        "TableName": store.name("rollups"),
        "ConditionExpression": "version = :read" if version else "attribute_not_exists(version)",
    }
    if version:
        change["ExpressionAttributeValues"] = {":read": version}
    keys = {"pk": to_wire(pk), "sk": to_wire(sk)}
    if not sums:
        return Raw({"Delete": change | {"Key": keys}})
    raised = int(Decimal(version["N"])) + 1 if version and "N" in version else 1
    values = {name: to_wire(value) for name, value in (sums | {"version": raised}).items()}
    return Raw({"Put": change | {"Item": keys | values}})
