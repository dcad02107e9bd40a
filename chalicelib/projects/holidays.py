"""Dates of a project without work; with its working days they are its calendar."""

from datetime import datetime

from chalicelib.access.callers import Caller
from chalicelib.errors import Conflict, InUse, NotFound
from chalicelib.projects.projects import find
from chalicelib.projects.rows import Project
from chalicelib.storage.changes import Change, Put
from chalicelib.storage.reading import Reading
from chalicelib.storage.work import Decided
from chalicelib.times import stamp

MOST = 300


def add(reading: Reading, caller: Caller, project: str, date: str, name: str | None, now: datetime) -> Decided[None]:
    """A date without work.

    Raises:
        Conflict: it is a holiday already.
        InUse: the project has as many as it may have.
    """
    before = find(reading, caller.company, project)
    if date in before.holidays:
        raise Conflict(
            "The date is a holiday already; nothing is left to do.", errors={"date": ["It is a holiday already."]}
        )
    if len(before.holidays) >= MOST:
        raise InUse(f"A project has at most {MOST} holidays. Delete those that are past.")
    return Decided([_with(before, {**before.holidays, date: name}, now)], None)


def remove(reading: Reading, caller: Caller, project: str, date: str, now: datetime) -> Decided[None]:
    """A date on which there is work after all.

    Raises:
        NotFound: it is no holiday.
    """
    before = find(reading, caller.company, project)
    if date not in before.holidays:
        raise NotFound
    return Decided([_with(before, {day: name for day, name in before.holidays.items() if day != date}, now)], None)


def _with(before: Project, holidays: dict[str, str | None], now: datetime) -> Change:
    changed = {"holidays": holidays, "version": before.version + 1, "updated_at": stamp(now)}
    return Put(Project(**{**before.plain(), **changed}), Project.version == before.version)
