"""Clashes of one operative's day, on plain values.

A day's ``entries`` map an entry's id to ``{hours, submitter, status, project}``; drafts and
rejected entries are not in it. The clock counts as one submitter.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

COUNTED = frozenset({"submitted", "approved"})
CLOCK = "clock"


def kinds(entries: Mapping[str, Mapping[str, Any]], daily_cap: Decimal) -> list[str]:
    """Which rules the day breaks."""
    found = []
    if len({entry["submitter"] for entry in entries.values()}) > 1:
        found.append("duplicate_submitter")
    if total_hours(entries) > daily_cap:
        found.append("over_daily_cap")
    return found


def total_hours(entries: Mapping[str, Mapping[str, Any]]) -> Decimal:
    """Hours of the day in all."""
    return sum((Decimal(entry["hours"]) for entry in entries.values()), Decimal(0))


def evaluate(
    entries: Mapping[str, Mapping[str, Any]],
    clash: Mapping[str, Any] | None,
    daily_cap: Decimal,
) -> dict[str, Any] | None:
    """The day's clash after a change: open, still resolved, cleared by itself, or none.

    A resolution covers the kept entries as they were (id, hours, submitter); any other entry in the
    day opens the clash again, with the earlier resolution in its history.
    """
    now = kinds(entries, daily_cap)
    if not now:
        return dict(clash) | {"status": "cleared", "kinds": []} if clash else None
    if clash and clash["status"] == "resolved" and covered(entries, clash["kept"]):
        return dict(clash) | {"kinds": now}
    history = list(clash.get("history", [])) if clash else []
    if clash and clash["status"] == "resolved":
        history.append(clash["resolution"])
    return {"status": "open", "kinds": now, "history": history}


def covered(entries: Mapping[str, Mapping[str, Any]], kept: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether every entry of the day is one that was kept, unchanged in hours and submitter."""
    return all(
        id in kept and (entry["hours"], entry["submitter"]) == (kept[id]["hours"], kept[id]["submitter"])
        for id, entry in entries.items()
    )


def is_open(clash: Mapping[str, Any] | None) -> bool:
    """Whether a clash holds entries back."""
    return bool(clash) and clash["status"] == "open"  # type: ignore[index]  # bool() has ruled None out
