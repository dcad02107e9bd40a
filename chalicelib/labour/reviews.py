"""Many entries approved or rejected at once: each for itself, under one intent, those that may not be named.

Rows are independent: what is approved already, own, clashing or without a cost code is skipped with the reason.
Running it twice at once is safe, as every row is written on condition of its version.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.errors import ClashUnresolved, Denied, InUse, Invalid, NotFound, WbsyncError
from chalicelib.labour import actors, states
from chalicelib.labour.actors import acting, remembered
from chalicelib.labour.approvals import approved, rejected
from chalicelib.labour.days import Days
from chalicelib.labour.entries import judged, place
from chalicelib.labour.rows import BY_PROJECT_STATUS, Entry
from chalicelib.labour.states import Action
from chalicelib.labour.surroundings import Wants, around, facts, sees, wants
from chalicelib.projects.rows import Project
from chalicelib.storage.changes import Change
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.work import intents
from chalicelib.work.kinds import Finished, Step
from chalicelib.work.rows import Intent

KIND = "labour_review"
MOST_IDS = 500
MOST_OF_DAY = 1000
BLOCK = 100  # entries that are read ahead together
ITEMS = 97  # of a transaction, beside the intent
PER_ENTRY, PER_DAY, PER_CLASH = 3, 1, 2  # entry, audit row and booking; day; clash and its event


def by_ids(
    reading: Reading, caller: Caller, action: Action, ids: Sequence[str], reason: str | None, now: datetime
) -> Intent:
    """The intent that reviews these entries."""
    unique = list(dict.fromkeys(ids))
    rows = reading.rows(*(place(caller.company, id) for id in unique))
    return _begun(caller, action, [_hint(id, row) for id, row in zip(unique, rows, strict=True)], reason, now)


def by_day(reading: Reading, caller: Caller, project: str, date: str, now: datetime) -> Intent:
    """The intent that approves whatever of a project waits on a date.

    Raises:
        Invalid: there is no such project.
        Denied: the caller does not approve on it.
        InUse: more wait than one request takes.
    """
    if reading.row(Project, key(caller.company, project), "project") is None:
        raise Invalid(errors={"project": ["There is no such project."]})
    if not caller.may(Permission.APPROVE, project):
        raise Denied("This needs the permission approve on the project.")
    waiting = Query(
        model=Entry,
        hash=key(caller.company, project, "submitted"),
        list=BY_PROJECT_STATUS,
        between=(date, f"{date}#~"),
    )
    hints = []
    for row in reading.each(waiting):
        hints.append(_hint(row.id, row))
        if len(hints) > MOST_OF_DAY:
            raise InUse(f"More than {MOST_OF_DAY} entries wait on that day; approve them by ids.")
    return _begun(caller, Action.APPROVE, hints, None, now)


def _hint(id: str, row: Entry | None) -> list[str]:
    """An entry with its operative, date, project and activity as they are now, to read what it needs together."""
    return [id, row.operative, row.date, row.project, row.wbs or ""] if row is not None else [id]


def _begun(caller: Caller, action: Action, hints: list[list[str]], reason: str | None, now: datetime) -> Intent:
    arguments = {
        "by": remembered(caller),
        "action": action.value,
        "reason": reason,
        "entries": sorted(hints, key=lambda hint: hint[1:]),
    }
    return intents.begun(
        caller.company,
        KIND,
        arguments,
        now,
        total=len(hints),
        by=caller.user,
        permission=Permission.APPROVE.value,
        awaited=True,
    )


def step(reading: Reading, intent: Intent, now: datetime) -> Step:
    """As many of the next entries as one transaction takes; the answer when none is left."""
    hints, first = intent.arguments["entries"], int(intent.state.get("next", 0))
    skipped: list[dict[str, object]] = list(intent.state.get("skipped", []))
    if first >= len(hints):
        return Step([], intent.state, intent.done, finished=Finished(_answer(intent, skipped)))
    company = str(intent.pk).partition("#")[0]
    kept, block = intent.arguments["by"], hints[first : first + BLOCK - first % BLOCK]
    reading.rows(*actors.places(company, kept), *(wanted for hint in block for wanted in _places(company, hint)))
    caller = actors.caller_again(reading, company, kept, now)
    review = _Review(reading, caller, intent, now)
    taken = 0
    for id, *_ in block:
        if not review.has_room():
            break
        refused = review.take(id)
        taken += 1
        if refused is not None:
            skipped.append({"id": id, "code": refused.code, "detail": refused.detail})
    state = {"next": first + taken, "skipped": skipped}
    return Step(review.changes(), state, first + taken)


def _places(company: str, hint: Sequence[str]) -> list[Any]:
    id, *rest = hint
    if not rest:
        return [place(company, id)]
    operative, date, project, wbs = rest
    return [place(company, id), *Wants(project, operative, date, wbs=wbs or None).places(company)]


def _answer(intent: Intent, skipped: Sequence[Mapping[str, object]]) -> dict[str, object]:
    passed_over = {each["id"] for each in skipped}
    done = [hint[0] for hint in intent.arguments["entries"] if hint[0] not in passed_over]
    return {"approved" if intent.arguments["action"] == Action.APPROVE else "rejected": done, "skipped": list(skipped)}


class _Review:
    """One transaction's worth of entries approved or rejected."""

    def __init__(self, reading: Reading, caller: Caller, intent: Intent, now: datetime) -> None:
        self._reading, self._caller, self._now = reading, caller, now
        self._action, self._reason = Action(intent.arguments["action"]), intent.arguments["reason"]
        self._days = Days(reading, judged(caller, now))
        self._changes: list[Change] = []

    def changes(self) -> list[Change]:
        """All rows of the transaction."""
        return [*self._changes, *self._days.changes()]

    def has_room(self) -> bool:
        """Whether another entry fits, whatever becomes of it."""
        return len(self._changes) + self._days.items() + PER_ENTRY + PER_DAY + PER_CLASH <= ITEMS

    def take(self, id: str) -> WbsyncError | None:
        """Approve or reject one, or say why not."""
        entry = self._reading.row(*place(self._caller.company, id))
        if entry is None or not sees(self._caller, entry):
            return NotFound("There is no such entry.")
        near = around(self._reading, self._caller.company, wants(entry))
        day = self._days.of(entry.operative, entry.date)
        refused = states.refusal(self._action, facts(self._caller, entry, near, day))
        if refused is not None:
            if isinstance(refused, ClashUnresolved) and day.judged().event is not None:
                day.touched = True  # the cap of this moment raises a clash that is to be seen
            return refused
        actor = acting(self._caller)
        if self._action is Action.APPROVE:
            self._changes += approved(entry, near, actor, self._now)
        else:
            self._changes += rejected(entry, self._reason, actor, self._now)
        day.put(entry)
        return None
