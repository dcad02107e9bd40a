"""The source rows of rollups: what project and nodes say now. No other module of the package knows their form."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from chalicelib.evm.amounts import micro_hours
from chalicelib.evm.earning import Measurement as Measured
from chalicelib.evm.earning import Milestone, Rule
from chalicelib.evm.planned_value import Plan
from chalicelib.labour.rows import Booking
from chalicelib.projects.rows import Project
from chalicelib.rollups.accounts import NOW, Basis
from chalicelib.rollups.generations import Days, Generation
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store, Wanted
from chalicelib.tree.editions import as_of
from chalicelib.tree.ground import node_key, outline_key, place_key, project_key
from chalicelib.tree.order import LEVELS, ancestors_of
from chalicelib.tree.rows import Baseline, Frozen, Measurement, Node
from chalicelib.tree.rows import Place as NodePlace


class Place(Struct, frozen=True, order=True):
    """A project of a company."""

    company: str
    project: str

    @property
    def pk(self) -> str:
        """The key that the project's rows lie under."""
        return key(self.company, self.project)

    def of(self, node: str) -> str:
        """The key that a node's or the project's sums lie under."""
        return key(self.company, node)


class Standing(Struct, frozen=True):
    """A node as it is now: what stands above it, the top one first; ``basis`` is None above level 4."""

    name: str
    above: tuple[str, ...]
    basis: Basis | None = None


class Seen(Struct, frozen=True):
    """A project and some of its nodes as they are now; None for a node that is not there."""

    project: Project
    bulk: int
    nodes: dict[str, Standing | None]


def wanted(place: Place, nodes: Sequence[str], frozen: Mapping[str, Iterable[str]]) -> list[Wanted]:
    """The rows that :func:`seen` needs, to be read with others; ``frozen`` are baselines to read, by activity."""
    return [
        project_key(place.company, place.project),
        outline_of(place),
        *(node_key(place.company, id) for id in nodes),
        *(place_key(place.company, id) for id in nodes),
        *((Frozen, place.of(id), _baseline(number)) for id, numbers in frozen.items() for number in numbers),
    ]


def seen(
    place: Place,
    nodes: Sequence[str],
    frozen: Mapping[str, Iterable[str]],
    rows: Sequence[Any],
    known: Mapping[str, Basis],
) -> Seen | None:
    """What the rows say, in the order in which they were wanted; None when there is no such project.

    ``known`` is what has been counted of activities: their baselines never change.
    """
    project, outline, *rest = rows
    if project is None or outline is None:
        return None
    count, edition = len(nodes), outline.edition
    plans = iter(rest[2 * count :])  # in the order of ``wanted``
    found = {id: {number: next(plans) for number in numbers} for id, numbers in frozen.items()}
    standings = {
        id: _standing(place, as_of(row, edition), as_of(stands, edition), found.get(id, {}), known.get(id))
        for id, row, stands in zip(nodes, rest[:count], rest[count : 2 * count], strict=True)
    }
    return Seen(project, outline.bulk or 0, standings)


def outline_of(place: Place) -> Wanted:
    """The row that says which bulk change shows; who sees it unchanged later on has seen one tree."""
    return outline_key(place.company, place.project)


def bulk_of(item: Mapping[str, Any] | None) -> int:
    """The newest bulk change of an outline's item."""
    return int(item["bulk"]["N"]) if item and "bulk" in item else 0


def generation(project: Project, bulk: int, baselines: Mapping[str, Days]) -> Generation:
    """What the newest generation of the project has to show."""
    now = Days(tuple(sorted(project.working_days)), tuple(sorted(project.holidays)))
    return Generation(0, {NOW: now, **baselines}, bulk)


def baselines(store: Store, place: Place) -> dict[str, Days]:
    """The working days of each baseline that is whole, by number."""
    found = store.each(Query(model=Baseline, hash=place.pk, between=("baseline#", "baseline#~")))
    return {str(row.number): Days(tuple(sorted(row.working_days)), tuple(sorted(row.holidays))) for row in found}


def bookings(store: Store, place: Place, activity: str) -> list[Booking]:
    """Every booking of an activity."""
    return list(store.each(Query(model=Booking, hash=place.of(activity))))


def measurements(store: Store, place: Place, activity: str) -> tuple[Measured, ...]:
    """The measurements of an activity in the order in which they were recorded."""
    found = store.each(Query(model=Measurement, hash=place.of(activity), between=("progress#", "progress#~")))
    return tuple(
        Measured(date.fromisoformat(row.date), row.installed_quantity, row.percent_complete, row.milestone)
        for row in sorted(found, key=lambda row: row.recorded)
    )


def _standing(
    place: Place,
    row: Node | None,
    stands: NodePlace | None,
    frozen: Mapping[str, Frozen | None],
    known: Basis | None,
) -> Standing | None:
    if row is None or stands is None:
        return None
    above = (place.project, *ancestors_of(stands.order, place.project))
    return Standing(row.name, above, _basis(row, above[-1], frozen, known) if row.level == LEVELS else None)


def _basis(row: Node, parent: str, frozen: Mapping[str, Frozen | None], known: Basis | None) -> Basis:
    plans = {name: plan for name, plan in known.plans.items() if name != NOW} if known else {}
    plans |= {number: _plan(each) for number, each in frozen.items() if each is not None}
    plans[NOW] = _plan(row)
    seen = {*(known.baselines if known else ()), *frozen}
    milestones = tuple(Milestone(item["name"], Decimal(item["weight"])) for item in (row.milestones or []))
    rule = Rule(row.earning_rule or "percent")
    return Basis(parent, rule, plans, row.quantity, milestones, row.planned_rate, tuple(sorted(seen, key=int)))


def _plan(row: Node | Frozen) -> Plan:
    budget = micro_hours(row.budget_hours or Decimal(0))
    return Plan(budget, _date(row.baseline_start), _date(row.baseline_finish))


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _baseline(number: str) -> str:
    return f"baseline#{int(number):02d}"
