"""The steps of an import: piece after piece staged, the flip, and afterwards everything cleared.

While it is staged nobody adds, moves or deletes nodes. But a node may be renamed, and one that was being added when the
import began may still come. Where such a thing stands in the way, what was staged is taken back piece by piece,
and the import fails having changed nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.errors import Conflict, Invalid, WbsyncError
from chalicelib.storage.changes import Change, Put
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.tree.claims import code_key, name_key
from chalicelib.tree.clearing import AT_MOST, clear, take_back
from chalicelib.tree.ground import outline_key
from chalicelib.tree.import_staging import Staging
from chalicelib.tree.imports import CLEAR
from chalicelib.tree.large import where
from chalicelib.tree.rows import NodeClaim, Outline
from chalicelib.tree.sowing import ChangedNode, Entry, NewChildren, NewNode, unpacked
from chalicelib.tree.staging import end, flip
from chalicelib.work.intents import following, piece, put
from chalicelib.work.kinds import Finished, Step
from chalicelib.work.rows import Intent

FITS = 98  # items of a transaction beside the intent


def import_step(reading: Reading, intent: Intent, now: datetime) -> Step:
    """One piece staged, or taken back; in the end the flip."""
    if "back" in intent.state:
        return _back(reading, intent)
    number, edition = intent.state.get("piece", 0), intent.arguments["edition"]
    if number == intent.arguments["pieces"]:
        return _shown(reading, intent, now)
    company, project = where(intent)
    entries = _entries(reading, company, intent.id, number)
    try:
        changes = Staging(reading, company, project, edition, now).changes(entries)
    except (Invalid, Conflict) as error:  # InUse is a Conflict
        return Step([], {"back": 0, "offset": 0, "staged": number, **_refusal(error)}, intent.done)
    return Step(changes, {"piece": number + 1}, intent.done + 1)


def _entries(reading: Reading, company: str, intent: str, number: int) -> list[Entry]:
    [row] = reading.rows(piece(company, intent, number))
    return unpacked(row.content)


def _shown(reading: Reading, intent: Intent, now: datetime) -> Step:
    """The flip: everything shows, and the import is finished. Other work clears what was staged."""
    report = intent.arguments["report"]
    if not intent.arguments["pieces"]:
        return Step([], intent.state, intent.done, finished=Finished(report))
    outline: Outline = reading.rows(outline_key(*where(intent)))[0]
    arguments = {"import": intent.id, "pieces": intent.arguments["pieces"]}
    clearing = following(intent, CLEAR, arguments, now, total=intent.total)
    changes = [flip(outline, intent.id, clearing.id, bulk=True), put(clearing)]
    return Step(changes, intent.state, intent.done, finished=Finished(report, then=clearing.id))


def _refusal(error: WbsyncError) -> dict[str, object]:
    return {"detail": error.detail, "errors": {name: list(texts) for name, texts in (error.errors or {}).items()}}


def _back(reading: Reading, intent: Intent) -> Step:
    """Some of what was staged taken back; when all is, the outline is free, and the import fails.

    Raises:
        Conflict: everything is as it was before.
    """
    company, project = where(intent)
    state, outline = intent.state, reading.rows(outline_key(company, project))[0]
    if state["back"] == state["staged"]:
        if outline.change != intent.id:
            raise Conflict(state["detail"], errors=state["errors"])
        return Step([end(outline, intent.id)], state, 0)
    entries = _entries(reading, company, intent.id, state["back"])[state["offset"] :]
    back = take_back(reading, company, [each.id for each in entries], intent.arguments["edition"], _kept(entries))
    return Step(back.changes, state | _next(state["back"], state["offset"], back.count, entries, "back"), intent.done)


def _next(number: int, offset: int, count: int, entries: Sequence[Entry], name: str) -> dict[str, int]:
    """Where the next step goes on in the pieces."""
    return {name: number + 1, "offset": 0} if count == len(entries) else {name: number, "offset": offset + count}


def _kept(entries: Sequence[Entry]) -> frozenset[str]:
    """The claims of names that go from one node to another: neither of the two releases them."""
    shared = [each for each in entries if isinstance(each, ChangedNode | NewNode)]
    kept = [each.handed for each in shared] + [each.hands_on for each in shared if isinstance(each, ChangedNode)]
    return frozenset(filter(None, kept))


def clear_step(reading: Reading, intent: Intent, now: datetime) -> Step:
    """Some of what an import has staged becomes the rows; then the outline is free again."""
    company, project = where(intent)
    number, offset = intent.state.get("piece", 0), intent.state.get("offset", 0)
    if number == intent.arguments["pieces"]:
        outline: Outline = reading.rows(outline_key(company, project))[0]
        return Step([end(outline, intent.id)], intent.state, intent.done, finished=Finished(None, 204))
    entries = _entries(reading, company, intent.arguments["import"], number)[offset:]
    changes, count = _cleared(reading, intent, entries[:AT_MOST], now)
    return Step(changes, _next(number, offset, count, entries, "piece"), intent.done + (offset + count == len(entries)))


def _cleared(reading: Reading, intent: Intent, entries: Sequence[Entry], now: datetime) -> tuple[list[Change], int]:
    """The changes for as many entries as fit a transaction, with the names that change hands."""
    company, project = where(intent)
    cleared = clear(reading, company, project, [each.id for each in entries], now, intent.by, _kept(entries))
    handed = [change for each in entries[: cleared.count] for change in _claims(company, project, each)]
    if len(cleared.changes) + len(handed) > FITS:
        return _cleared(reading, intent, entries[: cleared.count // 2], now)
    return [*cleared.changes, *handed], cleared.count


def _claims(company: str, project: str, entry: Entry) -> list[Change]:
    """The claims of a node that were another's, or that it writes in another way now."""
    if isinstance(entry, NewChildren):
        return []
    written = {entry.handed: entry.name} if entry.handed else {}
    if isinstance(entry, ChangedNode):
        written |= {name_key(entry.parent, entry.name): entry.name} if "name" in entry.fields else {}
        written |= {code_key(code): code} if "cost_code" in entry.fields and (code := entry.planned.cost_code) else {}
    pk = key(company, project)
    return [Put(NodeClaim(pk=pk, sk=sk, holder=entry.id, label=label)) for sk, label in written.items()]
