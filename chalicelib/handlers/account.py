"""The caller, and API tokens."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from msgspec import UNSET, UnsetType

from chalicelib.access import tokens
from chalicelib.access.permissions import PLANS, Permission, Role
from chalicelib.access.rows import TOKENS, Token
from chalicelib.http.answers import Read, Secret, Written
from chalicelib.http.call import Call
from chalicelib.http.conditional import etag
from chalicelib.http.fields import Answer, Body, Id, Label, Moment, Stamp, one_of
from chalicelib.http.guards import csrf_token
from chalicelib.http.pagination import Listed, PageQuery, Source, listed
from chalicelib.http.references import Place
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.people import users

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
    plan: Annotated[str, one_of(PLANS)]
    role: Annotated[str, one_of(Role)]
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


LIVE, ENDED = 1, 2  # the versions of a token: it changes once


class TokenCreate(Body, kw_only=True):
    """A new API token; for another user with ``user``."""

    references: ClassVar[Mapping[str, Place]] = {"user": users.place}
    label: Label
    user: Id | None = None
    expires_at: Moment | None = None


class TokenAnswer(Answer, kw_only=True):
    """A token's description; ``token`` is shown once, when it is made."""

    id: str
    label: str
    prefix: str
    user: str
    made_by: str
    created_at: Stamp
    last_used_at: Stamp | None
    expires_at: Stamp | None
    revoked_at: Stamp | None
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


@routes.route("GET", f"{BASE}/tokens", permission=Permission.MANAGE_TOKENS, query=PageQuery, answer=Listed[TokenAnswer])
def list_tokens(call: Call) -> Listed[TokenAnswer]:
    """List the company's tokens, oldest first; never the tokens themselves."""
    source = Source(Token, TOKENS, call.user.company)

    def shown(rows: list[Token]) -> list[TokenAnswer]:
        found = tokens.states(call.decision, rows)
        return [_present_token(row, found[row.id]) for row in rows]

    return listed(call, source, shown)


@routes.route(
    "POST", f"{BASE}/tokens", permission=Permission.MANAGE_TOKENS, body=TokenCreate, answer=TokenAnswer, status=201
)
def create_token(call: Call, body: TokenCreate) -> Written:
    """Create a token; this answer is the only one that shows it."""
    decided = tokens.create(call.decision, call.user, body.label, body.user, body.expires_at, call.now)
    row, token = decided.answer.row, decided.answer.token
    return Written(
        decided.changes,
        _present_token(row, tokens.State(None, None)),
        location=f"{BASE}/tokens/{row.id}/",
        etag=etag(LIVE),
        secrets={"token": Secret(token.reference)},
    )


@routes.route("GET", f"{BASE}/tokens/{{id}}", permission=Permission.MANAGE_TOKENS, answer=TokenAnswer)
def read_token(call: Call, id: str) -> Read:
    """Read a token's description; never the token itself. Being used moves no tag, being revoked does."""
    row = tokens.find(call.decision, call.user.company, id)
    state = tokens.states(call.decision, [row])[row.id]
    return Read(_present_token(row, state), etag=etag(ENDED if state.revoked_at else LIVE))


@routes.route("DELETE", f"{BASE}/tokens/{{id}}", permission=Permission.MANAGE_TOKENS, status=204)
def revoke_token(call: Call, id: str) -> Written:
    """Revoke a token; it stops with the next request. One that is revoked already is 404."""
    return Written(tokens.revoke(call.decision, call.user, id, call.now).changes, None, began=etag(LIVE))
