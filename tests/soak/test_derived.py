"""The fields that a mirror does not compare are those that follow from other rows, no others; the guide names them."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from infra.soak.mirror import DERIVED, Mirror, differing, lists_of
from tests.faults.scenarios import Site
from tests.stage import Stage, running

GUIDE = Path(__file__).parent.parent.parent / "docs" / "api-guide.md"


def lists(stage: Stage, project: str) -> dict[str, dict[str, Any]]:
    """The rows of every list that can be read incrementally, by id."""
    schema = stage.owner.send("GET", "/api/schema/").body
    mirrors = [Mirror(path.replace("{id}", project)) for path in lists_of(schema)]
    return {
        each.name: {row["id"]: row for row in stage.owner.ok("GET", f"{each.path}?page_size=200")["results"]}
        for each in mirrors
    }


def changed_while_still(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """The fields that are other than before in rows whose ``updated_at`` is not."""
    pairs = [(row, after[id]) for id, row in before.items() if row["updated_at"] == after[id]["updated_at"]]
    return {field for row, now in pairs for field in row if now[field] != row[field]}


def test_exactly_the_derived_fields_change_while_updated_at_stands_still() -> None:
    with running() as stage:
        site = Site(stage)
        first = site.node({"name": "First", "parent": site.discipline, "cost_code": "F-1", "budget_hours": 9})
        wall = {"cost_code": "W-1", "budget_hours": 9, "unit": "m", "quantity": 4}
        site.node({"name": "Wall", "parent": site.discipline, **wall})
        site.manager.ok("POST", "/labour/", site.hours())
        laid = site.manager.ok("POST", "/labour/", site.hours(date="2026-06-09", cost_code="W-1", quantity=5))
        before = lists(stage, site.project)
        site.manager.ok("PATCH", f"/wbs/{site.activity}/", {"cost_code": "C-2"})  # the code of an entry
        site.foreman.ok("POST", "/labour/", site.hours(hours=1, cost_code="C-2"))  # a clash over it
        site.foreman.ok("POST", f"/labour/{laid['id']}/approve/", {})  # progress of the wall and of all above it
        site.manager.ok("PATCH", f"/wbs/{first}/", {"position": 3})  # the place of the wall
        site.manager.ok("PATCH", f"/wbs/{site.discipline}/", {"name": "Masonry"})  # the paths below it
        stage.settle()
        after = lists(stage, site.project)
    assert {"labour", "wbs", "operatives", "projects", "users", "clashes", "clock-events"} == after.keys()
    moved = {name: changed_while_still(rows, after[name]) for name, rows in before.items()}
    assert {name: fields for name, fields in moved.items() if fields} == DERIVED


def test_the_guide_names_the_same_fields() -> None:
    section = GUIDE.read_text().partition("### Incremental reads")[2].partition("\n## ")[0]
    told = defaultdict[str, set[str]](set)
    for list_name, fields in re.findall(r"^\| `([a-z/{}-]+)/` \| ([^|]+) \|", section, re.MULTILINE):
        told[list_name.rpartition("/")[2]] |= set(re.findall(r"`(\w+)`", fields))
    assert told == DERIVED


def test_a_field_of_another_list_is_no_derived_one() -> None:
    assert differing("operatives", {"cost_code": 1}, {"cost_code": 2}) == ["cost_code"]
