"""Nodes changed, moved and put in another order, with everything below them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from chalicelib.access.callers import Caller
from chalicelib.encoding import encode
from chalicelib.ids import project_of
from chalicelib.storage.changes import Change, Check, Put, Update
from chalicelib.storage.reading import Reading
from chalicelib.storage.work import Decided
from chalicelib.times import stamp
from chalicelib.tree import claims, large
from chalicelib.tree.carrying import carry_now, gathered
from chalicelib.tree.editions import require_own
from chalicelib.tree.freezing import keep, kept_of
from chalicelib.tree.ground import Found, find, found_keys, node_key, place_key
from chalicelib.tree.movement import plan
from chalicelib.tree.nodes import Seen, as_seen, require_fields
from chalicelib.tree.order import LEVELS, parent_of
from chalicelib.tree.plan import PLAN, check, every_refusal
from chalicelib.tree.rows import Line, Node, Place, lines_of
from chalicelib.tree.staging import raised

Show = Callable[[Seen], Any]


def read_ahead(reading: Reading, caller: Caller, id: str, values: Mapping[str, Any]) -> Found:
    """The node that is to be changed, and in the same round the parent that it is to have."""
    company, project, parent = caller.company, project_of(id), values.get("parent")
    require_fields(caller, project, set(values))
    ahead = [place_key(company, parent)] if parent and project_of(parent) == project else []
    reading.rows(*found_keys(company, id), *ahead)
    return find(reading, company, id)


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
        seen = as_seen(reading, company, before, found.order, None, found.outline.edition, beside)
        return Decided([], seen, str(before.version))
    moved, node = every_refusal(
        lambda: plan(reading, company, found, values.get("parent", found.parent), values.get("position")),
        lambda: _changed(before, values, now),
    )
    order = moved.order if moved else found.order
    require_own(reading.rows(node_key(company, id))[0])
    holder, began = moved.parents[-1][1] if moved else None, str(before.version)
    claimed = [claims.claim_key(company, project, sk) for sk in _wanted(found, node, order).values()]
    ahead = [*claimed, *kept_of(company, before, found.outline)]
    seen = as_seen(reading, company, node, order, holder, found.outline.edition, beside, ahead)
    taken, left = _claims(reading, company, found, node, order)
    taken += keep(reading, company, before, found.outline)
    if moved is None:
        return Decided([*_kept_in_place(company, found, node), *taken, *left], seen, began)
    carried = gathered(reading, company, project, moved.carries)
    if carried is not None:
        at_once = [raised(found.outline), *moved.parents_now(), *carry_now(company, carried, node)]
        return Decided([*at_once, _put(node), *taken, *left], seen, began)
    count = large.size(reading, company, project, moved.carries)
    intent, begun = large.begin_move(company, found, moved, _difference(before, node), count, caller.user, now)
    large.answering(intent, encode(show(seen)))
    return Decided([*begun, *taken], replace(seen, intent=intent), began)


def _changed(before: Node, values: Mapping[str, object], now: datetime) -> Node:
    """The node with its new fields, a version on."""
    fields = {name: value for name, value in values.items() if name not in {"parent", "position"}}
    check(before.level, {name: fields.get(name, getattr(before, name)) for name in PLAN})
    if before.level == LEVELS and fields.get("budget_hours", 0) is None:
        fields["budget_hours"] = Decimal(0)
    return Node(**(before.plain() | fields | {"version": before.version + 1, "updated_at": stamp(now)}))


def _wanted(found: Found, node: Node, order: str) -> dict[str, str]:
    """The keys of what a changed node comes to hold, by field."""
    before = claims.keys(found.parent, found.node.name, found.node.cost_code)
    after = claims.keys(parent_of(order, node.project), node.name, node.cost_code)
    return {field: sk for field, sk in after.items() if before.get(field) != sk}


def _claims(reading: Reading, company: str, found: Found, node: Node, order: str) -> tuple[list[Change], list[Change]]:
    """What a changed node takes and leaves of what is unique."""
    project, old = node.project, found.node
    before = claims.keys(found.parent, old.name, old.cost_code)
    after = claims.keys(parent_of(order, project), node.name, node.cost_code)
    wanted = _wanted(found, node, order)
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


def _difference(before: Node, after: Node) -> dict[str, object]:
    """What of a node will be other than it is."""
    old, new = before.plain(), after.plain()
    return {name: value for name, value in new.items() if value != old[name] and name not in {"next", "search_text"}}
