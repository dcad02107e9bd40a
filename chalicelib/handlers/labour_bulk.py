"""Many entries in one request: the crew sheet, and approving or rejecting a crew-day."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.access.permissions import Permission
from chalicelib.errors import Invalid
from chalicelib.handlers.labour import EntryAnswer, EntryCreate, present
from chalicelib.http.answers import Written
from chalicelib.http.binding import bind
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Body, Date, Id, Reason, dates_as_text, given
from chalicelib.http.references import Place
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.labour import crew_sheets, reviews
from chalicelib.labour.crew_sheets import RowError, Sheet
from chalicelib.labour.states import Action
from chalicelib.projects import projects
from chalicelib.storage.reading import Reading
from chalicelib.work import intents
from chalicelib.work.kinds import Finished, Step
from chalicelib.work.rows import Intent

routes = RouteSet("Labour", __name__)
EACH = "Entries, each with fields as of a single one. With `partial=true` each is checked for itself."
ENTRIES = {"items": {"anyOf": [{"$ref": "#/components/schemas/EntryCreate"}, {}]}}


class SheetQuery(Body, kw_only=True):
    """Whether the rows that are right are written although others are not."""

    partial: bool | None = None


class SheetBody(Body, kw_only=True):
    """A crew sheet."""

    schema_parts: ClassVar[tuple[type[msgspec.Struct], ...]] = (EntryCreate,)
    entries: Annotated[
        list[Any],
        Meta(min_length=1, max_length=crew_sheets.MOST_ROWS, description=EACH, extra_json_schema=ENTRIES),
    ]


class SheetError(Answer, kw_only=True):
    """Why a row was not written: its index from 0, and which of its fields are wrong."""

    index: int
    code: str
    detail: str
    errors: dict[str, list[str]]


class SheetAnswer(Answer, kw_only=True):
    """The entries that a sheet has become, in its order, and the rows that were left out."""

    entries: list[EntryAnswer]
    errors: list[SheetError]


class ApproveMany(Body, kw_only=True):
    """Which entries: by their ids, or whatever waits on a project's day."""

    references: ClassVar[Mapping[str, Place]] = {"project": projects.place}
    schema_rules: ClassVar[dict[str, Any]] = {"anyOf": [{"required": ["ids"]}, {"required": ["project", "date"]}]}
    ids: Annotated[list[Id], Meta(min_length=1, max_length=reviews.MOST_IDS)] | UnsetType = UNSET
    project: Id | UnsetType = UNSET
    date: Date | UnsetType = UNSET


class RejectMany(Body, kw_only=True):
    """Which entries, and why."""

    ids: Annotated[list[Id], Meta(min_length=1, max_length=reviews.MOST_IDS)]
    reason: Reason


class Skipped(Answer, kw_only=True):
    """An entry that was left as it is, and why."""

    id: str
    code: str
    detail: str


class ApprovedAnswer(Answer, kw_only=True):
    """The ids of the entries that were approved, and those that were skipped."""

    approved: list[str]
    skipped: list[Skipped]


class RejectedAnswer(Answer, kw_only=True):
    """The ids of the entries that were rejected, and those that were skipped."""

    rejected: list[str]
    skipped: list[Skipped]


@routes.route(
    "POST",
    f"{BASE}/labour/bulk",
    permission=Permission.LOG_OWN,
    query=SheetQuery,
    body=SheetBody,
    answer=SheetAnswer,
    status=201,
)
def create_entries(call: Call, body: SheetBody) -> Written:
    """Log the hours of a crew: all rows or none; with `partial=true` the good ones."""
    reading, rows, errors = call.decision, dict[int, Mapping[str, Any]](), list[RowError]()
    for index, raw in enumerate(body.entries):
        try:
            rows[index] = dates_as_text(given(bind(EntryCreate, raw)))
        except Invalid as error:
            errors.append(RowError(index, error.code, error.detail, error.errors or {}))
    crew_sheets.refuse_long(rows.values(), "entries")
    sheet = crew_sheets.planned(reading, call.user, rows, call.now, "manual")
    wrong = sorted((*errors, *sheet.errors), key=lambda error: error.index)
    if wrong and not call.query.partial:
        raise Invalid("Some rows are not valid. Nothing was written.", errors=crew_sheets.by_field(wrong, "entries"))
    return written(call, Sheet(sheet.entries, wrong))


def written(call: Call, sheet: Sheet) -> Written:
    """The sheet as work that the request carries out."""
    intent, pieces = crew_sheets.begin(call.user, sheet, call.now)
    staged = intents.pieces(call.company, intent.id, pieces, call.now)
    return Written([*staged, intents.put(intent)], None, intent=intent.id)


def sheet_step(reading: Reading, intent: Intent, now: datetime) -> Step:
    """The next piece of a sheet; at the end its answer."""
    step = crew_sheets.write(reading, intent, now)
    if step is not None:
        return step
    if intent.arguments["told"] == "ids":
        told = {"created": intent.done, "entries": intent.arguments["ids"]}
        return Step([], intent.state, intent.done, finished=Finished(told, 201))
    caller, shown = crew_sheets.shown(reading, intent, now)
    errors = [SheetError(**each) for each in intent.arguments["errors"]]
    body = SheetAnswer(entries=[present(caller, each) for each in shown], errors=errors)
    return Step([], intent.state, intent.done, finished=Finished(body, 201))


@routes.route(
    "POST", f"{BASE}/labour/bulk-approve", permission=Permission.APPROVE, body=ApproveMany, answer=ApprovedAnswer
)
def approve_entries(call: Call, body: ApproveMany) -> Written:
    """Approve many entries, each for itself: what may not be approved is skipped with the reason."""
    by_day = body.project is not UNSET and body.date is not UNSET
    if (body.ids is UNSET) is not by_day or (not by_day and (body.project, body.date) != (UNSET, UNSET)):
        raise Invalid(errors={"ids": ["Send ids, or project and date."]})
    reading, caller = call.decision, call.user
    if body.ids is not UNSET:
        intent = reviews.by_ids(reading, caller, Action.APPROVE, body.ids, None, call.now)
    elif body.project is not UNSET and body.date is not UNSET:
        intent = reviews.by_day(reading, caller, body.project, body.date.isoformat(), call.now)
    return Written([intents.put(intent)], None, intent=intent.id)


@routes.route(
    "POST", f"{BASE}/labour/bulk-reject", permission=Permission.APPROVE, body=RejectMany, answer=RejectedAnswer
)
def reject_entries(call: Call, body: RejectMany) -> Written:
    """Reject many entries with one reason, each for itself."""
    intent = reviews.by_ids(call.decision, call.user, Action.REJECT, body.ids, body.reason, call.now)
    return Written([intents.put(intent)], None, intent=intent.id)
