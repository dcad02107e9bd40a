"""Events that could not be processed for a reason of ours: tried again by themselves, less and less often.

What stands in the way may be a fault that an operator has repaired an hour later. The event keeps what it says; the
intent that tries again is put in the transaction that notes the failure.
"""

from datetime import datetime, timedelta

from chalicelib.clock.rows import ClockEvent, changed
from chalicelib.storage.changes import Change
from chalicelib.times import stamp
from chalicelib.work import intents

FAILED = "processing_failed"
KIND = "clock_retry"
DELAYS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=12))
"""From the failure to the first attempt, and from each attempt to the next; after the last it waits for a person."""


def failed(company: str, row: ClockEvent, now: datetime) -> list[Change]:
    """The event as one that could not be processed, and the attempts to come, unless they have been begun already."""
    is_new = row.reason != FAILED
    row.status, row.reason = "needs_review", FAILED
    return [changed(row, now), *([_begun(company, row, now)] if is_new else [])]


def next_attempt(done: int, now: datetime) -> datetime | None:
    """When to try again after so many attempts; None after the last."""
    return now + DELAYS[done] if done < len(DELAYS) else None


def _begun(company: str, row: ClockEvent, now: datetime) -> Change:
    form = str(row.pk).partition("#")[2]
    intent = intents.begun(company, KIND, {"form": form, "event": row.sk}, now, total=len(DELAYS))
    intent.not_before = stamp(now + DELAYS[0])
    return intents.put(intent)
