"""Pages of figures: of the nodes of a project, and of projects."""

from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta

from chalicelib.access.permissions import Permission
from chalicelib.handlers.projects import Status
from chalicelib.handlers.report_nodes import around, ids_of, nodes_of
from chalicelib.handlers.reports import Baseline, FiguresAnswer, ask_of, asked, fields, require_rates
from chalicelib.http.call import Call
from chalicelib.http.fields import Id, one_of
from chalicelib.http.pagination import Listed, PageQuery, Rule, Source, listed
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.projects.rows import BY_STATUS, LISTED, Project
from chalicelib.storage.rows import key
from chalicelib.tree.ground import steadily
from chalicelib.tree.lists import Filters
from chalicelib.tree.order import level_of
from chalicelib.tree.rows import Line

routes = RouteSet("Reports", __name__)
READ = Permission.READ_PROJECTS


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
    status: Annotated[str, one_of(Status)]
    currency: str


@routes.route("GET", f"{BASE}/reports/kpis", permission=READ, query=NodesQuery, answer=Listed[NodeFigures])
def node_figures(call: Call) -> Listed[object]:
    """List nodes of a project in tree order with their figures."""
    call.user.require(READ, call.query.project)
    return steadily(lambda: _node_figures(call))


def _node_figures(call: Call) -> Listed[object]:
    from chalicelib.rollups.figures import of_nodes
    from chalicelib.rollups.reading import ahead_from, ahead_of
    from chalicelib.rollups.sources import Place

    query, company = call.query, call.user.company
    ask, ahead = asked(call, query.project), ahead_of(Place(company, query.project))
    level = query.level if query.level or query.parent else 1
    reading, ground, source = nodes_of(call, Filters(level, query.parent), *ahead)

    def present(lines: list[Line]) -> list[NodeFigures]:
        orders = [line.sk for line in lines]
        levels = dict(zip(ids_of(ground, orders), map(level_of, orders), strict=True))
        read = ahead_from(reading.rows(*ahead))
        names, shown = call.store.together(
            lambda: around(call, ground, orders),
            lambda: of_nodes(call.store, company, ground.project, levels, read, ask, call.now),
        )
        return [
            NodeFigures(
                **fields(call, query.project, each),
                node=each.id,
                level=level_of(order),
                name=names.node(order).name,
                code=names.code(order),
            )
            for order, each in zip(orders, shown, strict=True)
        ]

    return listed(call, source, present)


@routes.route("GET", f"{BASE}/reports/portfolio", permission=READ, query=PortfolioQuery, answer=Listed[ProjectFigures])
def portfolio(call: Call) -> Listed[object]:
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
