"""Reports over activities: the look-ahead, and productivity by cost code."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from chalicelib.access.permissions import Permission
from chalicelib.handlers.report_nodes import around, ids_of, nodes_of
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Body, Day, HoursFigure, Id, QuantityFigure, Ratio
from chalicelib.http.pagination import Listed, PageQuery, listed
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.projects import projects
from chalicelib.storage.reading import Reading
from chalicelib.tree.ground import steadily
from chalicelib.tree.lists import Filters
from chalicelib.tree.order import LEVELS
from chalicelib.tree.rows import Line, Node

if TYPE_CHECKING:  # loaded by the functions: see rollups/progress.py
    from chalicelib.rollups.outlooks import Due, Used

routes = RouteSet("Reports", __name__)
READ = Permission.READ_PROJECTS
Flag = Literal["green", "amber", "red"]


class LookAheadQuery(Body, kw_only=True):
    """How far ahead, and from which date; by default two weeks from today."""

    weeks: Annotated[int, Meta(ge=1, le=6)] = 2
    as_of: date | None = None


class DueAnswer(Answer, kw_only=True):
    """An activity not finished that starts or runs within the weeks asked for.

    Amber: the projected finish is after the baseline finish. Red: SPI below 0.85.
    """

    node: str
    cost_code: str | None
    name: str
    baseline_start: Day | None
    baseline_finish: Day | None
    projected_finish: Day | None
    remaining_hours: HoursFigure
    daily_hours: HoursFigure
    spi: Ratio | None
    flag: Flag
    reasons: dict[str, str]


class LookAheadAnswer(Answer, kw_only=True):
    """What is due, the earliest baseline start first."""

    as_of: Day
    weeks: int
    results: list[DueAnswer]


class ProductivityQuery(PageQuery, kw_only=True):
    """Of which project, and up to which date; by default today."""

    project: Id
    as_of: date | None = None


class ProductivityAnswer(Answer, kw_only=True):
    """Hours a unit of a cost code takes, against those that it may take; ``ratio`` below 1 is good."""

    node: str
    cost_code: str | None
    name: str
    unit: str | None
    quantity: QuantityFigure | None
    installed_quantity: QuantityFigure
    budget_hours: HoursFigure
    spent_hours: HoursFigure
    budget_hours_per_unit: Ratio | None
    spent_hours_per_unit: Ratio | None
    ratio: Ratio | None
    reasons: dict[str, str]


@routes.route(
    "GET", f"{BASE}/projects/{{id}}/look-ahead", permission=READ, query=LookAheadQuery, answer=LookAheadAnswer
)
def look_ahead(call: Call, id: str) -> LookAheadAnswer:
    """Read which activities are due in the coming weeks, and when each will be done at its pace."""
    from chalicelib.rollups import outlooks

    project = projects.find(Reading(call.store), call.user.company, id)
    as_of = call.query.as_of or date.fromisoformat(projects.today(project, call.now))
    due = outlooks.due(call.store, call.user.company, id, as_of, call.query.weeks)
    return LookAheadAnswer(as_of=as_of.isoformat(), weeks=call.query.weeks, results=[_due(each) for each in due])


def _due(each: "Due") -> DueAnswer:
    ahead, plan = each.outlook, each.plan
    return DueAnswer(
        node=each.node,
        cost_code=each.cost_code,
        name=each.name,
        baseline_start=_text(plan.start),
        baseline_finish=_text(plan.finish),
        projected_finish=_text(ahead.projected_finish),
        remaining_hours=ahead.remaining_hours,
        daily_hours=ahead.daily_hours,
        spi=ahead.spi,
        flag=ahead.flag,
        reasons=dict(ahead.reasons),
    )


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


@routes.route(
    "GET",
    f"{BASE}/reports/productivity",
    permission=READ,
    query=ProductivityQuery,
    answer=Listed[ProductivityAnswer],
)
def productivity(call: Call) -> Listed[object]:
    """List the cost codes of a project in tree order with the hours that their units take."""
    call.user.require(READ, call.query.project)
    return steadily(lambda: _productivity(call))


def _productivity(call: Call) -> Listed[object]:
    from chalicelib.rollups.outlooks import used

    _, ground, source = nodes_of(call, Filters(LEVELS))
    as_of = call.query.as_of or date.fromisoformat(projects.today(ground.project, call.now))

    def present(lines: list[Line]) -> list[ProductivityAnswer]:
        orders = [line.sk for line in lines]
        names, found = call.store.together(
            lambda: around(call, ground, orders),
            lambda: used(call.store, call.user.company, call.query.project, ids_of(ground, orders), as_of),
        )
        return [_used(names.node(order), each) for order, each in zip(orders, found, strict=True)]

    return listed(call, source, present)


def _used(node: Node, each: "Used") -> ProductivityAnswer:
    unit = each.productivity
    return ProductivityAnswer(
        node=node.id,
        cost_code=node.cost_code,
        name=node.name,
        unit=node.unit,
        quantity=node.quantity,
        installed_quantity=each.installed,
        budget_hours=each.budget_hours,
        spent_hours=each.spent_hours,
        budget_hours_per_unit=unit.budget_hours_per_unit,
        spent_hours_per_unit=unit.spent_hours_per_unit,
        ratio=unit.ratio,
        reasons=dict(unit.reasons),
    )
