"""The work breakdown structure: its nodes, and the cost codes of its activities."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.access.permissions import Permission
from chalicelib.handlers import jobs
from chalicelib.handlers.node_answers import EarningRule, NodeAnswer, done, present, shown
from chalicelib.http.answers import Read, Written
from chalicelib.http.call import Call
from chalicelib.http.conditional import etag
from chalicelib.http.fields import (
    Amount,
    Body,
    Budget,
    Code,
    Fraction,
    Id,
    Name,
    Rate,
    Unit,
    dates_as_text,
    given,
)
from chalicelib.http.references import Place
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.labour.slipped_in import have_hours
from chalicelib.rollups import progress
from chalicelib.storage.reading import Reading
from chalicelib.tree import deletion
from chalicelib.tree.changing import change, read_ahead
from chalicelib.tree.creating import create
from chalicelib.tree.ground import Ground, find, found_keys, node_key, steadily
from chalicelib.tree.large import MOST_AWAITED
from chalicelib.tree.nodes import Seen
from chalicelib.work.rows import Intent

routes = RouteSet("WBS", __name__)
Position = Annotated[int, Meta(ge=1, le=2000, description="From 1; beyond the last sibling: last")]


class Milestone(Body, kw_only=True):
    """A named part of an activity and its weight."""

    name: Name
    weight: Fraction


Milestones = Annotated[list[Milestone], Meta(max_length=100)]


class NodeCreate(Body, kw_only=True):
    """A new node, below ``parent`` or at the top; the plan fields are an activity's only."""

    ordered: ClassVar[tuple[tuple[str, str], ...]] = (("baseline_start", "baseline_finish"),)
    references: ClassVar[Mapping[str, Place]] = {"parent": node_key}
    name: Name
    parent: Id | None = None
    cost_code: Code | UnsetType = UNSET
    budget_hours: Budget | UnsetType = UNSET
    planned_rate: Rate | None | UnsetType = UNSET
    unit: Unit | None | UnsetType = UNSET
    quantity: Amount | None | UnsetType = UNSET
    earning_rule: EarningRule | UnsetType = UNSET
    milestones: Milestones | UnsetType = UNSET
    baseline_start: date | None | UnsetType = UNSET
    baseline_finish: date | None | UnsetType = UNSET


class NodePatch(Body, kw_only=True):
    """Fields of a node to change; ``parent`` and ``position`` move it, with everything below."""

    ordered: ClassVar[tuple[tuple[str, str], ...]] = (("baseline_start", "baseline_finish"),)
    references: ClassVar[Mapping[str, Place]] = {"parent": node_key}
    name: Name | UnsetType = UNSET
    parent: Id | None | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    cost_code: Code | UnsetType = UNSET
    budget_hours: Budget | UnsetType = UNSET
    planned_rate: Rate | None | UnsetType = UNSET
    unit: Unit | None | UnsetType = UNSET
    quantity: Amount | None | UnsetType = UNSET
    earning_rule: EarningRule | UnsetType = UNSET
    milestones: Milestones | UnsetType = UNSET
    baseline_start: date | None | UnsetType = UNSET
    baseline_finish: date | None | UnsetType = UNSET


@routes.route(
    "POST",
    f"{BASE}/projects/{{id}}/wbs",
    permission=Permission.EDIT_WBS,
    body=NodeCreate,
    answer=NodeAnswer,
    status=201,
)
def create_node(call: Call, id: str, body: NodeCreate) -> Written:
    """Create a node, last among its siblings."""
    decided = create(call.decision, call.user, id, _values(body), call.now)
    seen = decided.answer
    return Written(
        decided.changes,
        present(call.user, seen.node, seen.order, seen.known, progress.NONE),
        location=f"{BASE}/wbs/{seen.node.id}/",
        etag=etag(seen.node.version),
    )


def _values(body: Body) -> dict[str, object]:
    """The body as the tables keep it."""
    values = dates_as_text(given(body))
    if "milestones" in values:
        values["milestones"] = [
            msgspec.to_builtins(item, builtin_types=(type(item.weight),)) for item in values["milestones"]
        ]
    return values


@routes.route("GET", f"{BASE}/wbs/{{id}}", permission=Permission.READ_PROJECTS, answer=NodeAnswer)
def read_node(call: Call, id: str) -> Read:
    """Read a node."""

    def read() -> Read:
        found = find(Reading(call.store), call.user.company, id)
        [answer] = shown(call, Ground(found.project, found.outline), [found.order])
        return Read(answer, etag=etag(found.node.version))

    return steadily(read)


@routes.route(
    "PATCH",
    f"{BASE}/wbs/{{id}}",
    permission=Permission.READ_PROJECTS,
    body=NodePatch,
    answer=NodeAnswer,
    job_answer=jobs.JobAnswer,
    ahead=lambda call, id: found_keys(call.company, id),
)
def change_node(call: Call, id: str, body: NodePatch) -> Written:
    """Change some fields of a node, or move it with everything below.

    Names, codes and the place need ``edit_wbs``, budget hours and rates ``edit_budgets``, other fields one of the two.
    A move of more than 1,000 nodes is a job.
    """
    reading, values = call.decision, _values(body)
    found = read_ahead(reading, call.user, id, values)

    def show(seen: Seen) -> NodeAnswer:
        return present(call.user, seen.node, seen.order, seen.known, seen.beside[id])

    levels = {id: found.node.level}
    decided = change(reading, call.user, id, values, call.now, show, lambda: done(call, found.project, levels))
    seen = decided.answer
    if seen.intent is not None:
        return _by_work(decided.changes, seen.intent, etag(found.node.version), etag(seen.node.version))
    return Written(decided.changes, show(seen), etag=etag(seen.node.version), began=etag(found.node.version))


def _by_work(changes: Any, intent: Intent, began: str, tag: str | None) -> Written:
    """What takes more than one transaction: the request's own work, or a job that the client may watch."""
    if intent.total <= MOST_AWAITED:
        return Written(changes, None, began=began, etag=tag, intent=intent.id)
    return Written(changes, jobs.present(intent), status=202, location=jobs.location(intent), began=began)


@routes.route("DELETE", f"{BASE}/wbs/{{id}}", permission=Permission.EDIT_WBS, status=204, job_answer=jobs.JobAnswer)
def delete_node(call: Call, id: str) -> Written:
    """Delete a node with everything below it, unless there are hours.

    A node that has more than 1,000 below it is deleted by a job.
    """
    decided = deletion.delete(call.decision, call.user, id, call.now, have_hours)
    began = etag(int(decided.began or 0))
    if decided.answer is not None:
        return _by_work(decided.changes, decided.answer, began, None)
    return Written(decided.changes, None, began=began)
