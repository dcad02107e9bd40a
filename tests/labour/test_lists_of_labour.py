"""Lists of labour: what waits for me, every filter, totals; who has handed in no hours."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.labour.conftest import DAY, NEXT, Site, code
from tests.stage import Client


@pytest.fixture(scope="module")
def plan(site: Site) -> dict[str, Any]:
    """Entries of a project, by name, that differ in everything a filter asks for."""
    fresh = Site(site.stage, site.people)
    other = fresh.activity_of(fresh.project, "C-2")
    ola, mia = fresh.hand(projects=[fresh.project]), fresh.hand()
    made = {
        "plain": fresh.entry(ola, hours=2, quantity=3),
        "done": fresh.entry(ola, date=NEXT, hours=4, quantity=1),
        "mine": fresh.entry(mia, fresh.manager, hours=8),
        "bare": fresh.entry(fresh.hand(), cost_code=None, hours=1),
        "other": fresh.entry(mia, date="2026-06-10", cost_code="C-2"),
        "draft": fresh.entry(mia, date="2026-06-11", status="draft"),
        "clash": fresh.entry(fresh.hand(), hours=20),
    }
    fresh.act(fresh.manager, made["done"], "approve")
    return {"site": fresh, "made": made, "ola": ola, "mia": mia, "other": other}


def names(plan: dict[str, Any], page: Any) -> set[str]:
    back = {id: name for name, id in plan["made"].items()}
    return {back[row["id"]] for row in page["results"]}


def listed(plan: dict[str, Any], client: Any = None, **query: Any) -> Any:
    site = plan["site"]
    return (client or site.manager).ok("GET", f"/labour/?{urlencode({'project': site.project, **query})}")


def test_every_filter_of_the_contract_narrows_the_list(plan: dict[str, Any]) -> None:
    site = plan["site"]
    everything = set(plan["made"])
    for query, expected in (
        ({}, everything),
        ({"operative": plan["ola"]}, {"plain", "done"}),
        ({"status": "approved"}, {"done"}),
        ({"cost_code": "c-2"}, {"other"}),
        ({"wbs": plan["other"]}, {"other"}),
        ({"date": NEXT}, {"done"}),
        ({"date_from": NEXT, "date_to": "2026-06-10"}, {"done", "other"}),
        ({"source": "manual"}, everything),
        ({"source": "clock"}, set()),
        ({"submitted_by": site.user("project_manager")}, {"mine"}),
        ({"operative": plan["mia"], "status": "submitted", "cost_code": "C-1"}, {"mine"}),
    ):
        assert names(plan, listed(plan, **query)) == expected, query
    dates = [row["date"] for row in listed(plan)["results"]]
    assert dates == sorted(dates, reverse=True)


def test_totals_are_those_of_the_filtered_set(plan: dict[str, Any]) -> None:
    page = listed(plan, operative=plan["ola"], totals="true", page_size=1)
    assert page["totals"] == {"hours": "6.00", "quantity": "4.0000"} and page["count"] == 2


def test_approvable_shows_what_the_caller_may_approve_now(plan: dict[str, Any]) -> None:
    """Not their own, not clashing, not approved yet; without a cost code too, as the call brings one."""
    site = plan["site"]
    page = listed(plan, approvable="true")
    assert names(plan, page) == {"plain", "bare", "other"} and page["count"] == 3
    assert all("approve" in row["allowed_actions"] for row in page["results"])
    assert names(plan, listed(plan, site.supervisor, approvable="true")) == {"plain", "mine", "bare", "other"}
    assert listed(plan, site.client("project_planner"), approvable="true")["count"] == 0
    assert names(plan, listed(plan, approvable="true", date=DAY)) == {"plain", "bare"}
    first = listed(plan, approvable="true", page_size=2)
    second = site.manager.ok("GET", first["next"].removeprefix("/api/v1"))
    assert names(plan, first) | names(plan, second) == {"plain", "bare", "other"} and second["next"] is None


def test_approvable_over_all_projects_is_of_those_where_the_caller_may_approve(plan: dict[str, Any]) -> None:
    """By base role everywhere, by memberships on their projects, for others nowhere."""
    site = plan["site"]
    other = site.new_project()
    elsewhere = site.entry(site.hand(), site.client("supervisor", "elsewhere"), project=other, cost_code=None)
    back = {id: name for name, id in plan["made"].items()} | {elsewhere: "elsewhere"}

    def waiting(client: Client) -> set[str]:
        page = client.ok("GET", "/labour/?approvable=true&page_size=200")
        assert page["count"] == len(page["results"])
        return {back[row["id"]] for row in page["results"] if row["id"] in back}

    assert waiting(site.manager) == {"plain", "bare", "other", "elsewhere"}
    assert waiting(site.supervisor) == {"plain", "mine", "bare", "other", "elsewhere"}
    member, user = site.person("engineer", "approves here only")
    assert waiting(member) == set()
    site.owner.ok("POST", f"/projects/{other}/memberships/", {"user": user, "role": "foreman"})
    assert waiting(member) == {"elsewhere"}
    assert waiting(site.client("project_planner")) == set()


def test_approvable_goes_without_updated_since(plan: dict[str, Any]) -> None:
    site = plan["site"]
    since = f"/api/v1/labour/?approvable=true&project={site.project}&updated_since=2026-01-01T00:00:00Z"
    assert list(site.manager.send("GET", since).body["errors"]) == ["approvable"]


def test_missing_hours_names_the_operatives_and_working_days_without_an_entry_that_waits_or_counts(
    plan: dict[str, Any],
) -> None:
    site = plan["site"]
    path = f"/reports/missing-hours/?project={site.project}&date_from=2026-06-05&date_to=2026-06-12"
    rows = {row["operative"]: row["dates"] for row in site.manager.ok("GET", path)["results"]}
    assert rows[plan["ola"]] == ["2026-06-05", "2026-06-10", "2026-06-11", "2026-06-12"]  # not the weekend
    assert rows[plan["mia"]] == ["2026-06-05", NEXT, "2026-06-11", "2026-06-12"]  # a draft is no entry yet
    site.owner.ok("POST", f"/projects/{site.project}/holidays/", {"date": "2026-06-12"})
    rows = {row["operative"]: row["dates"] for row in site.manager.ok("GET", path)["results"]}
    assert "2026-06-12" not in rows[plan["ola"]]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("date_from=2026-06-05", "date_to"),
        ("date_from=2026-06-05&date_to=2026-06-01", "date_to"),
        ("date_from=2026-01-01&date_to=2026-06-01", "date_to"),
    ],
)
def test_the_report_of_missing_hours_says_which_parameter_is_wrong(
    plan: dict[str, Any], query: str, field: str
) -> None:
    site = plan["site"]
    refused = site.manager.send("GET", f"/api/v1/reports/missing-hours/?project={site.project}&{query}")
    assert refused.status == 400 and list(refused.body["errors"]) == [field]


def test_the_report_of_missing_hours_is_for_those_who_see_all_labour_there(plan: dict[str, Any]) -> None:
    site = plan["site"]
    query = f"?project={site.project}&date_from={DAY}&date_to={NEXT}"
    assert code(site.client("engineer").send("GET", f"/api/v1/reports/missing-hours/{query}")) == (
        403,
        "permission_denied",
    )
    missing = "?project=nosuchproject&date_from=2026-06-08&date_to=2026-06-09"
    assert code(site.manager.send("GET", f"/api/v1/reports/missing-hours/{missing}")) == (404, "not_found")
