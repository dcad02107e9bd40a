"""Holidays of projects."""

from datetime import date
from typing import Any

from chalicelib.access.permissions import Permission
from chalicelib.http.answers import Written
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Body, Day, Name
from chalicelib.http.pagination import Listed, PageQuery, listed_whole
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.projects import holidays, projects
from chalicelib.storage.reading import Reading

routes = RouteSet("Projects", __name__)


class HolidayCreate(Body, kw_only=True):
    """A date without work."""

    date: date
    name: Name | None = None


class HolidayAnswer(Answer, kw_only=True):
    """A date without work."""

    date: Day
    name: str | None


@routes.route(
    "GET",
    f"{BASE}/projects/{{id}}/holidays",
    permission=Permission.READ_PROJECTS,
    query=PageQuery,
    answer=Listed[HolidayAnswer],
)
def list_holidays(call: Call, id: str) -> Listed[object]:
    """List the dates of a project without work, the first one first."""
    held: dict[str, Any] = projects.find(Reading(call.store), call.user.company, id).holidays
    days = sorted(held)
    return listed_whole(call, days, lambda some: [HolidayAnswer(date=day, name=held[day]) for day in some])


@routes.route(
    "POST",
    f"{BASE}/projects/{{id}}/holidays",
    permission=Permission.EDIT_PROJECTS,
    body=HolidayCreate,
    answer=HolidayAnswer,
    status=201,
)
def add_holiday(call: Call, id: str, body: HolidayCreate) -> Written:
    """Make a date a holiday of a project."""
    day = body.date.isoformat()
    decided = holidays.add(call.decision, call.user, id, day, body.name, call.now)
    location = f"{BASE}/projects/{id}/holidays/{day}/"
    return Written(decided.changes, HolidayAnswer(date=day, name=body.name), location=location)


@routes.route("DELETE", f"{BASE}/projects/{{id}}/holidays/{{date}}", permission=Permission.EDIT_PROJECTS, status=204)
def remove_holiday(call: Call, id: str, date: str) -> Written:
    """Make a date a day like others again."""
    return Written(holidays.remove(call.decision, call.user, id, date, call.now).changes, None)
