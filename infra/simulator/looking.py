"""Reads that are compared with nothing but this: they are answered, and show nothing of another company."""

import json
import random

from infra.simulator.days import Days
from infra.simulator.requests import Tenant

OF_PROJECTS = ("", "look-ahead/", "cost-codes/", "baselines/", "holidays/", "memberships/", "periods/")
OF_NODES = ("", "children/", "ancestors/", "kpis/", "progress/")
LISTS = ("me", "tokens", "clashes", "projects", "operatives", "company", "users", "memberships", "reports/portfolio")


def somewhere(luck: random.Random, days: Days, tenant: Tenant) -> str:
    """A path of a company, of something that is there, or was."""
    model = tenant.model
    project = luck.choice(list(model.sites))
    site, of = model.sites[project], f"project={project}"
    node = luck.choice([*site.activities, *site.nodes, *site.gone])
    hand, entry = luck.choice(list(tenant.hands)), luck.choice([*model.entries, *model.gone, "nobody"])
    dates = f"date_from={days.work[0]}&date_to={days.work[-1]}"
    found = [f"/projects/{project}/{each}" for each in (*OF_PROJECTS, f"memberships/{tenant.owner}/")]
    found += [f"/wbs/{node}/{each}" for each in OF_NODES]
    found += [f"/operatives/{hand}/", f"/operatives/{hand}/rates/", f"/labour/{entry}/history/"]
    found += [f"/{each}/" for each in LISTS]
    found += ["/clock-events/?totals=true", "/labour/?totals=true"]
    found += [f"/reports/{each}/?{of}" for each in ("kpis", "s-curve", "productivity")]
    found += [f"/reports/missing-hours/?{of}&{dates}"]
    return luck.choice(found)


def of_others(other: Tenant, answer: object) -> list[str]:
    """Ids of another company, and of what it has, that an answer holds."""
    model, shown = other.model, json.dumps(answer, default=str)
    theirs = {other.id, *model.sites, *other.hands, *other.tokens, *model.entries}
    theirs |= {id for site in model.sites.values() for id in site.activities}
    return sorted(id for id in theirs if id in shown)
