"""Large changes of a tree as the transactions show them: announced, staged row by row, and shown all at once.

Beside :mod:`infra.simulator.effects`, this is what knows how the product lays out its rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from infra.simulator.site import LEVELS, Shown, Site
from infra.simulator.tree_files import Row

Change = tuple[str, Any, Any]  # table, item before, item after
STEP = 24  # characters of an order key a level; the last twelve are of the node's id
OWN = 12
FIELDS = {
    "name": "name",
    "cost_code": "code",
    "budget_hours": "budget",
    "quantity": "quantity",
    "baseline_start": "start",
    "baseline_finish": "finish",
}


@dataclass
class Staged:
    """What a large change has put beside rows so far, and rows that are not to be seen yet."""

    new: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)  # node -> order key

    def note(self, changes: Sequence[Change]) -> None:
        """Some rows of it."""
        for before, after in _rows(changes, "node#"):
            if before is None:
                self.new[after["id"]] = after
            elif "next" in after:
                self.changed[after["id"]] = after["next"]
        for _, after in _rows(changes, "place#"):
            if order := (after.get("next") or after).get("order"):
                self.orders[after["node"]] = order

    def shown(self, project: str) -> dict[str, Shown]:
        """The nodes that it makes and changes."""
        found = {}
        for id, row in (*self.new.items(), *self.changed.items()):
            values = {mine: row[name] for name, mine in FIELDS.items() if name in row}
            values |= {"rule": row["earning_rule"]} if row.get("earning_rule") else {}
            level = int(row["level"]) if id in self.new else None
            found[id] = Shown(level, self._parent(id, project), id in self.orders, _exact(values))
        return found

    def _parent(self, id: str, project: str) -> str | None:
        above = self.orders.get(id, "")[:-STEP]
        return project + above[-OWN:] if above else None


def outline(changes: Sequence[Change]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """A project's outline before and after, if it was written and had been there."""
    return next(((before, after) for before, after in _rows(changes, "outline") if before is not None), None)


def announced(changes: Sequence[Change]) -> bool:
    """Whether a large change begins: what it does is not to be seen yet."""
    found = outline(changes)
    return found is not None and bool(found[1].get("staged")) and not found[0].get("staged")


def flipped(changes: Sequence[Change]) -> bool:
    """Whether what was staged is to be seen from now on."""
    found = outline(changes)
    return found is not None and bool(found[0].get("staged")) and found[0]["edition"] < found[1]["edition"]


def rules_wrong(site: Site, before: Site, rows: Sequence[Row], since: float) -> Iterator[str]:
    """Activities that got their first quantity of a file and do not earn by it, unless somebody has measured them."""
    for row in rows if site.renamed < since else ():  # else a code may be another activity's by now
        id = before.codes().get(row.code, "")
        was = before.activities.get(id)
        if row.quantity is None or (was is not None and was.quantity is not None) or id not in site.activities:
            continue
        activity = site.activities[id]
        if was is not None and (was.rule != "percent" or site.edited.get((id, "rule"), -1.0) >= since):
            continue  # somebody has said by which it earns
        if activity.measured_at < since and (activity.rule == "units") is bool(activity.measured):
            yield f"{row.code} earns by {activity.rule}: {activity}"


def useless(site: Site, shown: dict[str, Shown]) -> list[str]:
    """Parents that an import has made and that hold nothing."""
    return [id for id, each in shown.items() if each.level not in (None, LEVELS) and not site.below(id)]


def _rows(changes: Sequence[Change], keys: str) -> Iterator[tuple[dict[str, Any] | None, dict[str, Any]]]:
    for table, before, after in changes:
        if table == "projects" and after is not None and after["sk"]["S"].startswith(keys):
            yield (None if before is None else _plain(before)), _plain(after)


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in item.items()}


def _value(wire: dict[str, Any]) -> Any:
    [(kind, value)] = wire.items()
    if kind == "M":
        return _plain(value)
    if kind == "N":
        return Decimal(value)
    return None if kind == "NULL" else value


def _exact(values: dict[str, Any]) -> dict[str, Any]:
    """Amounts of a document lie there as text."""
    amounts = {name: Decimal(values[name]) for name in ("budget", "quantity") if values.get(name) is not None}
    return values | amounts
