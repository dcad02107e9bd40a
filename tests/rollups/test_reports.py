"""KPI routes and reports as clients see them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.handlers.streams import settle
from chalicelib.projects.rows import Project
from chalicelib.rollups import snapshots
from chalicelib.storage.changes import Put
from chalicelib.storage.reading import Reading
from tests.rollups.site import DAYS, PLANNED, Site
from tests.stage import Client, Stage

AS_OF = "2026-07-02"
PLAN = PLANNED | {"budget": Decimal(80), "length": 9, "dated": True}
WORK = {"day": DAYS[1], "hours": Decimal(8), "rate": Decimal(30), "quantity": Decimal(4)}


@pytest.fixture(scope="module")
def site(stage: Stage) -> Iterator[Site]:
    """Four activities planned, three of them begun; a baseline, after which one plan changed."""
    site = Site(stage)
    for number in range(4):
        site.do("plan", PLAN | {"activity": number})
    for number in range(3):
        site.do("book", WORK | {"activity": number})
    site.do("freeze", None)
    site.do("plan", PLAN | {"activity": 0, "budget": Decimal(100)})
    assert not settle(site.store, site.records)
    yield site


def figures(client: Client, path: str) -> dict[str, Any]:
    """A KPI answer."""
    seen: dict[str, Any] = client.ok("GET", path)
    return seen


def test_a_kpi_takes_the_newest_baseline_a_number_or_the_plan_of_now(stage: Stage, site: Site) -> None:
    """Baselines: BAC, PV and EV use the chosen baseline (the newest by default), AC never does."""
    newest, first, now = (
        figures(stage.owner, f"/projects/{site.project}/kpis/?as_of={AS_OF}{rest}")
        for rest in ("", "&baseline=1", "&baseline=current")
    )
    assert newest == first and (newest["baseline"], now["baseline"]) == (1, None)
    assert (newest["bac"], now["bac"]) == ("320.00", "340.00")
    assert newest["ac"] == now["ac"] == "24.00"
    for none in ("2", "0", "x", "-1", "1.5"):
        reply = stage.owner.send("GET", f"/api/v1/projects/{site.project}/kpis/?baseline={none}")
        assert reply.status == 400 and list(reply.body["errors"]) == ["baseline"], none


def test_a_figure_is_explained_by_its_formula_and_sums(stage: Stage, site: Site) -> None:
    """So that a site manager can check it with a calculator."""
    seen = figures(stage.owner, f"/wbs/{site.activities[1]}/kpis/?as_of={AS_OF}&explain=true")
    by_name = {each["figure"]: each for each in seen["explanation"]}
    assert by_name["cpi"]["formula"] == "ev ÷ ac" and by_name["cpi"]["value"] == seen["cpi"]
    assert by_name["forecast_finish"]["date"] == seen["forecast_finish"]
    assert "explanation" not in figures(stage.owner, f"/wbs/{site.activities[1]}/kpis/")


def test_a_page_of_nodes_shows_what_each_shows_by_itself(stage: Stage, site: Site) -> None:
    """By level or by parent, in tree order."""
    for query in ("level=1", "level=3", "level=4", f"parent={site.below[0]}"):
        page = stage.owner.ok("GET", f"/reports/kpis/?project={site.project}&as_of={AS_OF}&{query}")
        assert page["count"] == len(page["results"]) > 0
        for row in page["results"]:
            alone = figures(stage.owner, f"/wbs/{row['node']}/kpis/?as_of={AS_OF}")
            assert {name: row[name] for name in alone} == alone
            seen = stage.owner.ok("GET", f"/wbs/{row['node']}/")
            assert [row[name] for name in ("level", "name", "code")] == [
                seen[name] for name in ("level", "name", "code")
            ]


def test_a_page_of_projects(stage: Stage, site: Site) -> None:
    """The portfolio; a project without that baseline is shown by its plan of now."""
    for query in ("", "&baseline=9", "&status=active"):
        page = stage.owner.ok("GET", f"/reports/portfolio/?as_of={AS_OF}{query}")
        [row] = [each for each in page["results"] if each["project"] == site.project]
        plan = "&baseline=current" if "9" in query else ""
        alone = figures(stage.owner, f"/projects/{site.project}/kpis/?as_of={AS_OF}{plan}")
        assert {name: row[name] for name in alone} == alone
    assert stage.owner.ok("GET", "/reports/portfolio/?status=archived")["results"] == []


def test_money_is_for_those_who_may_see_rates(stage: Stage, site: Site) -> None:
    """Without the permission the fields are absent and measure=cost answers 403."""
    supervisor = stage.person("supervisor", "sue")
    paths = [
        f"/projects/{site.project}/kpis/?",
        f"/wbs/{site.below[0]}/kpis/?",
        f"/reports/kpis/?project={site.project}&",
        f"/reports/s-curve/?project={site.project}&",
        "/reports/portfolio/?",
    ]
    for path in paths:
        assert supervisor.send("GET", f"/api/v1{path}measure=cost").status == 403, path
        assert stage.owner.send("GET", f"/api/v1{path}measure=cost&as_of={AS_OF}").status == 200, path
    assert "unrated_hours" not in figures(supervisor, paths[0])
    seen = figures(supervisor, f"{paths[0]}explain=true")
    assert "unrated_hours" not in {each["figure"] for each in seen["explanation"]}


def test_what_is_not_there_is_not_found(stage: Stage, site: Site) -> None:
    """An id of another company answers as one that does not exist."""
    gone = f"{site.project}abcdefghijkl"
    for path in (
        f"/wbs/{gone}/kpis/",
        "/projects/abcdefghijkl/kpis/",
        "/projects/abcdefghijkl/look-ahead/",
        "/reports/kpis/?project=abcdefghijkl",
        "/reports/productivity/?project=abcdefghijkl",
        "/reports/s-curve/?project=abcdefghijkl",
        f"/reports/s-curve/?node={gone}",
    ):
        assert stage.owner.send("GET", f"/api/v1{path}").status == 404, path


def test_the_s_curve_meets_the_key_figures_at_as_of(stage: Stage, site: Site) -> None:
    """Cumulative PV, EV and AC by period end; the forecast begins at as-of with AC and runs to EAC."""
    for of, node in ((f"project={site.project}", None), (f"node={site.activities[1]}", site.activities[1])):
        curve = stage.owner.ok("GET", f"/reports/s-curve/?{of}&as_of={AS_OF}&interval=day")
        path = f"/wbs/{node}/kpis/" if node else f"/projects/{site.project}/kpis/"
        kpi = figures(stage.owner, f"{path}?as_of={AS_OF}")
        at = {point["date"]: point for point in curve["series"]}
        assert [at[AS_OF][name] for name in ("planned", "earned", "spent")] == [kpi["pv"], kpi["ev"], kpi["ac"]]
        assert at[AS_OF]["forecast"] == kpi["ac"] and curve["series"][-1]["forecast"] == kpi["eac"]
        assert curve["series"][-1]["date"] == kpi["forecast_finish"] and curve["unit"] == "hours"
        assert curve["computed_at"] == kpi["computed_at"] and curve["baseline"] == kpi["baseline"]


def test_the_s_curve_in_money_begins_with_the_first_hour_too(stage: Stage) -> None:
    """From the earliest baseline start or first hour, whether that has a rate or not."""
    unrated = Site(stage)
    unrated.do("book", WORK | {"activity": 0, "rate": None})
    assert not settle(unrated.store, unrated.records)
    path = f"/reports/s-curve/?project={unrated.project}&as_of={AS_OF}&measure="
    hours, money = (stage.owner.ok("GET", path + measure)["series"] for measure in ("hours", "cost"))
    assert [point["date"] for point in money] == [point["date"] for point in hours] and len(money) > 1
    assert {point["spent"] for point in money} == {"0.00", None}


def test_the_s_curve_as_table_and_picture(stage: Stage, site: Site) -> None:
    """Accept: text/csv gives the table, image/svg+xml the picture."""
    path = f"/api/v1/reports/s-curve/?project={site.project}&as_of={AS_OF}&measure=cost"
    table = stage.owner.send("GET", path, Accept="text/csv")
    assert table.headers["content-type"].startswith("text/csv") and table.text.startswith("date,planned,earned")
    picture = stage.owner.send("GET", path, Accept="image/svg+xml")
    assert picture.headers["content-type"] == "image/svg+xml" and "EUR" in picture.text
    assert stage.owner.send("GET", path, Accept="image/png").status == 406


def test_the_s_curve_is_of_a_project_or_a_node_and_not_too_long(stage: Stage, site: Site) -> None:
    """At most 2,000 points, else 400 asking for a wider interval."""
    for query, field in (("", "project"), (f"project={site.project}&node={site.below[0]}", "node")):
        reply = stage.owner.send("GET", f"/api/v1/reports/s-curve/?{query}")
        assert reply.status == 400 and field in reply.body["errors"]
    far = f"project={site.project}&as_of=2040-01-01&interval="
    reply = stage.owner.send("GET", f"/api/v1/reports/s-curve/?{far}day")
    assert reply.status == 400 and list(reply.body["errors"]) == ["interval"]
    assert len(stage.owner.ok("GET", f"/reports/s-curve/?{far}month")["series"]) > 100


def test_the_look_ahead_lists_what_is_due_and_at_which_pace(stage: Stage, site: Site) -> None:
    """Activities not finished that start or run within the weeks; red below SPI 0.85."""
    seen = stage.owner.ok("GET", f"/projects/{site.project}/look-ahead/?as_of={AS_OF}&weeks=1")
    assert {row["node"] for row in seen["results"]} == set(site.activities)
    by_node = {row["node"]: row for row in seen["results"]}
    begun, idle = by_node[site.activities[1]], by_node[site.activities[3]]
    assert begun["flag"] == "red" and begun["projected_finish"] and begun["remaining_hours"] == "48.00"
    assert idle["projected_finish"] is None and "projected_finish" in idle["reasons"]
    early = stage.owner.ok("GET", f"/projects/{site.project}/look-ahead/?as_of=2026-05-01&weeks=6")
    assert early["results"] == [], "they start in eight weeks"
    assert stage.owner.send("GET", f"/api/v1/projects/{site.project}/look-ahead/?weeks=7").status == 400


def test_productivity_compares_hours_per_unit(stage: Stage, site: Site) -> None:
    """By cost code: spent hours per unit against budget hours per unit."""
    page = stage.owner.ok("GET", f"/reports/productivity/?project={site.project}&as_of={AS_OF}")
    assert page["count"] == 4
    row = next(each for each in page["results"] if each["node"] == site.activities[1])
    assert (row["cost_code"], row["budget_hours_per_unit"], row["spent_hours_per_unit"]) == ("C1", "8.0000", "2.0000")
    assert row["ratio"] == "0.2500"
    idle = next(each for each in page["results"] if each["node"] == site.activities[3])
    assert idle["spent_hours_per_unit"] is None and "spent_hours_per_unit" in idle["reasons"]


def test_a_closed_period_shows_what_was_reported(stage: Stage) -> None:
    """Closing keeps a snapshot of the KPIs as they were reported."""
    site = Site(stage)
    site.do("plan", PLAN | {"activity": 0})
    site.do("book", WORK | {"activity": 0})
    assert not settle(site.store, site.records)
    for path in (f"/projects/{site.project}/kpis/", f"/wbs/{site.activities[0]}/kpis/"):
        refused = stage.owner.send("GET", f"/api/v1{path}?reported=true")
        assert refused.status == 400 and list(refused.body["errors"]) == ["reported"]
    before = [figures(stage.owner, f"{path}?as_of={AS_OF}") for path in paths_of(site)]
    after = ""
    while after := snapshots.keep(site.store, site.company, site.project, AS_OF, after):
        pass
    assert snapshots.of(Reading(site.store), site.company, site.project, AS_OF)["bac"] == before[0]["bac"]
    row = site.store.get(Project, site.place.pk, "project")
    assert row is not None
    row.closed_to = AS_OF
    site.store.transact([Put(row)])
    site.do("plan", PLAN | {"activity": 0, "budget": Decimal(500)})
    assert not settle(site.store, site.records)
    for path, then in zip(paths_of(site), before, strict=True):
        assert figures(stage.owner, f"{path}?reported=true") == then
        now = figures(stage.owner, f"{path}?as_of={AS_OF}")
        assert now["bac"] == "500.00" and then["bac"] == "80.00"
        cost = figures(stage.owner, f"{path}?reported=true&measure=cost&forecast=budget_rate")
        assert (cost["bac"], cost["eac"]) == ("3200.00", cost["forecasts"]["budget_rate"])
    assert stage.owner.send("GET", f"/api/v1/projects/{site.project}/kpis/?reported=true&as_of={AS_OF}").status == 400


def paths_of(site: Site) -> list[str]:
    """The project, a node and an activity."""
    node = site.facts.parents[site.activities[0]]
    return [f"/projects/{site.project}/kpis/", f"/wbs/{node}/kpis/", f"/wbs/{site.activities[0]}/kpis/"]
