"""Imports of a work breakdown: a file compared with the tree, and what it changes shown all at once.

The request reads the file, compares, and puts what is to be staged beside an intent (:mod:`chalicelib.tree.sowing`).
The intent's steps stage it (:mod:`chalicelib.tree.import_steps`), so an import of any size shows at one flip.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.ids import new_id
from chalicelib.storage.changes import Change as StoredChange
from chalicelib.storage.reading import Reading
from chalicelib.storage.work import Decided
from chalicelib.tree import activity_rows, progress, sheet, sowing, whole
from chalicelib.tree.activity_rows import ActivityRows, Check
from chalicelib.tree.editions import busy
from chalicelib.tree.faults import Faults
from chalicelib.tree.ground import find_ground
from chalicelib.tree.plan_import import ImportPlan, plan
from chalicelib.tree.sheet import Sheet
from chalicelib.tree.staging import begin
from chalicelib.work.intents import begun, put, stage
from chalicelib.work.rows import Intent

IMPORT, CLEAR = "wbs_import", "wbs_import_clear"
MOST_DIRECTLY = 1_000  # rows that a request imports before it answers; more are a job


class File(Struct, frozen=True):
    """What a file says, and what is wrong with it so far."""

    sheet: Sheet
    rows: ActivityRows
    faults: Faults


class Imported(Struct, frozen=True):
    """What an import does: its report, and the intent that does it, where there is something to do."""

    report: Mapping[str, Any]
    intent: Intent | None = None


def read(content: bytes, checks: Mapping[str, Check]) -> File:
    """A file of a work breakdown. ``checks`` are the rules of the fields.

    Raises:
        Invalid, UnsupportedMediaType, PayloadTooLarge: it holds none, or cannot be read.
    """
    faults = Faults()
    found = sheet.read(content, faults)
    return File(found, activity_rows.read(found, checks, faults), faults)


def begin_import(
    reading: Reading, caller: Caller, project: str, file: File, now: datetime, *, dry_run: bool
) -> Decided[Imported]:
    """A file compared with the tree, and unless it is a ``dry_run`` the import begun.

    What is to be staged is put before the decision: nobody sees it before the intent is there.

    Raises:
        Invalid: every bad row and column is named.
        Denied: the caller may not change budgets.
        InUse: a large change of the tree is under way.
    """
    company, faults = caller.company, file.faults.copy()
    caller.require(Permission.EDIT_WBS, project)
    ground = find_ground(reading, company, project)
    if ground.outline.change is not None:
        raise busy()
    present = whole.read(reading, company, ground).nodes
    made = plan(
        file.rows.rows,
        present,
        lambda: project + new_id(),
        faults,
        file.rows.codes,
        lambda ids: progress.measured(reading, company, ids),
    )
    faults.refuse()
    _require_budgets(caller, project, made)
    report = _report(file, made, dry_run)
    pieces = list(sowing.pieces(sowing.entries(made, present, project)))
    if dry_run or (not pieces and len(file.rows.rows) <= MOST_DIRECTLY):
        return Decided([], Imported(report))
    intent = _intent(caller, project, ground.outline.edition + 1, len(pieces), report, now)
    stage(reading.store, company, intent.id, pieces, now)
    changes: list[StoredChange] = [put(intent), *([begin(ground.outline, intent.id)] if pieces else [])]
    return Decided(changes, Imported(report, intent))


def _intent(
    caller: Caller, project: str, edition: int, pieces: int, report: Mapping[str, Any], now: datetime
) -> Intent:
    return begun(
        caller.company,
        IMPORT,
        {"edition": edition, "pieces": pieces, "report": dict(report)},
        now,
        total=pieces,
        by=caller.user,
        permission=str(Permission.EDIT_WBS),
        project=project,
        awaited=report["rows"] <= MOST_DIRECTLY,
    )


def _require_budgets(caller: Caller, project: str, made: ImportPlan) -> None:
    """Raises :class:`Denied` where a budget is set or changed by somebody who may not."""
    new = any(node.planned and node.planned.budget_hours for node in made.activities)
    changed = any(
        change.before.planned and change.after.planned and _budget_differs(change.before.planned, change.after.planned)
        for change in made.changes
    )
    if new or changed:
        caller.require(Permission.EDIT_BUDGETS, project)


def _budget_differs(before: Any, after: Any) -> bool:
    return bool(before.budget_hours != after.budget_hours)


def _report(file: File, made: ImportPlan, dry_run: bool) -> dict[str, object]:
    """What is said of an import; the counts of activities add up to the rows."""
    found = file.sheet
    return {
        "dry_run": dry_run,
        "rows": len(file.rows.rows),
        "created": len(made.activities),
        "updated": len(made.changes),
        "unchanged": made.unchanged,
        "moved": sum(change.moved for change in made.changes),
        "rounded": file.rows.rounded,
        "parents_created": len(made.parents),
        "sheet": found.name or None,
        "header_row": found.header_row,
        "other_sheets": list(found.other_sheets),
        "ignored_columns": list(found.ignored_columns),
        "hidden_rows": _ranges(found.hidden_rows),
        "filled_rows": _ranges(found.filled_rows),
    }


def _ranges(rows: tuple[int, ...]) -> list[str]:
    """Row numbers as a person writes them: 5, 9-12."""
    found: list[list[int]] = []
    for row in rows:
        if found and row == found[-1][1] + 1:
            found[-1][1] = row
        else:
            found.append([row, row])
    return [str(first) if first == last else f"{first}-{last}" for first, last in found]


def export(reading: Reading, company: str, project: str) -> whole.Whole:
    """The tree that is to be exported, of one edition; :class:`NotFound` where there is no such project."""
    return whole.read(reading, company, find_ground(reading, company, project))
