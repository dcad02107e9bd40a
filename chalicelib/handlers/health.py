"""Health: nothing private, no storage."""

from chalicelib.http.call import Call
from chalicelib.http.fields import Answer
from chalicelib.http.routes import BASE, Guard, RouteSet
from chalicelib.version import VERSION

routes = RouteSet("Health", __name__)


class Health(Answer, kw_only=True):
    """The service answers."""

    status: str
    version: str


@routes.route("GET", f"{BASE}/health", answer=Health, guard=Guard.ANYBODY)
def read_health(call: Call) -> Health:
    """Whether the service answers; needs no token."""
    return Health(status="ok", version=VERSION)
