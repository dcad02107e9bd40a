"""Many entries at once: a crew sheet or a file, validated whole and then written operative-day by operative-day.

The whole is one intent; its pieces hold the rows as they were decided, each fit for one transaction. It always
comes to its end, judged as of the moment at which it was accepted. Readers may see some of its rows before others.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.errors import Invalid, WbsyncError
from chalicelib.ids import new_id
from chalicelib.labour.actors import Actor, caller_again, remembered
from chalicelib.labour.audit import Step as Trail
from chalicelib.labour.days import Days, Judged
from chalicelib.labour.days import place as day_of
from chalicelib.labour.entries import judged, made, place, written
from chalicelib.labour.rows import Entry
from chalicelib.labour.surroundings import Shown, Wants, show_all
from chalicelib.storage.changes import Change
from chalicelib.storage.reading import Reading
from chalicelib.work import intents
from chalicelib.work.kinds import Step
from chalicelib.work.rows import Intent

KIND = "labour_sheet"
MOST_ROWS = 500  # of a crew sheet
MOST_TEXT = 200_000  # bytes of notes in one sheet
ITEMS = 95  # of a transaction, beside the intent and the completion of a key
AHEAD = 4  # pieces that are read together
PER_ENTRY, PER_DAY = 2, 3  # entry and audit row; day, clash and its event


class RowError(Struct, frozen=True):
    """Why a row is not written; ``errors`` name its fields where it is the fields."""

    index: int
    code: str
    detail: str
    errors: Mapping[str, Sequence[str]] = {}


class Sheet(Struct, frozen=True):
    """The rows that can be written, in the order in which they came, and what is wrong with the others."""

    entries: list[Entry]
    errors: list[RowError]


def planned(
    reading: Reading, caller: Caller, rows: Mapping[int, Mapping[str, Any]], now: datetime, source: str
) -> Sheet:
    """What each row would become, all of them together; nothing is written."""
    wanted = (Wants(row["project"], row["operative"], row["date"], row.get("cost_code")) for row in rows.values())
    reading.rows(*(each for one in wanted for each in one.places(caller.company)))
    days, found, errors = Days(reading, judged(caller, now)), [], []
    for index, row in rows.items():
        try:
            entry, _ = made(reading, caller, {**row, "source": source}, new_id(), now)
            days.put(entry)
            found.append(entry)
        except WbsyncError as error:
            errors.append(RowError(index, error.code, error.detail, error.errors or {}))
    return Sheet(found, errors)


def by_field(errors: Iterable[RowError], name: str) -> dict[str, list[str]]:
    """The errors of rows under the paths of their fields, such as ``entries.12.hours``."""
    found: dict[str, list[str]] = {}
    for error in errors:
        for field, messages in (error.errors or {"": [error.detail]}).items():
            found.setdefault(f"{name}.{error.index}{f'.{field}' if field else ''}", []).extend(messages)
    return found


def refuse_long(rows: Iterable[Mapping[str, Any]], name: str) -> None:
    """Raises :class:`Invalid` where the notes are more than one intent can hold."""
    if sum(len((row.get("note") or "").encode()) for row in rows) > MOST_TEXT:
        raise Invalid(errors={name: [f"The notes may have {MOST_TEXT} bytes in all; send it in parts."]})


def begin(
    caller: Caller, sheet: Sheet, now: datetime, *, awaited: bool = True, told: str = "entries"
) -> tuple[Intent, list[dict[str, Any]]]:
    """The intent that writes a sheet, and its pieces; its answer tells the ``entries``, or their ``ids`` alone."""
    pieces = [{"rows": [entry.plain() for entry in piece]} for piece in _packed(sheet.entries)]
    arguments = {
        "by": remembered(caller),
        "cap": caller.tenant.daily_cap_hours,
        "told": told,
        "ids": [entry.id for entry in sheet.entries],
        "pieces": len(pieces),
        "errors": [
            {"index": each.index, "code": each.code, "detail": each.detail, "errors": _lists(each.errors)}
            for each in sheet.errors
        ],
    }
    intent = intents.begun(
        caller.company,
        KIND,
        arguments,
        now,
        total=len(sheet.entries),
        by=caller.user,
        permission=Permission.LOG_CREW.value,
        awaited=awaited,
    )
    return intent, pieces


def _lists(errors: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {name: list(messages) for name, messages in errors.items()}


def _packed(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """The entries by operative-day, so many together as one transaction takes."""
    by_day: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        by_day.setdefault((entry.operative, entry.date), []).append(entry)
    piece: list[Entry] = []
    left = ITEMS
    for each in by_day.values():
        for first in range(0, len(each), _MOST_OF_DAY):
            part = each[first : first + _MOST_OF_DAY]
            cost = PER_DAY + PER_ENTRY * len(part)
            if piece and cost > left:
                yield piece
                piece, left = [], ITEMS
            piece, left = [*piece, *part], left - cost
    if piece:
        yield piece


_MOST_OF_DAY = (ITEMS - PER_DAY) // PER_ENTRY


def write(reading: Reading, intent: Intent, now: datetime) -> Step | None:
    """The next piece, as it was decided; None when all are written."""
    number = int(intent.state.get("next", 0))
    if number == intent.arguments["pieces"]:
        return None
    kept = intent.arguments["by"]
    actor = Actor(kept["user"], kept["token"], tuple(kept["makers"]))
    rows = _read_ahead(reading, intent, number)
    state = {"next": number + 1}
    return Step(_written(reading, intent, rows, actor, now), state, intent.done + len(rows))


def _read_ahead(reading: Reading, intent: Intent, number: int) -> list[Entry]:
    """The rows of a piece; with them some pieces more, and the days of all of them."""
    company, last = _company(intent), intent.arguments["pieces"]
    block = range(number, min(number + AHEAD - number % AHEAD, last))
    pieces = reading.rows(*(intents.piece(company, intent.id, each) for each in block))
    rows = [[_entry(row) for row in piece.content["rows"]] for piece in pieces]
    reading.rows(*(day_of(company, row.operative, row.date) for piece in rows for row in piece))
    return rows[0]


def _written(reading: Reading, intent: Intent, rows: Sequence[Entry], actor: Actor, now: datetime) -> list[Change]:
    company, at = _company(intent), rows[0].created_at
    changed = intents.changed_at(at, now)
    days = Days(reading, Judged(company, Decimal(intent.arguments["cap"]), changed, actor.user))
    changes: list[Change] = []
    for entry in rows:
        days.accept(entry)  # counted when the sheet was accepted
        entry.updated_at = changed
        changes += written(entry, None, Trail("create"), actor, datetime.fromisoformat(at))
    return [*changes, *days.changes()]


def _entry(row: Mapping[str, Any]) -> Entry:
    quantity = row["quantity"]
    return Entry(**{**row, "hours": Decimal(row["hours"]), "quantity": None if quantity is None else Decimal(quantity)})


def _company(intent: Intent) -> str:
    return str(intent.pk).partition("#")[0]


def shown(reading: Reading, intent: Intent, now: datetime) -> tuple[Caller, list[Shown]]:
    """The entries that a sheet has become, as whoever sent it is told of them."""
    company = _company(intent)
    caller = caller_again(reading, company, intent.arguments["by"], now)
    rows = reading.rows(*(place(company, id) for id in intent.arguments["ids"]))
    return caller, show_all(reading, caller, [row for row in rows if row is not None], judged(caller, now))
