"""Periods: a project's days up to a date, closed once payroll has run.

Closing touches nothing that labour writes share. It announces itself on the project, which every request reads;
waits until requests that read it before are over; looks again at what is there; and then finishes.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.errors import Conflict, InUse, Invalid, InvalidTransition, NotFound
from chalicelib.labour import crew_sheets, reviews
from chalicelib.labour.actors import Actor, acting, remembered
from chalicelib.labour.approvals import rejected
from chalicelib.labour.days import Days, Judged
from chalicelib.labour.days import place as day_of
from chalicelib.labour.entries import place
from chalicelib.labour.rows import BY_PROJECT_STATUS, BY_STATUS, ClashRow, Entry, Period
from chalicelib.labour.surroundings import refuse_date
from chalicelib.projects.rows import Project
from chalicelib.storage.changes import Change, Delete, Put, absent
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store
from chalicelib.storage.work import Decided
from chalicelib.times import stamp
from chalicelib.work import intents
from chalicelib.work.kinds import Finished, Step
from chalicelib.work.rows import UNFINISHED, Intent

KIND = "period_close"
REQUEST_TIME = timedelta(seconds=40)  # with the lag of lists: from then on no request of before commits any more
WRITING = frozenset({crew_sheets.KIND, reviews.KIND})  # work that changes hours and may outlast its request
AGAIN = timedelta(seconds=5)
MOST_NAMED = 100  # entries in the way that an answer lists
MOST_REOPENED = 90  # closings that one reopening undoes: it is one transaction
MOST_REJECTED = 18  # in one transaction
PERIOD_CLOSED = "period closed"
CLOSING, CLOSED, REOPENED = "closing", "closed", "reopened"
Figures = Callable[[Reading, str, str, str], Mapping[str, Any]]  # of a company's project at the end of a date
Keep = Callable[[Store, str, str, str, str], str]  # some nodes' figures; where the next begin, empty when all are kept


class InTheWay(Struct, frozen=True):
    """An entry that a period cannot be closed over: submitted, or under an open clash."""

    id: str
    operative: str
    date: str
    status: str
    clash: str | None = None


def find(reading: Reading, caller: Caller, project: str) -> Project:
    """The project, or :class:`NotFound`."""
    row = reading.row(Project, key(caller.company, project), "project")
    if row is None:
        raise NotFound
    return row


def periods(company: str, project: str) -> Query[Period]:
    """A project's closings, the newest first."""
    return Query(model=Period, hash=key(company, project), between=("period#", "period#~"), forward=False)


def _newest(reading: Reading, company: str, project: str) -> Period | None:
    return next(iter(reading.each(periods(company, project))), None)


def in_the_way(reading: Reading, company: str, project: str, closed_to: str) -> Iterator[InTheWay]:
    """The entries inside that are submitted, and the approved ones under an open clash, as lists know them."""
    submitted: Query[Entry] = Query(
        model=Entry,
        hash=key(company, project, "submitted"),
        list=BY_PROJECT_STATUS,
        between=("0", f"{closed_to}#~"),
    )
    clashes: Query[ClashRow] = Query(
        model=ClashRow,
        hash=key(company, "clashes", "open"),
        list=BY_STATUS,
        between=("0", f"{closed_to}#~"),
        tests=(("contains", "projects", {"S": project}),),
    )
    clashing = {
        id: InTheWay(id, row.operative, row.date, each["status"], row.id)
        for row in reading.each(clashes)
        for id, each in row.entries.items()
        if each["project"] == project
    }
    for entry in reading.each(submitted):
        clash = clashing.pop(entry.id, None)
        yield InTheWay(entry.id, entry.operative, entry.date, entry.status, clash.clash if clash else None)
    yield from clashing.values()


def close(
    reading: Reading, caller: Caller, project: str, closed_to: str, force: bool, now: datetime
) -> Decided[Intent]:
    """Announce that the days up to a date are closed; new changes inside are refused from now on.

    Raises:
        InUse: entries are in the way, or another closing is under way.
        Conflict: they are closed already.
    """
    row = find(reading, caller, project)
    caller.require(Permission.CLOSE_PERIODS, project)
    newest = _newest(reading, caller.company, project)
    _refuse(row, newest, closed_to, now)
    found = [] if force else list(in_the_way(reading, caller.company, project, closed_to))
    if found:
        raise InUse(
            f"{len(found)} entries up to {closed_to} are submitted or clash: settle them first, or close with force.",
            entries=found[:MOST_NAMED],
        )
    number, actor = newest.number + 1 if newest else 1, acting(caller)
    arguments = {"by": remembered(caller), "cap": caller.tenant.daily_cap_hours, "number": number}
    intent = intents.begun(
        caller.company,
        KIND,
        arguments,
        now,
        total=0,
        by=caller.user,
        permission=Permission.CLOSE_PERIODS.value,
        project=project,
    )
    intent.not_before = stamp(now + REQUEST_TIME)
    period = Period(
        pk=row.pk,
        sk=f"period#{number:06d}",
        project=project,
        number=number,
        closed_to=closed_to,
        before=row.closed_to,
        status=CLOSING,
        job=intent.id,
        closed_at=stamp(now),
        closed_by=caller.user,
        token=actor.token,
        makers=list(actor.makers) or None,
        forced=force,
        version=1,
    )
    return Decided([_closed_to(row, closed_to, now), Put(period, absent(Period)), intents.put(intent)], intent)


def _refuse(project: Project, newest: Period | None, closed_to: str, now: datetime) -> None:
    try:
        refuse_date(project, closed_to, now)
    except Invalid as error:
        raise Invalid(errors={"closed_to": list((error.errors or {})["date"])}) from None
    if newest is not None and newest.status == CLOSING:
        raise InUse(f"The days up to {newest.closed_to} are just being closed; see the job {newest.job}.")
    if project.closed_to and closed_to <= project.closed_to:
        raise Conflict(
            f"The project is closed up to {project.closed_to} already; close up to a later day.",
            errors={"closed_to": [f"Must be after {project.closed_to}."]},
        )


def _closed_to(project: Project, closed_to: str | None, now: datetime) -> Change:
    """The project closed up to another day, on condition that it is as it was read."""
    same = Project.version == project.version
    project.closed_to, project.version, project.updated_at = closed_to, project.version + 1, stamp(now)
    return Put(project, same)


def reopen(
    reading: Reading, caller: Caller, project: str, closed_to: str | None, reason: str, now: datetime
) -> Decided[list[Period]]:
    """Open the days again, wholly or back to an earlier day; the answer is the closings that it undoes.

    Raises:
        InvalidTransition: nothing is closed, or a closing is under way.
        Invalid: ``closed_to`` is not before what is closed.
        InUse: it undoes more closings than one transaction takes.
    """
    row = find(reading, caller, project)
    caller.require(Permission.CLOSE_PERIODS, project)
    found = list(reading.each(periods(caller.company, project)))
    if row.closed_to is None:
        raise InvalidTransition("Nothing of the project is closed, so there is nothing to reopen.")
    if found and found[0].status == CLOSING:
        raise InvalidTransition(f"The days up to {row.closed_to} are just being closed; wait for the job.")
    if closed_to is not None and closed_to >= row.closed_to:
        raise Invalid(errors={"closed_to": [f"Must be before {row.closed_to}."]})
    undone = [each for each in found if each.status == CLOSED and each.closed_to > (closed_to or "")]
    if len(undone) > MOST_REOPENED:
        back_to = undone[MOST_REOPENED].closed_to
        raise InUse(f"At most {MOST_REOPENED} closings are undone at once: go back to {back_to} first.")
    changes: list[Change] = [_closed_to(row, closed_to, now)]
    for period in undone:
        same = Period.version == period.version
        period.status, period.version = REOPENED, period.version + 1
        period.reason, period.reopened_at, period.reopened_by = reason, stamp(now), caller.user
        period.reopened_to = closed_to
        changes.append(Put(period, same))
    return Decided(changes, undone)


def step(reading: Reading, intent: Intent, now: datetime, figures: Figures, keep: Keep) -> Step:
    """Look again once requests of before are over; settle what slipped in; finish, or leave all as it was."""
    company, project = str(intent.pk).partition("#")[0], str(intent.project)
    if "refused" in intent.state:
        raise InUse("Entries were handed in meanwhile: settle them, then close again.", errors=_named(intent))
    if _still_writing(reading, company, intent):
        return Step([], intent.state, intent.done, now + AGAIN)
    row = reading.row(Project, key(company, project), "project")
    period = reading.row(Period, key(company, project), f"period#{int(intent.arguments['number']):06d}")
    assert row is not None and period is not None, "a project and a closing under way stay"
    found = _submitted(reading, company, project, period.closed_to)
    if period.forced and found:
        return Step(_rejected(reading, intent, found, now), intent.state, intent.done + len(found))
    slipped = [] if period.forced else list(in_the_way(reading, company, project, period.closed_to))
    if found or slipped:
        changes = [
            _closed_to(row, period.before, now),
            Delete(Period, (period.pk, period.sk), Period.version == period.version),
        ]
        named = [each.id for each in slipped or [InTheWay(e.id, e.operative, e.date, e.status) for e in found]]
        return Step(changes, {"refused": named[:MOST_NAMED]}, intent.done)
    if not intent.state.get("kept"):
        after = keep(reading.store, company, project, period.closed_to, str(intent.state.get("after", "")))
        return Step([], {**intent.state, "after": after, "kept": not after}, intent.done)
    same = Period.version == period.version
    period.status, period.version = CLOSED, period.version + 1
    period.figures = dict(figures(reading, company, project, period.closed_to))
    return Step([Put(period, same)], intent.state, intent.done, finished=Finished({"closed_to": period.closed_to}))


def _named(intent: Intent) -> dict[str, list[str]]:
    return {f"entries.{id}": ["Submitted or clashing."] for id in intent.state["refused"]}


def _still_writing(reading: Reading, company: str, intent: Intent) -> bool:
    """Whether work that was accepted before the announcement has not come to its end.

    Its request may have begun after that of the closing, or by the clock of another function.
    """
    until = stamp(datetime.fromisoformat(intent.created_at) + REQUEST_TIME)
    unfinished: Query[Intent] = Query(
        model=Intent,
        hash="unfinished",
        list=UNFINISHED,
        between=(None, until),
        tests=(("begins_with", "pk", {"S": f"{company}#"}),),
    )
    return any(row.kind in WRITING for row in reading.each(unfinished))


def _submitted(reading: Reading, company: str, project: str, closed_to: str) -> list[Entry]:
    """Some of the entries inside that are submitted, as they are now: lists lag."""
    found: list[Entry] = []
    ids = [each.id for each in in_the_way(reading, company, project, closed_to) if each.status == "submitted"]
    for first in range(0, len(ids), MOST_REJECTED):
        rows = reading.rows(*(place(company, id) for id in ids[first : first + MOST_REJECTED]))
        found += [row for row in rows if _inside(row, project, closed_to)]
        if len(found) >= MOST_REJECTED:
            break
    return found[:MOST_REJECTED]


def _inside(row: Entry | None, project: str, closed_to: str) -> bool:
    return row is not None and row.status == "submitted" and row.project == project and row.date <= closed_to


def _rejected(reading: Reading, intent: Intent, found: list[Entry], now: datetime) -> list[Change]:
    """The entries rejected in the name of whoever closes."""
    kept, company = intent.arguments["by"], str(intent.pk).partition("#")[0]
    actor = Actor(kept["user"], kept["token"], tuple(kept["makers"]))
    days = Days(reading, Judged(company, intent.arguments["cap"], stamp(now), actor.user))
    reading.rows(*(day_of(company, entry.operative, entry.date) for entry in found))
    changes: list[Change] = []
    for entry in found:
        changes += rejected(entry, PERIOD_CLOSED, actor, now)
        days.accept(entry)
    return [*changes, *days.changes()]
