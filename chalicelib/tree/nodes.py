"""Nodes: read, created, changed, moved."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.encoding import encode
from chalicelib.errors import Denied, InUse, NotFound
from chalicelib.ids import new_id, project_of
from chalicelib.storage.changes import Change, Check, Put, Update, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.work import Decided
from chalicelib.times import stamp
from chalicelib.tree import claims, large
from chalicelib.tree.carrying import carry_now, gathered, line
from chalicelib.tree.editions import as_of, require_own, require_still, standing_of
from chalicelib.tree.ground import (
    EditionChanged,
    Found,
    Known,
    find,
    known,
    new_place,
    node_key,
    outline_key,
    place_key,
    project_key,
)
from chalicelib.tree.movement import plan, with_children
from chalicelib.tree.order import LEVELS, level_of, parent_of
from chalicelib.tree.plan import PLAN, check, check_new, with_defaults
from chalicelib.tree.rows import Line, Node, Place, lines_of
from chalicelib.tree.staging import raised
from chalicelib.tree.standing import Standing, insert, require_room
from chalicelib.work.rows import Intent

BUDGETS = frozenset({"budget_hours", "planned_rate"})
STRUCTURE = frozenset({"name", "parent", "position", "cost_code"})


class Seen(Struct, frozen=True):
    """A node with everything that its answer is made of; ``intent`` is the work that brings it to where it will be."""

    node: Node
    order: str
    known: Known
    beside: Any = None  # what was read in the same round for the answer
    intent: Intent | None = None


def read(reading: Reading, company: str, id: str) -> tuple[Found, Known]:
    """A node and what stands above it, of one edition."""
    found = find(reading, company, id)
    return found, known(Reading(reading.store), company, found.node.project, found.outline.edition, [found.order])


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
    order = holder.order + edited.step
    changes = [
        *added(company, node, order),
        *claims.claimed(company, node, wanted.values()),
        with_children(holder, edited.standing),
    ]
    return Decided(changes, _seen(reading, company, node, order, edited.standing, outline.edition))


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


def require_fields(caller: Caller, project: str, fields: set[str]) -> None:
    """Raises :class:`Denied` where some fields need a permission that the caller lacks on the project."""
    if fields & STRUCTURE:
        caller.require(Permission.EDIT_WBS, project)
    if fields & BUDGETS:
        caller.require(Permission.EDIT_BUDGETS, project)
    if fields and not caller.may(Permission.EDIT_WBS, project):
        caller.require(Permission.EDIT_BUDGETS, project)
    if "planned_rate" in fields and not caller.may(Permission.VIEW_RATES, project):
        raise Denied("Writing planned_rate needs the permission view_rates.")


def _new(company: str, project: str, id: str, level: int, values: Mapping[str, Any], now: datetime) -> Node:
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


def _seen(
    reading: Reading,
    company: str,
    node: Node,
    order: str,
    holder: Standing | None,
    edition: int,
    beside: Callable[[], Any] = lambda: None,
) -> Seen:
    """A node as it will be; ``holder`` is the parent as it will be, None where it stays as it is."""
    above = [order] if holder is None else [holder.order] if holder.order else []
    around, found = reading.together(lambda: known(reading, company, node.project, edition, above), beside)
    nodes = {**around.nodes, node.id: node}
    places = {**around.places, **({holder.order: holder} if holder is not None else {})}
    return Seen(node, order, Known(node.project, nodes, places), found)


Show = Callable[[Seen], Any]


def read_ahead(reading: Reading, caller: Caller, id: str, values: Mapping[str, Any]) -> Found:
    """The node that is to be changed, and in the same round the parent that it is to have."""
    company, project, parent = caller.company, project_of(id), values.get("parent")
    require_fields(caller, project, set(values))
    ahead = [place_key(company, parent)] if parent and project_of(parent) == project else []
    of_project = project_key(company, project), outline_key(company, project)
    reading.rows(*of_project, node_key(company, id), place_key(company, id), *ahead)
    return find(reading, company, id)


def orders(places: Iterable[Place | None], edition: int) -> list[str]:
    """The order keys of nodes that are there.

    Raises:
        EditionChanged: one is not there any more.
    """
    found = [as_of(place, edition) for place in places]
    standing = [place.order for place in found if place is not None]
    if len(standing) < len(found):
        raise EditionChanged
    return standing


def change(
    reading: Reading,
    caller: Caller,
    id: str,
    values: Mapping[str, Any],
    now: datetime,
    show: Show,
    beside: Callable[[], Any] = lambda: None,
) -> Decided[Seen]:
    """Some fields of a node changed; ``parent`` and ``position`` move it, with everything below.

    ``show`` makes the answer of it, for a move that takes more than one transaction; ``beside`` is read for that in
    the same round as what stands above the node.

    Raises:
        Invalid, Conflict: a field may not be like this, or another node has its value.
        InUse: the parent is full, or a large change is under way.
    """
    company, project = caller.company, project_of(id)
    found = read_ahead(reading, caller, id, values)
    before = found.node
    if not values:
        seen = _seen(reading, company, before, found.order, None, found.outline.edition, beside)
        return Decided([], seen, str(before.version))
    moved = plan(reading, company, found, values.get("parent", found.parent), values.get("position"))
    node = _changed(before, values, now)
    order = moved.order if moved else found.order
    taken, left = _claims(reading, company, found, node, order)
    require_own(reading.rows(node_key(company, id))[0])
    began = str(before.version)
    if moved is None:
        changes = [*_kept_in_place(company, found, node), *taken, *left]
        return Decided(changes, _seen(reading, company, node, order, None, found.outline.edition, beside), began)
    holder = moved.parents[-1][1]
    carried = gathered(reading, company, project, moved.carries)
    if carried is not None:
        changes = [
            raised(found.outline),
            *moved.parents_now(),
            _put(node),
            *carry_now(company, carried, node),
            *taken,
            *left,
        ]
        return Decided(changes, _seen(reading, company, node, order, holder, found.outline.edition, beside), began)
    nodes = large.size(reading, company, project, moved.carries)
    intent, begun = large.begin_move(company, found, moved, _difference(before, node), nodes, caller.user, now)
    seen = _seen(reading, company, node, order, holder, found.outline.edition, beside)
    large.answering(intent, encode(show(seen)))
    return Decided([*begun, *taken], Seen(seen.node, seen.order, seen.known, seen.beside, intent), began)


def _changed(before: Node, values: Mapping[str, Any], now: datetime) -> Node:
    """The node with its new fields, a version on."""
    fields = {name: value for name, value in values.items() if name not in {"parent", "position"}}
    check(before.level, {name: fields.get(name, getattr(before, name)) for name in PLAN})
    if before.level == LEVELS and fields.get("budget_hours", 0) is None:
        fields["budget_hours"] = Decimal(0)
    return Node(**(before.plain() | fields | {"version": before.version + 1, "updated_at": stamp(now)}))


def _claims(reading: Reading, company: str, found: Found, node: Node, order: str) -> tuple[list[Change], list[Change]]:
    """What a changed node takes and leaves of what is unique."""
    project, old = node.project, found.node
    before = claims.keys(found.parent, old.name, old.cost_code)
    after = claims.keys(parent_of(order, project), node.name, node.cost_code)
    wanted = {field: sk for field, sk in after.items() if before.get(field) != sk}
    claims.require_free(reading, company, project, node.id, wanted)
    left = sorted(set(before.values()) - set(after.values()))
    written = {"name": (old.name, node.name), "cost_code": (old.cost_code, node.cost_code)}
    same = [sk for field, sk in after.items() if before.get(field) == sk and len(set(written[field])) > 1]
    taken = claims.claimed(company, node, wanted.values()) + claims.relabelled(company, node, same)
    return taken, claims.released(company, node, left)


def _put(node: Node) -> Change:
    """The node a version on, on condition that nobody has changed it, or staged what it will be."""
    return Put(node, (Node.version == node.version - 1) & Node.next.does_not_exist())


def _kept_in_place(company: str, found: Found, node: Node) -> list[Change]:
    """The node with other fields where it stands; its lines are found by its new name and code."""
    text, place = node.searchable(), found.place
    if text == found.node.searchable():
        return [_put(node)]
    orders = {place.order, (place.next or {}).get("order", place.order)}  # with the one that is staged for it
    lines = [
        Update(Line, each, (Line.search_text.set(text),))
        for order in sorted(orders)
        for each in lines_of(company, node.project, order)
    ]
    return [_put(node), Check(Place, (place.pk, place.sk), Place.version == place.version), *lines]


def _difference(before: Node, after: Node) -> dict[str, Any]:
    """What of a node will be other than it is."""
    old, new = before.plain(), after.plain()
    return {name: value for name, value in new.items() if value != old[name] and name not in {"next", "search_text"}}
