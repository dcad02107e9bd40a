"""Hours on activities that are to be deleted, or were: asked before the answer, and once more a while later."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.errors import InUse
from chalicelib.labour.rows import BY_ACTIVITY, Entry
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.tree.bringing_back import brought_back
from chalicelib.work.kinds import Finished, Step
from chalicelib.work.rows import Intent

TOGETHER = 64  # activities that are asked about at the same time
LATER = timedelta(minutes=1)  # until it is tried again where a large change was in the way


def have_hours(reading: Reading, company: str, activities: Sequence[str]) -> bool:
    """Whether any of a company's activities has an entry, in whatever state."""
    return _first_with_hours(reading, company, activities) is not None


def _first_with_hours(reading: Reading, company: str, activities: Sequence[str]) -> int | None:
    for start in range(0, len(activities), TOGETHER):
        some = activities[start : start + TOGETHER]
        found = reading.together(*(lambda id=id: _has_hours(reading, company, id) for id in some))
        if any(found):
            return start + found.index(True)
    return None


def _has_hours(reading: Reading, company: str, activity: str) -> bool:
    query = Query(model=Entry, hash=key(company, activity), list=BY_ACTIVITY, keys_only=True)
    return bool(reading.page(query, limit=1).rows)


def verify_step(reading: Reading, intent: Intent, now: datetime) -> Step:
    """The next deleted activity on which hours slipped in is brought back, once no large change is under way."""
    company, _, _ = str(intent.pk).partition("#")
    activities, asked = intent.arguments["activities"], intent.state.get("asked", 0)
    found = _first_with_hours(reading, company, activities[asked:])
    if found is None:
        return Step([], {"asked": len(activities)}, len(activities), finished=Finished(None, 204))
    try:
        changes = brought_back(reading, company, activities[asked + found], now)
    except InUse:
        return Step([], {"asked": asked + found}, asked + found, not_before=now + LATER)
    return Step(changes, {"asked": asked + found + 1}, asked + found + 1)
