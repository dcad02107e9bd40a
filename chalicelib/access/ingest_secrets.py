"""The company's ingest secret: rotated with an overlap, and readable again by operators."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.access.credentials import Credential, issue
from chalicelib.access.keys import keep_for_operators, keyed
from chalicelib.access.rows import Ingest
from chalicelib.errors import Conflict, Unavailable
from chalicelib.ids import ID_LENGTH, new_id
from chalicelib.storage.changes import Update, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import ConditionFailed, Store
from chalicelib.storage.work import Decided
from chalicelib.times import stamp

KIND = "wbsi"
MOST_OVERLAPPING = 10
LONGEST_OVERLAP = 30 * 24 * 3600
STANDS_STILL = timedelta(seconds=15)  # after its time: as clocks differ, and as its last call may arrive late


def rotate(reading: Reading, company: str, overlap_seconds: int, now: datetime) -> Decided[Credential]:
    """A new ingest secret; those before it end when the overlap does, or earlier where they would have anyway.

    Operators' copy is put before the change is committed, and the new secret follows from the present
    one. So a crash in between leaves the present secret working, and the next attempt makes valid the
    very secret that operators can already read. One function at a time does so, and others wait until its
    time is up: what it puts late would not be what works.

    Raises:
        Conflict: many earlier secrets still work.
        Unavailable: another function rotates them, or operators' copy could not be put; nothing has changed.
    """
    row = reading.row(Ingest, company, "ingest")
    kept = row.secrets if row else {}
    if row and row.turn and row.turn > stamp(now):
        raise Unavailable("Another rotation of the ingest secret is under way. Try again shortly.")
    new = issue(KIND, company, company, _successor(company, kept))
    overlapping = _until(kept, stamp(now), stamp(now + timedelta(seconds=overlap_seconds)))
    if len(overlapping) > MOST_OVERLAPPING:
        raise Conflict("Many earlier secrets still work. Rotate with a shorter overlap, which ends them too.")
    held = overlapping | {new.id: {"digest": new.digest, "until": None, "made": stamp(now)}}
    mine = Ingest.turn == _take_turn(reading.store, company, row, now)
    try:
        keep_for_operators(company, new.text)
    except Unavailable:
        with suppress(ConditionFailed, Unavailable):
            reading.store.transact([_of(company, mine, Ingest.turn.remove())])
        raise
    return Decided([_of(company, mine, Ingest.secrets.set(held), Ingest.turn.remove())], new)


def _take_turn(store: Store, company: str, row: Ingest | None, now: datetime) -> str:
    """Nobody else rotates the secrets before this function's time is up; they are still as they were read."""
    turn = f"{stamp(now + timedelta(seconds=store.time_left()) + STANDS_STILL)} {new_id()}"
    take = Ingest.turn.set(turn)
    if row is None:
        store.transact([_of(company, absent(Ingest), take, Ingest.secrets.set({}))])
    else:
        free = Ingest.turn == row.turn if row.turn else Ingest.turn.does_not_exist()
        store.transact([_of(company, (Ingest.secrets == row.secrets) & free, take)])
    return turn


def _of(company: str, condition: Condition, *actions: Action) -> Update:
    return Update(Ingest, (company, "ingest"), actions, condition)


def made_at(reading: Reading, company: str) -> str | None:
    """Since when the present secret works; None where there is none, or nobody knows."""
    row = reading.row(Ingest, company, "ingest")
    return next((each.get("made") for each in row.secrets.values() if each["until"] is None), None) if row else None


def _successor(company: str, kept: dict[str, Any]) -> str:
    """The id that follows the present one; not to be guessed from it."""
    present = "".join(sorted(id for id, each in kept.items() if each["until"] is None))
    return keyed("digest-key", "next ingest secret", company, present)[:ID_LENGTH]


def _until(kept: dict[str, Any], now: str, end: str) -> dict[str, object]:
    """The secrets that still work after a rotation, each with its end."""
    ends = {id: each | {"until": min(each["until"] or end, end)} for id, each in kept.items()}
    return {id: each for id, each in ends.items() if each["until"] > now}
