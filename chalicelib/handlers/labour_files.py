"""Hours as CSV, in and out."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from chalicelib.access.permissions import Permission
from chalicelib.handlers import jobs
from chalicelib.handlers.labour import EntryFilters, source
from chalicelib.http.answers import Read, Written
from chalicelib.http.call import Call, Upload
from chalicelib.http.fields import Answer
from chalicelib.http.pagination import stretch
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.labour import crew_sheets, imports, sheets
from chalicelib.labour.rows import Entry
from chalicelib.operatives import operatives
from chalicelib.projects import projects
from chalicelib.tree.ground import node_key
from chalicelib.tree.rows import Node
from chalicelib.work import intents

routes = RouteSet("Labour", __name__)
CSV = "text/csv"
MOST_EXPORTED = 20_000  # rows of one page


class ImportAnswer(Answer, kw_only=True):
    """How many entries a file has become, and their ids in its order."""

    created: int
    entries: list[str]


class CsvAnswer(Answer, kw_only=True):
    """Rows as CSV."""


class ExportQuery(EntryFilters, kw_only=True):
    """The filters of the labour list; up to 20,000 rows a page."""

    page_size: Annotated[int, Meta(ge=1, le=MOST_EXPORTED)] | None = None


@routes.route(
    "POST",
    f"{BASE}/labour/import",
    permission=Permission.LOG_OWN,
    content_types=(CSV,),
    answer=ImportAnswer,
    job_answer=jobs.JobAnswer,
    status=201,
)
def import_entries(call: Call, file: Upload) -> Written:
    """Import hours from CSV, all rows or none; a file of more than 500 rows is written by a job."""
    reading = call.decision
    sheet = imports.planned(reading, call.user, sheets.read(file.content), call.now)
    awaited = len(sheet.entries) <= crew_sheets.MOST_ROWS
    intent, pieces = crew_sheets.begin(call.user, sheet, call.now, awaited=awaited, told="ids")
    if awaited:
        staged = intents.pieces(call.company, intent.id, pieces, call.now)
        return Written([*staged, intents.put(intent)], None, intent=intent.id)
    intents.stage(reading.store, call.company, intent.id, pieces, call.now)
    return Written([intents.put(intent)], jobs.present(intent), status=202, location=jobs.location(intent))


@routes.route("GET", f"{BASE}/labour/export", query=ExportQuery, answer=CsvAnswer, produces=(CSV,))
def export_entries(call: Call) -> Read:
    """Export hours as CSV, the rows that the list shows; `Link` leads to the next page."""
    found = stretch(call, source(call), call.query.page_size or MOST_EXPORTED, lambda rows: _lines(call, rows))
    columns = [name for name in (*sheets.COLUMNS, *sheets.MORE) if name != "hourly_rate" or _sees_rates(call)]
    headers = {"Link": f'<{found.next}>; rel="next"'} if found.next else {}
    return Read(sheets.write(found.shown, columns, heading=found.page == 1), content_type=CSV, headers=headers)


def _sees_rates(call: Call) -> bool:
    return call.user.may(Permission.VIEW_RATES, call.query.project)


def _lines(call: Call, rows: Sequence[Entry]) -> list[dict[str, object]]:
    """The rows with what they are called now: the operative's name, the project's and the activity's code."""
    company = call.company
    reading = call.decision
    places = {
        place
        for row in rows
        for place in (
            operatives.place(company, row.operative),
            projects.place(company, row.project),
            node_key(company, row.wbs or ""),
        )
    }
    reading.rows(*places)
    return [_line(call, row, *_named(call, row)) for row in rows]


def _named(call: Call, row: Entry) -> tuple[str | None, str | None, str | None]:
    company, reading = call.company, call.decision
    operative = reading.row(*operatives.place(company, row.operative))
    project = reading.row(*projects.place(company, row.project))
    node = reading.row(*node_key(company, row.wbs or ""))
    return (
        operative.name if operative else None,
        project.code if project else None,
        node.cost_code if isinstance(node, Node) else None,
    )


def _line(call: Call, row: Entry, name: str | None, code: str | None, cost_code: str | None) -> dict[str, object]:
    plain = {each: getattr(row, each) for each in sheets.MORE if each not in {"operative_name", "hourly_rate"}}
    kept = {each: getattr(row, each) for each in ("operative", "date", "hours", "quantity", "note")}
    rate = row.hourly_rate if call.user.may(Permission.VIEW_RATES, row.project) else None
    return {**kept, **plain, "project": code, "cost_code": cost_code, "operative_name": name, "hourly_rate": rate}
