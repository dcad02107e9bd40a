"""Users: who signs in, and their role."""

from typing import Annotated

from msgspec import UNSET, UnsetType

from chalicelib.access.permissions import API_PLANS, Permission, Role
from chalicelib.errors import PlanWithoutApi
from chalicelib.http.answers import Read, Written
from chalicelib.http.call import Call
from chalicelib.http.conditional import etag
from chalicelib.http.fields import Answer, Body, Email, PersonName, Stamp, given, one_of
from chalicelib.http.pagination import Changes, ChangesQuery, Listed, Source, changed, incremental, listed
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.people import users
from chalicelib.people.rows import USERS, User
from chalicelib.people.users import Profile

routes = RouteSet("Users", __name__)


class UserCreate(Body, kw_only=True):
    """A new user."""

    name: PersonName
    email: Email
    role: Role


class UserPatch(Body, kw_only=True):
    """Fields of a user to change; an inactive user's tokens and sessions stop with the next request."""

    name: PersonName | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class UserAnswer(Answer, kw_only=True):
    """A user; no password or hash ever comes out."""

    id: str
    name: str
    email: str
    role: Annotated[str, one_of(Role)]
    active: bool
    created_at: Stamp
    updated_at: Stamp


def present(row: User) -> UserAnswer:
    """A user as the API shows it."""
    return UserAnswer(
        id=row.id,
        name=row.name,
        email=row.email,
        role=row.role,
        active=row.active,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


@routes.route("GET", f"{BASE}/users", permission=Permission.READ_USERS, query=ChangesQuery, answer=Changes[UserAnswer])
def list_users(call: Call) -> Listed[UserAnswer]:
    """List the users of the company by name."""
    company = call.user.company
    source = Source(User, USERS, company)
    source = changed(call, User, company, "user#") if incremental(call) else source
    return listed(call, source, lambda rows: [present(row) for row in rows])


@routes.route(
    "POST", f"{BASE}/users", permission=Permission.WRITE_USERS, body=UserCreate, answer=UserAnswer, status=201
)
def create_user(call: Call, body: UserCreate) -> Written:
    """Create a user of the company; nobody hands out a role that may more than they may."""
    profile = Profile(body.name, body.email, body.role)
    decided = users.create(call.decision, call.user, profile, call.now)
    row = decided.answer
    return Written(decided.changes, present(row), location=f"{BASE}/users/{row.id}/", etag=etag(row.version))


@routes.route("GET", f"{BASE}/users/{{id}}", permission=Permission.READ_USERS, answer=UserAnswer)
def read_user(call: Call, id: str) -> Read:
    """Read a user."""
    row = users.find(call.decision, call.user.company, id)
    return Read(present(row), etag=etag(row.version))


@routes.route(
    "PATCH",
    f"{BASE}/users/{{id}}",
    permission=Permission.WRITE_USERS,
    body=UserPatch,
    answer=UserAnswer,
    every_plan=True,
)
def change_user(call: Call, id: str, body: UserPatch) -> Written:
    """Change a user; only an owner changes an owner, and the last active one stays one."""
    if call.user.tenant.plan not in API_PLANS and given(body) != {"active": False}:
        raise PlanWithoutApi  # deactivating is open on every plan
    decided = users.change(call.decision, call.user, id, given(body), call.now)
    row = decided.answer
    return Written(decided.changes, present(row), etag=etag(row.version), began=etag(row.version - 1))
