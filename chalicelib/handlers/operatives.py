"""Operatives."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from chalicelib import zones
from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.errors import Denied
from chalicelib.http.answers import Read, Written
from chalicelib.http.call import Call
from chalicelib.http.conditional import etag
from chalicelib.http.fields import Answer, Body, ClockId, Id, MoneyFigure, Name, PersonName, Rate, Stamp, given
from chalicelib.http.pagination import (
    Changes,
    ChangesQuery,
    Listed,
    Search,
    Source,
    changed,
    incremental,
    listed,
    words,
)
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.operatives import operatives
from chalicelib.operatives.rows import BY_ACTIVE, OPERATIVES, Operative
from chalicelib.storage.rows import key

routes = RouteSet("Operatives", __name__)
Projects = Annotated[list[Id], Meta(max_length=50)]


class OperativeQuery(ChangesQuery, kw_only=True):
    """Filters of the operative list."""

    active: bool | None = None
    trade: Name | None = None
    external_clock_id: ClockId | None = None
    search: Search | None = None


class OperativeCreate(Body, kw_only=True):
    """A new operative."""

    name: PersonName
    external_clock_id: ClockId | None | UnsetType = UNSET
    trade: Name | None | UnsetType = UNSET
    employer: Name | None | UnsetType = UNSET
    hourly_rate: Rate | None | UnsetType = UNSET
    user: Id | None | UnsetType = UNSET
    projects: Projects | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class OperativePatch(Body, kw_only=True):
    """Fields of an operative to change; a new rate is valid from today, and none from today with null."""

    name: PersonName | UnsetType = UNSET
    external_clock_id: ClockId | None | UnsetType = UNSET
    trade: Name | None | UnsetType = UNSET
    employer: Name | None | UnsetType = UNSET
    hourly_rate: Rate | None | UnsetType = UNSET
    user: Id | None | UnsetType = UNSET
    projects: Projects | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class OperativeAnswer(Answer, kw_only=True):
    """An operative; the rate valid today only with the permission to view rates."""

    id: str
    name: str
    external_clock_id: str | None
    trade: str | None
    employer: str | None
    hourly_rate: MoneyFigure | None | UnsetType = UNSET
    user: str | None
    projects: list[str]
    active: bool
    created_at: Stamp
    updated_at: Stamp


def _today(call: Call) -> str:
    zone = zones.zone(call.user.tenant.timezone)
    return call.now.astimezone(zone).date().isoformat()


def present(caller: Caller, row: Operative, today: str) -> OperativeAnswer:
    """An operative as the caller may see it."""
    rate: Any = operatives.rate_on(row, today) if caller.may(Permission.VIEW_RATES) else UNSET
    return OperativeAnswer(
        id=row.id,
        name=row.name,
        external_clock_id=row.external_clock_id,
        trade=row.trade,
        employer=row.employer,
        hourly_rate=rate,
        user=row.user,
        projects=row.projects,
        active=row.active,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


@routes.route(
    "GET",
    f"{BASE}/operatives",
    permission=Permission.READ_OPERATIVES,
    query=OperativeQuery,
    answer=Changes[OperativeAnswer],
)
def list_operatives(call: Call) -> Listed[OperativeAnswer]:
    """List operatives by name."""
    return listed(call, _source(call), lambda rows: [present(call.user, row, _today(call)) for row in rows])


def _source(call: Call) -> Source:
    company, query, tests = call.user.company, call.query, words(call.query.search)
    wanted = {"trade": query.trade, "external_clock_id": query.external_clock_id}
    filters = tuple((name, {"S": value}) for name, value in wanted.items() if value is not None)
    if incremental(call):
        active = (("active", {"BOOL": query.active}),) if query.active is not None else ()
        return changed(call, Operative, company, "operative", filters=(*filters, *active), tests=tests)
    if query.active is not None:
        active_key = key(company, "yes" if query.active else "no")
        return Source(Operative, BY_ACTIVE, active_key, filters=filters, tests=tests)
    return Source(Operative, OPERATIVES, company, filters=filters, tests=tests)


@routes.route(
    "POST",
    f"{BASE}/operatives",
    permission=Permission.MANAGE_OPERATIVES,
    body=OperativeCreate,
    answer=OperativeAnswer,
    status=201,
)
def create_operative(call: Call, body: OperativeCreate) -> Written:
    """Create an operative."""
    changes, row = operatives.create(call.store, call.user.company, _values(call, body, None), call.now)
    return Written(
        changes, present(call.user, row, _today(call)), location=f"{BASE}/operatives/{row.id}/", etag=etag(row.version)
    )


def _values(call: Call, body: Body, user: str | None) -> dict[str, Any]:
    values = given(body)
    if values.get("user", user) != user and not call.user.may(Permission.READ_USERS):
        raise Denied("Writing user needs the permission read_users.")
    if "hourly_rate" in values and not call.user.may(Permission.VIEW_RATES):
        raise Denied("Writing hourly_rate needs the permission view_rates.")
    return values


@routes.route("GET", f"{BASE}/operatives/{{id}}", permission=Permission.READ_OPERATIVES, answer=OperativeAnswer)
def read_operative(call: Call, id: str) -> Read:
    """Read an operative."""
    row = operatives.find(call.store, call.user.company, id)
    return Read(present(call.user, row, _today(call)), etag=etag(row.version))


@routes.route(
    "PATCH",
    f"{BASE}/operatives/{{id}}",
    permission=Permission.MANAGE_OPERATIVES,
    body=OperativePatch,
    answer=OperativeAnswer,
)
def change_operative(call: Call, id: str, body: OperativePatch) -> Written:
    """Change some fields of an operative."""
    row = operatives.find(call.store, call.user.company, id)
    began = etag(row.version)
    changes, row = operatives.change(
        call.store, call.user.company, row, _values(call, body, row.user), _today(call), call.now
    )
    return Written(changes, present(call.user, row, _today(call)), etag=etag(row.version), began=began)
