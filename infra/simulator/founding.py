"""The companies of a history: people of all roles, hands, projects with a tree, as the API makes them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from infra import company
from infra.simulator.effects import Wrong
from infra.simulator.requests import Tenant
from infra.simulator.site import Activity, Plan, Site
from infra.simulator.stage import own_token
from infra.simulator.world import World

PEOPLE = (
    "project_manager",
    "project_planner",
    "engineer",
    "commercial",
    "supervisor",
    "foreman",
    "admin",
    "operative",
)
ZONES = {"A": "UTC", "B": "Europe/Berlin"}
PLANS = (0, 2), (1, 4), None, (2, 3)  # from which to which of the dates of plans
SETTINGS = ("name", "currency", "timezone", "auto_add_operatives")
BUDGET, RATE = Decimal("100.01"), Decimal("42.5")  # a day's share leaves a remainder, which decides on half a cent


def found(world: World, name: str, zone: str = "") -> Tenant:
    """A company with two projects; ``zone`` says in whose place it is, where that is not its name."""
    with world.function(None, 60):
        made = company.create(f"Company {name}", "pro", ZONES[zone or name], f"owner@{name.lower()}.example")
    tenant = Tenant(made["company"]["id"], name, {0: made["ingest_secret"]}, ZONES[zone or name])
    tenant.model.now = world.now
    tenant.owner = "owner"
    tenant.tokens["owner"] = made["token"]
    tenant.owner = ok(world, tenant, "GET", "/me/")["user"]["id"]
    tenant.tokens = {tenant.owner: made["token"]}
    if world.luck.random() < 0.4:
        ok(world, tenant, "PATCH", "/company/", {"auto_add_operatives": True})
    company_now = ok(world, tenant, "GET", "/company/")
    tenant.model.settings = {name: [(0.0, company_now[name])] for name in SETTINGS}
    people = tenant.model.people
    tenant.emails[tenant.owner] = f"owner@{name.lower()}.example"
    people.roles[tenant.owner] = "owner"
    foreman = ""
    for number, role in enumerate(PEOPLE):
        body = {"name": role, "email": f"{role}{number}@{name}.example", "role": role}
        user = ok(world, tenant, "POST", "/users/", body)["id"]
        with world.function(None, 60):
            tenant.tokens[user] = own_token(tenant.id, user)
        people.roles[user] = role
        tenant.emails[user] = body["email"]
        foreman = user if role == "foreman" else foreman
    for number in range(2):
        _project(world, tenant, f"{name}{number}")
    for number in range(2):
        worker = (user, foreman)[number]  # one who logs their own hours, and one who approves those of others
        hand: dict[str, Any] = {"name": f"Hand {number}", "external_clock_id": f"{name}{number}", "user": worker}
        id = ok(world, tenant, "POST", "/operatives/", hand)["id"]
        tenant.hands[id], tenant.model.names[id] = f"{name}{number}", hand["name"]
        tenant.model.workers[id] = worker
    spare = {"name": "Hand without a clock"}
    tenant.model.spare, tenant.unknown = ok(world, tenant, "POST", "/operatives/", spare)["id"], f"{name}X"
    return tenant


def _project(world: World, tenant: Tenant, code: str) -> None:
    project = ok(world, tenant, "POST", "/projects/", {"code": code, "name": code, "planned_rate": float(RATE)})["id"]
    site = tenant.model.sites[project] = Site(code, rate=RATE, name=code, zone=tenant.zone)

    def node(name: str, parent: str | None, **plan: Any) -> str:
        body = {"name": f"{code} {name}", "parent": parent, **plan}
        id: str = ok(world, tenant, "POST", f"/projects/{project}/wbs/", body)["id"]
        site.names[id] = body["name"]
        if not plan:
            site.nodes[id] = parent
        return id

    top = node("location", None)
    areas = [node(name, top) for name in ("north", "south")]
    trades = [node("concrete", areas[0]), node("steel", areas[1])]
    for number, dates in enumerate(PLANS):
        start, finish = (world.days.plans[each] for each in dates) if dates else (None, None)
        quantity = Decimal(120) if number % 2 else None
        cost_code, parent = f"{code}-{number}", trades[number % 2]
        plan = {
            "cost_code": cost_code,
            "budget_hours": float(BUDGET),
            "baseline_start": start,
            "baseline_finish": finish,
        }
        measure = {"unit": "m", "quantity": float(quantity)} if quantity else {}
        id = node(f"activity {number}", parent, **plan, **measure)
        site.activities[id] = Activity(parent, cost_code, Plan(BUDGET, start, finish), quantity)


def ok(world: World, tenant: Tenant, method: str, path: str, body: Any = None, reader: str = "") -> Any:
    """What somebody is answered; by default the owner, who may do everything.

    Raises:
        Wrong: it is a refusal.
    """
    headers = {"Authorization": f"Bearer {tenant.tokens[reader or tenant.owner]}"}
    status, answer = world.http(None, method, path, body, headers)
    if not 200 <= status < 300:
        raise Wrong(f"{method} {path}: {status} {answer}")
    return answer


def walk(world: World, tenant: Tenant, path: str | None, by: str = "id", reader: str = "") -> Iterator[Any]:
    """The rows of a list, page by page; ``by`` is what each has for itself.

    Raises:
        Wrong: one is there twice.
    """
    walked = set[str]()
    while path:
        page = ok(world, tenant, "GET", path, reader=reader)
        for row in page["results"]:
            if by in ("id", "node") and row[by] in walked:
                raise Wrong(f"{row[by]} is listed twice in {path}")
            walked.add(row[by])
            yield row
        path = page["next"].partition("/api/v1")[2] if page["next"] else None
