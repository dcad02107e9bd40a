"""Projects: the portfolio with its figures, and one project from the whole down to its activities."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct

from chalicelib.access.permissions import Permission
from chalicelib.errors import Invalid, NotFound
from chalicelib.handlers.activity_reports import LookAheadAnswer, look_ahead
from chalicelib.handlers.baselines import BaselineAnswer, list_baselines
from chalicelib.handlers.node_answers import NodeAnswer
from chalicelib.handlers.projects import ProjectAnswer, read_project
from chalicelib.handlers.report_pages import NodeFigures, ProjectFigures, node_figures, portfolio
from chalicelib.handlers.reports import ExplanationAnswer, KpiAnswer, node_kpis, project_kpis
from chalicelib.handlers.s_curves import SVG, s_curve
from chalicelib.handlers.sign_in import AnyAnswer
from chalicelib.handlers.wbs import read_node
from chalicelib.http.call import Call
from chalicelib.http.fields import Body
from chalicelib.http.own_api import choices, link, picture, read, turned
from chalicelib.http.pages import Page, page
from chalicelib.http.pagination import Listed
from chalicelib.http.route import ID
from chalicelib.http.routes import Guard, RouteSet
from chalicelib.http.shown import amount, day, percent, ratio

routes = RouteSet("Pages", __name__, pages=True)
T = TypeVar("T")
PROJECTS_SHOWN = 10
BRANCHES_OPEN = 20
ROWS_SHOWN = 200
LEVELS = 4
COLUMNS = ("bac", "ev", "ac", "se", "spi", "cpi", "eac")
FIRST = ("bac", "pv", "ev", "ac", "se", "spi", "cpi", "eac", "percent_complete", "forecast_finish")
NAMES: Mapping[str, str] = {
    "bac": "Budget",
    "pv": "Planned",
    "ev": "Earned",
    "ac": "Spent",
    "se": "S/E",
    "spi": "SPI",
    "cpi": "CPI",
    "eac": "EAC",
    "percent_complete": "Complete",
    "percent_spent": "Budget spent",
    "forecast_finish": "Forecast finish",
    "sv": "SV",
    "cv": "CV",
    "etc": "ETC",
    "vac": "VAC",
    "tcpi": "TCPI",
    "ev_dated": "Earned, dated work",
    "es": "Earned schedule",
    "sv_t": "SV(t)",
    "spi_t": "SPI(t)",
    "forecasts.cpi": "EAC by CPI",
    "forecasts.budget_rate": "EAC at budget rate",
    "forecasts.spi_cpi": "EAC by SPI and CPI",
    "unbaselined_hours": "Not in the baseline",
    "undated_hours": "Without dates",
    "unrated_hours": "Without a rate",
    "level_of_effort_hours": "Level of effort",
}
RATIOS = frozenset({"se", "spi", "cpi", "tcpi", "es", "sv_t", "spi_t"})
FLAGS = ("red", "amber", "green")


class FiguresAsked(Body, kw_only=True):
    """The choices above the figures, as a form sends them; the API says what is wrong with one."""

    as_of: str | None = None
    measure: str | None = None
    forecast: str | None = None
    baseline: str | None = None


class PortfolioAsked(FiguresAsked, kw_only=True):
    """And which projects, on which page of the list."""

    status: str | None = None
    page: str | None = None
    cursor: str | None = None


class ProjectAsked(FiguresAsked, kw_only=True):
    """And which node is looked at, which branches are open, how deep, and what sorts them."""

    node: str | None = None
    open: str | None = None
    levels: str | None = None
    sort: str | None = None


class Figure(Struct, frozen=True):
    """One figure, ready to be read: its value as text, and how it comes about."""

    name: str
    label: str
    value: str
    explained: ExplanationAnswer | None
    reason: str | None


class Branch(Struct, frozen=True):
    """A row of the tree: a node with its figures, whether it is open, and the link that opens or closes it, if any."""

    row: NodeFigures
    open: bool
    toggle: str
    link: str


@routes.route("GET", "/projects", query=PortfolioAsked, answer=AnyAnswer, guard=Guard.SIGNED_IN)
def portfolio_page(call: Call) -> Page:
    """The projects that the person may read, with their figures and the worst flag of what is due."""
    asked = choices(call)
    if not call.user.may_somewhere(Permission.READ_PROJECTS):
        return page(call, "Projects", "portfolio.html", found=None, asked=asked, errors={}, flags={}, **_money(call))
    found, errors = _or_without(
        lambda query: read(call, portfolio, Listed[ProjectFigures], **query), asked | {"page_size": PROJECTS_SHOWN}
    )
    flags = {row.project: _worst(call, row.project, row.as_of) for row in found.results}
    return page(
        call,
        "Projects",
        "portfolio.html",
        found=found,
        asked=asked,
        errors=errors,
        flags=flags,
        next=turned(call, found.next),
        previous=turned(call, found.previous),
        **_money(call),
    )


def _worst(call: Call, project: str, as_of: str) -> str:
    """The worst flag of what is due in the coming two weeks; nothing where nothing is."""
    try:
        due = read(call, look_ahead, LookAheadAnswer, project, as_of=as_of)
    except Invalid:
        return "more than can be looked at"
    flags = {each.flag for each in due.results}
    return next((flag for flag in FLAGS if flag in flags), "")


@routes.route("GET", "/projects/{id}", query=ProjectAsked, answer=AnyAnswer, guard=Guard.SIGNED_IN)
def project_page(call: Call, id: str) -> Page:
    """A project, or a node of it: figures with their explanation, S-curve, what is due, and what lies below."""
    if not ID.fullmatch(id):
        raise NotFound
    project = read(call, read_project, ProjectAnswer, id)
    asked = choices(call)
    chosen = {name: asked[name] for name in FiguresAsked.__struct_fields__}
    node = read(call, read_node, NodeAnswer, asked["node"]) if asked["node"] else None
    if node and node.project != id:
        raise NotFound
    shown, errors = _or_without(lambda query: _figures(call, id, asked["node"], query), chosen)
    chosen = {} if errors else chosen
    measured, explained = chosen | {"as_of": shown.as_of}, list(_explained(shown))
    curve = picture(call, s_curve, SVG, **({"node": node.id} if node else {"project": id}), **measured)
    return page(
        call,
        node.name if node else project.name,
        "project.html",
        project=project,
        node=node,
        asked=asked,
        errors=errors,
        shown=shown,
        first=[each for each in explained if each.name in FIRST],
        more=[each for each in explained if each.name not in FIRST],
        names=NAMES,
        curve=curve,
        due=read(call, look_ahead, LookAheadAnswer, id, as_of=shown.as_of) if node is None else None,
        tree=list(_tree(call, id, asked, measured)),
        columns=COLUMNS,
        sorts={name: link(asked, sort=_turned_sort(asked, name)) for name in COLUMNS},
        baselines=read(call, list_baselines, Listed[BaselineAnswer], id, page_size=ROWS_SHOWN).results,
        link=partial(link, asked),
        unit="h" if shown.measure == "hours" else project.currency,
        most=ROWS_SHOWN,
        levels=_levels(asked),
        **_money(call, id),
    )


def _figures(call: Call, project: str, node: str, query: Mapping[str, Any]) -> KpiAnswer:
    if not node:
        return read(call, project_kpis, KpiAnswer, project, explain="true", **query)
    return read(call, node_kpis, KpiAnswer, node, explain="true", **query)


def _or_without(ask: Callable[[Mapping[str, Any]], T], query: Mapping[str, Any]) -> tuple[T, Mapping[str, Any]]:
    """The answer; where a choice is refused, that of the usual choices and what is wrong with which."""
    try:
        return ask(query), {}
    except Invalid as error:
        if error.errors is None:
            raise
        wrong = dict(error.errors)
        return ask({name: value for name, value in query.items() if name not in wrong}), wrong


def _money(call: Call, project: str | None = None) -> dict[str, Any]:
    """Whether the person may see figures in money."""
    return {"money": call.user.may(Permission.VIEW_RATES, project)}


def _explained(shown: KpiAnswer) -> Iterator[Figure]:
    """Every figure of an answer in the order of :data:`NAMES`, as text, with its explanation."""
    explained = {each.figure: each for each in shown.explanation or ()}
    for name, label in NAMES.items():
        value = shown.forecasts.get(name.removeprefix("forecasts.")) if "." in name else getattr(shown, name)
        if name in explained or isinstance(value, Decimal):
            yield Figure(name, label, _text(name, value, shown), explained.get(name), shown.reasons.get(name))


def _text(name: str, value: Any, shown: KpiAnswer) -> str:
    if name == "forecast_finish":
        return day(value)
    if name.startswith("percent_"):
        return percent(value)
    return ratio(value) if name in RATIOS else amount(value)


def _tree(call: Call, project: str, asked: Mapping[str, str], measured: Mapping[str, str]) -> Iterator[Branch]:
    """The rows below what is looked at: whole levels as asked for, and what is below each open branch."""
    opened = [part for part in asked["open"].split(".") if ID.fullmatch(part)][:BRANCHES_OPEN]

    def below(parent: str) -> list[NodeFigures]:
        query = {"project": project, "page_size": ROWS_SHOWN, "parent": parent, **measured}
        return read(call, node_figures, Listed[NodeFigures], **query).results

    rows = {row.node: row for row in below(asked["node"])}
    children: dict[str, list[NodeFigures]] = {}
    if not asked["node"]:
        for level in range(2, _levels(asked) + 1):
            query = {"project": project, "page_size": ROWS_SHOWN, "level": level, **measured}
            for row in read(call, node_figures, Listed[NodeFigures], **query).results:
                children.setdefault(row.code.rpartition(".")[0], []).append(row)
    for part in opened:
        found = below(project + part)
        for row in found:
            children.setdefault(row.code.rpartition(".")[0], [])
        if found:
            children[found[0].code.rpartition(".")[0]] = found

    def walk(some: Iterable[NodeFigures]) -> Iterator[Branch]:
        for row in sorted_by(asked["sort"], some):
            inside, part = children.get(row.code), row.node.removeprefix(project)
            others = [each for each in opened if each != part]
            toggle = link(asked, open=".".join(others if part in opened else [*others, part]))
            whole = inside is not None and part not in opened  # its level is shown whole
            toggle = "" if whole or row.level == LEVELS else f"{toggle}#n{part}"
            yield Branch(row, inside is not None, toggle, link(asked, node=row.node, open=None))
            yield from walk(inside or ())

    yield from walk(rows.values())


def _levels(asked: Mapping[str, str]) -> int:
    """How many whole levels are shown; one unless a number up to four is asked for."""
    levels = asked["levels"]
    return int(levels) if levels in {str(each) for each in range(1, LEVELS + 1)} else 1


def sorted_by(sort: str, rows: Iterable[NodeFigures]) -> list[NodeFigures]:
    """Siblings by a figure, ``-`` before its name for the highest first; those without it come last."""
    name = sort.removeprefix("-")
    if name not in COLUMNS:
        return list(rows)
    known, unknown = list[NodeFigures](), list[NodeFigures]()
    for row in rows:
        (unknown if getattr(row, name) is None else known).append(row)
    return sorted(known, key=lambda row: getattr(row, name), reverse=sort.startswith("-")) + unknown


def _turned_sort(asked: Mapping[str, str], name: str) -> str | None:
    """What a heading asks for: the highest first, then the lowest first, then the tree's own order."""
    return {f"-{name}": name, name: None}.get(asked["sort"], f"-{name}")
