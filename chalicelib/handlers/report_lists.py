"""Reports over several nodes or projects: pages of figures, the S-curve, the look-ahead, productivity."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta

from chalicelib.errors import Invalid
from chalicelib.handlers.reports import Baseline, FiguresAnswer, FiguresQuery, ask_of, asked, fields, require_rates
from chalicelib.http.answers import JSON, Read
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Body, Figure, Id
from chalicelib.http.negotiation import chosen
from chalicelib.http.pagination import Listed, PageQuery, Rule, Source, listed
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.identity.permissions import Permission
from chalicelib.ids import project_of
from chalicelib.projects import projects
from chalicelib.projects.rows import BY_STATUS, LISTED, Project
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Wanted
from chalicelib.tree.ground import Ground, Known, find_ground, known, place_key, steadily
from chalicelib.tree.lists import Filters, Matching, matching
from chalicelib.tree.lists import visible as in_edition
from chalicelib.tree.order import LEVELS, last_step, level_of, node_of
from chalicelib.tree.rows import Line, Node

if TYPE_CHECKING:  # loaded by the functions: see rollups/progress.py
    from chalicelib.rollups.outlooks import Due, Used

routes = RouteSet("Reports", __name__)
READ = Permission.READ_PROJECTS
CSV, SVG = "text/csv", "image/svg+xml"


class FiguresPageQuery(PageQuery, kw_only=True):
    """What :class:`FiguresQuery` asks for, of a page."""

    as_of: date | None = None
    measure: Literal["hours", "cost"] = "hours"
    forecast: Literal["cpi", "budget_rate", "spi_cpi"] = "cpi"
    baseline: Baseline | None = None


class NodesQuery(FiguresPageQuery, kw_only=True):
    """Which nodes of a project: those of a level, or the children of one; by default the top level."""

    project: Id
    level: Annotated[int, Meta(ge=1, le=4)] | None = None
    parent: Id | None = None


class NodeFigures(FiguresAnswer, kw_only=True):
    """A node and its figures."""

    node: str
    level: int
    name: str
    code: str


class PortfolioQuery(FiguresPageQuery, kw_only=True):
    """Which projects: all, or those of a status."""

    status: Literal["active", "on_hold", "completed", "archived"] | None = None


class ProjectFigures(FiguresAnswer, kw_only=True):
    """A project and its figures."""

    project: str
    code: str
    name: str
    status: str
    currency: str


class CurveQuery(FiguresQuery, kw_only=True):
    """Of which project or node, and a point at the end of each day, week (Sunday) or month."""

    project: Id | None = None
    node: Id | None = None
    interval: Literal["day", "week", "month"] = "week"


class PointAnswer(Answer, kw_only=True):
    """Cumulative amounts at the end of a date; null where they are not known, or not yet."""

    date: str
    planned: Figure
    earned: Figure | None
    spent: Figure | None
    forecast: Figure | None


class CurveAnswer(Answer, kw_only=True):
    """The S-curve."""

    unit: str
    interval: str
    as_of: str
    baseline: int | None
    computed_at: str
    series: list[PointAnswer]


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
    baseline_start: str | None
    baseline_finish: str | None
    projected_finish: str | None
    remaining_hours: Figure
    daily_hours: Figure
    spi: Figure | None
    flag: Literal["green", "amber", "red"]
    reasons: dict[str, str]


class LookAheadAnswer(Answer, kw_only=True):
    """What is due, the earliest baseline start first."""

    as_of: str
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
    quantity: Figure | None
    installed_quantity: Figure
    budget_hours: Figure
    spent_hours: Figure
    budget_hours_per_unit: Figure | None
    spent_hours_per_unit: Figure | None
    ratio: Figure | None
    reasons: dict[str, str]


@routes.route("GET", f"{BASE}/reports/kpis", permission=READ, query=NodesQuery, answer=Listed, row=NodeFigures)
def node_figures(call: Call) -> Listed:
    """List nodes of a project in tree order with their figures."""
    call.user.require(READ, call.query.project)
    return steadily(lambda: _node_figures(call))


def _node_figures(call: Call) -> Listed:
    from chalicelib.rollups.figures import of_nodes
    from chalicelib.rollups.reading import root_of
    from chalicelib.rollups.sources import Place

    query, company = call.query, call.user.company
    ask, root = asked(call, query.project), root_of(Place(company, query.project))
    level = query.level if query.level or query.parent else 1
    reading, ground, source = _nodes(call, Filters(level, query.parent), root)

    def present(lines: list[Line]) -> list[NodeFigures]:
        orders = [line.sk for line in lines]
        ids = _ids(ground, orders)
        around, shown = call.store.together(
            lambda: _around(call, ground, orders),
            lambda: of_nodes(call.store, company, ground.project, ids, reading.rows(root)[0], ask, call.now),
        )
        return [
            NodeFigures(
                **fields(call, query.project, each),
                node=each.id,
                level=level_of(order),
                name=around.node(order).name,
                code=around.code(order),
            )
            for order, each in zip(orders, shown, strict=True)
        ]

    return listed(call, source, present)


def _nodes(call: Call, filters: Filters, *ahead: Wanted) -> tuple[Reading, Ground, Source]:
    """The project asked for, and where the lines of its nodes are that match; ``ahead`` is read with the project."""
    reading, company, project = Reading(call.store), call.user.company, call.query.project
    parents = [place_key(company, filters.parent)] if filters.parent and filters.parent.startswith(project) else []
    ground = find_ground(reading, company, project, *parents, *ahead)
    found = matching(reading, company, project, ground.outline.edition, filters)
    return reading, ground, _source(ground, found)


def _source(ground: Ground, found: Matching) -> Source:
    return Source(
        Line,
        None,
        () if found.hash is None else found.hash,
        found.between,
        filters=(("level", {"N": str(found.level)}),) if found.level is not None else (),
        seldom=in_edition(ground.outline.edition),
    )


def _ids(ground: Ground, orders: Sequence[str]) -> list[str]:
    return [node_of(last_step(order), ground.project.id) for order in orders]


def _around(call: Call, ground: Ground, orders: Sequence[str]) -> Known:
    """Names and codes of a page's nodes."""
    return known(Reading(call.store), call.user.company, ground.project.id, ground.outline.edition, orders)


@routes.route(
    "GET", f"{BASE}/reports/portfolio", permission=READ, query=PortfolioQuery, answer=Listed, row=ProjectFigures
)
def portfolio(call: Call) -> Listed:
    """List projects by code with their figures."""
    if call.query.measure == "cost":
        require_rates(call)

    def present(rows: list[Project]) -> list[ProjectFigures]:
        from chalicelib.rollups.figures import of_projects

        today = call.now.astimezone(ZoneInfo(call.user.tenant.timezone)).date()
        found = of_projects(call.store, call.user.company, rows, ask_of(call), today)
        return [
            ProjectFigures(
                **fields(call, row.id, each),
                project=row.id,
                code=row.code,
                name=row.name,
                status=row.status,
                currency=row.currency,
            )
            for row, each in zip(rows, found, strict=True)
        ]

    return listed(call, _projects(call), present)


def _projects(call: Call) -> Source:
    """All projects or those of a status, as far as the caller may read them."""
    company, status, rules = call.user.company, call.query.status, tuple[Rule, ...]()
    if not call.user.may(READ):
        readable = call.user.projects_with(READ)
        rules = (("id", lambda held: held in readable),)
    if status is not None:
        return Source(Project, BY_STATUS, key(company, status), rules=rules)
    return Source(Project, LISTED, company, rules=rules)


@routes.route(
    "GET",
    f"{BASE}/reports/s-curve",
    permission=READ,
    query=CurveQuery,
    answer=CurveAnswer,
    produces=(JSON, CSV, SVG),
)
def s_curve(call: Call) -> Read:
    """Read planned, earned, spent and forecast by the end of each period: as data, a table or a picture."""
    from chalicelib.evm import picture, table
    from chalicelib.rollups import curves

    query = call.query
    if (query.project is None) is (query.node is None):
        raise Invalid(errors={"project": ["Give a project or a node."], "node": ["Give a project or a node."]})
    project = query.project or project_of(query.node)
    call.user.require(READ, project)
    ask = asked(call, project)
    drawn = curves.of_node(call.store, call.user.company, project, query.node or project, ask, query.interval, call.now)
    kind = chosen(call.headers.get("accept", "*/*"), (JSON, CSV, SVG))
    if kind == CSV:
        return Read(table.as_csv(drawn.curve, ask.measure), content_type=f"{CSV}; charset=utf-8")
    if kind == SVG:
        svg = picture.s_curve_svg(drawn.curve, ask.measure, drawn.unit, drawn.heading, drawn.budget)
        return Read(svg, content_type=SVG)
    series = [
        PointAnswer(
            date=row.date.isoformat(), planned=row.planned, earned=row.earned, spent=row.spent, forecast=row.forecast
        )
        for row in table.rows(drawn.curve, ask.measure)
    ]
    return Read(
        CurveAnswer(
            unit=drawn.unit,
            interval=query.interval,
            as_of=drawn.as_of.isoformat(),
            baseline=drawn.baseline,
            computed_at=drawn.computed_at,
            series=series,
        )
    )


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
    answer=Listed,
    row=ProductivityAnswer,
)
def productivity(call: Call) -> Listed:
    """List the cost codes of a project in tree order with the hours that their units take."""
    call.user.require(READ, call.query.project)
    return steadily(lambda: _productivity(call))


def _productivity(call: Call) -> Listed:
    from chalicelib.rollups.outlooks import used

    _, ground, source = _nodes(call, Filters(LEVELS))
    as_of = call.query.as_of or date.fromisoformat(projects.today(ground.project, call.now))

    def present(lines: list[Line]) -> list[ProductivityAnswer]:
        orders = [line.sk for line in lines]
        around, found = call.store.together(
            lambda: _around(call, ground, orders),
            lambda: used(call.store, call.user.company, call.query.project, _ids(ground, orders), as_of),
        )
        return [_used(around.node(order), each) for order, each in zip(orders, found, strict=True)]

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
