"""The source rows of rollups: what project and nodes say now. No other module of the package knows their form."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct

from chalicelib.evm.amounts import micro_hours
from chalicelib.evm.earning import Measurement, Milestone, Rule
from chalicelib.evm.planned_value import Plan
from chalicelib.labour.rows import Booking
from chalicelib.projects.rows import Node, Project
from chalicelib.rollups.accounts import NOW, Basis
from chalicelib.rollups.generations import Days, Generation
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store, Wanted


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

    above: tuple[str, ...]
    basis: Basis | None = None


def wanted(place: Place, nodes: list[str]) -> list[Wanted]:
    """The rows that :func:`standing` and :func:`generation` need, to be read with others."""
    return [(Project, place.pk, "project"), *((Node, place.pk, f"node#{id}") for id in nodes)]


def standing(place: Place, row: Node | None) -> Standing | None:
    """A node as its row says; None when it is not there."""
    if row is None:
        return None
    above = (place.project, *row.ancestors)
    return Standing(above, _basis(row, above[-1]) if row.level == 4 else None)


def generation(project: Project) -> Generation:
    """What the newest generation of the project has to show."""
    return Generation(0, {NOW: Days(tuple(project.working_days), tuple(project.holidays))})


def bookings(store: Store, place: Place, activity: str) -> list[Booking]:
    """Every booking of an activity."""
    return list(store.each(Query(model=Booking, hash=place.of(activity))))


def measurements(store: Store, place: Place, activity: str) -> tuple[Measurement, ...]:
    """The measurements of an activity in the order in which they were recorded."""
    return ()


def is_activity(image: Mapping[str, Any]) -> bool:
    """Whether a node's item is of level 4."""
    return bool(image["level"]["N"] == "4")


def _basis(row: Node, parent: str) -> Basis:
    milestones = tuple(Milestone(item["name"], Decimal(item["weight"])) for item in (row.milestones or []))
    plan = Plan(micro_hours(row.budget_hours or Decimal(0)), _date(row.baseline_start), _date(row.baseline_finish))
    rule = Rule(row.earning_rule or "percent")
    return Basis(parent, rule, {NOW: plan}, row.quantity, milestones, row.planned_rate)


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
