"""Periods of a project: closed once payroll has run, reopened with a reason."""

from datetime import datetime
from typing import Annotated, Any, Literal

from chalicelib.access.permissions import Permission
from chalicelib.handlers import jobs
from chalicelib.handlers.jobs import JobAnswer
from chalicelib.http.answers import Written
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Body, Date, Day, Reason, Stamp, one_of
from chalicelib.http.pagination import Listed, PageQuery, Source, listed
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.labour import periods
from chalicelib.labour.rows import Period
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.work.kinds import Step
from chalicelib.work.rows import Intent

routes = RouteSet("Periods", __name__)


class Close(Body, kw_only=True):
    """The last day that is closed; ``force`` rejects what is still submitted inside."""

    closed_to: Date
    force: bool = False


class Reopen(Body, kw_only=True):
    """Why; and the last day that stays closed, when one does."""

    reason: Reason
    closed_to: Date | None = None


class PeriodAnswer(Answer, kw_only=True):
    """One closing; ``figures`` are the project's key figures as they were reported."""

    closed_to: Day
    closed_at: Stamp
    closed_by: str
    status: Annotated[str, one_of(Literal["closing", "closed", "reopened"])]
    forced: bool
    reason: str | None
    reopened_at: Stamp | None
    reopened_by: str | None
    reopened_to: Day | None
    figures: dict[str, Any] | None
    job: str


class ReopenedAnswer(Answer, kw_only=True):
    """Up to when the project is closed now, and the closings that were undone."""

    closed_to: Day | None
    reopened: list[PeriodAnswer]


def present(row: Period) -> PeriodAnswer:
    """A closing as the API shows it."""
    return PeriodAnswer(**{name: getattr(row, name) for name in PeriodAnswer.__struct_fields__})


@routes.route(
    "GET",
    f"{BASE}/projects/{{id}}/periods",
    permission=Permission.READ_PROJECTS,
    query=PageQuery,
    answer=Listed[PeriodAnswer],
)
def list_periods(call: Call, id: str) -> Listed[PeriodAnswer]:
    """List the closings of a project, the newest first."""
    periods.find(call.decision, call.user, id)
    found = Source(Period, None, key(call.company, id), between=("period#", "period#~"), forward=False)
    return listed(call, found, lambda rows: [present(row) for row in rows])


@routes.route(
    "POST",
    f"{BASE}/projects/{{id}}/periods",
    permission=Permission.CLOSE_PERIODS,
    body=Close,
    answer=JobAnswer,
    status=202,
)
def close_period(call: Call, id: str, body: Close) -> Written:
    """Close a project's days up to a date: checked at once, finished by a job."""
    decided = periods.close(call.decision, call.user, id, body.closed_to.isoformat(), body.force, call.now)
    return Written(decided.changes, jobs.present(decided.answer), location=jobs.location(decided.answer))


@routes.route(
    "POST",
    f"{BASE}/projects/{{id}}/periods/reopen",
    permission=Permission.CLOSE_PERIODS,
    body=Reopen,
    answer=ReopenedAnswer,
)
def reopen_period(call: Call, id: str, body: Reopen) -> Written:
    """Reopen a project's days, wholly or back to an earlier day, at once."""
    back_to = body.closed_to.isoformat() if body.closed_to else None
    decided = periods.reopen(call.decision, call.user, id, back_to, body.reason, call.now)
    return Written(
        decided.changes, ReopenedAnswer(closed_to=back_to, reopened=[present(row) for row in decided.answer])
    )


def close_step(reading: Reading, intent: Intent, now: datetime) -> Step:
    """The next step of a closing; at its end the key figures are kept as they are reported."""
    from chalicelib.rollups import snapshots

    return periods.step(reading, intent, now, snapshots.of, snapshots.keep)
