"""Clock devices push punches in."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.clock import ingest
from chalicelib.clock.rows import ClockEvent
from chalicelib.errors import InProgress, Invalid, WbsyncError
from chalicelib.http.answers import Written
from chalicelib.http.binding import bind
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Code, Loose, one_of
from chalicelib.http.idempotency import LOCK_LOST
from chalicelib.http.problems import problem_body
from chalicelib.http.routes import BASE, Guard, RouteSet
from chalicelib.http.texts import text
from chalicelib.storage.changes import Change
from chalicelib.storage.store import ConditionFailed

routes = RouteSet("Clock events", __name__)
EACH = (
    "Shifts, each with fields as beside `events`. Each is checked for itself: one that is not valid, whatever it is, "
    "has its problem in `results` and keeps no other back."
)
EVENTS = {"items": {"anyOf": [{"$ref": "#/components/schemas/PunchBody"}, {}]}}
OWN_STATUS = {"properties": {"status_code": {"type": "integer"}}, "required": ["status_code"]}
RESULT = {
    "anyOf": [
        {"allOf": [{"$ref": "#/components/schemas/EventAnswer"}, OWN_STATUS]},
        {"allOf": [{"$ref": "#/components/schemas/Problem"}, OWN_STATUS]},
    ]
}
Moment = Annotated[str, text("2026-06-08T07:00:00Z", 10, 40, description="ISO 8601 time")]


class Shift(Loose, kw_only=True):
    """What a device says of one shift beside whose it is: in, out, or both."""

    clock_in: Moment | None = None
    clock_out: Moment | None = None
    project_code: Code | None = None
    device_id: Annotated[str, text("gate-2", 0, 200)] | None = None
    break_minutes: Annotated[int, Meta(ge=0, le=1440)] | None = None


class PunchBody(Shift, kw_only=True):
    """One shift of one clock ID."""

    clock_id: Code | int


class IngestBody(Shift, kw_only=True):
    """One shift, or up to 500 of them in ``events``, each answered for itself."""

    schema_rules: ClassVar[dict[str, Any]] = {"anyOf": [{"required": ["clock_id"]}, {"required": ["events"]}]}
    clock_id: Code | int | UnsetType = UNSET
    schema_parts: ClassVar[tuple[type[msgspec.Struct], ...]] = (PunchBody,)
    events: (
        Annotated[list[Any], Meta(min_length=1, max_length=500, description=EACH, extra_json_schema=EVENTS)] | UnsetType
    ) = UNSET


Status = Literal["open", "matched", "unmatched_operative", "unmatched_project", "needs_review", "dismissed"]


class EventAnswer(Answer, kw_only=True):
    """A kept event and what became of it."""

    id: str
    status: Annotated[str, one_of(Status)]
    reason: str | None
    clock_id: str
    clock_in: str | None
    clock_out: str | None
    labour_entry: str | None
    duplicate: bool | UnsetType = UNSET


class BatchAnswer(Answer, kw_only=True):
    """What became of each event of a batch, in its order: the event, or the problem, with its ``status_code``."""

    results: list[Annotated[dict[str, Any], Meta(extra_json_schema=RESULT)]]


def present(row: ClockEvent, duplicate: bool) -> EventAnswer:
    """An event as the API shows it."""
    return EventAnswer(
        id=row.id,
        status=row.status,
        reason=row.reason,
        clock_id=row.clock_id,
        clock_in=row.clock_in,
        clock_out=row.clock_out,
        labour_entry=row.labour_entry,
        duplicate=duplicate,
    )


@routes.route(
    "POST",
    f"{BASE}/clock-events/ingest",
    body=IngestBody,
    answer=EventAnswer,
    batch_answer=BatchAnswer,
    status=201,
    guard=Guard.DEVICE,
)
def ingest_event(call: Call, body: IngestBody) -> Written:
    """Keep a punch; an in and out becomes one submitted labour entry."""
    if body.events is not UNSET:
        return Written([], BatchAnswer(results=_batch(call, body.events)), status=200)
    if body.clock_id is UNSET:
        raise Invalid(errors={"clock_id": ["This field is required."]})
    outcome = ingest.accept(call.store, call.company, _values(body), call.now)
    return Written(outcome.changes, present(outcome.event, outcome.duplicate), status=200 if outcome.duplicate else 201)


def _batch(call: Call, events: list[Any]) -> list[dict[str, Any]]:
    """Each event for itself; with a key, what an unfinished run of the request kept is answered as it was then."""
    answered = call.ledger.parts(len(events)) if call.ledger else {}
    return [answered[n] if n in answered else _each(call, n, event) for n, event in enumerate(events)]


def _each(call: Call, n: int, event: Any) -> dict[str, Any]:
    """One event of a batch, committed by itself; a storage fault ends the request, and a retry knows the rest."""

    def along(outcome: ingest.Outcome) -> Sequence[Change]:
        return call.ledger.part(n, _answered(call, outcome)) if call.ledger else ()

    try:
        return _answered(call, ingest.keep(call.store, call.company, _values(bind(PunchBody, event)), call.now, along))
    except Invalid as error:
        return _refused(call, error)
    except ConditionFailed as error:
        raise InProgress(LOCK_LOST) from error


def _refused(call: Call, error: WbsyncError) -> dict[str, Any]:
    return {"status_code": error.status, **problem_body(error, call.request_id)}


def _answered(call: Call, outcome: ingest.Outcome) -> dict[str, Any]:
    if outcome.refusal is not None:
        return _refused(call, outcome.refusal)
    answer = present(outcome.event, outcome.duplicate)
    return {"status_code": 200 if outcome.duplicate else 201, **msgspec.structs.asdict(answer)}


def _values(body: PunchBody | IngestBody) -> dict[str, Any]:
    values = msgspec.structs.asdict(body)
    values["clock_id"] = str(body.clock_id).strip()
    if not 1 <= len(values["clock_id"]) <= 64:
        raise Invalid(errors={"clock_id": ["Must have 1 to 64 characters."]})
    if body.clock_in is None and body.clock_out is None:
        raise Invalid(errors={"clock_in": ["An event has a clock_in, a clock_out, or both."]})
    return values
