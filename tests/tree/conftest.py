"""A stage of its own for each file of tests of the tree, and a project with a tree in it."""

import uuid
from typing import Any

import pytest

from tests.stage import Client, Stage


class Tree:
    """A project, and its nodes as the API shows them."""

    def __init__(self, client: Client) -> None:
        self.client = client
        code = uuid.uuid4().hex[:12]
        self.project = str(client.ok("POST", "/projects/", {"code": code, "name": "Quay"})["id"])
        self.codes = 0

    def add(self, name: str, parent: str | None = None, **values: Any) -> str:
        """A new node; its id."""
        body = {"name": name, "parent": parent, **values}
        return str(self.client.ok("POST", f"/projects/{self.project}/wbs/", body)["id"])

    def activity(self, name: str, parent: str, **values: Any) -> str:
        """A new activity with a cost code of its own; its id."""
        self.codes += 1
        return self.add(name, parent, **{"cost_code": f"C-{self.codes}", **values})

    def branch(self, name: str = "North") -> list[str]:
        """A location, sub-location, discipline and activity; their ids."""
        top = self.add(name)
        middle = self.add("Ground", top)
        discipline = self.add("Concrete", middle)
        return [top, middle, discipline, self.activity("Pour", discipline)]

    def nodes(self, **query: Any) -> list[dict[str, Any]]:
        """All nodes that match, by following the links."""
        link: str | None = f"/projects/{self.project}/wbs/?" + "&".join(
            f"{name}={value}" for name, value in query.items()
        )
        found: list[dict[str, Any]] = []
        while link:
            page = self.client.ok("GET", link.removeprefix("/api/v1"))
            found += page["results"]
            link = page["next"]
        return found

    def codes_and_paths(self, **query: Any) -> list[tuple[str, list[str]]]:
        return [(node["code"], node["path"]) for node in self.nodes(**query)]

    def change(self, node: str, **values: Any) -> Any:
        """The node as it is afterwards."""
        return self.client.ok("PATCH", f"/wbs/{node}/", values)

    def read(self, node: str) -> Any:
        return self.client.ok("GET", f"/wbs/{node}/")


@pytest.fixture
def tree(stage: Stage) -> Tree:
    return Tree(stage.owner)
