"""What devices say of one event over time: its first version, corrections of it, and repeats of either."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from chalicelib.clock.moments import stored
from chalicelib.clock.payloads import Punch, code_form
from chalicelib.clock.rows import ClockEvent
from chalicelib.times import stamp

MOST_VERSIONS = 100  # earlier versions of one event that are known again; older ones are forgotten
FORMS = 6  # ways for an in alone to say a version
DIGEST = 16


def send(row: ClockEvent, punch: Punch, now: datetime) -> None:
    """The event as it is sent now."""
    row.clock_id, row.device_id, row.project_code = punch.clock_id, punch.device_id, punch.project_code
    row.sent_in = punch.clock_in.text if punch.clock_in else None
    row.sent_out = punch.clock_out.text if punch.clock_out else None
    row.break_minutes, row.unreadable, row.as_sent = punch.break_minutes, list(punch.unreadable) or None, punch.as_sent
    row.sent_at, row.said = _after_decisions(row, now), version_of(punch)


def decided_at(row: ClockEvent, now: datetime) -> str:
    """When something is decided about an event: not before it was sent, as clocks of functions differ by seconds."""
    return max(stamp(now), row.sent_at or "")


def _after_decisions(row: ClockEvent, now: datetime) -> str:
    """When another version is sent: after what was decided about the one before, whatever the clock says."""
    known = max(row.closed_at or "", str((row.decision or {}).get("at", "")))
    if not known or stamp(now) > known:
        return stamp(now)
    return stamp(datetime.fromisoformat(known) + timedelta(microseconds=1))


def receive(row: ClockEvent, punch: Punch, now: datetime) -> bool:
    """Whether the punch repeats what its event has said before. A correction is what the event says from now on."""
    if repeats(row, punch):
        return True
    punch = _completed(row, punch)
    if version_of(punch) in _known(row):
        return True
    _remember(row)
    send(row, punch, now)
    return False


def _remember(row: ClockEvent) -> None:
    """What the event says now is what it has said before from now on."""
    row.earlier = [*(row.earlier or ()), row.said][-MOST_VERSIONS:]
    forms = dict.fromkeys(_said_by_in(row))  # those said last are forgotten last
    row.earlier_in = [*(each for each in row.earlier_in or () if each not in forms), *forms][-FORMS * MOST_VERSIONS :]


def repeats(row: ClockEvent, punch: Punch) -> bool:
    """Whether an event has said this before, now or earlier."""
    if version_of(punch) in _known(row):
        return True
    if not _is_in_of(row, punch):
        return False
    said = _of_in(punch.project_code, punch.break_minutes, _unread(punch))
    return said in {_of_in(None, None, ""), *_said_by_in(row), *(row.earlier_in or ())}


def _known(row: ClockEvent) -> set[str]:
    return {str(row.said), *(row.earlier or ())}


def version_of(punch: Punch) -> str:
    """A digest of what a correction changes: the out, the break and the project, and what cannot be read."""
    out = punch.clock_out.text if punch.clock_out else ""
    unread = punch.as_sent if punch.unreadable else ""
    return digest(f"{out}|{punch.break_minutes or 0}|{code_form(punch.project_code)}|{unread}")


def digest(text: str) -> str:
    """Enough of a hash to tell the versions of one event apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST]


# -- an in alone, of an event whose out is known: it says nothing of the out, and maybe of nothing else --------------


def _is_in_of(row: ClockEvent, punch: Punch) -> bool:
    return row.sent_out is not None and punch.clock_out is None


def _unread(punch: Punch) -> str:
    """What makes no sense in an in alone; an odd out is no out."""
    return (punch.as_sent or "") if set(punch.unreadable) - {"clock_out"} else ""


def _of_in(project_code: str | None, break_minutes: Decimal | None, unread: str) -> str:
    """A digest of what an in alone says."""
    return digest(f"in|{code_form(project_code)}|{'' if break_minutes is None else break_minutes}|{unread}")


def _said_by_in(row: ClockEvent) -> Iterator[str]:
    """What an in alone may say that is what its event says: the project, the break, or both."""
    for unread in ("", row.as_sent or "") if row.unreadable else ("",):
        yield _of_in(row.project_code, None, unread)
        yield _of_in(None, row.break_minutes, unread)
        yield _of_in(row.project_code, row.break_minutes, unread)


def _completed(row: ClockEvent, punch: Punch) -> Punch:
    """An in alone that corrects its event: what it leaves out stays as it is known."""
    if not _is_in_of(row, punch):
        return punch
    said = {name for name in ("project_code", "break_minutes", "device_id") if getattr(punch, name) is not None}
    said |= set(punch.unreadable) - {"clock_out"}
    left = {"project_code": row.project_code, "break_minutes": row.break_minutes, "device_id": row.device_id}
    unreadable = (*(set(punch.unreadable) - {"clock_out"}), *(set(row.unreadable or ()) - said))
    return replace(
        punch,
        clock_out=stored(str(row.sent_out)),
        unreadable=tuple(sorted(unreadable)),
        as_sent=(_unread(punch) or row.as_sent) if unreadable else None,
        **{name: value for name, value in left.items() if name not in said},
    )
