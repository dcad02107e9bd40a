"""The caller's company."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from chalicelib.access.permissions import Permission
from chalicelib.access.rows import Company
from chalicelib.http.answers import Read, Written
from chalicelib.http.call import Call
from chalicelib.http.conditional import etag
from chalicelib.http.fields import Answer, Body, Cap, Currency, HoursFigure, Name, Stamp, Zone, given
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.labour import cap_days
from chalicelib.people import companies
from chalicelib.work import intents

routes = RouteSet("Company", __name__)


class CompanyPatch(Body, kw_only=True):
    """Settings of the company to change; the plan is changed by whoever runs the service."""

    name: Name | UnsetType = UNSET
    timezone: Zone | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    daily_cap_hours: Cap | UnsetType = UNSET
    auto_add_operatives: bool | UnsetType = UNSET


class CompanyAnswer(Answer, kw_only=True):
    """The company; time zone and currency are the defaults of its projects."""

    id: str
    name: str
    plan: Annotated[str, Meta(description="field, team, pro, business or enterprise")]
    timezone: str
    currency: str
    daily_cap_hours: HoursFigure
    auto_add_operatives: bool
    created_at: Stamp
    updated_at: Stamp


def present(row: Company) -> CompanyAnswer:
    """A company as the API shows it."""
    return CompanyAnswer(**{name: getattr(row, name) for name in CompanyAnswer.__struct_fields__})


@routes.route("GET", f"{BASE}/company", permission=Permission.READ_COMPANY, answer=CompanyAnswer)
def read_company(call: Call) -> Read:
    """Read the company's plan and settings."""
    row = call.user.tenant
    return Read(present(row), etag=etag(row.version))


@routes.route("PATCH", f"{BASE}/company", permission=Permission.MANAGE_COMPANY, body=CompanyPatch, answer=CompanyAnswer)
def change_company(call: Call, body: CompanyPatch) -> Written:
    """Change settings of the company; they hold with the next request."""
    cap = call.user.tenant.daily_cap_hours
    decided = companies.change(call.decision, call.user.company, given(body), call.now)
    row, changes = decided.answer, [*decided.changes]
    if row.daily_cap_hours != cap:
        changes.append(intents.put(cap_days.begin(call.user, call.now)))
    return Written(changes, present(row), etag=etag(row.version), began=etag(row.version - 1))
