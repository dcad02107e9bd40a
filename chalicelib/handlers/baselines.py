"""Baselines of projects."""

from chalicelib.access.permissions import Permission
from chalicelib.handlers import jobs
from chalicelib.http.answers import Written
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Body, Name, Stamp
from chalicelib.http.pagination import Listed, PageQuery, listed_whole
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.storage.reading import Reading
from chalicelib.tree import baselines
from chalicelib.tree.large import MOST_AWAITED

routes = RouteSet("Projects", __name__)


class BaselineCreate(Body, kw_only=True):
    """A plan to freeze."""

    name: Name


class BaselineAnswer(Answer, kw_only=True):
    """A frozen plan."""

    number: int
    name: str
    frozen_at: Stamp
    frozen_by: str


@routes.route(
    "GET",
    f"{BASE}/projects/{{id}}/baselines",
    permission=Permission.READ_PROJECTS,
    query=PageQuery,
    answer=Listed[BaselineAnswer],
)
def list_baselines(call: Call, id: str) -> Listed[object]:
    """List the frozen plans of a project by number."""
    rows = baselines.baselines_in(Reading(call.store), call.user.company, id)
    return listed_whole(call, rows, lambda some: [BaselineAnswer(**baselines.shown(row)) for row in some])


@routes.route(
    "POST",
    f"{BASE}/projects/{{id}}/baselines",
    permission=Permission.EDIT_BUDGETS,
    body=BaselineCreate,
    answer=BaselineAnswer,
    job_answer=jobs.JobAnswer,
    status=201,
)
def freeze_baseline(call: Call, id: str, body: BaselineCreate) -> Written:
    """Freeze budget hours, dates and calendar as the next baseline; of more than 1,000 nodes by a job."""
    decided = baselines.freeze(call.decision, call.user, id, body.name, call.now)
    intent = decided.answer
    if intent.total <= MOST_AWAITED:
        return Written(decided.changes, None, intent=intent.id)
    return Written(decided.changes, jobs.present(intent), status=202, location=jobs.location(intent))
