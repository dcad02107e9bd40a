"""Who of a project has handed in no hours on which working days."""

from datetime import date

from chalicelib.access.permissions import Permission
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Body, Id
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.labour import missing_hours

routes = RouteSet("Reports", __name__)


class MissingQuery(Body, kw_only=True):
    """Of which project, and between which dates, both included."""

    project: Id
    date_from: date
    date_to: date


class MissingAnswer(Answer, kw_only=True):
    """An operative, and the working days without an entry of theirs that is submitted or approved."""

    operative: str
    name: str
    dates: list[str]


class MissingHoursAnswer(Answer, kw_only=True):
    """The operatives of the project with gaps, by name."""

    project: str
    date_from: str
    date_to: str
    count: int
    results: list[MissingAnswer]


@routes.route(
    "GET",
    f"{BASE}/reports/missing-hours",
    permission=Permission.READ_ALL_LABOUR,
    query=MissingQuery,
    answer=MissingHoursAnswer,
)
def read_missing_hours(call: Call) -> MissingHoursAnswer:
    """Read which operatives of a project have no hours on which working days."""
    query = call.query
    call.user.require(Permission.READ_ALL_LABOUR, query.project)
    found = missing_hours.report(call.decision, call.company, query.project, query.date_from, query.date_to)
    results = [MissingAnswer(operative=each.operative, name=each.name, dates=each.dates) for each in found]
    return MissingHoursAnswer(
        project=query.project,
        date_from=query.date_from.isoformat(),
        date_to=query.date_to.isoformat(),
        count=len(results),
        results=results,
    )
