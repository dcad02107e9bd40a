"""Who reads while others write: everything is shown as it was at some moment of the read, and to nobody who may not."""

from typing import TYPE_CHECKING, Any

from infra.simulator.effects import Wrong
from infra.simulator.facts import Operation
from infra.simulator.looking import of_others, somewhere
from infra.simulator.requests import Request, Tenant, nodes_of

if TYPE_CHECKING:
    from infra.simulator.world import World

LAG = 3.0  # seconds by which a list may lag


def entry(world: "World") -> None:
    """An entry is shown as it was at some moment of the request; its rate to those who may see rates alone."""
    tenant = world.luck.choice(world.tenants)
    if not tenant.model.entries:
        return
    id, user = world.luck.choice(list(tenant.model.entries)), world.luck.choice(list(tenant.tokens))
    reading = Request(tenant, Operation("read", user, entry=id), "GET", f"/labour/{id}/", None, "")
    world.judge.begin(reading)
    headers = {"Authorization": f"Bearer {tenant.tokens[user]}"}
    status, row = _read(world, reading, reading.path, headers)
    world.judge.end(reading)
    if status in (0, 503):
        return
    shown = (row["status"], row["hours"], "hourly_rate" in row) if status == 200 else status
    if shown not in reading.seen:
        raise Wrong(f"{id} is shown to {user} as {shown}, it was {reading.seen}")


def staging(world: "World") -> list[tuple[Tenant, str]]:
    """The projects in which a large change is on its way, and is not to be seen yet."""
    return [(tenant, id) for tenant in world.tenants for id, site in tenant.model.sites.items() if site.staging]


def tree(world: "World") -> None:
    """A tree is shown as it was at some moment of the request, never half moved or half imported."""
    sites = [(tenant, project) for tenant in world.tenants for project in tenant.model.sites]
    tenant, project = world.luck.choice(staging(world) or sites)
    path = f"/projects/{project}/wbs/?page_size=200"
    reading = Request(tenant, Operation("read tree", tenant.owner, project=project), "GET", path, None, "")
    world.judge.begin(reading)
    headers = {"Authorization": f"Bearer {tenant.tokens[tenant.owner]}"}
    status, page = _read(world, reading, path, headers)
    world.judge.end(reading)
    if status == 200 and nodes_of(page["results"]) not in reading.seen:
        raise Wrong(f"{path} shows {page['results']}, it was {reading.seen}")
    if status == 200 and page["count"] not in map(len, reading.seen):
        raise Wrong(f"{path} counts {page['count']}, there were {[*map(len, reading.seen)]}")
    if status not in (0, 200, 503):
        raise Wrong(f"{path} answers {status} {page}")


def anything(world: "World") -> None:
    """Any other read by anybody: answered, or refused for what they may not, with nothing of the other company."""
    mine, other = world.luck.sample(world.tenants, 2)
    user, path = world.luck.choice(list(mine.tokens)), somewhere(world.luck, world.days, mine)
    status, answer = _read(world, None, path, {"Authorization": f"Bearer {mine.tokens[user]}"})
    if status not in (0, 200, 401, 403, 404, 503):
        raise Wrong(f"{path} is answered {status} {answer} to {user}")
    if found := of_others(other, answer):
        raise Wrong(f"{path} shows {user} {found} of another company: {answer}")


def walk(world: "World") -> None:
    """A list in small pages while others write: what stays where it is comes exactly once."""
    tenant = world.luck.choice(world.tenants)
    user = world.luck.choice(list(tenant.tokens))
    model = tenant.model
    before = {id: each.date for id, each in model.entries.items() if model.sees(user, each)}
    began, may = world.now(), model.people.may(user, "see all labour")
    found: list[str] = []
    path: str | None = "/labour/?page_size=3"
    for _ in range(60):
        if path is None:
            break
        headers = {"Authorization": f"Bearer {tenant.tokens[user]}"}
        status, page = _read(world, None, path, headers)
        if status != 200:
            if status in (0, 503):
                continue
            if status in (401, 403) and (user in model.people.inactive or not may):
                return
            if status == 404:
                return
            raise Wrong(f"{path} answers {status} {page}")
        found += [row["id"] for row in page["results"]]
        path = page["next"].removeprefix("/api/v1") if page["next"] else None
        world.something()
    if path or not may or not model.people.may(user, "see all labour") or user in model.people.inactive:
        return
    stayed = {id for id, date in before.items() if id in model.entries and model.entries[id].date == date}
    late = {id for id in stayed if world.judge.made_at.get(id, 0.0) > began - LAG}
    for id in found:
        if id not in model.entries and id not in model.gone:
            raise Wrong(f"{id} of nobody is listed for {user}")
    if wrong := [id for id in stayed if found.count(id) != 1 and id not in late]:
        raise Wrong(f"{wrong} are not listed exactly once to {user}: {found}")


def trespass(world: "World") -> None:
    """Nothing of another company is there, for anybody."""
    mine, other = world.luck.sample(world.tenants, 2)
    user = world.luck.choice(list(mine.tokens))
    project, entries = world.luck.choice(list(other.model.sites)), list(other.model.entries)
    site = other.model.sites[project]
    node = world.luck.choice([*site.activities, *site.gone])
    hand = world.luck.choice(list(other.hands))
    body: dict[str, Any] = {"project": project, "operative": hand, "date": world.days.work[0], "hours": 8}
    own = {**body, "project": world.luck.choice(list(mine.model.sites))}
    tried: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", f"/projects/{project}/", None),
        ("GET", f"/projects/{project}/kpis/", None),
        ("GET", f"/projects/{project}/wbs/", None),
        ("GET", f"/wbs/{node}/", None),
        ("GET", f"/wbs/{node}/progress/", None),
        ("PATCH", f"/wbs/{node}/", {"budget_hours": 1}),
        ("POST", f"/wbs/{node}/progress/", {"date": world.days.work[0], "percent_complete": 1}),
        ("POST", f"/projects/{project}/periods/", {"closed_to": world.days.work[0]}),
        ("POST", f"/projects/{project}/baselines/", {"name": "of others"}),
        ("GET", f"/operatives/{hand}/", None),
        ("GET", f"/users/{other.owner}/", None),
        ("PATCH", f"/users/{other.owner}/", {"active": False}),
        ("POST", "/labour/", body),
        ("POST", "/labour/", own),
        ("GET", f"/labour/?project={project}", None),
        ("GET", f"/reports/kpis/?project={project}", None),
    ]
    for id in entries[-1:]:
        tried += [
            ("GET", f"/labour/{id}/", None),
            ("GET", f"/labour/{id}/history/", None),
            ("PATCH", f"/labour/{id}/", {"hours": 1}),
            ("POST", f"/labour/{id}/approve/", {}),
            ("DELETE", f"/labour/{id}/", {}),
        ]
    asked = world.luck.choice(tried)
    status, answer = world.http(None, *asked, {"Authorization": f"Bearer {mine.tokens[user]}"})
    if 200 <= status < 300 and isinstance(answer, dict) and answer.get("results") == []:
        return
    if status not in (0, 400, 401, 403, 404, 503):
        raise Wrong(f"{asked} of another company: {status} {answer}")


def _read(world: "World", request: Request | None, path: str, headers: dict[str, str]) -> tuple[int, Any]:
    """A read; where it could not be answered, once more while nothing breaks and nobody writes, if that can be."""
    status, answer = world.http(request, "GET", path, None, headers)
    if status != 503 or world.flying:
        return status, answer
    faults, world.faults = world.faults, False
    status, answer = world.http(request, "GET", path, None, headers)
    world.faults = faults
    if status == 503:
        raise Wrong(f"{path} is answered {answer} though nothing breaks")
    return status, answer
