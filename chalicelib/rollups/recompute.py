"""Recomputing: cells from their source rows, and the differences added to every level above.

Stream records only say which activities to look at. For each, the source rows are read as they
are now, its cells are computed anew and compared with the stored ones, and one transaction writes
the cells and adds the differences to the ancestors, guarded by the version of the activity's head
row. So a replay finds no difference, and lost, repeated or reordered records do no harm.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from chalicelib.errors import Unavailable
from chalicelib.projects.wbs import LEVELS
from chalicelib.rollups.measures import Spent, Sums, activity_of, add_to, calendar_of, contributions, spent_on
from chalicelib.storage.attributes import from_wire, to_wire
from chalicelib.storage.rows import Booking, Node, Project, Repair, RollupHead, key
from chalicelib.storage.store import Change, ConditionFailed, Delete, Put, Raw, Store, Update, absent

ITEMS = 90
ATTEMPTS = 12
SLICE = 200
WHOLE = "whole"  # in the place of an activity: all of the project


class Target(Struct, frozen=True):
    """An activity to recompute."""

    company: str
    project: str
    activity: str


Touched = dict[Target, set[str] | None]
"""Dates of each activity whose source rows changed; None: its plan changed, look at all of it."""


class Cell(Struct):
    """One row of an activity: its new content and what changes above it."""

    sk: str
    item: dict[str, Any]
    differences: dict[str, Sums]  # ancestor -> what to add


class Step(Struct):
    """The cells of one activity still to be written, under the head version they were computed at."""

    target: Target
    version: int
    installed: Decimal
    cells: list[Cell] = field(default_factory=list)


def apply(store: Store, touched: Touched) -> list[Target]:
    """Recompute what was touched; those that could not be done, each left in the repair table."""
    pending = dict(touched)
    for attempt in range(ATTEMPTS):
        pending = _attempt(store, pending)
        if not pending:
            return []
        store.pause(attempt)
    for target in pending:
        leave_for_repair(store, target, "contention")
    return list(pending)


def _attempt(store: Store, touched: Touched) -> Touched:
    """One round; what must be looked at again."""
    again: Touched = {}
    steps = [step for target, dates in touched.items() if (step := compute(store, target, dates)).cells]
    for group in pack(steps):
        try:
            store.transact(_changes(store, group))
        except (ConditionFailed, Unavailable):
            again |= {part.target: touched[part.target] for part in group}
    return again


def leave_for_repair(store: Store, target: Target, reason: str) -> None:
    """Remember an activity that must be recomputed."""
    at = datetime.now(UTC).isoformat()
    row = Repair(pk="repairs", sk=key(target.company, target.project, target.activity), reason=reason, since=at)
    store.transact([Put(row)])


def compute(store: Store, target: Target, dates: set[str] | None) -> Step:
    """The cells of an activity that differ from what is stored."""
    pk = key(target.company, target.activity)
    place = key(target.company, target.project)
    head, node, project = store.get_many(
        (RollupHead, pk, "head"), (Node, place, f"node#{target.activity}"), (Project, place, "project")
    )
    stored = {row["sk"]["S"]: row for row in _rows(store, "rollups", pk) if row["sk"]["S"] != "head"}
    spent = _spent(store, pk, stored, dates)
    new = contributions(activity_of(node), calendar_of(project), spent) if node and project else {}
    above = [*node.ancestors["ids"], target.project] if node else []
    installed = sum((cell.quantity for cell in spent.values()), Decimal(0))
    step = Step(target, head.version if head else 0, installed)
    for sk in sorted(stored.keys() | new.keys() | {f"day#{day}" for day in spent}):
        cell = _cell(pk, sk, stored.get(sk), new.get(sk, {}), above, spent)
        if cell is not None:
            step.cells.append(cell)
    return step


def _rows(store: Store, table: str, pk: str, between: tuple[str, str] | None = None) -> Iterator[dict[str, Any]]:
    start: Mapping[str, Any] | None = None
    while True:
        page = store.query(table, pk, between=between, start=start, consistent=True)
        yield from page.rows
        start = page.last
        if start is None:
            return


def _spent(store: Store, pk: str, stored: Mapping[str, dict[str, Any]], dates: set[str] | None) -> dict[date, Spent]:
    """The activity's cells: touched ones from their source rows, the others as stored."""
    spent = {date.fromisoformat(sk[4:]): _stored_spent(row) for sk, row in stored.items() if sk.startswith("day#")}
    fresh: dict[str, list[Booking]] = {}
    for low, high in [("0", "~")] if dates is None else [(f"{day}#", f"{day}#~") for day in sorted(dates)]:
        for row in store.query_all(Booking, pk, between=(low, high)):
            fresh.setdefault(row.date, []).append(row)
    for day in dates if dates is not None else {day.isoformat() for day in spent} | fresh.keys():
        rows = fresh.get(day, [])
        spent[date.fromisoformat(day)] = spent_on((row.hours, row.rate, row.quantity) for row in rows)
    return {day: cell for day, cell in spent.items() if cell != Spent()}


def _stored_spent(row: Mapping[str, Any]) -> Spent:
    def number(name: str) -> Any:
        return from_wire(row[name]) if name in row else 0

    return Spent(number("ac"), number("ac_money"), number("ac_unrated"), Decimal(number("quantity")))


def sums_of(row: Mapping[str, Any]) -> Sums:
    """The additive measures of a stored row."""
    return {
        name: int(value["N"]) for name, value in row.items() if "N" in value and name not in {"quantity", "version"}
    }


def _cell(
    pk: str,
    sk: str,
    old: Mapping[str, Any] | None,
    new: Sums,
    above: list[str],
    spent: Mapping[date, Spent],
) -> Cell | None:
    was = sums_of(old) if old else {}
    under = from_wire(old["under"])["ids"] if old else []
    quantity = spent.get(date.fromisoformat(sk[4:]), Spent()).quantity if sk.startswith("day#") else Decimal(0)
    kept = Decimal(from_wire(old["quantity"])) if old and "quantity" in old else Decimal(0)
    if (was, under, kept) == (new, above if was or new else under, quantity):
        return None
    differences: dict[str, Sums] = {}
    for nodes, sums, sign in ((under, was, -1), (above, new, 1)):
        for node in nodes:
            add_to(differences.setdefault(node, {}), sums, sign)
    item = {
        "pk": to_wire(pk),
        "sk": to_wire(sk),
        "under": to_wire({"ids": above}),
        **{name: to_wire(value) for name, value in new.items()},
    }
    if quantity:
        item["quantity"] = to_wire(quantity)
    return Cell(sk, item, {node: {n: v for n, v in row.items() if v} for node, row in differences.items()})


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
    return own | {(node, cell.sk) for cell in step.cells for node, row in cell.differences.items() if row}


def _changes(store: Store, group: list[Step]) -> list[Change]:
    changes: list[Change] = []
    above: dict[tuple[str, str], Sums] = {}
    for step in group:
        pk = key(step.target.company, step.target.activity)
        head = RollupHead(
            pk=pk, sk="head", version=step.version + 1, project=step.target.project, installed=step.installed
        )
        changes.append(Put(head, RollupHead.version == step.version if step.version else absent(RollupHead)))
        for cell in step.cells:
            changes.append(Raw({"Put": {"TableName": store.name("rollups"), "Item": cell.item}}))
            _merge(above, step.target.company, cell)
    return [*changes, *(_addition(store, pk, sk, sums) for (pk, sk), sums in sorted(above.items()) if sums)]


def _merge(above: dict[tuple[str, str], Sums], company: str, cell: Cell) -> None:
    for node, sums in cell.differences.items():
        add_to(above.setdefault((key(company, node), cell.sk), {}), sums)


def _addition(store: Store, pk: str, sk: str, sums: Sums) -> Raw:
    names = sorted(sums)
    return Raw(
        {
            "Update": {
                "TableName": store.name("rollups"),
                "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
                "UpdateExpression": "ADD " + ", ".join(f"#{place} :{place}" for place in range(len(names))),
                "ExpressionAttributeNames": {f"#{place}": name for place, name in enumerate(names)},
                "ExpressionAttributeValues": {f":{place}": {"N": str(sums[name])} for place, name in enumerate(names)},
            }
        }
    )


def leave_project(store: Store, company: str, project: str, reason: str) -> None:
    """Remember a project whose activities must all be recomputed; from the first one again if it was there."""
    row = Repair(pk="repairs", sk=key(company, project, WHOLE), reason=reason, since=datetime.now(UTC).isoformat())
    store.transact([Put(row)])


def mend_project(store: Store, company: str, project: str, limit: int = SLICE) -> bool:
    """Recompute the next slice of a project that was left for repair; whether it is finished.

    The slice's end is kept only while the row is the one that was read: a project that was left again
    meanwhile begins again.
    """
    row = store.get(Repair, "repairs", key(company, project, WHOLE))
    if row is None:
        return True
    between = (f"{row.after}~" if row.after else "node#", "node#~")
    page = store.query("projects", key(company, project), between=between, limit=limit, consistent=True)
    nodes = [Target(company, project, each["id"]["S"]) for each in page.rows if int(each["level"]["N"]) == LEVELS]
    apply(store, dict.fromkeys(nodes))
    same = Repair.since == row.since
    if page.last is None:
        changes: list[Change] = [Delete(Repair, (row.pk, row.sk), same)]
    else:
        changes = [Update(Repair, (row.pk, row.sk), (Repair.after.set(page.last["sk"]["S"]),), same)]
    try:
        store.transact(changes)
    except ConditionFailed:
        return False
    return page.last is None


def rebuild(store: Store, company: str, project: str) -> int:
    """Recompute a project from its source rows, level by level; how many rows were wrong (0 is right).

    Activities come from bookings and plans, every level above from the rows of its children.
    """
    nodes = [Node.from_raw_data(row) for row in _rows(store, "projects", key(company, project), ("node#", "node#~"))]
    drifted = 0
    for node in nodes:
        if node.level == LEVELS:
            target = Target(company, project, node.id)
            drifted += len(compute(store, target, None).cells)
            apply(store, {target: None})
    children: dict[str, list[str]] = {project: []}
    for node in nodes:
        children.setdefault(node.parent or project, []).append(node.id)
    upper = sorted((node for node in nodes if node.level < LEVELS), key=lambda node: -node.level)
    for id in [*(node.id for node in upper), project]:
        drifted += _sum_again(store, company, id, children.get(id, []))
    return drifted


def _sum_again(store: Store, company: str, node: str, children: list[str]) -> int:
    """Make a node's rows the sums of its children's; how many were not."""
    mended: set[str] = set()
    for attempt in range(ATTEMPTS):
        wrong = _differences(store, company, node, children)
        if not wrong:
            return len(mended)
        if wrong == _differences(store, company, node, children):  # else something was written between the reads
            for sk, (old, sums) in wrong.items():
                if store.transact_or_skip(dict(_replacement(store, key(company, node), sk, old, sums).item)):
                    mended.add(sk)
        store.pause(attempt)
    raise Unavailable("The project is too busy to be rebuilt; try again.")


def _differences(store: Store, company: str, node: str, children: list[str]) -> dict[str, tuple[Sums, Sums]]:
    """The rows of a node that are not the sums of its children's: what is stored, and what it should be."""
    stored = {row["sk"]["S"]: sums_of(row) for row in _rows(store, "rollups", key(company, node))}
    right: dict[str, Sums] = {}
    for child in children:
        for row in _rows(store, "rollups", key(company, child)):
            if row["sk"]["S"] != "head":
                add_to(right.setdefault(row["sk"]["S"], {}), sums_of(row))
    wrong = {}
    for sk in stored.keys() | right.keys():
        old = {name: value for name, value in stored.get(sk, {}).items() if value}
        new = {name: value for name, value in right.get(sk, {}).items() if value}
        if old != new:
            wrong[sk] = (stored.get(sk, {}), new)
    return wrong


def _replacement(store: Store, pk: str, sk: str, old: Sums, new: Sums) -> Raw:
    """Put a row's sums in the place of others, on condition that those are still there."""
    names = sorted(old.keys() | new.keys())
    alias = {name: f"#{place}" for place, name in enumerate(names)}
    values = {f":new{place}": {"N": str(new[name])} for place, name in enumerate(names) if name in new}
    values |= {f":old{place}": {"N": str(old[name])} for place, name in enumerate(names) if name in old}
    conditions = [
        f"{alias[name]} = :old{place}" if name in old else f"attribute_not_exists({alias[name]})"
        for place, name in enumerate(names)
    ]
    sets = [f"{alias[name]} = :new{place}" for place, name in enumerate(names) if name in new]
    gone = [alias[name] for name in names if name not in new]
    expression = (f"SET {', '.join(sets)} " if sets else "") + (f"REMOVE {', '.join(gone)}" if gone else "")
    return Raw(
        {
            "Update": {
                "TableName": store.name("rollups"),
                "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
                "UpdateExpression": expression.strip(),
                "ConditionExpression": " AND ".join(conditions),
                "ExpressionAttributeNames": {mark: name for name, mark in alias.items()},
                "ExpressionAttributeValues": values,
            }
        }
    )


def repair(store: Store, limit: int = 200) -> int:
    """Recompute what earlier runs had to leave, of a whole project a slice at a time; how many were mended."""
    page = store.query("rollups", "repairs", limit=limit, consistent=True)
    mended = 0
    for row in page.rows:
        company, project, activity = row["sk"]["S"].split("#")
        if activity == WHOLE:
            mended += mend_project(store, company, project)
        elif not apply(store, {Target(company, project, activity): None}):
            store.call("delete_item", TableName=store.name("rollups"), Key={"pk": row["pk"], "sk": row["sk"]})
            mended += 1
    return mended
