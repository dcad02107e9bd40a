"""Recomputing what stream records speak of, in transactions that follow one another.

A record only says where to look. The root of the project is read first, with the heads and the counted bookings;
then the source rows as they are now; then the sums above. A transaction puts all that changes, on condition that
root, heads and counted bookings are as they were read. So who commits has read sources that are no older than what
was counted before: a replay finds no difference, and lost, repeated or reordered records do no harm.
"""

from datetime import UTC, datetime

from aws_lambda_powertools import Logger
from msgspec import Struct, field

from chalicelib.errors import Unavailable
from chalicelib.rollups.attempt import REPAIRS, Attempt
from chalicelib.rollups.reads import Touched
from chalicelib.rollups.rows import Repair
from chalicelib.rollups.sources import Place
from chalicelib.rollups.steps import Touch
from chalicelib.storage.changes import Put
from chalicelib.storage.store import Store

ATTEMPTS = 50  # while one fails, another succeeds; the function's time ends it

logger = Logger(service="wbsync", child=True)


class Applied(Struct):
    """What a recompute came to: activities left in the repair table, and how many were not counted as they are."""

    left: set[str] = field(default_factory=set)
    changed: int = 0
    began: bool = False  # the next generation is to be built


def recompute(store: Store, place: Place, touched: Touched) -> Applied:
    """Recompute together; when that breaks, one by one, so that one bad activity harms no other.

    Raises:
        Unavailable: storage fails and the function has no time to go on; all of it can be done again.
    """
    try:
        return _until_done(store, place, touched)
    except Unavailable:
        raise
    except Exception:  # every failure must end in the repair table, whatever it was
        logger.exception("batch failed, trying its activities one by one")
    applied = Applied()
    for activity, touch in touched.activities.items():
        _alone(store, place, activity, touch, applied)
    rest = Touched({}, touched.uppers, touched.plans)
    last = _until_done(store, place, rest)
    return Applied(applied.left, applied.changed + last.changed, applied.began or last.began)


def differing(store: Store, place: Place, touched: Touched) -> set[str]:
    """Which activities do not count as they are; nothing is written."""
    try:
        return Attempt(store, place, touched).look()
    except Unavailable:
        raise
    except Exception:  # whatever it was, recomputing them one by one finds which of them it is
        logger.exception("activities could not be looked at")
    return set(touched.activities)


def _alone(store: Store, place: Place, activity: str, touch: Touch, applied: Applied) -> None:
    store.require_time()
    try:
        done = _until_done(store, place, Touched({activity: touch}))
        applied.changed += done.changed
        applied.began |= done.began
    except Unavailable:
        raise
    except Exception as error:  # every failure must end in the repair table, whatever it was
        logger.exception("activity could not be recomputed")
        leave_for_repair(store, place, activity, type(error).__name__)
        applied.left.add(activity)


def leave_for_repair(store: Store, place: Place, activity: str, reason: str) -> None:
    """Remember an activity that must be recomputed."""
    row = Repair(pk=REPAIRS, sk=f"{place.pk}#{activity}", reason=reason, since=datetime.now(UTC).isoformat())
    store.transact([Put(row)])


def _until_done(store: Store, place: Place, touched: Touched) -> Applied:
    """Attempt after attempt; activities that met others every time, or until the function's time is up, are left in the
    repair table.

    Raises:
        Unavailable: nodes above, calendar or baselines met others every time, and nothing else remembers them.
    """
    applied = Applied()
    for attempt in range(ATTEMPTS):
        outcome = Attempt(store, place, touched).run()
        applied.changed += outcome.changed
        applied.began |= outcome.began
        touched = outcome.again
        if not touched:
            return applied
        if outcome.lost and not store.paused(min(attempt, 4)):
            break
    for activity in touched.activities:
        leave_for_repair(store, place, activity, "contention")
    applied.left |= touched.activities.keys()
    if touched.uppers or touched.plans:
        raise Unavailable("Others change the sums of the project all the time; the batch comes again.")
    return applied
