"""Dated measurements of progress on activities."""

from datetime import date
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType

from chalicelib.access.permissions import Permission
from chalicelib.http.answers import Written
from chalicelib.http.call import Call
from chalicelib.http.conditional import etag
from chalicelib.http.fields import (
    Amount,
    Answer,
    Body,
    Fraction,
    Name,
    Note,
    QuantityFigure,
    Ratio,
    Stamp,
    dates_as_text,
    given,
)
from chalicelib.http.fields import Day as DateText
from chalicelib.http.pagination import Listed, PageQuery, Source, listed
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.projects.rows import LISTED
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.tree import progress
from chalicelib.tree.ground import find
from chalicelib.tree.rows import Measurement

routes = RouteSet("WBS", __name__)
Date = date  # for fields that are called date


class MeasurementCreate(Body, kw_only=True):
    """What was measured at the end of a date: a total quantity, a percent from 0 to 1, or a milestone reached.

    Null is the same as to leave a measure out.
    """

    schema_rules: ClassVar[dict[str, Any]] = {
        "anyOf": [{"required": [name]} for name in ("percent_complete", "installed_quantity", "milestone")]
    }
    date: date
    installed_quantity: Amount | None | UnsetType = UNSET
    percent_complete: Fraction | None | UnsetType = UNSET
    milestone: Name | None | UnsetType = UNSET
    note: Note | None | UnsetType = UNSET


class MeasurementPatch(Body, kw_only=True):
    """Fields of a measurement to correct; another measure takes the place of the one that was given."""

    date: Date | UnsetType = UNSET
    installed_quantity: Amount | None | UnsetType = UNSET
    percent_complete: Fraction | None | UnsetType = UNSET
    milestone: Name | None | UnsetType = UNSET
    note: Note | None | UnsetType = UNSET


class MeasurementAnswer(Answer, kw_only=True):
    """A dated measurement of an activity."""

    id: str
    date: DateText
    installed_quantity: QuantityFigure | None
    percent_complete: Ratio | None
    milestone: str | None
    note: str | None
    measured_by: str
    created_at: Stamp
    updated_at: Stamp


def present(row: Measurement) -> MeasurementAnswer:
    """A measurement as the API shows it."""
    return MeasurementAnswer(**{name: getattr(row, name) for name in MeasurementAnswer.__struct_fields__})


@routes.route(
    "GET",
    f"{BASE}/wbs/{{id}}/progress",
    permission=Permission.READ_PROJECTS,
    query=PageQuery,
    answer=Listed[MeasurementAnswer],
)
def list_measurements(call: Call, id: str) -> Listed[object]:
    """List the measurements of an activity, the newest date first."""
    source = Source(Measurement, LISTED, key(call.user.company, id, "progress"), forward=False)
    _, answer = call.store.together(
        lambda: find(Reading(call.store), call.user.company, id),
        lambda: listed(call, source, lambda rows: [present(row) for row in rows]),
    )
    found: Listed[object] = answer
    return found


@routes.route(
    "POST",
    f"{BASE}/wbs/{{id}}/progress",
    permission=Permission.MEASURE,
    body=MeasurementCreate,
    answer=MeasurementAnswer,
    status=201,
)
def record_measurement(call: Call, id: str, body: MeasurementCreate) -> Written:
    """Record what was measured of an activity at the end of a date."""
    decided = progress.record(call.decision, call.user, id, dates_as_text(given(body)), call.now)
    row = decided.answer
    location = f"{BASE}/wbs/{id}/progress/{row.id}/"
    return Written(decided.changes, present(row), location=location, etag=etag(row.version))


@routes.route(
    "PATCH",
    f"{BASE}/wbs/{{id}}/progress/{{measurement}}",
    permission=Permission.MEASURE,
    body=MeasurementPatch,
    answer=MeasurementAnswer,
)
def correct_measurement(call: Call, id: str, measurement: str, body: MeasurementPatch) -> Written:
    """Correct a measurement."""
    values = dates_as_text(given(body))
    decided = progress.correct(call.decision, call.user, id, measurement, values, call.now)
    row = decided.answer
    return Written(decided.changes, present(row), etag=etag(row.version), began=etag(row.version - 1))


@routes.route("DELETE", f"{BASE}/wbs/{{id}}/progress/{{measurement}}", permission=Permission.MEASURE, status=204)
def take_measurement_away(call: Call, id: str, measurement: str) -> Written:
    """Delete a measurement that was none."""
    decided = progress.take_away(call.decision, call.user, id, measurement)
    return Written(decided.changes, None, began=etag(int(decided.began or 0)))
