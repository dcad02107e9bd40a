"""Recomputing: cells from their source rows, and the differences added to every level above.

Stream records only say which activities to look at. For each, the source rows are read as they
are now, its cells are computed anew and compared with the stored ones, and one transaction writes
the cells and adds the differences to the ancestors, guarded by the version of the activity's head
row. So a replay finds no difference, and lost, repeated or reordered records do no harm.

Every recompute raises the head, one that found nothing to change too: it has answered for what it
read, so one that read something older must not commit after it. The head is read before all else.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from aws_lambda_powertools import Logger
from msgspec import Struct, field

from chalicelib.errors import Unavailable
from chalicelib.evm.earning import DayWork, installed_quantity
from chalicelib.evm.earning import Measurement as Measured
from chalicelib.labour.rows import Booking
from chalicelib.rollups.measures import Spent, Sums, activity_of, add_to, calendar_of, contributions, spent_on
from chalicelib.rollups.rows import Repair, RollupDay, RollupHead, RollupKnown
from chalicelib.storage.attributes import from_wire, to_wire
from chalicelib.storage.changes import Change, Put, Raw, absent
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import Row, key
from chalicelib.storage.store import ConditionFailed, Store
from chalicelib.tree.ground import look
from chalicelib.tree.rows import Measurement, Node, is_activity

REPAIRS = "repairs"
ITEMS = 90
ATTEMPTS = 12

logger = Logger(service="wbsync")


class Target(Struct, frozen=True):
    """An activity to recompute."""

    company: str
    project: str
    activity: str


Touched = dict[Target, set[str] | None]
"""Dates of each activity whose source rows changed; None: its plan changed, look at all of it."""


class Cell(Struct):
    """One row of an activity: its new content, None when it goes, and what changes above it."""

    sk: str
    item: dict[str, Any] | None
    differences: dict[str, Sums]  # ancestor -> what to add


class Step(Struct):
    """The cells of one activity still to be written, under the head version they were computed at."""

    target: Target
    version: int
    installed: Decimal
    cells: list[Cell] = field(default_factory=list)
    misstated: bool = False  # the head said another installed quantity


class Applied(Struct, frozen=True):
    """What a recompute came to: activities left in the repair table, and how many rows were not as computed."""

    left: tuple[Target, ...] = ()
    changed: int = 0


def recompute(store: Store, touched: Touched) -> Applied:
    """Recompute together; when that breaks, one by one, so that one bad activity harms no other.

    Raises:
        Unavailable: storage fails and the function has no time to go on; all of it can be done again.
    """
    try:
        return apply(store, touched)
    except Exception:  # every failure must end in the repair table, whatever it was
        logger.exception("batch failed, trying its activities one by one")
    each = [_alone(store, target, dates) for target, dates in touched.items()]
    return Applied(tuple(target for one in each for target in one.left), sum(one.changed for one in each))


def _alone(store: Store, target: Target, dates: set[str] | None) -> Applied:
    store.require_time()
    try:
        return apply(store, {target: dates})
    except Exception as error:  # every failure must end in the repair table, whatever it was
        logger.exception("activity could not be recomputed")
        leave_for_repair(store, target, type(error).__name__)
        return Applied((target,))


def apply(store: Store, touched: Touched) -> Applied:
    """Recompute what was touched; those that met others at every attempt are left in the repair table."""
    pending, changed = dict(touched), 0
    for attempt in range(ATTEMPTS):
        pending, written = _attempt(store, pending)
        changed += written
        if not pending:
            return Applied((), changed)
        store.pause(attempt)
    for target in pending:
        leave_for_repair(store, target, "contention")
    return Applied(tuple(pending), changed)


def _attempt(store: Store, touched: Touched) -> tuple[Touched, int]:
    """One round; what must be looked at again, and how many rows were changed."""
    again: Touched = {}
    changed = 0
    for group in pack(compute(store, target, dates) for target, dates in touched.items()):
        try:
            store.transact(_changes(store, group))
            changed += sum(len(part.cells) + part.misstated for part in group)
        except (ConditionFailed, Unavailable):
            again |= {part.target: touched[part.target] for part in group}
    return again, changed


def leave_for_repair(store: Store, target: Target, reason: str) -> None:
    """Remember an activity that must be recomputed."""
    at = datetime.now(UTC).isoformat()
    row = Repair(pk=REPAIRS, sk=key(target.company, target.project, target.activity), reason=reason, since=at)
    store.transact([Put(row)])


def compute(store: Store, target: Target, dates: set[str] | None) -> Step:
    """The cells of an activity that differ from what is stored; the head is read first, so it guards the rest."""
    pk = key(target.company, target.activity)
    place = key(target.company, target.project)
    head = store.get(RollupHead, pk, "head")
    found = look(Reading(store), target.company, target.activity)
    node, project = (found.node, found.project) if found else (None, None)
    above = [*found.ancestors, target.project] if found else []
    stored = {row["sk"]["S"]: row for row in rows(store, RollupDay, pk) if row["sk"]["S"] != "head"}
    holders = _holders(store, place, stored.values(), above)
    spent = _spent(store, pk, stored, dates)
    measured = _measured(store, pk)
    new = contributions(activity_of(node), calendar_of(project), spent, measured) if node and project else {}
    work = [DayWork(day, cell.hours, cell.quantity) for day, cell in spent.items()]
    installed = installed_quantity(work, measured, date.max)
    step = Step(target, head.version if head else 0, installed)
    step.misstated = head is not None and head.installed != installed
    for sk in sorted(stored.keys() | new.keys() | {f"day#{day}" for day in spent}):
        cell = _cell(pk, sk, stored.get(sk), new.get(sk, {}), above, spent, holders)
        if cell is not None:
            step.cells.append(cell)
    return step


def _measured(store: Store, pk: str) -> tuple[Measured, ...]:
    """The activity's measurements in the order in which they were recorded."""
    found = store.each(Query(model=Measurement, hash=pk, between=("progress#", "progress#~")))
    return tuple(
        Measured(date.fromisoformat(row.date), row.installed_quantity, row.percent_complete, row.milestone)
        for row in sorted(found, key=lambda row: row.recorded)
    )


def _holders(store: Store, place: str, stored: Iterable[Mapping[str, Any]], above: list[str]) -> set[str]:
    """The nodes from which sums may be taken away: those above, and what the rows name that is no activity."""
    other = sorted({id for row in stored for id in under_of(row)}.difference(above))
    nodes = store.raw_many(*((Node, place, f"node#{id}") for id in other))
    activities = {id for id, node in zip(other, nodes, strict=True) if node and is_activity(node)}
    return {*above, *other} - activities


def rows(store: Store, model: type[Row], pk: str, between: tuple[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """Every row under one key as DynamoDB gives it, as it is now."""
    return store.items(Query(model=model, hash=pk, between=between))


def _spent(store: Store, pk: str, stored: Mapping[str, dict[str, Any]], dates: set[str] | None) -> dict[date, Spent]:
    """The activity's cells: touched ones from their source rows, the others as stored."""
    spent = {date.fromisoformat(sk[4:]): _stored_spent(row) for sk, row in stored.items() if sk.startswith("day#")}
    fresh: dict[str, list[Booking]] = {}
    for low, high in [("0", "~")] if dates is None else [(f"{day}#", f"{day}#~") for day in sorted(dates)]:
        for row in store.each(Query(model=Booking, hash=pk, between=(low, high))):
            fresh.setdefault(row.date, []).append(row)
    for day in dates if dates is not None else {day.isoformat() for day in spent} | fresh.keys():
        booked = fresh.get(day, [])
        spent[date.fromisoformat(day)] = spent_on((row.hours, row.rate, row.quantity) for row in booked)
    return {day: cell for day, cell in spent.items() if cell != Spent()}


def _stored_spent(row: Mapping[str, Any]) -> Spent:
    def number(name: str) -> Any:
        return from_wire(row[name]) if name in row else 0

    return Spent(number("ac"), number("ac_money"), number("ac_unrated"), Decimal(number("quantity")))


def sums_of(row: Mapping[str, Any]) -> Sums:
    """The additive measures of a stored row."""
    return {
        name: from_wire(value) for name, value in row.items() if "N" in value and name not in {"quantity", "version"}
    }


def under_of(row: Mapping[str, Any]) -> list[str]:
    """The nodes that hold an activity's row."""
    return from_wire(row["under"])["ids"] if "under" in row else []


def _cell(
    pk: str,
    sk: str,
    old: Mapping[str, Any] | None,
    new: Sums,
    above: list[str],
    spent: Mapping[date, Spent],
    holders: set[str],
) -> Cell | None:
    quantity = spent.get(date.fromisoformat(sk[4:]), Spent()).quantity if sk.startswith("day#") else Decimal(0)
    item = _item(pk, sk, new, above, quantity) if new or quantity else None
    if _content(old) == _content(item):
        return None
    was, under = (sums_of(old), under_of(old)) if old else ({}, [])
    differences: dict[str, Sums] = {}
    for nodes, sums, sign in ((holders.intersection(under), was, -1), (above, new, 1)):
        for node in nodes:
            add_to(differences.setdefault(node, {}), sums, sign)
    changed = {node: {name: value for name, value in row.items() if value} for node, row in differences.items()}
    moved = under != above  # then a node that gains as much as it loses is written too: its rows below changed places
    return Cell(sk, item, {node: row for node, row in changed.items() if row or (moved and differences[node])})


def _item(pk: str, sk: str, sums: Sums, above: list[str], quantity: Decimal) -> dict[str, Any]:
    values: dict[str, Any] = {"pk": pk, "sk": sk, "under": {"ids": above}, **sums}
    return {name: to_wire(value) for name, value in (values | ({"quantity": quantity} if quantity else {})).items()}


def _content(item: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What a row says, however its numbers are written."""
    return None if item is None else {name: from_wire(value) for name, value in item.items()}


def pack(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Groups of steps that each fit one transaction, the rows above them written once a group."""
    group: list[Step] = []
    keys: set[tuple[str, str]] = set()
    for step in _pieces(steps):
        adds = _keys(step)
        if group and (len(keys | adds) > ITEMS or any(part.target == step.target for part in group)):
            yield group
            group, keys = [], set()
        group.append(step)
        keys |= adds
    if group:
        yield group


def _pieces(steps: Iterable[Step]) -> Iterator[Step]:
    """A step too large for one transaction in several, each under the head version the last one leaves."""
    for step in steps:
        version, cells, keys = step.version, list[Cell](), set[tuple[str, str]]()
        for cell in step.cells:
            adds = _keys(Step(step.target, version, step.installed, [cell]))
            if cells and len(keys | adds) > ITEMS:
                yield Step(step.target, version, step.installed, cells)
                version, cells, keys = version + 1, [], set()
            cells = [*cells, cell]
            keys |= adds
        yield Step(step.target, version, step.installed, cells)


def _keys(step: Step) -> set[tuple[str, str]]:
    own = {(step.target.activity, cell.sk) for cell in step.cells} | {(step.target.activity, "head")}
    known = {(step.target.project, f"activity#{step.target.activity}")} if not step.version else set()
    return own | known | {(node, cell.sk) for cell in step.cells for node in cell.differences}


def _changes(store: Store, group: list[Step]) -> list[Change]:
    changes: list[Change] = []
    above: dict[tuple[str, str], Sums] = {}
    for step in group:
        changes += _head(step)
        for cell in step.cells:
            changes.append(_write(store, key(step.target.company, step.target.activity), cell))
            _merge(above, step.target.company, cell)
    return [*changes, *(_addition(store, pk, sk, sums) for (pk, sk), sums in sorted(above.items()))]


def _head(step: Step) -> list[Change]:
    """The head a version on; the first one also makes the activity known to its project."""
    pk, project = key(step.target.company, step.target.activity), step.target.project
    head = RollupHead(pk=pk, sk="head", version=step.version + 1, project=project, installed=step.installed)
    if step.version:
        return [Put(head, RollupHead.version == step.version)]
    known = RollupKnown(pk=key(step.target.company, project), sk=f"activity#{step.target.activity}")
    return [Put(head, absent(RollupHead)), Put(known)]


def _write(store: Store, pk: str, cell: Cell) -> Raw:
    table = store.name("rollups")
    if cell.item is None:
        return Raw({"Delete": {"TableName": table, "Key": {"pk": to_wire(pk), "sk": to_wire(cell.sk)}}})
    return Raw({"Put": {"TableName": table, "Item": cell.item}})


def _merge(above: dict[tuple[str, str], Sums], company: str, cell: Cell) -> None:
    for node, sums in cell.differences.items():
        add_to(above.setdefault((key(company, node), cell.sk), {}), sums)


def _addition(store: Store, pk: str, sk: str, sums: Sums) -> Raw:
    """Differences added to a row above; its version tells a rebuild that the rows below have changed."""
    adds = sums | {"version": 1}
    names = sorted(adds)
    return Raw(
        {
            "Update": {
                "TableName": store.name("rollups"),
                "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
                "UpdateExpression": "ADD " + ", ".join(f"#{place} :{place}" for place in range(len(names))),
                "ExpressionAttributeNames": {f"#{place}": name for place, name in enumerate(names)},
                "ExpressionAttributeValues": {f":{place}": {"N": str(adds[name])} for place, name in enumerate(names)},
            }
        }
    )
