"""Key figures as they are asked for: of a node, of a project, of pages of either."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from chalicelib.errors import Invalid, NotFound
from chalicelib.evm.explain import Explanation, explain
from chalicelib.evm.figures import Figures, Node, figures
from chalicelib.evm.metrics import Forecast
from chalicelib.projects import projects
from chalicelib.projects.rows import Project
from chalicelib.rollups import kpis, reading, sources
from chalicelib.rollups.generations import Generation, baselines
from chalicelib.rollups.kpis import Plan
from chalicelib.rollups.reading import Ahead, State
from chalicelib.rollups.sources import Place
from chalicelib.storage.store import Store, parse
from chalicelib.tree.rows import Node as TreeNode
from chalicelib.tree.rows import Outline
from chalicelib.tree.rows import Place as TreePlace

Measure = Literal["hours", "cost"]


class Ask(Struct, frozen=True):
    """At which date (None: today where the project is), in what, by which forecast and by which plan.

    ``baseline`` is a number, ``current`` for the plan of now, or None for the newest baseline.
    """

    as_of: date | None = None
    measure: Measure = "hours"
    forecast: Forecast = "cpi"
    baseline: str | None = None
    explain: bool = False


class Shown(Struct, frozen=True):
    """The figures of a node, and what they were calculated from."""

    id: str
    ask: Ask
    as_of: date
    node: Node
    plan: Plan
    computed_at: str

    @property
    def figures(self) -> Figures:
        """Every key figure."""
        return figures(self.node, self.ask.measure, self.ask.forecast)

    @property
    def explanations(self) -> tuple[Explanation, ...]:
        """Formula and sums of each."""
        return explain(self.node, self.ask.measure, self.ask.forecast)


def of_node(store: Store, company: str, project: str, node: str, ask: Ask, now: datetime) -> Shown:
    """The figures of a node, or of the project where its id is given as the node's; one round.

    Raises:
        NotFound: there is no such project or node.
        Invalid: there is no such baseline.
    """
    row, _, state = state_of(store, company, project, node)
    return shown(node, row, state, ask, now)


def state_of(store: Store, company: str, project: str, node: str) -> tuple[Project, str | None, State]:
    """The project, a node's name and its sums; for the project's own id no name, and those of the project.

    Raises:
        NotFound: there is no such project or node.
    """
    place, nodes = Place(company, project), [node] if node != project else []
    state, rows = reading.read(store, place, node, *sources.wanted(place, nodes, {}))
    models = [Project, Outline, *(model for id in nodes for model in (TreeNode, TreePlace))]
    parsed = [parse(model, row) if row else None for model, row in zip(models, rows, strict=True)]
    seen = sources.seen(place, nodes, {}, parsed, {})
    if seen is None or None in seen.nodes.values():
        raise NotFound
    return seen.project, next((each.name for each in seen.nodes.values() if each), None), state


def of_projects(store: Store, company: str, rows: Sequence[Project], ask: Ask, today: date) -> list[Shown]:
    """The figures of several projects, in two rounds; ``today`` is the date where none is asked for."""
    states = reading.read_projects(store, [Place(company, row.id) for row in rows])
    dated = Ask(ask.as_of or today, ask.measure, ask.forecast, ask.baseline)
    return [_of_project(row, state, dated) for row, state in zip(rows, states, strict=True)]


def _of_project(row: Project, state: State, ask: Ask) -> Shown:
    """A project that lacks the baseline asked for is shown by its plan of now, and says so."""
    generation = state.generation or sources.generation(row, 0, {})
    lacks = ask.baseline not in {None, "current"} and int(ask.baseline or 0) not in baselines(generation)
    return shown(row.id, row, state, Ask(ask.as_of, ask.measure, ask.forecast, "current") if lacks else ask)


def of_nodes(
    store: Store, company: str, row: Project, levels: Mapping[str, int], ahead: Ahead, ask: Ask, now: datetime
) -> list[Shown]:
    """The figures of several nodes (id to level) of a project at one moment, in the round after that of ``ahead``."""
    states = reading.read_page(store, Place(company, row.id), levels, ahead) if levels else {}
    return [shown(node, row, states[node], ask, now) for node in levels]


def shown(id: str, row: Project, state: State, ask: Ask, now: datetime | None = None) -> Shown:
    """The figures from sums that were read."""
    generation = state.generation or sources.generation(row, 0, {})
    plan = plan_asked(generation, ask.baseline)
    as_of = ask.as_of or date.fromisoformat(projects.today(row, now or datetime.now().astimezone()))
    node = kpis.node_of(state.sums, plan, as_of, row.planned_rate, ask.measure)
    return Shown(id, ask, as_of, node, plan, state.computed_at or row.created_at)


def plan_asked(generation: Generation, baseline: str | None) -> Plan:
    """The plan that ``baseline`` names.

    Raises:
        Invalid: there is none of that number.
    """
    number = int(baseline) if baseline and baseline != "current" else None
    plan = kpis.plan_of(generation, number, baseline == "current")
    if plan is None:
        raise Invalid(errors={"baseline": [f"The project has no baseline {baseline}."]})
    return plan
