"""Who of a project has handed in no hours on which working days."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial

from msgspec import Struct

from chalicelib.errors import Invalid, NotFound
from chalicelib.labour.rows import BY_PROJECT_STATUS, Entry
from chalicelib.operatives.rows import BY_ACTIVE, Operative
from chalicelib.projects.rows import Project
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store

MOST_DAYS = 92
PRESENT = ("submitted", "approved")
"""What a day must hold for its hours not to be missing."""


class Missing(Struct, frozen=True):
    """An operative of the project and the working days on which nothing of theirs is submitted or approved."""

    operative: str
    name: str
    dates: list[str]


def report(reading: Reading, company: str, project: str, first: date, last: date) -> list[Missing]:
    """The active operatives with gaps, by name: those of the project, and whoever has hours on it in these days.

    Raises:
        NotFound: there is no such project.
        Invalid: the dates are the wrong way round, or too far apart.
    """
    if last < first:
        raise Invalid(errors={"date_to": ["Must not be before date_from."]})
    if (last - first).days >= MOST_DAYS:
        raise Invalid(errors={"date_to": [f"At most {MOST_DAYS} days."]})
    row, operatives, *present = reading.together(
        lambda: reading.row(Project, key(company, project), "project"),
        lambda: list(reading.each(Query(model=Operative, hash=key(company, "yes"), list=BY_ACTIVE))),
        *(partial(_present, reading.store, key(company, project, status), first, last) for status in PRESENT),
    )
    if row is None:
        raise NotFound
    return list(_gaps(operatives, project, _working_days(row, first, last), set().union(*present)))


def _gaps(
    operatives: list[Operative], project: str, days: list[str], present: set[tuple[str, str]]
) -> Iterator[Missing]:
    with_hours = {operative for operative, _ in present}
    for each in operatives:
        if project in each.projects or each.id in with_hours:
            gaps = [day for day in days if (each.id, day) not in present]
            if gaps:
                yield Missing(each.id, each.name, gaps)


def _working_days(project: Project, first: date, last: date) -> list[str]:
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    worked = (day.isoformat() for day in every if day.isoweekday() in project.working_days)
    return [day for day in worked if day not in set(project.holidays)]


def _present(store: Store, status: str, first: date, last: date) -> set[tuple[str, str]]:
    """The operatives and dates of the entries of a status of a project."""
    query: Query[Entry] = Query(
        model=Entry,
        hash=status,
        list=BY_PROJECT_STATUS,
        between=(first.isoformat(), f"{last.isoformat()}#~"),
        attributes=("operative", "date"),
    )
    return {(item["operative"]["S"], item["date"]["S"]) for item in store.items(query)}
