"""Punches of one clock ID come in: each is kept, and what they make with those around them is settled with it.

An event's identity is its key, so the same punch from any number of devices at once gives one event and one entry.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain

from aws_lambda_powertools import Logger
from msgspec import Struct, structs

from chalicelib.clock import judging, records, retries, versions
from chalicelib.clock.payloads import Punch, as_json, code_form
from chalicelib.clock.rows import ClockEvent, event_place
from chalicelib.clock.surroundings import Active, named
from chalicelib.clock.timeline import Timeline
from chalicelib.clock.values import Outcome
from chalicelib.clock.writing import changes
from chalicelib.errors import Conflict, InvalidTransition, WbsyncError
from chalicelib.operatives import operatives
from chalicelib.storage.reading import Reading
from chalicelib.storage.work import Decided

logger = Logger(service="wbsync", child=True)
NO_PROJECT = (
    "The event names no project_code, and there is no single active project that it can be of. "
    "Send a project_code, or somebody has to assign each event."
)


class Arrival(Struct, frozen=True):
    """What became of one punch: its event as it is now, or why that could not follow."""

    event: ClockEvent
    duplicate: bool
    warning: str | None = None
    refusal: WbsyncError | None = None


def timeline(reading: Reading, active: Active, punches: Sequence[Punch], now: datetime) -> Timeline:
    """The events around punches of one clock ID."""
    return Timeline(reading, active, punches[0].form, (punch.identity.moment for punch in punches), now)


def codes(punches: Iterable[Punch]) -> set[str]:
    """The project codes that punches name, in comparison form."""
    return {code_form(punch.project_code) for punch in punches} - {""}


def accept(reading: Reading, company: str, punch: Punch, event: object, now: datetime) -> Decided[list[Arrival]]:
    """Keep one punch, whatever goes wrong with it: what fails for a reason of ours is kept as it was sent."""

    def as_sent(reading: Reading) -> Decided[list[Arrival]]:
        return kept_as_sent(reading, company, punch, event, now)

    try:
        return structs.replace(ingest(reading, company, [punch], now), otherwise=as_sent)
    except WbsyncError:
        raise
    except Exception:
        logger.exception("an event could not be processed")
        return as_sent(Reading(reading.store))


def kept_as_sent(reading: Reading, company: str, punch: Punch, event: object, now: datetime) -> Decided[list[Arrival]]:
    """An event that could not be processed: it is tried again by itself, and when it is sent again."""
    seen: ClockEvent | None = reading.rows(event_place(company, punch.form, punch.identity.name))[0]
    row = seen or records.new_row(company, punch, now)
    repeat = seen is not None and versions.receive(seen, punch, now)
    row.clock_in = row.clock_in or (punch.clock_in.text if punch.clock_in else None)
    row.clock_out = row.clock_out or (punch.clock_out.text if punch.clock_out else None)
    row.as_sent = as_json(event)
    return Decided(retries.failed(company, row, now), [Arrival(row, repeat)])


def ingest(reading: Reading, company: str, punches: Sequence[Punch], now: datetime) -> Decided[list[Arrival]]:
    """Keep the punches of one clock ID, in three rounds of reads."""
    line = timeline(reading, Active(reading, company), punches, now)
    read_first(reading, [line], [punches])
    focus = receive(line, punches, now)
    reading.rows(*line.second(focus))
    return decided(line, punches, focus)


def read_first(reading: Reading, lines: Sequence[Timeline], punches: Sequence[Sequence[Punch]]) -> None:
    """The first two rounds: what the punches name, then the events around them."""
    each_named = (named(line.company, line.form, codes(of)) for line, of in zip(lines, punches, strict=True))
    unnamed = any(not punch.project_code for each in punches for punch in each)
    active = [lines[0].active.ids] if unnamed else []
    reading.rows(*chain.from_iterable(each_named))
    reading.together(*(line.read_events for line in lines), *active)


def receive(line: Timeline, punches: Sequence[Punch], now: datetime) -> dict[str, list[bool]]:
    """The punches among the events; which of them only repeat, by event."""
    if line.owner is None and line.tenant.auto_add_operatives:
        _add_operative(line, punches[0], now)
    found: dict[str, list[bool]] = {}
    for place, punch in enumerate(punches):
        at = now + timedelta(microseconds=place)  # who was sent first comes first
        found.setdefault(punch.identity.name, []).append(_received(line, punch, at))
    return found


def _add_operative(line: Timeline, punch: Punch, now: datetime) -> None:
    """A clock ID that nobody has creates an operative; its claim lets only one of several requests do so."""
    values = {"name": punch.clock_id, "external_clock_id": punch.clock_id}
    try:
        made = operatives.create(line.reading, line.company, values, now)
        changes, row = made.changes, made.answer
    except Conflict:  # another request has just made it
        place = operatives.clock_place(line.company, line.form)
        line.reading.know(place, line.reading.store.get_many(place)[0])
        return
    line.add_operative(row, changes)


def _received(line: Timeline, punch: Punch, now: datetime) -> bool:
    """Whether the punch repeats what its event has said before."""
    row = line.rows.get(punch.identity.name)
    if row is None:
        line.add(records.new_row(line.company, punch, now))
        return False
    repeat = versions.receive(row, punch, now)
    if not repeat:
        line.changed.add(row.sk)
    return repeat


def decided(line: Timeline, punches: Sequence[Punch], focus: dict[str, list[bool]]) -> Decided[list[Arrival]]:
    """The events settled, and what each punch is answered."""
    outcomes = line.settle(focus)
    left = {name: list(repeats) for name, repeats in focus.items()}
    arrivals = [_arrival(line, punch, outcomes, left[punch.identity.name].pop(0)) for punch in punches]
    return Decided(changes(line), arrivals)


def _arrival(line: Timeline, punch: Punch, outcomes: dict[str, Outcome], repeat: bool) -> Arrival:
    row, outcome = line.rows[punch.identity.name], outcomes[punch.identity.name]
    refusal = None
    if outcome.refused and (not repeat or versions.version_of(punch) == row.said):
        refusal = InvalidTransition(WHY[str(outcome.reason)], event=row.id)
    return Arrival(row, repeat, NO_PROJECT if line.lacks_project(row) else None, refusal)


REFUSED = {
    judging.APPROVED: "The shift's entry is approved: reopen it first.",
    judging.CHANGED: "A person has changed the shift's hours: change the entry by hand.",
    judging.REJECTED: "The shift's entry was rejected: correct or delete it.",
    judging.PERIOD: "The shift lies in a closed period: reopen it first.",
}
WHY = {reason: f"{why} The punch is kept for review." for reason, why in REFUSED.items()}
"""Why the hours of a shift do not follow what somebody says otherwise: a person, and a device."""
