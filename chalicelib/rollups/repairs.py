"""What was left, done later: activities that could not be recomputed, and long work in slices.

Long work is the next generation of a project, and a check, which comes to every project once a day.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from pynamodb.expressions.condition import Condition

from chalicelib.rollups import generations
from chalicelib.rollups.attempt import REPAIRS, slices_of
from chalicelib.rollups.building import build
from chalicelib.rollups.checking import check
from chalicelib.rollups.reads import Touched
from chalicelib.rollups.recompute import logger, recompute
from chalicelib.rollups.rows import CheckDue, Repair, Root, Slices
from chalicelib.rollups.sources import Place
from chalicelib.rollups.steps import Touch
from chalicelib.storage.changes import Change, Delete, Put, absent
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import ConditionFailed, Store, parse
from chalicelib.times import stamp

DUE = "checks"
CHECK_DAYS = 1
DUE_AT_ONCE = 10
CHECK, GENERATION = "check", "generation"


class Repaired(Struct):
    """How many activities and pieces of long work were finished, how much finished checks found wrong, and how many
    could not be done."""

    done: int = 0
    drift: int = 0
    stuck: int = 0


def check_later(store: Store, place: Place, made: str) -> None:
    """Have a new project checked every day, from the day after it was made on."""
    day = datetime.fromisoformat(made) + timedelta(days=CHECK_DAYS)
    store.transact([Put(CheckDue(pk=DUE, sk=key(day.date().isoformat(), place.company, place.project)))])


def leave_due(store: Store, now: datetime) -> bool:
    """Leave the project that has waited longest for its check; False when none is due."""
    page = store.page(Query(model=CheckDue, hash=DUE, between=(None, f"{now.date().isoformat()}~")), limit=1)
    if not page.rows:
        return False
    sk = page.rows[0]["sk"]["S"]
    try:
        _, company, project = sk.split("#")
    except ValueError:  # it names no project, and stands before all that are due later
        logger.error("a check that names no project is dropped", due=sk)
        store.transact([Delete(CheckDue, (DUE, sk), CheckDue.pk.exists())])
        return True
    day = (now + timedelta(days=CHECK_DAYS)).date().isoformat()
    moved: list[Change] = [
        Delete(CheckDue, (DUE, sk), CheckDue.pk.exists()),
        Put(CheckDue(pk=DUE, sk=key(day, company, project))),
    ]
    left = slices_of(Place(company, project), CHECK, "activities", stamp(now))
    try:
        store.transact([*moved, Put(left, absent(Slices))])
    except ConditionFailed:  # there is other work on the project already, or another run was first
        store.transact(moved)
    return True


def repair(store: Store, more: Callable[[], bool], now: datetime) -> Repaired:
    """Do what was left for as long as ``more`` says so.

    Rows come in random order, so one that never works does not keep the others waiting.
    """
    for _ in range(DUE_AT_ONCE):
        if not leave_due(store, now):
            break
    left = list(store.page(Query(model=Repair, hash=REPAIRS), limit=1000).rows)
    random.shuffle(left)
    repaired = Repaired()
    for row in left:
        if not more():
            break
        try:
            if "phase" in row:
                work = parse(Slices, row)
                repaired.done += go_on(store, work, more)
                repaired.drift += work.drift if work.phase in {"done", "mend"} else 0
            else:
                done = _activity(store, row)
                repaired.done += done
                repaired.stuck += not done
        except Exception:  # the row stays and is tried again; the others have their turn
            repaired.stuck += 1
            logger.exception("could not be repaired", left=row["sk"]["S"])
    return repaired


def _activity(store: Store, row: dict[str, Any]) -> bool:
    company, project, activity = row["sk"]["S"].split("#")
    if recompute(store, Place(company, project), Touched({activity: Touch(None, True)})).left:
        return False
    return _taken_off(store, Delete(Repair, (REPAIRS, row["sk"]["S"]), Repair.since == row["since"]["S"]))


def go_on(store: Store, row: Slices, more: Callable[[], bool]) -> bool:
    """Slice after slice; each leaves where the next begins. One that meets another change is left for the next run."""
    place = Place(*row.sk.split("#"))
    with suppress(ConditionFailed):
        while more():
            here = (Slices.steps == row.steps) & (Slices.since == row.since)
            (check if row.reason == CHECK else build)(store, place, row)
            if row.phase == "mend":
                return begin_again(store, place, row, here)
            if row.phase == "done":
                return _finished(store, place, row, Delete(Slices, (REPAIRS, row.sk), here))
            row.steps += 1
            store.transact([Put(row, here)])
    return False


def begin_again(store: Store, place: Place, row: Slices, here: Condition) -> bool:
    """Sums are wrong: the next generation is built from the sources."""
    root = store.get(Root, place.pk, "root")
    if root is None:
        return False
    logger.warning("sums were wrong", company=place.company, project=place.project, drift=row.drift)
    known = generations.unpack(root.content)
    content = generations.pack(known.announced(known.newest))
    new = Root(pk=place.pk, sk="root", version=root.version + 1, content=content)
    left = slices_of(place, GENERATION, "activities", stamp(datetime.now(UTC)))
    try:
        store.transact([Put(new, Root.version == root.version), Put(left, here)])
    except ConditionFailed:
        return False
    return True


def _finished(store: Store, place: Place, row: Slices, gone: Delete) -> bool:
    report = logger.warning if row.reason == CHECK and row.drift else logger.info
    report("sums done", company=place.company, project=place.project, reason=row.reason, drift=row.drift)
    return _taken_off(store, gone)


def work_on(store: Store, place: Place) -> Slices | None:
    """The long work under way on a project."""
    return store.get(Slices, REPAIRS, place.pk)


def _taken_off(store: Store, change: Delete) -> bool:
    """Whether the row could go; not when it was left anew."""
    try:
        store.transact([change])
    except ConditionFailed:
        return False
    return True


def rebuild(store: Store, place: Place) -> int:
    """Check a whole project and mend it, however long it takes; how much was wrong (0 is right).

    Raises:
        Unavailable: others wrote the same sums at every attempt; it can be begun again.
    """
    row = slices_of(place, CHECK, "activities", stamp(datetime.now(UTC)))
    store.transact([Put(row)])
    go_on(store, row, lambda: True)
    drift, mending = row.drift, work_on(store, place)
    if mending is not None:
        go_on(store, mending, lambda: True)
    return drift
