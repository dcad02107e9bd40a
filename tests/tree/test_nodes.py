"""Creating, reading and changing nodes."""

from typing import Any

import pytest

from tests.stage import Stage
from tests.tree.conftest import Tree


def refused(tree: Tree, method: str, path: str, body: Any = None) -> tuple[int, set[str]]:
    reply = tree.client.send(method, f"/api/v1{path}", body)
    assert 400 <= reply.status < 500, reply
    return reply.status, set(reply.body.get("errors", {}))


def test_there_are_exactly_four_levels(tree: Tree) -> None:
    """Four levels exactly: 1 location, 2 sub-location, 3 discipline, 4 activity."""
    branch = tree.branch()
    assert [tree.read(node)["level"] for node in branch] == [1, 2, 3, 4]
    below = {"name": "More", "parent": branch[3], "cost_code": "X"}
    assert refused(tree, "POST", f"/projects/{tree.project}/wbs/", below) == (400, {"parent"})


def test_the_plan_is_an_activitys_only(tree: Tree) -> None:
    body = {"name": "North", "cost_code": "C", "budget_hours": 5, "unit": "m"}
    assert refused(tree, "POST", f"/projects/{tree.project}/wbs/", body) == (
        400,
        {"cost_code", "budget_hours", "unit"},
    )
    top = tree.add("North")
    assert refused(tree, "PATCH", f"/wbs/{top}/", {"budget_hours": 5}) == (400, {"budget_hours"})


def test_a_mistyped_budget_is_mended(tree: Tree) -> None:
    *_, activity = tree.branch()
    node = tree.change(activity, budget_hours=120.5, quantity=10, unit="m3", baseline_start=None, baseline_finish=None)
    assert (node["budget_hours"], node["quantity"], node["unit"]) == ("120.50", "10.0000", "m3")
    assert tree.read(activity) == node
    assert tree.change(activity, quantity=None)["quantity"] is None


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"baseline_start": "2026-06-01"}, {"baseline_finish"}),
        ({"baseline_start": "2026-06-02", "baseline_finish": "2026-06-01"}, {"baseline_finish"}),
        ({"earning_rule": "level_of_effort"}, {"baseline_start", "baseline_finish"}),
        ({"earning_rule": "units"}, {"quantity"}),
        ({"earning_rule": "milestones"}, {"milestones"}),
        ({"earning_rule": "milestones", "milestones": [{"name": "a", "weight": 0.4}]}, {"milestones"}),
        ({"milestones": [{"name": "Set Out", "weight": 0.5}, {"name": "set  out", "weight": 0.5}]}, {"milestones"}),
        ({"milestones": [{"name": f"{n}", "weight": 0.01} for n in range(101)]}, {"milestones"}),
        (
            {"milestones": [{"name": f"{n:03d}" + "w" * 195 + "\u00e9\u00e9", "weight": 0.01} for n in range(100)]},
            {"milestones"},
        ),
        ({"earning_rule": "guess", "unit": 5}, {"earning_rule", "unit"}),
    ],
)
def test_every_field_that_breaks_a_rule_is_named(tree: Tree, values: dict[str, Any], named: set[str]) -> None:
    discipline = tree.branch()[2]
    body = {"name": "Strike", "parent": discipline, "cost_code": "S-1", **values}
    assert refused(tree, "POST", f"/projects/{tree.project}/wbs/", body) == (400, named)
    activity = tree.activity("Cure", discipline)
    assert refused(tree, "PATCH", f"/wbs/{activity}/", values) == (400, named)


def test_an_unknown_parent_is_named_beside_the_other_bad_fields(tree: Tree) -> None:
    *_, activity = tree.branch()
    wrong = {"parent": f"{tree.project}aaaaaaaaaaaa", "earning_rule": "units"}
    assert refused(tree, "PATCH", f"/wbs/{activity}/", wrong) == (400, {"parent", "quantity"})
    body = {"name": "A", "cost_code": "A", "baseline_start": "2026-06-01", "parent": wrong["parent"]}
    assert refused(tree, "POST", f"/projects/{tree.project}/wbs/", body) == (400, {"parent", "baseline_finish"})
    body |= {"unit": 5}
    assert refused(tree, "POST", f"/projects/{tree.project}/wbs/", body) == (400, {"parent", "unit"})


def test_a_rule_that_needs_a_field_keeps_it(tree: Tree) -> None:
    """Rules between fields hold for the node as it will be, not for the fields that are sent."""
    discipline = tree.branch()[2]
    dates = {"baseline_start": "2026-06-01", "baseline_finish": "2026-06-05"}
    node = tree.activity("Guard", discipline, earning_rule="level_of_effort", **dates)
    gone = {"baseline_start": None, "baseline_finish": None}
    assert refused(tree, "PATCH", f"/wbs/{node}/", gone) == (400, {"baseline_start", "baseline_finish"})


def test_the_default_rule_is_units_where_there_is_a_quantity(tree: Tree) -> None:
    discipline = tree.branch()[2]
    rules = [
        tree.read(tree.activity(f"A{n}", discipline, **more))["earning_rule"]
        for n, more in enumerate([{}, {"quantity": 5}])
    ]
    assert rules == ["percent", "units"]


def test_names_are_unique_among_siblings_in_comparison_form(tree: Tree) -> None:
    north, middle, *_ = tree.branch()
    path = f"/projects/{tree.project}/wbs/"
    assert refused(tree, "POST", path, {"name": " NORTH "}) == (409, {"name"})
    assert refused(tree, "POST", path, {"name": "ground", "parent": north}) == (409, {"name"})
    south = tree.add("South")
    assert refused(tree, "PATCH", f"/wbs/{south}/", {"name": "north"}) == (409, {"name"})
    ground = tree.add("Ground", south)  # elsewhere the name is free
    assert refused(tree, "PATCH", f"/wbs/{ground}/", {"parent": north}) == (409, {"name"})
    assert tree.change(ground, parent=north, name="First")["path"] == ["North", "First"]
    tree.add("Ground", south)  # what it left is free again
    tree.change(middle, name="GROUND")  # written in another way, by itself
    assert tree.read(middle)["name"] == "GROUND"


def test_cost_codes_are_unique_in_the_project(tree: Tree) -> None:
    discipline = tree.branch()[2]
    body = {"name": "Cure", "parent": discipline, "cost_code": "c-1"}
    assert refused(tree, "POST", f"/projects/{tree.project}/wbs/", body) == (409, {"cost_code"})
    other = tree.activity("Cure", discipline)
    assert refused(tree, "PATCH", f"/wbs/{other}/", {"cost_code": " C-1"}) == (409, {"cost_code"})
    tree.change(other, cost_code="C-9")
    assert tree.activity("Strike", discipline, cost_code="C-2")  # what it left is free again
    found = tree.client.ok("GET", f"/projects/{tree.project}/cost-codes/?search=c-9")["results"]
    assert [(row["cost_code"], row["node"], row["path"][-1]) for row in found] == [("C-9", other, "Cure")]


def test_a_node_of_another_project_or_company_does_not_exist(tree: Tree, stage: Stage) -> None:
    other = Tree(stage.owner).branch()
    path = f"/projects/{tree.project}/wbs/"
    for parent in (other[0], "k3x9mq2vh7ad", f"{tree.project}aaaaaaaaaaaa"):
        assert refused(tree, "POST", path, {"name": "A", "parent": parent}) == (400, {"parent"})
        assert refused(tree, "PATCH", f"/wbs/{tree.add(parent[-12:])}/", {"parent": parent}) == (400, {"parent"})
        assert tree.nodes(parent=parent) == tree.nodes(under=parent) == []
    assert refused(tree, "GET", f"/wbs/{tree.project}aaaaaaaaaaaa/") == (404, set())


def test_search_finds_a_node_by_its_new_name(tree: Tree) -> None:
    top, *_, activity = tree.branch()
    tree.change(activity, name="Place concrete", cost_code="X-7")
    tree.change(top, name="Pier")
    assert [node["id"] for node in tree.nodes(search="x-7 pla")] == [activity]
    assert [node["id"] for node in tree.nodes(search="pier")] == [top]
    assert tree.nodes(search="pour") == tree.nodes(search="nor") == []


def test_two_patches_of_different_fields_both_survive_and_a_stale_one_is_refused(tree: Tree) -> None:
    *_, activity = tree.branch()
    path = f"/api/v1/wbs/{activity}/"
    tag = tree.client.send("GET", path).headers["etag"]
    tree.change(activity, budget_hours=7)
    stale = tree.client.send("PATCH", path, {"unit": "m"}, If_Match=tag)
    assert stale.status == 412
    tree.change(activity, unit="m")
    assert (tree.read(activity)["budget_hours"], tree.read(activity)["unit"]) == ("7.00", "m")


def test_who_edits_budgets_need_not_edit_the_structure(tree: Tree, stage: Stage) -> None:
    """Commercial: rates, commercial data, budgets. Engineer: the WBS structure."""
    *_, activity = tree.branch()
    quantity_surveyor, engineer, foreman = (
        stage.person(role, f"{role}{tree.project}") for role in ("commercial", "engineer", "foreman")
    )
    path = f"/api/v1/wbs/{activity}/"
    assert quantity_surveyor.send("PATCH", path, {"budget_hours": 5, "planned_rate": 40}).status == 200
    assert quantity_surveyor.send("PATCH", path, {"name": "X"}).status == 403
    assert engineer.send("PATCH", path, {"name": "X", "position": 1}).status == 200
    for field in ("budget_hours", "planned_rate"):
        assert engineer.send("PATCH", path, {field: 6}).status == 403
    assert "planned_rate" not in engineer.send("GET", path).body
    tag = foreman.send("GET", path).headers["etag"]
    nothing = foreman.send("PATCH", path, {})
    assert (foreman.send("PATCH", path, {"unit": "m"}).status, nothing.status) == (403, 200)
    assert nothing.headers["etag"] == foreman.send("GET", path).headers["etag"] == tag
