"""What people decide about kept events: whose and of which project they are, when it was, or that they are nothing."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission as P
from chalicelib.clock import event_ids, ingest, judging, moments
from chalicelib.clock.moments import Moment
from chalicelib.clock.records import event_of
from chalicelib.clock.rows import ClockEvent, event_place
from chalicelib.clock.surroundings import Active
from chalicelib.clock.timeline import Timeline
from chalicelib.clock.values import minutes
from chalicelib.clock.versions import decided_at
from chalicelib.clock.writing import changes
from chalicelib.errors import InUse, Invalid, InvalidTransition, NotFound
from chalicelib.labour.actors import remembered
from chalicelib.labour.surroundings import EARLIEST
from chalicelib.operatives import operatives
from chalicelib.projects import projects
from chalicelib.storage.reading import Reading
from chalicelib.storage.work import Decided
from chalicelib.times import stamp

MOST_DECISIONS = 40  # about one event


def sees(caller: Caller, row: ClockEvent) -> bool:
    """Who sees the labour of the event's project, and whose own event it is."""
    return caller.may(P.READ_ALL_LABOUR, row.project) or row.operative in caller.operatives


def find(reading: Reading, caller: Caller, id: str) -> ClockEvent:
    """An event the caller may see, else :class:`NotFound`."""
    identity = event_ids.identity(id)
    if identity is None:
        raise NotFound
    row: ClockEvent | None = reading.rows(event_place(caller.company, identity.form, identity.name))[0]
    if row is None or not sees(caller, row):
        raise NotFound
    return row


class Choice(Struct, frozen=True):
    """One decision of a person, before it is applied."""

    action: str
    reason: str | None
    values: Mapping[str, Any]  # as the event keeps them


def assign(
    reading: Reading, caller: Caller, id: str, operative: str | None, project: str | None, now: datetime
) -> Decided[ClockEvent]:
    """Whose an event is, and of which project."""
    errors = {}
    found = reading.rows(
        operatives.place(caller.company, operative or ""), projects.place(caller.company, project or "")
    )
    for name, value, row in zip(("operative", "project"), (operative, project), found, strict=True):
        if value is not None and row is None:
            errors[name] = [f"There is no such {name}."]
    if operative is None and project is None:
        errors["operative"] = ["Give an operative, a project, or both."]
    if errors:
        raise Invalid(errors=errors)
    values = {name: value for name, value in (("operative", operative), ("project", project)) if value is not None}
    return _decided(reading, caller, id, now, lambda line, row: Choice("assign", None, values))


def fix(
    reading: Reading, caller: Caller, id: str, given: Mapping[str, Any], reason: str, now: datetime
) -> Decided[ClockEvent]:
    """When an event was, and how long the break: a whole shift from now on.

    ``given`` may hold ``clock_in`` and ``clock_out`` as text and ``break_minutes``.
    """
    times = {name: _moment(name, given[name]) for name in ("clock_in", "clock_out") if given.get(name) is not None}
    if not times and given.get("break_minutes") is None:
        raise Invalid(errors={"clock_in": ["Give a clock_in, a clock_out or break_minutes."]})

    def choose(line: Timeline, row: ClockEvent) -> Choice:
        values: dict[str, object] = {name: each.text for name, each in times.items()}
        _complete(line, row, values)
        zone = str(line.tenant.timezone)
        late = [name for name, each in times.items() if each.instant(zone) - now > judging.AHEAD]
        early = [name for name, each in times.items() if each.time.date().isoformat() < EARLIEST]
        if late or early:
            ahead = {name: ["Lies more than a day ahead."] for name in late}
            raise Invalid(errors=ahead | {name: [f"Lies before {EARLIEST}."] for name in early})
        if given.get("break_minutes") is not None:
            values["break_minutes"] = Decimal(given["break_minutes"])
        return Choice("fix", reason, values)

    return _decided(reading, caller, id, now, choose)


def _moment(name: str, text: str) -> Moment:
    moment = moments.parse(text)
    if moment is None:
        raise Invalid(errors={name: ["Must be an ISO 8601 time with a date, such as 2026-06-08T07:00:00Z."]})
    return moment


def _complete(line: Timeline, row: ClockEvent, values: dict[str, Any]) -> None:
    """The instants that the person leaves as they are; a shift that is settled by hand has both."""
    other = line.rows.get(row.partner or "")
    for name, sent in (("clock_in", row.sent_in), ("clock_out", row.sent_out or (other.sent_out if other else None))):
        known = (row.decision or {}).get(name) or sent
        if known is None and name not in values:
            raise Invalid(errors={name: [f"The event has no {name}: give it, so that the shift is whole."]})


def dismiss(reading: Reading, caller: Caller, id: str, reason: str, now: datetime) -> Decided[ClockEvent]:
    """An event that is nothing; what it was may still be read."""

    def choose(line: Timeline, row: ClockEvent) -> Choice:
        if row.status == "matched" and row.labour_entry:
            raise InvalidTransition(
                "The event has become hours: reject or delete its labour entry instead.",
                labour_entry=row.labour_entry,
            )
        row.closed, row.closed_at = "dismissed", decided_at(row, now)
        return Choice("dismiss", reason, {})

    return _decided(reading, caller, id, now, choose)


def _decided(
    reading: Reading, caller: Caller, id: str, now: datetime, choose: Callable[[Timeline, ClockEvent], Choice]
) -> Decided[ClockEvent]:
    """The decision applied to its event, and everything settled that changes with it."""
    row = find(reading, caller, id)
    line = _around(reading, caller, id, now)
    target = line.rows[row.sk]
    leader = _leader(line, target)
    line.booked_by(leader)  # where its entry has been deleted, that was before this decision
    choice = choose(line, leader)
    concerned = {target.project, choice.values.get("project")} - {None}
    _require(caller, concerned)
    focus = _apply(line, caller, leader, target, choice, now)
    reading.rows(*line.second(focus))
    outcomes = line.settle(focus)
    landed = {line.rows[name].project for name in focus} - {None}
    if not concerned | landed:
        caller.require(P.APPROVE)
    _require(caller, landed - concerned)
    if choice.action != "dismiss" and any(outcomes[name].refused for name in focus):
        why = next(str(outcomes[name].reason) for name in focus if outcomes[name].refused)
        raise InvalidTransition(ingest.REFUSED[why])
    for name in focus:
        line.rows[name].history = _with_end(line.rows[name])
    return Decided(changes(line), target)


def _require(caller: Caller, projects: Iterable[str | None]) -> None:
    for project in projects:
        caller.require(P.APPROVE, project)


def _around(reading: Reading, caller: Caller, id: str, now: datetime) -> Timeline:
    identity = event_ids.identity(id)
    assert identity is not None
    line = Timeline(reading, Active(reading, caller.company), identity.form, [identity.moment], now)
    line.read_events()
    return line


def _leader(line: Timeline, row: ClockEvent) -> ClockEvent:
    """The event that has the shift: of the out of a pair its in."""
    other = line.rows.get(row.partner or "")
    follows = other is not None and row.sk.endswith("#out") and not (row.decision or {}).get("clock_in")
    return other if other is not None and follows else row


def _apply(
    line: Timeline, caller: Caller, leader: ClockEvent, target: ClockEvent, choice: Choice, now: datetime
) -> list[str]:
    """The events that the decision is about: the one with the shift, and what it holds or let go of."""
    if len(leader.history or ()) >= MOST_DECISIONS:
        raise InUse(f"An event can be settled {MOST_DECISIONS} times at most: change or delete its entry instead.")
    concerned = {leader.sk: leader, target.sk: target}
    if choice.action != "dismiss":
        leader.closed = leader.closed_at = None
        before, kept = _effective(line, leader), leader.decision or {}
        leader.decision = {**kept, **choice.values, "at": decided_at(leader, now)}
        changed = {what for what, value in _effective(line, leader).items() if value != before[what]}
        changed |= {"again"} if kept.get("was_hours") and not leader.labour_entry else set()
        leader.decision["by"] = kept.get("by", {}) | dict.fromkeys(changed, remembered(caller))
        concerned |= {row.sk: row for row in _let_go(line, leader, choice, now)}
    for row in concerned.values():
        step = {"at": stamp(now), "by": caller.user, "action": choice.action, "reason": choice.reason}
        row.history = [*(row.history or []), {**step, "before": row.status, "changes": dict(choice.values)}]
        row.settled_by = caller.user
        line.changed.add(row.sk)
    return sorted(concerned)


def _effective(line: Timeline, leader: ClockEvent) -> dict[str, object]:
    """What is decided of an event, or sent: its times, operative and project."""
    event, out = event_of(leader, None, ""), _out_of(line, leader)
    finish = event.finish.text if event.finish else out.sent_out if out else None
    times = event.start and event.start.text, finish, minutes(event) or Decimal(0)
    return {"times": times, "operative": event.decision.operative, "project": event.decision.project}


def _out_of(line: Timeline, leader: ClockEvent) -> ClockEvent | None:
    """The out that belongs to an in, or would if a person had not said when it ended."""
    named = line.rows.get(leader.partner or "")
    if named is not None and named is not leader and named.sk.endswith("#out"):
        return named
    found = (row for row in line.rows.values() if row.partner == leader.sk and row.sk.endswith("#out"))
    return next(found, None)


def _let_go(line: Timeline, leader: ClockEvent, choice: Choice, now: datetime) -> list[ClockEvent]:
    """The out that a person has replaced: it belongs to no other shift."""
    other = _out_of(line, leader)
    if choice.action != "fix" or other is None:
        return []
    assert leader.decision is not None
    leader.decision = {"clock_out": other.sent_out, **leader.decision}
    if choice.values.get("clock_out", other.sent_out) == other.sent_out:
        return []
    other.closed, other.closed_at = "dismissed", decided_at(other, now)
    return [other]


def _with_end(row: ClockEvent) -> list[object]:
    """The history with what the last decision has come to."""
    *earlier, last = row.history or [{}]
    return [*earlier, {**last, "after": row.status}]
