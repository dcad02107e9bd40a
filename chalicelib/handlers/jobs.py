"""Jobs: long work as those see it who wait for it."""

from typing import Annotated, Any, Literal

import msgspec

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.errors import NotFound
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, one_of
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.work import intents
from chalicelib.work.rows import Intent

routes = RouteSet("Jobs", __name__)


class JobAnswer(Answer, kw_only=True):
    """How far some work has come; ``result`` is what it answers in the end, ``errors`` say why it failed."""

    id: str
    kind: str
    status: Annotated[str, one_of(Literal["queued", "running", "succeeded", "failed"])]
    done: int
    total: int
    result: Any
    errors: list[dict[str, Any]]


def present(row: Intent) -> JobAnswer:
    """A job as the API shows it."""
    body = intents.result(row)
    return JobAnswer(
        id=row.id,
        kind=row.kind,
        status=row.status,
        done=row.done,
        total=row.total,
        result=msgspec.Raw(body) if body is not None else None,
        errors=row.errors or [],
    )


def location(row: Intent) -> str:
    """Where a job is read."""
    return f"{BASE}/jobs/{row.id}/"


@routes.route("GET", f"{BASE}/jobs/{{id}}", answer=JobAnswer)
def read_job(call: Call, id: str) -> JobAnswer:
    """Read how far a job has come; for whoever started it or could have."""
    row = intents.find(call.store, call.user.company, id)
    if row is None or not _reads(call.user, row):
        raise NotFound
    return present(row)


def _reads(caller: Caller, row: Intent) -> bool:
    if row.by == caller.user:
        return True
    return row.permission is not None and caller.may(Permission(row.permission), row.project)
