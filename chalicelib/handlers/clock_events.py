"""Clock events: devices push them in, people list and settle them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.access.permissions import Permission
from chalicelib.clock import batches, decisions, ingest, lists, payloads
from chalicelib.clock.batches import Batch
from chalicelib.clock.event_ids import PREFIX
from chalicelib.clock.ingest import Arrival
from chalicelib.clock.payloads import Punch
from chalicelib.clock.rows import ClockEvent
from chalicelib.clock.surroundings import named
from chalicelib.errors import InProgress, Invalid, WbsyncError
from chalicelib.http.answers import Read, Written
from chalicelib.http.call import Call
from chalicelib.http.conditional import etag
from chalicelib.http.fields import Answer, Body, Code, Date, Figure, Id, Loose, Reason, Stamp, one_of
from chalicelib.http.idempotency import LOCK_LOST
from chalicelib.http.json_text import Unreadable
from chalicelib.http.negotiation import json_body, raw_body
from chalicelib.http.pagination import Changes, ChangesQuery, Source, changed, incremental, listed
from chalicelib.http.problems import problem_body
from chalicelib.http.references import Place
from chalicelib.http.routes import BASE, Guard, RouteSet
from chalicelib.http.texts import text
from chalicelib.names import IGNORABLE
from chalicelib.operatives import operatives
from chalicelib.projects import projects
from chalicelib.storage.changes import Change
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import Wanted
from chalicelib.storage.work import AlsoFailed, Decided

routes = RouteSet("Clock events", __name__)
MOST_PARTS = 100
Status = Literal["open", "matched", "unmatched_operative", "unmatched_project", "needs_review", "dismissed"]
Moment = Annotated[str, text("2026-06-08T07:00:00Z", 10, 64, description="ISO 8601 time with its date")]
MomentOfEnd = Annotated[str, text("2026-06-08T15:30:00Z", 10, 64, description="ISO 8601 time with its date")]
EACH = (
    "Shifts, each with fields as beside `events`. Each is checked for itself: one that is not valid, whatever it is, "
    "has its problem in `results` and keeps no other back."
)
EVENTS = {"items": {"anyOf": [{"$ref": "#/components/schemas/PunchBody"}, {}]}}
OWN_STATUS = {"properties": {"status_code": {"type": "integer"}}, "required": ["status_code"]}
RESULT = {
    "anyOf": [
        {"allOf": [{"$ref": "#/components/schemas/ArrivalAnswer"}, OWN_STATUS]},
        {"allOf": [{"$ref": "#/components/schemas/Problem"}, OWN_STATUS]},
    ]
}


def _said(example: object, meaning: str) -> Meta:
    """A field of a device: whatever it holds, the event is kept when its clock ID and an instant can be read."""
    return Meta(description=meaning, examples=[example])


_SEEN = f"[^\\s\\x00-\\x1f\\x7f-\\x9f{IGNORABLE}]"  # some character that somebody sees
CLOCK_ID = Meta(
    description="Whose punch it is: text of 1 to 64 characters, or a whole number.",
    examples=["1042"],
    extra_json_schema={"type": ["string", "integer"], "minLength": 1, "maxLength": 64, "pattern": _SEEN},
)
CLOCK_IN = _said("2026-06-08T07:00:00+01:00", "When work began: an ISO 8601 time with its date.")
CLOCK_OUT = _said("2026-06-08T15:30:00+01:00", "When it ended. An event has a clock_in, a clock_out, or both.")


class Shift(Loose, kw_only=True):
    """What a device says of one shift beside whose it is: in, out, or both."""

    clock_in: Annotated[Any, CLOCK_IN] = None
    clock_out: Annotated[Any, CLOCK_OUT] = None
    project_code: Annotated[Any, _said("QUAY-3", "The project's code, of at most 64 characters.")] = None
    device_id: Annotated[Any, _said("gate-2", "Which device: text of at most 200 characters.")] = None
    break_minutes: Annotated[Any, _said(30, "The unpaid break, 0 to 1440 minutes.")] = None


class PunchBody(Shift, kw_only=True):
    """One shift of one clock ID."""

    clock_id: Annotated[Any, CLOCK_ID]


class IngestBody(Shift, kw_only=True):
    """One shift, or up to 500 of them in ``events``, each answered for itself."""

    schema_rules: ClassVar[dict[str, Any]] = {"anyOf": [{"required": ["clock_id"]}, {"required": ["events"]}]}
    schema_parts: ClassVar[tuple[type[msgspec.Struct], ...]] = (PunchBody,)
    clock_id: Annotated[Any, CLOCK_ID] | UnsetType = UNSET
    events: (
        Annotated[list[Any], Meta(min_length=1, max_length=500, description=EACH, extra_json_schema=EVENTS)] | UnsetType
    ) = UNSET


class ArrivalAnswer(Answer, kw_only=True):
    """A kept event and what became of it."""

    id: str
    status: Annotated[str, one_of(Status)]
    reason: str | None
    clock_id: str
    clock_in: str | None
    clock_out: str | None
    labour_entry: str | None
    duplicate: bool
    warning: str | UnsetType = UNSET


class BatchAnswer(Answer, kw_only=True):
    """What became of each event of a batch, in its order: the event, or the problem, with its ``status_code``."""

    results: list[Annotated[dict[str, Any], Meta(extra_json_schema=RESULT)]]


def present(arrival: Arrival) -> ArrivalAnswer:
    """An event as its device is answered."""
    row: ClockEvent = arrival.event
    return ArrivalAnswer(
        id=row.id,
        status=row.status,
        reason=row.reason,
        clock_id=row.clock_id,
        clock_in=row.clock_in,
        clock_out=row.clock_out,
        labour_entry=row.labour_entry,
        duplicate=arrival.duplicate,
        warning=arrival.warning or UNSET,
    )


def _named(call: Call) -> Sequence[Wanted]:
    """What a single punch names; a batch and what is refused name nothing."""
    try:
        _, punch = _single(call)
    except WbsyncError:
        return ()
    return named(call.company, punch.form, ingest.codes([punch]))


@routes.route(
    "POST",
    f"{BASE}/clock-events/ingest",
    body=IngestBody,
    answer=ArrivalAnswer,
    batch_answer=BatchAnswer,
    status=201,
    guard=Guard.DEVICE,
    ahead=_named,
)
def ingest_event(call: Call, body: IngestBody) -> Written:
    """Keep a punch; an in and out becomes one submitted labour entry."""
    if body.events is not UNSET:
        return Written([], BatchAnswer(results=_batch(call, body.events)), status=200)
    event, punch = _single(call)
    assert call.reading is not None
    return _written(ingest.accept(call.reading, call.company, punch, event, call.now))


def _written(decided: Decided[list[Arrival]]) -> Written:
    """What became of a single punch."""
    [arrival], other = decided.answer, decided.otherwise
    return Written(
        decided.changes,
        present(arrival),
        refusal=arrival.refusal,
        otherwise=(lambda reading: _written(other(reading))) if other else None,
        status=200 if arrival.duplicate else 201,
    )


def _single(call: Call) -> tuple[object, Punch]:
    """The body as it was sent, with the fields that no model knows, and the punch that it is."""
    raw = raw_body(call)
    if len(raw) > 2 * payloads.MOST_BYTES:  # as much white space as there is text
        raise Invalid(errors={"body": [payloads.TOO_LARGE]})
    event = json_body(call, raw)
    return event, payloads.read(event)


def _batch(call: Call, events: list[object]) -> list[dict[str, object]]:
    """Each event for itself; with a key, what an unfinished run of the request kept is answered as it was then."""
    kept = call.ledger.parts(MOST_PARTS) if call.ledger else {}
    answered = {int(place): answer for part in kept.values() for place, answer in part.items()}
    parts = iter(range(max(kept, default=-1) + 1, MOST_PARTS))

    def along(answers: Mapping[int, batches.Answer]) -> Sequence[Change]:
        part = next(parts, None) if call.ledger else None
        if call.ledger is None or part is None:
            return ()
        return call.ledger.part(part, {str(place): _answered(call, answer) for place, answer in answers.items()})

    for place, event in enumerate(events):
        if isinstance(event, Unreadable):  # it breaks a bound of JSON
            answered[place] = _answered(call, Invalid("The event cannot be read.", errors=dict(event)))
    left = {place: event for place, event in enumerate(events) if place not in answered}
    try:
        found = Batch(call.store, call.company, call.now, along).keep(left)
    except AlsoFailed as error:
        raise InProgress(LOCK_LOST) from error
    answered |= {place: _answered(call, answer) for place, answer in found.items()}
    return [answered[place] for place in range(len(events))]


class EventQuery(ChangesQuery, kw_only=True):
    """Filters of the list of clock events; the newest first."""

    status: Status | None = None
    clock_id: Code | None = None
    date_from: Date | None = None
    date_to: Date | None = None
    totals: bool | None = None


class ByStatus(Answer, kw_only=True):
    """How many events there are of each status."""

    open: int
    matched: int
    unmatched_operative: int
    unmatched_project: int
    needs_review: int
    dismissed: int


class SentAnswer(Answer, kw_only=True):
    """What the device says of an event, whatever people decided; a time ends in Z where it was sent with an offset."""

    clock_in: str | None
    clock_out: str | None
    break_minutes: Figure | None


class EventAnswer(Answer, kw_only=True):
    """A clock event: what was sent, what it has become, and what people decided about it."""

    id: str
    clock_id: str
    operative: str | None
    project: str | None
    project_code: str | None
    device_id: str | None
    clock_in: str | None
    clock_out: str | None
    break_minutes: Figure | None
    status: Annotated[str, one_of(Status)]
    reason: str | None
    labour_entry: str | None
    received_at: Stamp
    settled_by: str | None
    as_sent: str | None
    sent: SentAnswer
    history: list[dict[str, Any]]
    updated_at: Stamp


class Events(Changes[EventAnswer], kw_only=True):
    """A list of clock events, with counts by status when they are asked for."""

    totals: ByStatus | UnsetType = UNSET


class Assign(Body, kw_only=True):
    """Whose an event is, of which project, or both."""

    references: ClassVar[Mapping[str, Place]] = {"operative": operatives.place, "project": projects.place}
    operative: Id | None = None
    project: Id | None = None


class Fix(Body, kw_only=True):
    """When a shift began and ended, and its unpaid break; what is left out stays as it is."""

    clock_in: Moment | None = None
    clock_out: MomentOfEnd | None = None
    break_minutes: Annotated[int, Meta(ge=0, le=1440, examples=[30])] | None = None
    reason: Reason


class Dismiss(Body, kw_only=True):
    """Why an event is nothing."""

    reason: Reason


def shown(row: ClockEvent) -> EventAnswer:
    """An event as people see it."""
    pause = (row.decision or {}).get("break_minutes", row.break_minutes)
    worked_out = ("break_minutes", "history", "sent")
    plain = {name: getattr(row, name) for name in EventAnswer.__struct_fields__ if name not in worked_out}
    sent = SentAnswer(clock_in=row.sent_in, clock_out=row.sent_out, break_minutes=row.break_minutes)
    return EventAnswer(**plain, break_minutes=pause, history=list(row.history or []), sent=sent)


@routes.route("GET", f"{BASE}/clock-events", query=EventQuery, answer=Events)
def list_events(call: Call) -> Events:
    """List clock events, the newest first; ``totals=true`` adds counts by status."""
    query = call.query
    wanted = lists.Wanted(query.status, query.clock_id, query.date_from, query.date_to)
    page = listed(call, _source(call, wanted), lambda rows: [shown(row) for row in rows])
    totals = lists.by_status(call.store, call.user, wanted) if query.totals else None
    return Events(
        count=page.count,
        next=page.next,
        previous=page.previous,
        results=page.results,
        synced_until=page.synced_until,
        totals=ByStatus(**totals) if totals else UNSET,
    )


def _source(call: Call, wanted: lists.Wanted) -> Source:
    if incremental(call):
        filters, rules, view = lists.changes_of(call.user, wanted)
        return changed(call, ClockEvent, call.company, PREFIX, filters=tuple(filters.items()), rules=rules, view=view)
    of = lists.listing(call.user, wanted)
    return Source(
        ClockEvent, of.list, of.hash, of.between, forward=False, filters=of.filters, rules=of.rules, view=of.view
    )


@routes.route("GET", f"{BASE}/clock-events/{{id}}", answer=EventAnswer)
def read_event(call: Call, id: str) -> Read:
    """Read a clock event."""
    return Read(shown(row := decisions.find(Reading(call.store), call.user, id)), etag=etag(row.version))


@routes.route(
    "POST", f"{BASE}/clock-events/{{id}}/assign", permission=Permission.APPROVE, body=Assign, answer=EventAnswer
)
def assign_event(call: Call, id: str, body: Assign) -> Written:
    """Say whose a clock event is, and of which project."""
    assert call.reading is not None
    return _decided(decisions.assign(call.reading, call.user, id, body.operative, body.project, call.now))


@routes.route("POST", f"{BASE}/clock-events/{{id}}/fix", permission=Permission.APPROVE, body=Fix, answer=EventAnswer)
def fix_event(call: Call, id: str, body: Fix) -> Written:
    """Say when a clock event's shift began and ended."""
    assert call.reading is not None
    times = {"clock_in": body.clock_in, "clock_out": body.clock_out, "break_minutes": body.break_minutes}
    return _decided(decisions.fix(call.reading, call.user, id, times, body.reason, call.now))


@routes.route(
    "POST", f"{BASE}/clock-events/{{id}}/dismiss", permission=Permission.APPROVE, body=Dismiss, answer=EventAnswer
)
def dismiss_event(call: Call, id: str, body: Dismiss) -> Written:
    """Say that a clock event is nothing."""
    assert call.reading is not None
    return _decided(decisions.dismiss(call.reading, call.user, id, body.reason, call.now))


def _decided(decided: Decided[ClockEvent]) -> Written:
    return Written(decided.changes, shown(decided.answer), etag=etag(decided.answer.version))


def _answered(call: Call, answer: batches.Answer) -> dict[str, object]:
    problem = answer if isinstance(answer, WbsyncError) else answer.refusal
    if problem is not None:
        return {"status_code": problem.status, **problem_body(problem, call.request_id)}
    assert isinstance(answer, Arrival)
    return {"status_code": 200 if answer.duplicate else 201, **msgspec.to_builtins(present(answer))}
