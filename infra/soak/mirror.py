"""Mirrors of the lists that can be read incrementally, kept as the API guide says, and what is wrong in them."""

from collections.abc import Iterable, Mapping
from typing import Any

from infra.demo import Client

Row = Mapping[str, Any]
DERIVED = {
    "labour": frozenset({"cost_code", "clash", "allowed_actions"}),
    "wbs": frozenset({"code", "path", "position", "percent_complete", "installed_quantity", "over_quantity"}),
}
"""By list, the fields that follow from other rows: they do not move ``updated_at``. The API guide has the same ones."""
BEGINNING = "2020-01-01T00:00:00Z"


def lists_of(schema: Mapping[str, Any]) -> list[str]:
    """The lists of a served schema that take ``updated_since``."""
    return sorted(
        path.removeprefix("/api/v1")
        for path, methods in schema["paths"].items()
        if "updated_since" in {each["name"] for each in methods.get("get", {}).get("parameters", ())}
    )


def differing(list_name: str, one: Row, other: Row) -> list[str]:
    """The fields in which two rows of a list differ, those that only one of them has included; no derived ones."""
    names = (one.keys() | other.keys()) - DERIVED.get(list_name, frozenset())
    return sorted(name for name in names if (name in one, one.get(name)) != (name in other, other.get(name)))


class Mirror:
    """The rows of a list by id, from what has changed since the last look."""

    def __init__(self, path: str) -> None:
        self.path, self.name = path, path.strip("/").rpartition("/")[2]
        self.rows, self.until, self.looks = dict[str, Row](), BEGINNING, 0

    def look(self, client: Client) -> None:
        """Take over what has changed."""
        link, until = f"{self.path}?updated_since={self.until}&include_deleted=true&page_size=200", self.until
        while link:
            page = client.call("GET", link.removeprefix("/api/v1"))
            self.take(page["results"])
            until, link = page["synced_until"], page["next"]
        self.until, self.looks = until, self.looks + 1

    def take(self, rows: Iterable[Row]) -> None:
        """Rows as they came: changed ones, and ids of deleted ones."""
        for row in rows:
            if "deleted_at" in row:
                self.rows.pop(row["id"], None)
            else:
                self.rows[row["id"]] = row

    def differences(self, source: Iterable[Row]) -> list[str]:
        """What is there and not here, here and not there, or otherwise than here."""
        there, found = {row["id"]: row for row in source}, list[str]()
        for id in sorted(there.keys() | self.rows.keys()):
            if id not in self.rows:
                found.append(f"{self.name}: {id} is missing")
            elif id not in there:
                found.append(f"{self.name}: {id} is gone from the source")
            elif fields := differing(self.name, there[id], self.rows[id]):
                found.append(f"{self.name}: {id} differs in {', '.join(fields)}")
        return found


def joined_wrongly(entries: Iterable[Row], nodes: Mapping[str, Row], clashes: Iterable[Row]) -> list[str]:
    """Entries whose cost code or clash is not what a mirror finds by joining its nodes and its clashes."""
    over = {each["id"]: clash["id"] for clash in clashes if clash["status"] == "open" for each in clash["entries"]}
    found = []
    for entry in entries:
        code = nodes[entry["wbs"]]["cost_code"] if entry["wbs"] else None
        if entry["cost_code"] != code:
            found.append(f"{entry['id']} has the cost code {entry['cost_code']}, its node {code}")
        if entry["clash"] != over.get(entry["id"]):
            found.append(f"{entry['id']} has the clash {entry['clash']}, and is in {over.get(entry['id'])}")
    return found


def cost_codes_wrong(nodes: Iterable[Row], source: Iterable[Row]) -> list[str]:
    """The activities whose code, unit or budget in a mirror is not that of the project's list of cost codes."""
    own = ("cost_code", "unit", "budget_hours")
    here = {row["id"]: [row[name] for name in own] for row in nodes if row["cost_code"] is not None}
    there = {row["node"]: [row[name] for name in own] for row in source}
    ids = sorted(here.keys() | there.keys())
    return [f"cost code of {id}: {here.get(id)}, {there.get(id)}" for id in ids if here.get(id) != there.get(id)]
