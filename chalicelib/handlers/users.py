"""Users: who signs in, and their role."""

from msgspec import UNSET, UnsetType

from chalicelib.http.answers import Read, Written
from chalicelib.http.call import Call
from chalicelib.http.conditional import etag
from chalicelib.http.fields import Answer, Body, Email, Name, given
from chalicelib.http.pagination import Changes, ChangesQuery, Listed, Source, changed, incremental, listed
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.identity import people
from chalicelib.identity.permissions import Permission, Role
from chalicelib.identity.rows import USERS, User

routes = RouteSet("Users", __name__)


class UserCreate(Body, kw_only=True):
    """A new user."""

    name: Name
    email: Email
    role: Role


class UserPatch(Body, kw_only=True):
    """Fields of a user to change; an inactive user's tokens and sessions stop with the next request."""

    name: Name | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class UserAnswer(Answer, kw_only=True):
    """A user; no password or hash ever comes out."""

    id: str
    name: str
    email: str
    role: str
    active: bool
    created_at: str
    updated_at: str


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


@routes.route("GET", f"{BASE}/users", permission=Permission.READ_USERS, query=ChangesQuery, answer=Changes)
def list_users(call: Call) -> Listed:
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
    changes, user = people.add_user(call.store, call.user, body.name, body.email, body.role, call.now)
    return Written(changes, present(user), location=f"{BASE}/users/{user.id}/", etag=etag(user.version))


@routes.route("GET", f"{BASE}/users/{{id}}", permission=Permission.READ_USERS, answer=UserAnswer)
def read_user(call: Call, id: str) -> Read:
    """Read a user."""
    row = people.find(call.store, call.user.company, id)
    return Read(present(row), etag=etag(row.version))


@routes.route("PATCH", f"{BASE}/users/{{id}}", permission=Permission.WRITE_USERS, body=UserPatch, answer=UserAnswer)
def change_user(call: Call, id: str, body: UserPatch) -> Written:
    """Change a user; only an owner changes an owner, and the last active one stays one."""
    row = people.find(call.store, call.user.company, id)
    began = etag(row.version)
    changes, row = people.change_user(call.store, call.user, row, given(body), call.now)
    return Written(changes, present(row), etag=etag(row.version), began=began)
