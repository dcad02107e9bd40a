"""Nodes, measurements, cost codes, rates and tokens as the API lists them at the end of a history, by the model."""

from fractions import Fraction
from typing import Any

from infra.simulator.figures import MILLION, View
from infra.simulator.formed import rounded
from infra.simulator.founding import ok, walk
from infra.simulator.report_comparing import alike, alike_rows, same
from infra.simulator.requests import Tenant
from infra.simulator.site import Activity, Measured
from infra.simulator.world import World

END = "9999-12-31"


def compare_lists(world: World, tenant: Tenant, project: str) -> None:
    """Each activity of a project and what was measured of it; its cost codes, holidays and baselines; a branch.

    Raises:
        Wrong: one of them is not as the model has it.
    """
    site = tenant.model.sites[project]
    view = View(site, tenant.model.work(project), cost=False)
    for id, activity in site.activities.items():
        path = f"/wbs/{id}/"
        row = ok(world, tenant, "GET", path)
        alike(path, row, _planned(activity) | {"path": list(site.path(id))})
        if (part := view.parts[id]).plan.budget and not part.effort:
            done = Fraction(part.earned_hours(END)) / Fraction(part.plan.budget * MILLION)
            alike(path, row, {"percent_complete": rounded(done, 4)})
        path = f"/wbs/{id}/progress/?page_size=2"
        wanted = {key: _measured(each) for key, each in activity.measured.items()}
        alike_rows(path, walk(world, tenant, path), "id", wanted)
    path = f"/projects/{project}/cost-codes/?page_size=3"
    codes = {row["cost_code"]: row["node"] for row in walk(world, tenant, path, by="cost_code")}
    same(path, codes, site.codes())
    path = f"/projects/{project}/holidays/?page_size=2"
    same(path, {row["date"] for row in walk(world, tenant, path, by="date")}, site.holidays)
    path = f"/projects/{project}/baselines/?page_size=2"
    numbers = [row["number"] for row in walk(world, tenant, path, by="number")]
    same(path, sorted(numbers), [*range(1, len(site.baselines) + 1)])
    node = world.luck.choice([*site.nodes, *site.activities])
    above = [row["id"] for row in ok(world, tenant, "GET", f"/wbs/{node}/ancestors/")["results"]]
    same(f"above {node}", above, site.above(node)[:0:-1])
    below = {row["id"] for row in walk(world, tenant, f"/wbs/{node}/children/?page_size=2")}
    same(f"below {node}", below, site.children(node))


def compare_credentials(world: World, tenant: Tenant) -> None:
    """Rates of operatives as they were entered, of which the last of a date holds; and whose tokens work."""
    model = tenant.model
    for hand in tenant.hands:
        path = f"/operatives/{hand}/rates/?page_size=2"
        found = {row["valid_from"] or "": row["hourly_rate"] for row in walk(world, tenant, path, by="valid_from")}
        same(path, found, dict(model.rates.get(hand, [])))
    rows = {row["id"]: row for row in walk(world, tenant, "/tokens/?page_size=3")}
    for id, token in model.people.tokens.items():
        shown = rows[id]["user"], rows[id]["revoked_at"] is None
        same(f"the token {id}", shown, (token.user, token.ended_at is None))


def _planned(activity: Activity) -> dict[str, Any]:
    return {
        "parent": activity.parent,
        "cost_code": activity.code,
        "budget_hours": activity.plan.budget,
        "baseline_start": activity.plan.start,
        "baseline_finish": activity.plan.finish,
        "quantity": activity.quantity,
        "earning_rule": activity.rule,
        "planned_rate": activity.rate,
    }


def _measured(each: Measured) -> dict[str, Any]:
    return {
        "date": each.date,
        "percent_complete": each.percent,
        "installed_quantity": each.installed,
        "milestone": each.milestone,
    }
