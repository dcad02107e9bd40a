"""The trail of an entry: who did what to it, when and why. It outlives the entry."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.errors import NotFound
from chalicelib.labour.actors import Actor
from chalicelib.labour.rows import Audit, DeletedEntry, Entry
from chalicelib.storage.changes import Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.times import stamp


class Step(Struct, frozen=True):
    """What is written of a change: the action, the state before, a reason, and the fields with old and new value."""

    action: str
    before: str | None = None
    reason: str | None = None
    changes: Mapping[str, tuple[Any, Any]] = {}


def trail(entry: Entry, actor: Actor, step: Step, now: datetime, after: str | None = None) -> Put:
    """The audit row of a change that makes the entry what it is now."""
    row = Audit(
        pk=entry.pk,
        sk=f"audit#{entry.version:08d}",
        at=stamp(now),
        by=actor.user,
        token=actor.token,
        makers=list(actor.makers) or None,
        action=step.action,
        before=step.before,
        after=after or entry.status,
        reason=step.reason,
        changes={name: list(pair) for name, pair in step.changes.items()} or None,
    )
    return Put(row, absent(Audit))


def require_reader(reading: Reading, caller: Caller, id: str) -> None:
    """Whether the caller may read an entry's trail: who sees the entry, and of a deleted one who approves there.

    Raises:
        NotFound: they may not, or there was no such entry.
    """
    place = key(caller.company, id)
    entry, gone = reading.rows((Entry, place, "entry"), (DeletedEntry, place, "deleted"))
    sees = entry is not None and (
        caller.may(Permission.READ_ALL_LABOUR, entry.project) or entry.operative in caller.operatives
    )
    if not sees and not (gone is not None and caller.may(Permission.APPROVE, gone.project)):
        raise NotFound
