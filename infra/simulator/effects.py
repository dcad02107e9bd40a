"""What a transaction says: the entries, works and rows among its changes, and what does not hold of them.

This knows how the product lays out an entry, a day, the record of a key and the work behind a request.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from infra.simulator.facts import Entry, Operation
from infra.simulator.model import Model
from infra.simulator.requests import Request

Change = tuple[str, Any, Any]  # table, item before, item after
FINISHED = ("succeeded", "failed")


class Wrong(BaseException):
    """What the product did is not what must hold; it reaches the simulator past all that catches errors."""


def rate_kept(request: Request, operation: Operation, changes: Sequence[Change]) -> Decimal | None:
    """The rate that an approval has kept: one that was valid on the entry's date at some time."""
    if operation.verb != "approve":
        return None
    [kept] = [after for id, _, after in entries_of(changes) if id == operation.entry]
    rate = Decimal(kept["hourly_rate"]["N"]) if "N" in kept.get("hourly_rate", {}) else None
    if rate not in request.tenant.model.possible_rates(request.tenant.model.entries[operation.entry]):
        raise Wrong(f"{operation} keeps the rate {rate}")
    return rate


def activity_of(request: Request, operation: Operation, changes: Sequence[Change]) -> str | None:
    """The activity of the hours that were written: the one that the request names, or the one that they had."""
    named = operation.new.code if operation.new else operation.values.get("code", operation.code)
    written = entries_of(changes) if operation.verb in ("create", "approve", "edit") else []
    for id, _, after in (each for each in written if each[0] == (operation.entry or each[0])):
        node = after["wbs"]["S"] if "S" in after.get("wbs", {}) else None
        had = request.tenant.model.entries[id].node if id in request.tenant.model.entries else None
        if (named, node) not in request.nodes if named else node != had:
            raise Wrong(f"{operation} is on {node}, which was {had}, and {named} is one of {request.nodes}")
        return node
    return None


def require_clashes(model: Model, changes: Iterable[Change]) -> None:
    """A day is written with its clash as its hours are now, where every cap of before says the same."""
    for _, after in (each for each in puts(changes, "labour", "day") if each[1]["sk"]["S"] == "day"):
        day, clash = (after["operative"]["S"], after["date"]["S"]), after.get("clash", {})
        is_open = "M" in clash and clash["M"]["status"]["S"] == "open"
        if model.sure(day) and is_open != model.held(day):
            raise Wrong(f"the clash of {day} is {clash}, its hours are {model.counted(day)}")


def open_clash(model: Model, entry: Entry) -> bool:
    """Whether an open clash holds an entry, by whatever cap; hours of another project may begin one at any time."""
    inside = all(each.project == entry.project for each in model.counted(entry.day).values())
    return inside and model.held(entry.day) and model.sure(entry.day)


def takes_hours(model: Model, day: tuple[str, str]) -> bool:
    """Whether the project that has a clock takes hours of an operative and a date."""
    clocked = next(iter(model.sites.values()))
    return clocked.takes_hours and day[0] not in model.idle and day[1] > clocked.closed_to


def whole(told: Iterable[str]) -> bool:
    """Whether a shift has both its ends."""
    return {"in", "out"} <= set(told) or any(each.startswith("both") for each in told)


def versions(told: Iterable[str]) -> int:
    """How often a shift has been told as a whole, each time otherwise; by its two ends apart is once."""
    return sum(each.startswith("both") for each in told) + ({"in", "out"} <= set(told))


def telling(operation: Operation) -> str:
    """Which of the tellings of a shift it is; the whole one has its hours in its name."""
    assert operation.new is not None
    told: str = operation.values["told"]
    return told if told != "both" else f"both, {operation.new.hours} hours"


def entries_of(changes: Iterable[Change]) -> list[tuple[str, Any, Any]]:
    """The entries among some changes: id, before, after."""
    return [
        ((after or before)["id"]["S"], before, after)
        for table, before, after in changes
        if table == "labour" and (after or before)["sk"]["S"] == "entry"
    ]


def puts(changes: Iterable[Change], table: str, keys: str) -> list[tuple[Any, Any]]:
    """The rows of a table that are there after some changes, by how their sort keys begin: before, after."""
    return [
        (before, after)
        for name, before, after in changes
        if name == table and after is not None and after["sk"]["S"].startswith(keys)
    ]


def is_row(row: Entry, after: Any) -> bool:
    """Whether an entry that was written is a row that somebody has sent."""
    quantity = Decimal(after["quantity"]["N"]) if "N" in after.get("quantity", {}) else None
    shown = (after["project"]["S"], after["operative"]["S"], after["date"]["S"], Decimal(after["hours"]["N"]), quantity)
    known = (row.project, row.operative, row.date, row.hours, row.quantity)
    return shown == known and after["source"]["S"] == row.source
