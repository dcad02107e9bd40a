"""Reports that look at activities and operatives one by one, as the API shows them at the end, against the model."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

from infra.simulator.facts import COUNTED
from infra.simulator.figures import MILLION, Part, View, WorkDays, installed
from infra.simulator.formed import over, rounded
from infra.simulator.founding import ok, walk
from infra.simulator.report_comparing import alike_rows
from infra.simulator.requests import Tenant
from infra.simulator.world import World

RECENT = 14  # days whose hours make the pace
RED_BELOW = Fraction(85, 100)


def compare_activities(world: World, tenant: Tenant, project: str) -> None:
    """The look-ahead, productivity and missing hours of a project.

    Raises:
        Wrong: one of them is not as the model has it.
    """
    model, days = tenant.model, world.days
    view = View(model.sites[project], model.work(project), cost=False)
    as_of, weeks = days.near(world.luck), world.luck.randrange(1, 7)
    path = f"/projects/{project}/look-ahead/?as_of={as_of}&weeks={weeks}"
    alike_rows(path, ok(world, tenant, "GET", path)["results"], "node", dict(_due(view, as_of, weeks)))
    path = f"/reports/productivity/?project={project}&as_of={as_of}&page_size=3"
    wanted = {id: _productivity(part, as_of) for id, part in view.parts.items()}
    alike_rows(path, walk(world, tenant, path, by="node"), "node", wanted)
    first, last = sorted((days.near(world.luck), days.near(world.luck)))
    path = f"/reports/missing-hours/?project={project}&date_from={first}&date_to={last}"
    found = ok(world, tenant, "GET", path)["results"]
    alike_rows(path, found, "operative", dict(_missing(tenant, project, first, last)))


def _after(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def _due(view: View, as_of: str, weeks: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is not finished and starts or runs in the weeks after a date; without dates, what people work on."""
    first = _after(as_of, 1 - RECENT)
    for id, part in view.parts.items():
        budget, earned = int(part.plan.budget * MILLION), part.earned_hours(as_of)
        recent = sum(int(each.hours * MILLION) for each in part.work if first <= each.date <= as_of)
        is_due = part.dated and str(part.plan.start) <= _after(as_of, 7 * weeks)
        if earned >= budget or not (is_due or (not part.dated and recent > 0)):
            continue
        calendar = WorkDays(first, view.site.week, view.site.holidays)
        worked = len(calendar.between(first, as_of))
        pace = Fraction(recent, worked) if worked else Fraction(0)
        remaining, finish = budget - earned, None
        if part.effort:
            finish = part.plan.finish
        elif pace:
            finish = calendar.nth(_after(as_of, 1), max(ceil(remaining / pace), 1))
        spi = over(Fraction(earned), Fraction(part.planned(as_of) or 0))
        late = part.plan.finish is not None and (finish or as_of) > part.plan.finish
        yield (
            id,
            {
                "cost_code": part.activity.code,
                "baseline_start": part.plan.start,
                "baseline_finish": part.plan.finish,
                "projected_finish": finish,
                "remaining_hours": rounded(Fraction(remaining, MILLION), 2),
                "daily_hours": rounded(pace / MILLION, 2),
                "spi": rounded(spi, 4),
                "flag": "red" if spi is not None and spi < RED_BELOW else "amber" if late else "green",
            },
        )


def _productivity(part: Part, as_of: str) -> dict[str, Any]:
    """Hours a unit takes, against those that it may take."""
    spent, quantity = part.spent(as_of), part.activity.quantity
    done = max(Decimal(0), installed(part.activity, part.work, as_of))
    may = over(Fraction(part.plan.budget), Fraction(quantity or 0))
    takes = over(Fraction(spent, MILLION), Fraction(done))
    return {
        "cost_code": part.activity.code,
        "quantity": quantity,
        "installed_quantity": done,
        "budget_hours": rounded(Fraction(part.plan.budget), 2),
        "spent_hours": rounded(Fraction(spent, MILLION), 2),
        "budget_hours_per_unit": rounded(may, 4),
        "spent_hours_per_unit": rounded(takes, 4),
        "ratio": rounded(over(takes, may), 4),
    }


def _missing(tenant: Tenant, project: str, first: str, last: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The working days without hours that wait or count, of everybody active who has such hours on the project then."""
    model, site = tenant.model, tenant.model.sites[project]
    there = {
        each.day
        for each in model.entries.values()
        if each.project == project and each.status in COUNTED and first <= each.date <= last
    }
    days = WorkDays(first, site.week, site.holidays).between(first, last)
    for operative in {operative for operative, _ in there} - model.idle.keys():
        if gaps := [day for day in days if (operative, day) not in there]:
            yield operative, {"dates": gaps}
