"""Who of a project has handed in no hours on which working days."""

from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct

from chalicelib.errors import Invalid, NotFound
from chalicelib.labour.rows import BY_PROJECT_STATUS, Entry
from chalicelib.operatives.rows import BY_ACTIVE, Operative
from chalicelib.projects.rows import Project
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key

MOST_DAYS = 92


class Missing(Struct, frozen=True):
    """An operative of the project and the working days on which nothing of theirs is submitted or approved."""

    operative: str
    name: str
    dates: list[str]


def report(reading: Reading, company: str, project: str, first: date, last: date) -> Iterator[Missing]:
    """The active operatives with gaps, by name: those of the project, and whoever has hours on it in these days.

    Raises:
        NotFound: there is no such project.
        Invalid: the dates are the wrong way round, or too far apart.
    """
    if last < first:
        raise Invalid(errors={"date_to": ["Must not be before date_from."]})
    if (last - first).days >= MOST_DAYS:
        raise Invalid(errors={"date_to": [f"At most {MOST_DAYS} days."]})
    row = reading.row(Project, key(company, project), "project")
    if row is None:
        raise NotFound
    days, present = _working_days(row, first, last), _present(reading, company, project, first, last)
    for operative in reading.each(Query(model=Operative, hash=key(company, "yes"), list=BY_ACTIVE)):
        if project in operative.projects or operative.id in present:
            gaps = [day for day in days if day not in present.get(operative.id, set())]
            if gaps:
                yield Missing(operative.id, operative.name, gaps)


def _working_days(project: Project, first: date, last: date) -> list[str]:
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    worked = (day.isoformat() for day in every if day.isoweekday() in project.working_days)
    return [day for day in worked if day not in set(project.holidays)]


def _present(reading: Reading, company: str, project: str, first: date, last: date) -> dict[str, set[str]]:
    """The dates on which each operative has an entry that is submitted or approved."""
    found: dict[str, set[str]] = {}
    for status in ("submitted", "approved"):
        query: Query[Entry] = Query(
            model=Entry,
            hash=key(company, project, status),
            list=BY_PROJECT_STATUS,
            between=(first.isoformat(), f"{last.isoformat()}#~"),
            attributes=("operative", "date"),
        )
        for item in reading.store.items(query):
            found.setdefault(item["operative"]["S"], set()).add(item["date"]["S"])
    return found
