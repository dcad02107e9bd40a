"""Key figures and S-curves as the API shows them at the end of a history, against the model."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from infra.simulator.effects import Wrong
from infra.simulator.figures import Sums, View
from infra.simulator.formed import FORECASTS, estimates, formed, rounded
from infra.simulator.founding import ok, walk
from infra.simulator.requests import Tenant
from infra.simulator.schedule import Curve, Timing, timing
from infra.simulator.world import World

INTERVALS = ("day", "week", "month")


class Asked:
    """At which date, in what, by which plan and which estimate at completion, drawn by luck.

    ``like`` another it is in the same and by the same estimate, and by the newest baseline.
    """

    def __init__(self, world: World, tenant: Tenant, project: str, as_of: str, like: "Asked | None" = None) -> None:
        site, luck = tenant.model.sites[project], world.luck
        count = len(site.baselines)
        self.as_of = as_of
        self.cost: bool = like.cost if like else luck.random() < 0.5
        self.forecast: str = like.forecast if like else luck.choice(FORECASTS)
        plan = "" if like else luck.choice(("", "current", *range(1, count + 1)))
        self.number = count or None if plan == "" else None if plan == "current" else int(plan)
        self.view = View(site, tenant.model.work(project), self.cost, self.number)
        measure = "cost" if self.cost else "hours"
        self.base = f"as_of={self.as_of}&measure={measure}&forecast={self.forecast}"
        self.query = f"{self.base}&baseline={plan}" if plan else self.base  # by default the newest
        self.head = {"as_of": self.as_of, "baseline": self.number}

    def figures(self, sums: Sums, times: Timing) -> dict[str, Any]:
        """Everything that the answer holds but the reasons and when it was computed."""
        forecasts = {name: rounded(value, 2) for name, value in estimates(sums, self.cost).items()}
        wanted = formed(sums, self.cost, self.forecast) | times.shown()
        return {**self.head, **wanted, "measure": "cost" if self.cost else "hours", "forecasts": forecasts}


def compare_figures(world: World, tenant: Tenant, project: str) -> None:
    """All figures of a project and of each of its nodes."""
    asked = Asked(world, tenant, project, world.days.near(world.luck))
    for node, sums in asked.view.sums(asked.as_of).items():
        path = f"/wbs/{node}/kpis/?{asked.query}" if node else f"/projects/{project}/kpis/?{asked.query}"
        row = ok(world, tenant, "GET", path)
        times = timing(asked.view, node, asked.as_of)
        wanted = asked.figures(sums, times)
        alike(path, row, wanted)
        alike(path, {"reasons": _reasons(row)}, {"reasons": reasons(wanted, sums, times.finished)})


def compare_pages(world: World, tenant: Tenant) -> None:
    """The same figures as pages show them: the nodes of a level, the children of a node, and the projects."""
    as_of = world.days.near(world.luck)
    first, *_ = tenant.model.sites
    asked = Asked(world, tenant, first, as_of)
    site, sums = asked.view.site, asked.view.sums(as_of)
    level, parent = world.luck.randrange(1, 5), world.luck.choice(list(site.nodes))
    of_level = {node for node in sums if node and len(site.above(node)) == level}
    which, nodes = world.luck.choice(((f"level={level}", of_level), (f"parent={parent}", site.children(parent))))
    path = f"/reports/kpis/?project={first}&{which}&page_size=3&{asked.query}"
    wanted = {node: asked.figures(sums[node], timing(asked.view, node, as_of)) for node in nodes}
    alike_rows(path, walk(world, tenant, path, by="node"), "node", wanted)
    path = f"/reports/portfolio/?{asked.base}&page_size=2"
    rows = {row["project"]: row for row in walk(world, tenant, path, by="project")}
    for project in tenant.model.sites:
        own = Asked(world, tenant, project, as_of, like=asked)
        figures = own.figures(own.view.sums(as_of)[""], timing(own.view, "", as_of))
        alike(f"{path} of {project}", rows[project], figures)


def reasons(figures: dict[str, Any], sums: Sums, finished: bool) -> dict[str, str]:
    """What needs a reason: what is null, and two that are not; which one where the rules name it, else nothing."""
    names = [name for name, value in figures.items() if value is None and name != "baseline"]
    names += [f"forecasts.{name}" for name, value in figures["forecasts"].items() if value is None]
    found = dict.fromkeys(names, "")
    if sums.bac is None:
        found |= dict.fromkeys((name for name in names if name != "se"), "no_planned_rate")
    if figures["cpi"] is not None and sums.unrated and figures["measure"] == "cost":
        found["cpi"] = "unrated_hours"
    return found | ({"forecast_finish": "finished"} if finished else {})


def _reasons(row: dict[str, Any]) -> dict[str, str]:
    named = {"no_planned_rate", "unrated_hours", "finished"}
    return {name: why if why in named else "" for name, why in row["reasons"].items()}


def compare_curve(world: World, tenant: Tenant, project: str) -> None:
    """The S-curve of the project or of one of its nodes, by days, weeks or months; mostly of where people worked."""
    luck, days = world.luck, world.days
    asked = Asked(world, tenant, project, luck.choice((days.near(luck), days.work[-1], days.plans[-3])))
    worked = [part for part in asked.view.parts if asked.view.parts[part].work] if luck.random() < 0.7 else []
    nodes = [node for id in worked for node in ("", *asked.view.site.above(id))]
    node, interval = luck.choice(nodes or [*asked.view.sums(asked.as_of)]), luck.choice(INTERVALS)
    path = f"/reports/s-curve/?{f'node={node}' if node else f'project={project}'}&interval={interval}&{asked.query}"
    known = asked.view.sums(asked.as_of)[node].bac is not None
    headers = {"Authorization": f"Bearer {tenant.tokens[tenant.owner]}"}
    status, answer = world.http(None, "GET", path, None, headers)
    if status != (200 if known else 400):
        raise Wrong(f"{path}: {status} {answer}")
    if not known:
        return  # without a planned rate there is no curve in money
    alike(path, answer, {**asked.head, "interval": interval, "unit": "EUR" if asked.cost else "hours"})
    curve = Curve(asked.view, node, asked.as_of, interval, asked.forecast).series()
    points = [[point["date"] for point in series] for series in (answer["series"], curve)]
    alike(path, {"dates": points[0]}, {"dates": points[1]})
    for found, wanted in zip(answer["series"], curve, strict=True):
        alike(f"{path} at {wanted['date']}", found, wanted)


def alike(what: str, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Raises :class:`Wrong` where something wanted is not found so, and names it alone."""
    wrong = [name for name in wanted if found.get(name, Decimal("NaN")) != wanted[name]]
    if wrong:
        told = ", ".join(f"{name} is {found.get(name)}, by the model {wanted[name]}" for name in wrong)
        raise Wrong(f"{what}: {told}")


def alike_rows(what: str, found: Iterable[dict[str, Any]], by: str, wanted: dict[str, dict[str, Any]]) -> None:
    """Raises :class:`Wrong` where there are other rows than wanted, by what each has alone, or one is not alike."""
    rows = {row[by]: row for row in found}
    same(f"the rows of {what}", set(rows), set(wanted))
    for key, row in wanted.items():
        alike(f"{what} of {key}", rows[key], row)


def same(what: str, found: Any, wanted: Any) -> None:
    """Raises :class:`Wrong` where what the API shows is not what the model has."""
    if found != wanted:
        raise Wrong(f"{what}: the API shows {found}, by the model it is {wanted}")
