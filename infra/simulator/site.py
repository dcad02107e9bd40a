"""A project as its people know it: its tree, plans, measurements, baselines, holidays and closed days.

Written from the product's rules alone, for the comparison of key figures (`figures`).
"""

from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass
class Plan:
    """What an activity is to take, and when."""

    budget: Decimal
    start: str | None = None
    finish: str | None = None


@dataclass
class Measured:
    """What the field said of an activity at the end of a date."""

    date: str
    percent: Decimal | None = None
    installed: Decimal | None = None


@dataclass
class Activity:
    """A node of level 4."""

    parent: str
    code: str
    plan: Plan
    quantity: Decimal | None = None  # with one it earns by units, else by the percent entered
    rate: Decimal | None = None
    measured: dict[str, Measured] = field(default_factory=dict)  # in the order in which they were recorded


@dataclass
class Baseline:
    """Plans and holidays, as they were when they were frozen."""

    plans: dict[str, Plan]
    holidays: frozenset[str]


@dataclass
class Site:
    """One project."""

    code: str
    nodes: dict[str, str | None] = field(default_factory=dict)  # levels 1 to 3 -> parent
    activities: dict[str, Activity] = field(default_factory=dict)
    holidays: set[str] = field(default_factory=set)
    rate: Decimal | None = None
    baselines: list[Baseline] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)  # work that holds the tree
    closed_to: str = ""  # announced
    closed_for_good: str = ""  # from when the job has ended

    def codes(self) -> dict[str, str]:
        """Cost codes and their activities."""
        return {each.code: id for id, each in self.activities.items()}

    def freeze(self) -> None:
        """The plan of now is the next baseline."""
        plans = {id: deepcopy(each.plan) for id, each in self.activities.items()}
        self.baselines.append(Baseline(plans, frozenset(self.holidays)))

    def above(self, node: str) -> list[str]:
        """A node and everything above it."""
        found = [node]
        parent = self.activities[node].parent if node in self.activities else self.nodes[node]
        while parent is not None:
            found.append(parent)
            parent = self.nodes[parent]
        return found
