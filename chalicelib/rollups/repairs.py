"""The repair table: what was left, done later in slices. A slice that died is done again.

Its rows are activities that could not be recomputed and projects to rebuild. A rebuild is left where
a project's calendar changed and has too many activities for a stream function, and once a day for
every project.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from pynamodb.expressions.condition import Condition

from chalicelib.rollups.rebuild import Place, advance
from chalicelib.rollups.recompute import REPAIRS, Target, logger, recompute
from chalicelib.rollups.rows import Rebuild, RebuildDue, Repair
from chalicelib.storage.changes import Delete, Put, absent
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import ConditionFailed, Store, parse

DUE = "rebuilds"
CHECK_DAYS = 1
DUE_AT_ONCE = 10
CHECK = "check"


def leave_project(store: Store, company: str, project: str, reason: str, project_version: int) -> None:
    """Have a project rebuilt from the start; a repeat for the same version of the project changes nothing."""
    newer = absent(Rebuild) | (Rebuild.project_version < project_version)
    try:
        store.transact([_left(company, project, reason, project_version, datetime.now(UTC), newer)])
    except ConditionFailed:
        return


def _left(company: str, project: str, reason: str, version: int, now: datetime, condition: Condition | None) -> Put:
    row = Rebuild(pk=REPAIRS, sk=key(company, project), reason=reason, since=now.isoformat(), project_version=version)
    return Put(_at(row, Place(), 1), condition)


def _at(row: Rebuild, place: Place, steps: int) -> Rebuild:
    row.phase, row.after, row.drift, row.steps = place.phase, place.after, place.drift, steps
    return row


def check_later(store: Store, company: str, project: str, made: str) -> None:
    """Have a new project checked every day, from the day after it was made on."""
    day = datetime.fromisoformat(made) + timedelta(days=CHECK_DAYS)
    store.transact([Put(RebuildDue(pk=DUE, sk=key(day.date().isoformat(), company, project)))])


def leave_due(store: Store, now: datetime) -> bool:
    """Leave the project that has waited longest for its check; False when none is due."""
    today = now.date().isoformat()
    page = store.page(Query(model=RebuildDue, hash=DUE, between=(None, f"{today}~")), limit=1)
    if not page.rows:
        return False
    sk = page.rows[0]["sk"]["S"]
    _, company, project = sk.split("#")
    day = (now + timedelta(days=CHECK_DAYS)).date().isoformat()
    old, new = (DUE, sk), Put(RebuildDue(pk=DUE, sk=key(day, company, project)))
    left = _left(company, project, CHECK, 0, now, absent(Rebuild))
    try:
        store.transact([Delete(RebuildDue, old, RebuildDue.pk.exists()), new, left])
    except ConditionFailed:  # the project is being rebuilt already, or another run was first
        store.transact([Delete(RebuildDue, old), new])
    return True


def repair(store: Store, more: Callable[[], bool], now: datetime) -> int:
    """Do what was left for as long as ``more`` says so; how many activities and projects were finished.

    Rows come in random order, so one that never works does not keep the others waiting.
    """
    for _ in range(DUE_AT_ONCE):
        if not leave_due(store, now):
            break
    page = store.page(Query(model=Repair, hash=REPAIRS), limit=1000)
    left = list(page.rows)
    random.shuffle(left)
    done = 0
    for row in left:
        if not more():
            break
        try:
            done += _roll_forward(store, parse(Rebuild, row), more) if "phase" in row else _activity(store, row)
        except Exception:  # the row stays and is tried again; the others have their turn
            logger.exception("could not be repaired", left=row["sk"]["S"])
    return done


def _activity(store: Store, row: dict[str, Any]) -> bool:
    target = Target(*row["sk"]["S"].split("#"))
    if recompute(store, {target: None}).left:
        return False
    return _taken_off(store, Delete(Repair, (REPAIRS, row["sk"]["S"]), Repair.since == row["since"]["S"]))


def _roll_forward(store: Store, row: Rebuild, more: Callable[[], bool]) -> bool:
    """Slice after slice; each leaves where the next begins, unless the project was left anew meanwhile."""
    company, project = row.sk.split("#")
    place = Place(row.phase, row.after, row.drift)
    while more():
        place = advance(store, company, project, place)
        here = (Rebuild.steps == row.steps) & (Rebuild.since == row.since)
        if place.phase == "done":
            report = logger.warning if place.drift and row.reason == CHECK else logger.info
            report("project rebuilt", company=company, project=project, reason=row.reason, drift=place.drift)
            return _taken_off(store, Delete(Rebuild, (REPAIRS, row.sk), here))
        try:
            store.transact([Put(_at(row, place, row.steps + 1), here)])
        except ConditionFailed:
            return False
    return False


def _taken_off(store: Store, change: Delete) -> bool:
    """Whether the row could go; not when it was left anew."""
    try:
        store.transact([change])
    except ConditionFailed:
        return False
    return True
