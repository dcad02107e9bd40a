"""What a closed period reported: the figures of the project and of every node, kept as they were when it was closed."""

import zlib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from chalicelib.errors import Invalid, NotFound, Unavailable
from chalicelib.evm.figures import Figures, Measure, figures
from chalicelib.evm.metrics import FORECASTS, Forecast
from chalicelib.projects.rows import Project
from chalicelib.rollups import kpis, reading, sources
from chalicelib.rollups.reading import State
from chalicelib.rollups.rows import Known, Reported
from chalicelib.rollups.sources import Place
from chalicelib.storage.changes import Put
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import Store
from chalicelib.tree.order import LEVELS

MEASURES: tuple[Measure, ...] = ("hours", "cost")
AT_ONCE = 40
KEPT = 12  # closings of one node that a reader looks through, the newest first


class Snapshot(Struct, frozen=True):
    """The figures of a node at the end of a period, by measure and forecast, and what they were calculated from."""

    as_of: str
    baseline: int | None
    computed_at: str
    figures: dict[str, dict[str, dict[str, Any]]]


def of(read: Reading, company: str, project: str, closed_to: str) -> Mapping[str, object]:
    """The project's figures in hours at the end of a date, for the row of a period."""
    row = _project(read.store, company, project)
    state, _ = reading.read(read.store, Place(company, project), project)
    snapshot = _taken(row, state, date.fromisoformat(closed_to))
    return {
        "as_of": snapshot.as_of,
        "baseline": snapshot.baseline,
        "computed_at": snapshot.computed_at,
        **snapshot.figures["hours"]["cpi"],
    }


def keep(store: Store, company: str, project: str, closed_to: str, after: str = "") -> str:
    """Keep the figures of some nodes; where the next ones begin, empty when all are kept.

    It may be done again from any place: a node has one row for each date that was closed.
    """
    place, row = Place(company, project), _project(store, company, project)
    page = store.page(Query(model=Known, hash=place.pk, between=(f"known#{after} ", "known#~")), limit=AT_ONCE)
    names = [each["sk"]["S"].split("#")[1:] for each in page.rows]
    levels = {id: LEVELS if kind == str(LEVELS) else 0 for kind, id in names} | ({} if after else {project: 0})
    states = reading.read_page(store, place, levels)
    rows = [
        Reported(
            pk=place.of(node),
            sk=f"reported#{closed_to}",
            content=_pack(_taken(row, state, date.fromisoformat(closed_to))),
        )
        for node, state in states.items()
    ]
    if rows:
        store.transact([Put(each) for each in rows])
    return page.rows[-1]["sk"]["S"].removeprefix("known#") if page.last is not None else ""


def reported(
    store: Store, company: str, project: str, node: str, measure: Measure, forecast: Forecast
) -> tuple[Snapshot, dict[str, Any]]:
    """What the newest closed period reported of a node: the snapshot, and its figures; one round.

    Raises:
        NotFound: there is no such project or node.
        Invalid: no period is closed, or the node was not there then.
    """
    place, nodes = Place(company, project), [node] if node != project else []
    query = Query(model=Reported, hash=place.of(node), between=("reported#", "reported#~"), forward=False)
    rows, kept = store.together(
        lambda: store.get_many(*sources.wanted(place, nodes, {})), lambda: store.page(query, limit=KEPT).rows
    )
    seen = sources.seen(place, nodes, {}, rows, {})
    if seen is None or None in seen.nodes.values():
        raise NotFound
    closed_to = seen.project.closed_to
    if not closed_to:
        raise Invalid(errors={"reported": ["No period of the project is closed."]})
    found = next((item for item in kept if item["sk"]["S"] == f"reported#{closed_to}"), None)
    if found is None:
        raise Invalid(errors={"reported": [f"Nothing was reported of it for the period to {closed_to}."]})
    snapshot = msgspec.json.decode(zlib.decompress(found["content"]["B"]), type=Snapshot)
    return snapshot, _exact(snapshot.figures[measure][forecast])


def _project(store: Store, company: str, project: str) -> Project:
    place = Place(company, project)
    row = store.get(Project, place.pk, "project")
    if row is None:
        raise NotFound
    return row


def _taken(row: Project, state: State, as_of: date) -> Snapshot:
    generation = state.generation or sources.generation(row, 0, {})
    plan = kpis.plan_of(generation, None)
    if plan is None:
        raise Unavailable
    node = kpis.node_of(state.sums, plan, as_of, row.planned_rate)
    return Snapshot(
        as_of.isoformat(),
        plan.number,
        state.computed_at or row.created_at,
        {measure: {name: _plain(figures(node, measure, name)) for name in FORECASTS} for measure in MEASURES},
    )


def _plain(each: Figures) -> dict[str, object]:
    """Figures as a document: amounts and ratios as texts, so that none loses a digit."""
    values = {name: getattr(each, name) for name in each.__slots__}
    return {
        name: {key: _text(item) for key, item in value.items()} if isinstance(value, Mapping) else _text(value)
        for name, value in values.items()
    }


def _text(value: object) -> object:
    return value if value is None or isinstance(value, str) else str(value)


EXACT = frozenset({"forecast_finish", "reasons"})


def _exact(document: dict[str, object]) -> dict[str, object]:
    """The reverse of :func:`_plain`."""
    return {name: value if name in EXACT or value is None else _decimals(value) for name, value in document.items()}


def _decimals(value: Any) -> object:
    if isinstance(value, dict):
        return {name: None if each is None else Decimal(each) for name, each in value.items()}
    return Decimal(value)


def _pack(snapshot: Snapshot) -> bytes:
    return zlib.compress(msgspec.json.encode(snapshot), 6)
