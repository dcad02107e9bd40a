"""Key figures of projects and nodes."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import UNSET, UnsetType

from chalicelib.access.permissions import Permission
from chalicelib.errors import Denied, Invalid
from chalicelib.http.call import Call
from chalicelib.http.fields import AmountFigure, Answer, Body, Day, Figure, HoursFigure, Ratio, Stamp
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.http.texts import formed
from chalicelib.ids import project_of

if TYPE_CHECKING:  # loaded by the functions: see rollups/progress.py
    from chalicelib.evm.explain import Explanation
    from chalicelib.rollups.figures import Ask, Shown

routes = RouteSet("Reports", __name__)
READ = Permission.READ_PROJECTS
Baseline = Annotated[
    str,
    formed(
        "1",
        "^(current|[1-9][0-9]?)$",
        7,
        "the number of a baseline, or `current` for the plan of now",
    ),
]
Measure = Literal["hours", "cost"]


class FiguresQuery(Body, kw_only=True):
    """At which date, in what, by which estimate at completion and which plan."""

    as_of: date | None = None
    measure: Measure = "hours"
    forecast: Literal["cpi", "budget_rate", "spi_cpi"] = "cpi"
    baseline: Baseline | None = None


class KpiQuery(FiguresQuery, kw_only=True):
    """The same, whether each figure is explained, or what the closed period reported."""

    explain: bool | None = None
    reported: bool | None = None


class ExplanationAnswer(Answer, kw_only=True):
    """How one figure comes about: a formula of the names in ``sums`` and ``dates``; ``date`` is a value that is one."""

    figure: str
    words: str
    formula: str
    sums: dict[str, Figure | None]
    dates: dict[str, str | None]
    value: Figure | None
    date: Day | None
    note: str | None


class FiguresAnswer(Answer, kw_only=True):
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
    ev_dated: AmountFigure | None
    es: Ratio | None
    sv_t: Ratio | None
    spi_t: Ratio | None
    forecast_finish: Day | None
    forecasts: dict[str, AmountFigure | None]
    reasons: dict[str, str]
    unbaselined_hours: HoursFigure
    undated_hours: HoursFigure
    unrated_hours: HoursFigure | UnsetType = UNSET
    level_of_effort_hours: HoursFigure
    as_of: Day
    measure: Measure
    baseline: int | None
    computed_at: Stamp


class KpiAnswer(FiguresAnswer, kw_only=True):
    """The same, and with ``explain=true`` how each came about."""

    explanation: list[ExplanationAnswer] | UnsetType = UNSET


@routes.route("GET", f"{BASE}/projects/{{id}}/kpis", permission=READ, query=KpiQuery, answer=KpiAnswer)
def project_kpis(call: Call, id: str) -> KpiAnswer:
    """Read the figures of a whole project."""
    return _kpis(call, id, id)


@routes.route("GET", f"{BASE}/wbs/{{id}}/kpis", permission=READ, query=KpiQuery, answer=KpiAnswer)
def node_kpis(call: Call, id: str) -> KpiAnswer:
    """Read the figures of a node and everything below it."""
    return _kpis(call, project_of(id), id)


def _kpis(call: Call, project: str, node: str) -> KpiAnswer:
    from chalicelib.rollups import figures

    ask = asked(call, project)
    if call.query.reported:
        return _reported(call, project, node)
    shown = figures.of_node(call.store, call.user.company, project, node, ask, call.now)
    explanation = _explained(call, project, shown) if ask.explain else UNSET
    return KpiAnswer(**fields(call, project, shown), explanation=explanation)


def _reported(call: Call, project: str, node: str) -> KpiAnswer:
    """The figures as they were when the period was closed: at its end, by the newest baseline of then."""
    from chalicelib.rollups import snapshots

    query = call.query
    others = {"as_of": query.as_of, "baseline": query.baseline, "explain": query.explain}
    if errors := {name: ["Not with reported."] for name, value in others.items() if value}:
        raise Invalid(errors=errors)
    snapshot, figures = snapshots.reported(call.store, call.user.company, project, node, query.measure, query.forecast)
    if not call.user.may(Permission.VIEW_RATES, project):
        del figures["unrated_hours"]
    return KpiAnswer(
        **figures,
        as_of=snapshot.as_of,
        measure=query.measure,
        baseline=snapshot.baseline,
        computed_at=snapshot.computed_at,
    )


def asked(call: Call, project: str) -> "Ask":
    """What the query asks for; figures in money are for those who may see rates on the project."""
    if call.query.measure == "cost":
        require_rates(call, project)
    return ask_of(call)


def ask_of(call: Call) -> "Ask":
    """What the query asks for."""
    from chalicelib.rollups.figures import Ask

    query = call.query
    return Ask(query.as_of, query.measure, query.forecast, query.baseline, bool(getattr(query, "explain", False)))


def require_rates(call: Call, project: str | None = None) -> None:
    """Raises :class:`Denied` for a caller who may not see rates on the project, or on all of them."""
    if not call.user.may(Permission.VIEW_RATES, project):
        raise Denied("Figures in money need the permission view_rates.")


def fields(call: Call, project: str, shown: "Shown") -> dict[str, Any]:
    """The fields of an answer of figures."""
    figures = shown.figures
    plain = {name: getattr(figures, name) for name in figures.__slots__ if name in FiguresAnswer.__struct_fields__}
    if not call.user.may(Permission.VIEW_RATES, project):
        del plain["unrated_hours"]
    return plain | {
        "forecast_finish": figures.forecast_finish.isoformat() if figures.forecast_finish else None,
        "forecasts": dict(figures.forecasts),
        "reasons": dict(figures.reasons),
        "as_of": shown.as_of.isoformat(),
        "measure": shown.ask.measure,
        "baseline": shown.plan.number,
        "computed_at": shown.computed_at,
    }


def _explained(call: Call, project: str, shown: "Shown") -> list[ExplanationAnswer]:
    hidden = set() if call.user.may(Permission.VIEW_RATES, project) else {"unrated_hours"}
    return [_explanation(each) for each in shown.explanations if each.figure not in hidden]


def _explanation(each: "Explanation") -> ExplanationAnswer:
    dates = {name: value.isoformat() for name, value in each.sums.items() if isinstance(value, date)}
    return ExplanationAnswer(
        figure=each.figure,
        words=each.words,
        formula=each.formula,
        sums={name: value for name, value in each.sums.items() if not isinstance(value, date)},
        dates=dict(dates),
        value=None if isinstance(each.value, date) else each.value,
        date=each.value.isoformat() if isinstance(each.value, date) else None,
        note=each.note,
    )
