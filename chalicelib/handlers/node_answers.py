"""Nodes as the API shows them, and the pages of lists of nodes."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from msgspec import UNSET, UnsetType

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.http.call import Call
from chalicelib.http.fields import Answer, Day, HoursFigure, MoneyFigure, QuantityFigure, Ratio, Stamp, one_of
from chalicelib.http.pagination import Listed
from chalicelib.projects.rows import Project
from chalicelib.rollups import progress
from chalicelib.storage.reading import Reading
from chalicelib.tree.ground import Ground, Known, known
from chalicelib.tree.order import LEVELS, holder_order, level_of, parent_of
from chalicelib.tree.rows import Node

EarningRule = Literal["units", "percent", "0/100", "50/50", "milestones", "level_of_effort"]


class MilestoneAnswer(Answer, kw_only=True):
    """A named part of an activity and its weight."""

    name: str
    weight: Ratio


class NodeAnswer(Answer, kw_only=True):
    """A node with its place, plan and progress."""

    id: str
    project: str
    parent: str | None
    level: int
    name: str
    code: str
    path: list[str]
    position: int
    cost_code: str | None
    budget_hours: HoursFigure | None
    planned_rate: MoneyFigure | None | UnsetType = UNSET
    unit: str | None
    quantity: QuantityFigure | None
    installed_quantity: QuantityFigure | None
    over_quantity: bool
    earning_rule: Annotated[str, one_of(EarningRule)] | None
    milestones: list[MilestoneAnswer]
    percent_complete: Ratio | None
    baseline_start: Day | None
    baseline_finish: Day | None
    created_at: Stamp
    updated_at: Stamp
    children: list["NodeAnswer"] | UnsetType = UNSET


class NodesAnswer(Listed[NodeAnswer], kw_only=True):
    """A page of nodes."""


def present(caller: Caller, row: Node, order: str, around: Known, done: progress.Progress) -> NodeAnswer:
    """A node as the caller may see it."""
    return NodeAnswer(
        id=row.id,
        project=row.project,
        parent=parent_of(order, row.project),
        level=row.level,
        name=row.name,
        code=around.code(order),
        path=around.path(order),
        position=around.position(order),
        cost_code=row.cost_code,
        budget_hours=row.budget_hours,
        planned_rate=row.planned_rate if caller.may(Permission.VIEW_RATES, row.project) else UNSET,
        unit=row.unit,
        quantity=row.quantity,
        installed_quantity=done.installed if row.level == LEVELS else None,
        over_quantity=done.exceeds(row.quantity),
        earning_rule=row.earning_rule,
        milestones=[MilestoneAnswer(**item) for item in row.milestones or []],
        percent_complete=done.percent,
        baseline_start=row.baseline_start,
        baseline_finish=row.baseline_finish,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def done(call: Call, project: Project, levels: Mapping[str, int]) -> dict[str, progress.Progress]:
    """How far nodes are today; ``levels`` are those of the nodes by id."""
    return progress.of(call.store, call.user.company, project, levels, call.now)


def shown(call: Call, ground: Ground, orders: Sequence[str]) -> list[NodeAnswer]:
    """The nodes at some order keys, read in one round with all that stands above them."""
    project, edition = ground.project, ground.outline.edition
    ids = [project.id + order[-len(project.id) :] for order in orders]
    around, figures = call.store.together(
        lambda: known(Reading(call.store), call.user.company, project.id, edition, orders),
        lambda: done(call, project, dict(zip(ids, map(level_of, orders), strict=True))),
    )
    return [
        present(call.user, around.node(order), order, around, figures[id])
        for order, id in zip(orders, ids, strict=True)
    ]


def nested(answers: Sequence[NodeAnswer], orders: Sequence[str]) -> list[NodeAnswer]:
    """Nodes in tree order as trees: each below its parent, as far as that is among them."""
    tops: list[NodeAnswer] = []
    at: dict[str, list[Any]] = {}
    for answer, order in zip(answers, orders, strict=True):
        answer.children = at[order] = []
        at.get(holder_order(order), tops).append(answer)
    return tops
