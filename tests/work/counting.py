"""A kind of work for tests: writes one row a step, and answers how many it has written."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.errors import Conflict
from chalicelib.operatives.rows import ClockIdClaim
from chalicelib.storage.changes import Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.work.kinds import Finished, Step
from chalicelib.work.rows import Intent

KIND = "counting"


def step(reading: Reading, intent: Intent, now: datetime) -> Step:
    """The next row, on condition that nobody has written it: a step taken twice would fail."""
    wanted: dict[str, Any] = intent.arguments
    if intent.done == wanted.get("refused_at"):
        raise Conflict("It may not be.", errors={"code": ["Taken."]})
    n = intent.done + 1
    row = ClockIdClaim(pk=f"{intent.pk}#counted", sk=f"{n:03d}", holder="x")
    finished = Finished({"written": n}, status=201) if n == intent.total else None
    waits = now + timedelta(seconds=wanted["waits"]) if wanted.get("waits") and not finished else None
    return Step([Put(row, absent(ClockIdClaim))], {"last": n}, n, not_before=waits, finished=finished)
