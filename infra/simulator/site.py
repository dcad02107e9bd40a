"""A project as its people know it: its tree, plans, measurements, baselines, holidays and closed days.

Written from the product's rules alone, for the comparison of key figures (`figures`).
"""

from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

RUNS = 45.0  # seconds that a request runs at most

LEVELS = 4
LEVEL_OF_EFFORT = "level_of_effort"


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
    milestone: str | None = None


@dataclass
class Activity:
    """A node of level 4."""

    parent: str
    code: str
    plan: Plan
    quantity: Decimal | None = None
    rate: Decimal | None = None
    measured: dict[str, Measured] = field(default_factory=dict)  # in the order in which they were recorded
    measured_at: float = -1.0  # when it was last measured, or a measurement deleted
    rule: str = ""  # by which it earns; by default units where there is a quantity, else percent
    milestones: dict[str, Decimal] = field(default_factory=dict)  # and their weights

    def __post_init__(self) -> None:
        self.rule = self.rule or ("units" if self.quantity is not None else "percent")


@dataclass
class Baseline:
    """Plans, working days and holidays, as they were when they were frozen."""

    plans: dict[str, Plan]
    week: tuple[int, ...]
    holidays: frozenset[str]
    accepted: float  # when the freeze began
    kept: set[str] = field(default_factory=set)  # activities that are in it for good
    missed: dict[str, Plan] = field(default_factory=dict)  # those that were deleted before

    def miss(self, activity: str) -> None:
        """An activity is deleted, by a request that ran when the freeze began: it is not in it if it was not yet."""
        if activity in self.plans and activity not in self.kept:
            self.missed[activity] = self.plans.pop(activity)

    def keep(self, activity: str, plan: Plan, site: "Site") -> bool:
        """Whether an activity may be in it so: as it was when the freeze began, or by a request that ran by then."""
        if activity in self.missed:  # it has come back in time
            self.plans[activity] = self.missed.pop(activity)
        self.kept.add(activity)
        late = site.born.get(activity, 0.0) - self.accepted
        if activity not in self.plans and not 0.0 <= late <= RUNS:
            return False
        there = self.plans[activity] if activity in self.plans else site.activities[activity].plan
        by_then = [each for began, each in site.planned.get(activity, []) if began <= self.accepted]
        self.plans[activity] = plan
        return plan in (there, *by_then)


@dataclass
class Shown:
    """A node that a large change has made or changed, as far as it has: its parent, its name, its plan."""

    level: int | None = None  # of a new one
    parent: str | None = None
    moved: bool = False
    values: dict[str, Any] = field(default_factory=dict)


@dataclass
class Site:
    """One project."""

    code: str
    nodes: dict[str, str | None] = field(default_factory=dict)  # levels 1 to 3 -> parent
    activities: dict[str, Activity] = field(default_factory=dict)
    week: tuple[int, ...] = (1, 2, 3, 4, 5)  # its working days, Monday is 1
    holidays: set[str] = field(default_factory=set)
    rate: Decimal | None = None
    baselines: list[Baseline] = field(default_factory=list)
    gone: dict[str, "tuple[str | None, Activity | None]"] = field(
        default_factory=dict
    )  # what was deleted, and its parent
    names: dict[str, str] = field(default_factory=dict)  # of what is there, and of what was
    born: dict[str, float] = field(default_factory=dict)  # node -> when it was made by itself, or came back
    planned: dict[str, list[tuple[float, Plan]]] = field(
        default_factory=dict
    )  # activity -> its changes of plan: since when their request ran, and the plan afterwards
    edited: dict[tuple[str, str], float] = field(default_factory=dict)  # activity and field -> when it was last edited
    renamed: float = -1.0  # when somebody last took or left a name or code, but for large changes of the tree
    busy: bool = False  # a large change or a freeze has the tree
    staging: bool = False  # a large change is on its way, and is not to be seen yet
    name: str = ""  # where it has got another
    zone: str = "UTC"
    zone_changed: bool = False  # at any time
    dates: dict[str, str] = field(default_factory=dict)  # its own first and last one, where it has got them
    status: str = "active"
    stopped: float = 0.0  # when it last got a status with which it takes no hours
    closed_to: str = ""  # announced
    closed_for_good: str = ""  # from when the job has ended

    @property
    def takes_hours(self) -> bool:
        """Whether hours may be logged on it, as its status says."""
        return self.status in ("active", "on_hold")

    def codes(self) -> dict[str, str]:
        """Cost codes and their activities."""
        return {each.code: id for id, each in self.activities.items()}

    def lingering(self) -> dict[str, str]:
        """Cost codes of what a large change may have deleted: until that is cleared away they may be found."""
        return {each.code: id for id, (_, each) in self.gone.items() if each is not None} if self.busy else {}

    def path(self, node: str) -> tuple[str, ...]:
        """The names from the top down to a node."""
        return tuple(self.names[each] for each in reversed(self.above(node)))

    def tree(self) -> set[tuple[str, str | None, str, str | None]]:
        """Every node: id, parent, name and cost code."""
        found = {(id, parent, self.names[id], None) for id, parent in self.nodes.items()}
        return {*found, *((id, each.parent, self.names[id], each.code) for id, each in self.activities.items())}

    def siblings(self, parent: str | None) -> set[str]:
        """The names below a parent."""
        return {self.names[id] for id in self.children(parent)}

    def children(self, parent: str | None) -> set[str]:
        """The nodes directly below a parent, None is the project."""
        below = {id for id, above in self.nodes.items() if above == parent}
        return below | {id for id, each in self.activities.items() if each.parent == parent}

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
            if self.busy and self.baselines:  # the last one is perhaps being frozen
                self.baselines[-1].miss(id)

    def show(self, shown: dict[str, Shown]) -> None:
        """What an import has made and changed is there, all at once."""
        for id, each in shown.items():
            values = each.values
            if each.level is not None and each.level < LEVELS:
                self.nodes[id] = each.parent
            elif each.level is not None:
                self.activities[id] = Activity(each.parent or "", values["code"], Plan(Decimal(0)))
            elif each.moved:
                self.activities[id].parent = each.parent or ""
            self.names[id] = values.get("name") or self.names[id]
            if id in self.activities:
                self._plan(self.activities[id], values)

    @staticmethod
    def _plan(activity: Activity, values: dict[str, Any]) -> None:
        activity.code = values.get("code", activity.code)
        activity.plan.budget = values.get("budget", activity.plan.budget)
        activity.plan.start = values.get("start", activity.plan.start)
        activity.plan.finish = values.get("finish", activity.plan.finish)
        activity.quantity = values.get("quantity", activity.quantity)
        activity.rule = values.get("rule", activity.rule)

    def bring_back(self, node: str, name: str, code: str | None) -> None:
        """A deleted node is there again, where it was, by its name and code or others."""
        parent, activity = self.gone.pop(node)
        self.names[node] = name
        if activity is None:
            self.nodes[node] = parent
        else:
            activity.code = code or ""
            self.activities[node] = activity

    def freeze(self, now: float) -> None:
        """The plan of now is the next baseline."""
        plans = {id: deepcopy(each.plan) for id, each in self.activities.items()}
        self.baselines.append(Baseline(plans, self.week, frozenset(self.holidays), now))

    def above(self, node: str) -> list[str]:
        """A node and everything above it."""
        found = [node]
        parent = self.activities[node].parent if node in self.activities else self.nodes[node]
        while parent is not None:
            found.append(parent)
            parent = self.nodes[parent]
        return found
