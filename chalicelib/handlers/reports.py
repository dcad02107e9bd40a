"""Key figures of a project or node."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

from msgspec import UNSET, UnsetType

from chalicelib.access.permissions import Permission
from chalicelib.errors import Denied, NotFound
from chalicelib.http.call import Call
from chalicelib.http.fields import AmountFigure, Answer, Body, Day, HoursFigure, Ratio, Stamp
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.ids import project_of
from chalicelib.projects import projects
from chalicelib.projects.rows import Project
from chalicelib.rollups.rows import RollupDay
from chalicelib.storage.rows import key
from chalicelib.times import stamp
from chalicelib.tree.ground import node_key

if TYPE_CHECKING:  # loaded by the functions: see rollups/progress.py
    from chalicelib.rollups.kpis import Cut

routes = RouteSet("Reports", __name__)
Measure = Literal["hours", "cost"]


class KpiQuery(Body, kw_only=True):
    """At which date, in what, and by which estimate at completion."""

    as_of: date | None = None
    measure: Measure = "hours"
    forecast: Literal["cpi", "budget_rate", "spi_cpi"] = "cpi"


class KpiAnswer(Answer, kw_only=True):
    """Earned value figures; a figure that is null says why in ``reasons``."""

    bac: AmountFigure | None
    pv: AmountFigure | None
    ev: AmountFigure | None
    ac: AmountFigure | None
    se: Ratio | None
    spi: Ratio | None
    cpi: Ratio | None
    sv: AmountFigure | None
    cv: AmountFigure | None
    eac: AmountFigure | None
    etc: AmountFigure | None
    vac: AmountFigure | None
    tcpi: Ratio | None
    percent_complete: Ratio | None
    percent_spent: Ratio | None
    forecasts: dict[str, AmountFigure | None]
    reasons: dict[str, str]
    unbaselined_hours: HoursFigure
    unrated_hours: HoursFigure | UnsetType = UNSET
    as_of: Day
    measure: Measure
    baseline: int | None
    computed_at: Stamp


@routes.route(
    "GET", f"{BASE}/projects/{{id}}/kpis", permission=Permission.READ_PROJECTS, query=KpiQuery, answer=KpiAnswer
)
def project_kpis(call: Call, id: str) -> KpiAnswer:
    """Read the figures of a whole project."""
    return _kpis(call, id, id)


@routes.route("GET", f"{BASE}/wbs/{{id}}/kpis", permission=Permission.READ_PROJECTS, query=KpiQuery, answer=KpiAnswer)
def node_kpis(call: Call, id: str) -> KpiAnswer:
    """Read the figures of a node and everything below it."""
    return _kpis(call, project_of(id), id)


def _kpis(call: Call, project_id: str, node_id: str) -> KpiAnswer:
    """One round: the node and its project, its undated sums, and its day rows."""
    from chalicelib.rollups import kpis
    from chalicelib.rollups.measures import calendar_of

    company, query = call.user.company, call.query
    rates = call.user.may(Permission.VIEW_RATES, project_id)
    if query.measure == "cost" and not rates:
        raise Denied("Figures in money need the permission view_rates.")
    latest = query.as_of or (call.now + timedelta(days=1)).date()
    node = node_key(company, node_id) if node_id != project_id else None
    wanted: list[Any] = [
        (Project, key(company, project_id), "project"),
        (RollupDay, *kpis.total_key(company, node_id)),
        *([node] if node else []),
    ]
    found, rows = call.store.together(
        lambda: call.store.raw_many(*wanted), lambda: kpis.read_rows(call.store, company, node_id, latest.isoformat())
    )
    if found[0] is None or (node and found[2] is None):
        raise NotFound
    project = Project.from_raw_data(found[0])
    as_of = query.as_of or date.fromisoformat(projects.today(project, call.now))
    sums = kpis.cut(found[1] or {}, rows, calendar_of(project), as_of, project.planned_rate)
    return _answer(call, sums, as_of, rates)


def _answer(call: Call, sums: "Cut", as_of: date, rates: bool) -> KpiAnswer:
    from fractions import Fraction

    from chalicelib.evm.amounts import MICRO, rounded
    from chalicelib.rollups import kpis

    query = call.query
    figures = kpis.figures(sums, query.measure, query.forecast)
    plain = {name: getattr(figures, name) for name in figures.__slots__ if name in KpiAnswer.__struct_fields__}
    return KpiAnswer(
        **plain | {"forecasts": dict(figures.forecasts), "reasons": dict(figures.reasons)},
        unbaselined_hours=rounded(Fraction(0), 2),
        unrated_hours=rounded(Fraction(sums.unrated, MICRO), 2) if rates else UNSET,
        as_of=as_of.isoformat(),
        measure=query.measure,
        baseline=None,
        computed_at=stamp(call.now),
    )
