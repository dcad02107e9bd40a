"""Hours from a file: whose operative, project and activity its texts name, and the sheet that it becomes."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.access.callers import Caller
from chalicelib.errors import Invalid
from chalicelib.labour import crew_sheets
from chalicelib.labour.crew_sheets import Sheet
from chalicelib.labour.sheets import SheetRow
from chalicelib.names import comparison_form
from chalicelib.operatives import operatives
from chalicelib.projects.projects import code_key
from chalicelib.projects.rows import ProjectCodeClaim
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key

SOURCE = "import"


def planned(reading: Reading, caller: Caller, rows: Sequence[SheetRow], now: datetime) -> Sheet:
    """The entries that the rows become, all or none.

    Raises:
        Invalid: every bad row, as ``rows.<line>.<column>``.
    """
    errors: dict[str, list[str]] = {}
    found = _named(reading, caller.company, rows)
    values: dict[int, Mapping[str, object]] = {}
    for row in rows:
        operative, project = found["operative"].get(row.operative), found["project"].get(row.project)
        if operative is None:
            errors[f"rows.{row.line}.operative"] = ["There is no operative with this id or clock ID."]
        if project is None:
            errors[f"rows.{row.line}.project"] = ["There is no project with this code."]
        if operative is not None and project is not None:
            values[row.line] = _values(row, operative, project)
    crew_sheets.refuse_long(values.values(), "file")
    sheet = crew_sheets.planned(reading, caller, values, now, SOURCE)
    errors |= crew_sheets.by_field(sheet.errors, "rows")
    if errors:
        raise Invalid("Some rows are not valid. Nothing was written.", errors=errors)
    return sheet


def _values(row: SheetRow, operative: str, project: str) -> dict[str, object]:
    return {
        "operative": operative,
        "project": project,
        "date": row.date,
        "hours": row.hours,
        "cost_code": row.cost_code,
        "quantity": row.quantity,
        "note": row.note,
    }


def _named(reading: Reading, company: str, rows: Sequence[SheetRow]) -> dict[str, dict[str, str]]:
    """Operatives by id or clock ID and projects by code, as the rows name them; read in one round."""
    people, codes = list({row.operative: 1 for row in rows}), list({row.project: 1 for row in rows})
    found = reading.rows(
        *(operatives.place(company, text) for text in people),
        *(operatives.clock_place(company, comparison_form(text)) for text in people),
        *((ProjectCodeClaim, key(company, "codes"), code_key(text)) for text in codes),
    )
    by_id, by_clock = found[: len(people)], found[len(people) : 2 * len(people)]
    who = {
        text: row.id if row is not None else claim.holder
        for text, row, claim in zip(people, by_id, by_clock, strict=True)
        if row is not None or claim is not None
    }
    where = {text: claim.holder for text, claim in zip(codes, found[2 * len(people) :], strict=True) if claim}
    return {"operative": who, "project": where}
