"""A mirror of a list, kept as the API guide says, and how it differs from its source."""

from collections.abc import Iterable, Mapping
from typing import Any

from infra.demo import Client

DERIVED = frozenset({"cost_code", "clash", "allowed_actions"})  # of other rows: they do not move updated_at


class Mirror:
    """The rows of a list by id, from what has changed since the last look."""

    def __init__(self, path: str) -> None:
        self.path, self.rows, self.until, self.looks = path, dict[str, Mapping[str, Any]](), "", 0

    def look(self, client: Client) -> None:
        """Take over what has changed."""
        asked = (
            f"updated_since={self.until}&include_deleted=true&" if self.until else "updated_since=2020-01-01T00:00:00Z&"
        )
        link, until = f"{self.path}?{asked}page_size=200", self.until
        while link:
            page = client.call("GET", link.removeprefix("/api/v1"))
            self.take(page["results"])
            until, link = page["synced_until"], page["next"]
        self.until, self.looks = until, self.looks + 1

    def take(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows as they came: changed ones, and ids of deleted ones."""
        for row in rows:
            if "deleted_at" in row:
                self.rows.pop(row["id"], None)
            else:
                self.rows[row["id"]] = row

    def differences(self, source: Iterable[Mapping[str, Any]]) -> list[str]:
        """What is there and not here, here and not there, or otherwise than here."""
        there = {row["id"]: row for row in source}
        found = [f"{id} is missing" for id in there.keys() - self.rows.keys()]
        found += [f"{id} is gone from the source" for id in self.rows.keys() - there.keys()]
        return sorted(found + [f"{id} differs" for id in there.keys() & self.rows.keys() if self._differs(there[id])])

    def _differs(self, row: Mapping[str, Any]) -> bool:
        own = self.rows[row["id"]]
        return any(own.get(name) != value for name, value in row.items() if name not in DERIVED)
