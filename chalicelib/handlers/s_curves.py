"""The S-curve of a project or node: as data, a table or a picture."""

from typing import Literal

from chalicelib.access.permissions import Permission
from chalicelib.errors import Invalid
from chalicelib.handlers.reports import FiguresQuery, asked
from chalicelib.http.answers import JSON, Read
from chalicelib.http.call import Call
from chalicelib.http.fields import AmountFigure, Answer, Day, Id, Stamp
from chalicelib.http.negotiation import chosen
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.ids import project_of

CSV, SVG = "text/csv", "image/svg+xml"

routes = RouteSet("Reports", __name__)
READ = Permission.READ_PROJECTS
Interval = Literal["day", "week", "month"]


class CurveQuery(FiguresQuery, kw_only=True):
    """Of which project or node, and a point at the end of each day, week (Sunday) or month."""

    project: Id | None = None
    node: Id | None = None
    interval: Interval = "week"


class PointAnswer(Answer, kw_only=True):
    """Cumulative amounts at the end of a date; null where they are not known, or not yet."""

    date: Day
    planned: AmountFigure
    earned: AmountFigure | None
    spent: AmountFigure | None
    forecast: AmountFigure | None


class CurveAnswer(Answer, kw_only=True):
    """The S-curve."""

    unit: str
    interval: Interval
    as_of: Day
    baseline: int | None
    computed_at: Stamp
    series: list[PointAnswer]


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
