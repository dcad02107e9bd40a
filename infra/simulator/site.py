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
    gone: dict[str, "tuple[str | None, Activity | None]"] = field(
        default_factory=dict
    )  # what was deleted, and its parent
    busy: set[str] = field(default_factory=set)  # work that holds the tree
    closed_to: str = ""  # announced
    closed_for_good: str = ""  # from when the job has ended

    def codes(self) -> dict[str, str]:
        """Cost codes and their activities."""
        return {each.code: id for id, each in self.activities.items()}

    def has(self, node: str) -> bool:
        """Whether a node is there."""
        return node in self.nodes or node in self.activities

    def below(self, node: str) -> set[str]:
        """The activities of a node; itself where it is one."""
        return {id for id in self.activities if node in self.above(id)}

    def cut(self, node: str) -> None:
        """A node is deleted with everything below it."""
        for id in [each for each in (*self.nodes, *self.activities) if node in self.above(each)]:
            activity = self.activities.get(id)
            self.gone[id] = (activity.parent if activity else self.nodes[id]), activity
        for id in self.gone:
            self.nodes.pop(id, None)
            self.activities.pop(id, None)

    def bring_back(self, node: str, code: str | None) -> None:
        """A deleted node is there again, where it was, by its code or another."""
        parent, activity = self.gone.pop(node)
        if activity is None:
            self.nodes[node] = parent
        else:
            activity.code = code or ""
            self.activities[node] = activity

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
