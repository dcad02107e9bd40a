"""New nodes, last among their siblings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.errors import InUse, NotFound
from chalicelib.ids import new_id, project_of
from chalicelib.storage.changes import Change, Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.work import Decided
from chalicelib.times import stamp
from chalicelib.tree import claims
from chalicelib.tree.carrying import line
from chalicelib.tree.editions import as_of, require_own, require_still, standing_of
from chalicelib.tree.ground import new_place, outline_key, place_key, project_key
from chalicelib.tree.movement import with_children
from chalicelib.tree.nodes import Seen, as_seen, require_fields
from chalicelib.tree.order import level_of
from chalicelib.tree.plan import check_new, with_defaults
from chalicelib.tree.rows import Node, Place, lines_of
from chalicelib.tree.standing import Standing, insert, require_room


def create(reading: Reading, caller: Caller, project: str, values: Mapping[str, Any], now: datetime) -> Decided[Seen]:
    """A new node, last among its siblings.

    Raises:
        Invalid, Conflict: a field may not be like this, or another node has its value.
        InUse: the parent is full, or a large change is under way.
    """
    company, parent = caller.company, values.get("parent")
    caller.require(Permission.EDIT_WBS, project)
    require_fields(caller, project, {name for name, value in values.items() if value})
    wanted = claims.keys(parent, values["name"], values.get("cost_code"))
    _read_ahead(reading, company, project, parent, wanted)
    row, outline = reading.rows(project_key(company, project), outline_key(company, project))
    if row is None or outline is None:
        raise NotFound
    holder = _holder(reading, company, project, parent, outline.edition)
    check_new(None if holder is None else level_of(holder.order) + 1, values)
    assert holder is not None, "a missing parent is refused above"
    require_still(outline)
    require_own(reading.rows(place_key(company, parent or project))[0])
    require_room(holder.children)
    id = project + new_id()
    claims.require_free(reading, company, project, id, wanted)
    edited = insert(standing_of(holder), id)
    if edited.moved:  # after some ten million children that came and went
        raise InUse("The order of these nodes is worn out. Give one of them another position first.")
    node = _new(company, project, id, level_of(holder.order) + 1, values, now)
    node.made_during = outline.freezing
    order = holder.order + edited.step
    changes = [
        *added(company, node, order),
        *claims.claimed(company, node, wanted.values()),
        with_children(holder, edited.standing),
    ]
    return Decided(changes, as_seen(reading, company, node, order, edited.standing, outline.edition))


def _read_ahead(reading: Reading, company: str, project: str, parent: str | None, wanted: Mapping[str, str]) -> None:
    holder = [place_key(company, parent or project)] if project_of(parent or project) == project else []
    keys = (claims.claim_key(company, project, sk) for sk in wanted.values())
    reading.rows(project_key(company, project), outline_key(company, project), *holder, *keys)


def _holder(reading: Reading, company: str, project: str, parent: str | None, edition: int) -> Place | None:
    """The place that is to hold a node; None where there is none in this project."""
    if project_of(parent or project) != project:
        return None
    row: Place | None = reading.rows(place_key(company, parent or project))[0]
    return as_of(row, edition)


def _new(company: str, project: str, id: str, level: int, values: Mapping[str, object], now: datetime) -> Node:
    at = stamp(now)
    return Node(
        pk=key(company, project),
        sk=f"node#{id}",
        id=id,
        project=project,
        level=level,
        name=values["name"],
        version=1,
        created_at=at,
        updated_at=at,
        **with_defaults(level, values),
    )


def added(company: str, node: Node, order: str) -> list[Change]:
    """The rows of a new node but its claims and its parent's place."""
    place = new_place(company, node.project, node.id, Standing(order))
    lines = [Put(line(pk, sk, node.level, node.searchable())) for pk, sk in lines_of(company, node.project, order)]
    return [Put(node, absent(Node)), Put(place, absent(Place)), *lines]
