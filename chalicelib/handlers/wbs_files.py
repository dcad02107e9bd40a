"""The work breakdown as a file: import, template and export."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

from msgspec import Meta

from chalicelib.access.permissions import Permission
from chalicelib.handlers import jobs
from chalicelib.handlers.sign_in import AnyAnswer
from chalicelib.http.answers import Read, Written
from chalicelib.http.binding import check_of
from chalicelib.http.call import Call, Upload
from chalicelib.http.fields import Amount, Answer, Body, Budget, Code, Name, Unit
from chalicelib.http.multipart import MULTIPART, file_of
from chalicelib.http.negotiation import chosen
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.storage.reading import Reading
from chalicelib.tree import export, imports
from chalicelib.tree.activity_rows import Check
from chalicelib.tree.export import CSV, XLSX
from chalicelib.tree.ground import find_ground, steadily

routes = RouteSet("WBS", __name__)
FILE = "file"
TAKEN = (
    XLSX,
    CSV,
    MULTIPART,
    "application/vnd.ms-excel",  # what browsers on Windows call CSV
    "application/vnd.ms-excel.sheet.macroenabled.12",
    "application/octet-stream",
)
GIVEN = (XLSX, CSV)
FIELDS: Mapping[str, Any] = {
    "name": Name,
    "cost_code": Code,
    "unit": Unit,
    "budget_hours": Budget,
    "quantity": Amount,
}
Ranges = Annotated[list[str], Meta(description="Rows of the file, such as 5 or 9-12.")]


class WbsImportQuery(Body, kw_only=True):
    """``dry_run=true`` says what an import would do, and does nothing."""

    dry_run: bool = False


class WbsImportAnswer(Answer, kw_only=True):
    """What an import did: ``created``, ``updated`` and ``unchanged`` activities add up to the ``rows``.

    ``rounded`` counts figures. ``filled_rows`` got the names of merged cells above them.
    """

    dry_run: bool
    rows: int
    created: int
    updated: int
    unchanged: int
    moved: int
    rounded: int
    parents_created: int
    sheet: str | None
    header_row: int
    other_sheets: list[str]
    ignored_columns: list[str]
    hidden_rows: Ranges
    filled_rows: Ranges


@lru_cache(1)
def checks() -> Mapping[str, Check]:
    """The rules of the fields, as for a single node; names of parents repeat from row to row."""
    return {field: lru_cache(1024)(check_of(hint)) for field, hint in FIELDS.items()}


@routes.route(
    "POST",
    f"{BASE}/projects/{{id}}/wbs/import",
    permission=Permission.EDIT_WBS,
    query=WbsImportQuery,
    content_types=TAKEN,
    answer=WbsImportAnswer,
    job_answer=jobs.JobAnswer,
)
def import_wbs(call: Call, id: str, upload: Upload) -> Written:
    """Import a work breakdown from XLSX or CSV, all or nothing; more than 1,000 rows by a job.

    A form (`multipart/form-data`) names the file `file`. Every bad row is named with its column. Setting budget hours
    needs `edit_budgets`.
    """
    form = upload.kind == MULTIPART
    content = file_of(upload.header, upload.content, FILE) if form else upload.content
    file = imports.read(content, checks())
    decided = imports.begin_import(call.decision, call.user, id, file, call.now, dry_run=call.query.dry_run)
    imported = decided.answer
    if imported.intent is None:
        return Written(decided.changes, imported.report)
    if imported.report["rows"] <= imports.MOST_DIRECTLY:
        return Written(decided.changes, None, intent=imported.intent.id)
    job = imported.intent
    return Written(decided.changes, jobs.present(job), status=202, location=jobs.location(job))


@routes.route(
    "GET",
    f"{BASE}/projects/{{id}}/wbs/import",
    permission=Permission.READ_PROJECTS,
    answer=AnyAnswer,
    produces=GIVEN,
)
def read_template(call: Call, id: str) -> Read:
    """Read the template of an import: its columns, without a row; as XLSX or CSV."""
    find_ground(Reading(call.store), call.user.company, id)
    return _file(call, "wbs-template", [])


@routes.route(
    "GET",
    f"{BASE}/projects/{{id}}/wbs/export",
    permission=Permission.READ_PROJECTS,
    answer=AnyAnswer,
    produces=GIVEN,
)
def export_wbs(call: Call, id: str) -> Read:
    """Export the activities of a project in tree order, as XLSX or CSV; importing it again changes nothing."""
    tree = steadily(lambda: imports.export(Reading(call.store), call.user.company, id))
    return _file(call, "wbs", export.rows(tree.nodes))


def _file(call: Call, name: str, rows: Any) -> Read:
    """Rows below the titles in the format that the client likes best."""
    kind = chosen(call.headers.get("accept", "*/*"), GIVEN)
    body: str | bytes = export.as_csv(rows) if kind == CSV else export.as_xlsx(rows)
    ending, parameters = ("csv", "; charset=utf-8") if kind == CSV else ("xlsx", "")
    return Read(
        body,
        content_type=f"{kind}{parameters}",
        headers={"Content-Disposition": f'attachment; filename="{name}.{ending}"'},
    )
