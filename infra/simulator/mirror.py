"""A warehouse that follows the list of hours by ``updated_since``, while others write and calls fail."""

from typing import TYPE_CHECKING, Any

from infra.simulator.effects import Wrong
from infra.simulator.requests import Tenant
from infra.soak.mirror import BEGINNING, differing

if TYPE_CHECKING:
    from infra.simulator.world import World

MOST_PAGES = 60


class Mirror:
    """The rows of a company's hours by id, as of the last look that came to its end."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant, self.rows, self.since = tenant, dict[str, dict[str, Any]](), ""

    def look(self, world: "World") -> bool:
        """Take over what has changed; False where the walk broke off, so that it begins again the next time."""
        path: str | None = f"/labour/?updated_since={self.since or BEGINNING}&include_deleted=true&page_size=5"
        until = ""
        for _ in range(MOST_PAGES):
            if path is None:
                self.since = until
                return True
            headers = {"Authorization": f"Bearer {self.tenant.tokens[self.tenant.owner]}"}
            status, page = world.http(None, "GET", path, None, headers)
            if status != 200:
                return False
            self._take(page["results"])
            until, path = page["synced_until"], page["next"] and page["next"].removeprefix("/api/v1")
            world.something()
        return False

    def _take(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            if "deleted_at" in row:
                self.rows.pop(row["id"], None)
            else:
                self.rows[row["id"]] = row

    def compare(self, rows: dict[str, dict[str, Any]]) -> None:
        """Raises :class:`Wrong` where the mirror is not its source."""
        if self.rows.keys() != rows.keys():
            raise Wrong(f"the mirror has {sorted(self.rows.keys() ^ rows.keys())} or has not: {self.tenant.name}")
        for id, row in rows.items():
            other = differing("labour", self.rows[id], row)
            if other:
                raise Wrong(f"{id} has other {other} in the mirror: {self.rows[id]}, and {row}")
