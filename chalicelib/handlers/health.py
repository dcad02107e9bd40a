"""Health: that the service answers, and on request that what its requests need is there."""

from botocore.exceptions import ClientError

from chalicelib.access import keys
from chalicelib.errors import Unavailable
from chalicelib.http.answers import JSON
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Body
from chalicelib.http.routes import BASE, Guard, RouteSet
from chalicelib.storage.store import Store
from chalicelib.storage.tables import IDEMPOTENCY_TABLE
from chalicelib.tables import TABLES
from chalicelib.version import VERSION

routes = RouteSet("Health", __name__)


class HealthQuery(Body, kw_only=True):
    """``deep`` also looks for every table and key."""

    deep: bool | None = None


class Health(Answer, kw_only=True):
    """The service answers."""

    status: str
    version: str


@routes.route("GET", f"{BASE}/health", query=HealthQuery, answer=Health, guard=Guard.ANYBODY, produces=(JSON,))
def read_health(call: Call) -> Health:
    """Whether the service answers; with ``deep=true`` also whether its tables and keys are there. Needs no token."""
    if call.query.deep:
        require_whole(call.store)
    return Health(status="ok", version=VERSION)


def require_whole(store: Store) -> None:
    """Look for a row that no table has in every table, and for the keys; nothing private is read.

    Raises:
        Unavailable: one of them is not there: the stage is not provisioned, or the function names another stage.
    """
    try:
        store.together(*(lambda name=table.name: _look(store, name, ("pk", "sk")) for table in TABLES))
        _look(store, IDEMPOTENCY_TABLE, ("id",))
        keys.keyed("digest-key", "health")
        keys.keyed("session-key", "health")
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"ResourceNotFoundException", "ParameterNotFound"}:
            raise
        raise Unavailable("A table or a key of this stage is missing.") from error


def _look(store: Store, table: str, keys: tuple[str, ...]) -> None:
    store.call("get_item", TableName=store.name(table), Key={name: {"S": "health"} for name in keys})
