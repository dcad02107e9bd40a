"""The caller, and API tokens."""

from datetime import UTC, datetime
from typing import Annotated, Any

from msgspec import UNSET, UnsetType

from chalicelib.errors import Invalid
from chalicelib.http.answers import Secret, Written
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Body, Code, Id
from chalicelib.http.guards import csrf_token
from chalicelib.http.pagination import Listed, PageQuery, Source, listed
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.http.texts import text
from chalicelib.identity import tokens
from chalicelib.identity.permissions import Permission
from chalicelib.identity.rows import TOKENS, Token

routes = RouteSet("Account", __name__)


class Person(Answer, kw_only=True):
    """A user in short."""

    id: str
    name: str
    email: str


class Tenant(Answer, kw_only=True):
    """A company in short."""

    id: str
    name: str


class Me(Answer, kw_only=True):
    """The caller and what they may do."""

    user: Person
    company: Tenant
    plan: str
    role: str
    permissions: list[str]
    csrf_token: str | UnsetType = UNSET


@routes.route("GET", f"{BASE}/me", answer=Me)
def read_me(call: Call) -> Me:
    """Read the caller: user, company, plan, role and permissions."""
    access, tenant, session = call.user.access, call.user.tenant, call.user.session
    return Me(
        user=Person(**access.user),
        company=Tenant(id=tenant.id, name=tenant.name),
        plan=tenant.plan,
        role=access.role,
        permissions=sorted(call.user.permissions()),
        csrf_token=csrf_token(session) if session else UNSET,
    )


class TokenCreate(Body, kw_only=True):
    """A new API token; for another user with ``user``."""

    label: Code
    user: Id | None = None
    expires_at: Annotated[str, text("2027-01-01T00:00:00Z", 1, 40, description="RFC 3339 time")] | None = None


class TokenAnswer(Answer, kw_only=True):
    """A token's description; ``token`` is shown once, when it is made."""

    id: str
    label: str
    prefix: str
    user: str
    made_by: str
    created_at: str
    last_used_at: str | None
    expires_at: str | None
    revoked_at: str | None
    token: str | UnsetType = UNSET


def _present_token(row: Token, state: tokens.State, **shown: Any) -> TokenAnswer:
    return TokenAnswer(
        id=row.id,
        label=row.label,
        prefix=row.prefix,
        user=row.user,
        made_by=row.made_by,
        created_at=row.created_at,
        last_used_at=state.last_used_at,
        expires_at=row.expires_at,
        revoked_at=state.revoked_at,
        **shown,
    )


@routes.route("GET", f"{BASE}/tokens", permission=Permission.MANAGE_TOKENS, query=PageQuery, answer=Listed)
def list_tokens(call: Call) -> Listed:
    """List the company's tokens, oldest first; never the tokens themselves."""
    source = Source(Token, TOKENS, call.user.company)

    def shown(rows: list[Token]) -> list[TokenAnswer]:
        found = tokens.states(call.store, rows)
        return [_present_token(row, found[row.id]) for row in rows]

    return listed(call, source, shown)


@routes.route(
    "POST", f"{BASE}/tokens", permission=Permission.MANAGE_TOKENS, body=TokenCreate, answer=TokenAnswer, status=201
)
def create_token(call: Call, body: TokenCreate) -> Written:
    """Create a token; this answer is the only one that shows it."""
    changes, row, token = tokens.create(
        call.store, call.user, body.label, body.user, _moment(body.expires_at), call.now
    )
    return Written(
        changes,
        _present_token(row, tokens.State(None, None)),
        location=f"{BASE}/tokens/{row.id}/",
        secrets={"token": Secret(token.reference)},
    )


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC) if _has_zone(text) else None
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise Invalid(errors={"expires_at": ["Must be a time such as 2027-01-01T00:00:00Z."]})
    return moment


def _has_zone(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None


@routes.route("DELETE", f"{BASE}/tokens/{{id}}", permission=Permission.MANAGE_TOKENS, status=204)
def revoke_token(call: Call, id: str) -> Written:
    """Revoke a token; it stops with the next request. One that is revoked already is 404."""
    return Written(tokens.revoke(call.store, call.user, id, call.now), None)
