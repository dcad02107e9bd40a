"""Nodes deleted with everything below.

No labour write checks a node's row in its transaction. So deleting is two steps: what is there now decides the
answer, and from then on nobody finds the node; a while later a function looks again, and an activity on which
hours have come meanwhile is brought back (:mod:`chalicelib.tree.bringing_back`).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from chalicelib.access.callers import Caller
from chalicelib.errors import InUse
from chalicelib.storage.changes import Change, Delete, Put
from chalicelib.storage.reading import Reading
from chalicelib.storage.work import Decided
from chalicelib.tree.carrying import Carried, Carry, gathered
from chalicelib.tree.claims import keys, released
from chalicelib.tree.clearing import tombstone
from chalicelib.tree.editions import require_own, require_still, standing_of
from chalicelib.tree.ground import EditionChanged, Found, find, node_key, place_key
from chalicelib.tree.large import DELETE, ask_again, begin_subtrees, shown, size, stretch, where
from chalicelib.tree.lists import orders_below
from chalicelib.tree.movement import Movement
from chalicelib.tree.order import LEVELS, last_step, node_of, parent_of
from chalicelib.tree.rows import Line, Node, Place, lines_of
from chalicelib.tree.staging import raised, stage_end
from chalicelib.tree.standing import remove
from chalicelib.work.kinds import Step
from chalicelib.work.rows import Intent

FEW = 14  # nodes that are deleted in one transaction
WITH_HOURS = "There are hours on this node or below it. Delete those entries or move them to another activity first."
HasHours = Callable[[Reading, str, Sequence[str]], bool]  # whether any of a company's activities has an entry


def delete(reading: Reading, caller: Caller, id: str, now: datetime, has_hours: HasHours) -> Decided[Intent | None]:
    """A node goes, with everything below it; the answer is the work that this takes, None when it is done at once.

    Raises:
        InUse: there are hours on it or below it, or a large change is under way.
    """
    company = caller.company
    found = find(reading, company, id)
    project = found.node.project
    holder: Place | None = reading.rows(place_key(company, found.parent or project))[0]
    if holder is None or last_step(found.order) not in holder.children:
        raise EditionChanged
    require_still(found.outline)
    require_own(*reading.rows(node_key(company, id), place_key(company, id)), holder)
    activities = _activities(reading, company, found)
    if has_hours(reading, company, activities):
        raise InUse(WITH_HOURS)
    movement = Movement(
        [Carry(found.order, found.order)], [(holder, remove(standing_of(holder), last_step(found.order)))]
    )
    began = str(found.node.version)
    carried = gathered(reading, company, project, movement.carries)
    if carried is not None and len(carried) <= FEW:
        gone = _deleted(reading, company, carried, now, caller.user)
        later = ask_again(company, project, activities, now)
        several = len(activities) > 1  # whose figures go together, in the next generation
        return Decided([raised(found.outline, bulk=several), *movement.parents_now(), *gone, *later], None, began)
    nodes = size(reading, company, project, movement.carries)
    intent, changes = begin_subtrees(DELETE, company, found, movement, nodes, caller.user, now)
    intent.arguments["status"] = 204
    return Decided(changes, intent, began)


def _activities(reading: Reading, company: str, found: Found) -> list[str]:
    if found.node.level == LEVELS:
        return [found.node.id]
    orders = orders_below(reading, company, found.node.project, found.outline, found.order, LEVELS)
    return [node_of(last_step(order), found.node.project) for order in orders]


def _nodes(reading: Reading, company: str, carried: Iterable[Carried]) -> list[Node]:
    """The nodes of a subtree.

    Raises:
        EditionChanged: one has gone since its line was read.
    """
    rows: list[Node | None] = reading.rows(*(node_key(company, each.place.node) for each in carried))
    found = [row for row in rows if row is not None]
    if len(found) < len(rows):
        raise EditionChanged
    return found


def _deleted(reading: Reading, company: str, carried: Sequence[Carried], now: datetime, by: str) -> list[Change]:
    """The rows of few nodes go at once, on condition that nothing has come to them since."""
    changes: list[Change] = []
    for each, node in zip(carried, _nodes(reading, company, carried), strict=True):
        place, claims = each.place, keys(parent_of(each.place.order, node.project), node.name, node.cost_code)
        changes += [
            Delete(Node, (node.pk, node.sk), Node.version == node.version),
            Delete(Place, (place.pk, place.sk), Place.version == place.version),
            Put(tombstone(node, place, now, by)),
            *(Delete(Line, key) for key in lines_of(company, node.project, place.order)),
            *released(company, node, claims.values()),
        ]
    return changes


def delete_step(reading: Reading, intent: Intent, now: datetime) -> Step:
    """Some nodes staged to end; then the flip."""
    found = stretch(reading, intent)
    if found is None:
        return shown(reading, intent, now, deletes=True)
    company, edition = where(intent)[0], intent.arguments["edition"]
    nodes = _nodes(reading, company, found.nodes)
    changes = [
        change
        for each, node in zip(found.nodes, nodes, strict=True)
        for change in stage_end(company, node, each.place, edition)
    ]
    return Step(changes, found.state, intent.done + len(nodes))
