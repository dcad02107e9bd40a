"""Operatives."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, UnsetType

from chalicelib import zones
from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.errors import Denied
from chalicelib.http.answers import Read, Written
from chalicelib.http.call import Call
from chalicelib.http.conditional import etag
from chalicelib.http.fields import (
    Answer,
    Body,
    ClockId,
    Date,
    Day,
    Id,
    MoneyFigure,
    Name,
    PersonName,
    Rate,
    Stamp,
    given,
)
from chalicelib.http.pagination import (
    Changes,
    ChangesQuery,
    Listed,
    PageQuery,
    Search,
    Source,
    changed,
    incremental,
    listed,
    listed_whole,
    words,
)
from chalicelib.http.references import Place
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.operatives import operatives, rates
from chalicelib.operatives.rates import Valid, rate_on
from chalicelib.operatives.rows import BY_ACTIVE, BY_CLOCK_ID, BY_TRADE, OPERATIVES, Operative, compared
from chalicelib.people import users
from chalicelib.projects import projects
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

    references: ClassVar[Mapping[str, Place]] = {"user": users.place, "projects": projects.place}
    name: PersonName
    external_clock_id: ClockId | None | UnsetType = UNSET
    trade: Name | None | UnsetType = UNSET
    employer: Name | None | UnsetType = UNSET
    hourly_rate: Rate | None | UnsetType = UNSET
    user: Id | None | UnsetType = UNSET
    projects: Projects | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class OperativePatch(Body, kw_only=True):
    """Fields of an operative to change; a new rate, or none with null, is valid from today, the first from always."""

    references: ClassVar[Mapping[str, Place]] = {"user": users.place, "projects": projects.place}
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
    rate: Any = rate_on(row, today) if caller.may(Permission.VIEW_RATES) else UNSET
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
    """The narrowest list that serves the filters; what it does not serve is dropped after reading."""
    company, query = call.user.company, call.query
    dropped: dict[str, Any] = {"active": {"BOOL": query.active}} if query.active is not None else {}
    for index, text in ((BY_CLOCK_ID, query.external_clock_id), (BY_TRADE, query.trade)):
        dropped |= {index.hash: {"S": compared(company, text)}} if text is not None else {}
    tests = words(query.search)
    if incremental(call):
        return changed(call, Operative, company, "operative", filters=tuple(dropped.items()), tests=tests)
    index, hash = OPERATIVES, company
    for narrower in (BY_CLOCK_ID, BY_TRADE):
        if narrower.hash in dropped:
            index, hash = narrower, dropped.pop(narrower.hash)["S"]
            break
    else:
        if query.active is not None:
            index, hash = BY_ACTIVE, key(company, "yes" if dropped.pop("active")["BOOL"] else "no")
    return Source(Operative, index, hash, filters=tuple(dropped.items()), tests=tests)


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
    decided = operatives.create(call.decision, call.user.company, _values(call, body, None), call.now)
    row = decided.answer
    return Written(
        decided.changes,
        present(call.user, row, _today(call)),
        location=f"{BASE}/operatives/{row.id}/",
        etag=etag(row.version),
    )


def _values(call: Call, body: Body, user: str | None) -> dict[str, object]:
    values = given(body)
    if values.get("user", user) != user and not call.user.may(Permission.READ_USERS):
        raise Denied("Writing user needs the permission read_users.")
    if "hourly_rate" in values:
        _require_rates(call, "Writing hourly_rate")
    return values


def _require_rates(call: Call, what: str) -> None:
    """Rates belong to the company: a membership of some project is not enough."""
    if not call.user.may(Permission.VIEW_RATES):
        raise Denied(f"{what} needs the permission view_rates.")


@routes.route("GET", f"{BASE}/operatives/{{id}}", permission=Permission.READ_OPERATIVES, answer=OperativeAnswer)
def read_operative(call: Call, id: str) -> Read:
    """Read an operative."""
    row = operatives.find(call.decision, call.user.company, id)
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
    company = call.user.company
    values = _values(call, body, operatives.read_ahead(call.decision, company, id, given(body)).user)
    decided = operatives.change(call.decision, company, id, values, _today(call), call.now)
    row = decided.answer
    return Written(
        decided.changes,
        present(call.user, row, _today(call)),
        etag=etag(row.version),
        began=etag(row.version - 1),
    )


class RateCreate(Body, kw_only=True):
    """A rate and the date from which it is valid; without a date it always was. Null: no rate from then on."""

    valid_from: Date | None = None
    hourly_rate: Rate | None


class RateAnswer(Answer, kw_only=True):
    """A rate and the date from which it is valid; null: it always was."""

    valid_from: Day | None
    hourly_rate: MoneyFigure | None


def _present_rate(valid: Valid) -> RateAnswer:
    return RateAnswer(valid_from=valid.valid_from, hourly_rate=valid.hourly_rate)


@routes.route(
    "GET",
    f"{BASE}/operatives/{{id}}/rates",
    permission=Permission.VIEW_RATES,
    query=PageQuery,
    answer=Listed[RateAnswer],
)
def list_rates(call: Call, id: str) -> Listed[object]:
    """List an operative's rates, the first one first: the history that approval reads."""
    row = operatives.find(call.decision, call.user.company, id)
    return listed_whole(call, rates.history(row), lambda some: [_present_rate(each) for each in some])


@routes.route(
    "POST",
    f"{BASE}/operatives/{{id}}/rates",
    permission=Permission.MANAGE_OPERATIVES,
    body=RateCreate,
    answer=RateAnswer,
    status=201,
)
def set_rate(call: Call, id: str, body: RateCreate) -> Written:
    """Set a rate from a date on; it takes the place of one from that date. Hours that are approved keep theirs."""
    _require_rates(call, "Writing rates")
    valid = Valid(body.valid_from.isoformat() if body.valid_from else None, body.hourly_rate)
    decided = operatives.rated(call.decision, call.user.company, id, valid, call.now)
    return Written(decided.changes, _present_rate(valid), location=f"{BASE}/operatives/{id}/rates/")
