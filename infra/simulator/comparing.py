"""The end of a history: everything that the API shows, against the model."""

from decimal import Decimal
from typing import Any

from chalicelib.rollups.repairs import rebuild
from chalicelib.rollups.sources import Place
from chalicelib.storage.store import store
from infra.simulator.activity_comparing import compare_activities
from infra.simulator.effects import Wrong, takes_hours, whole
from infra.simulator.facts import CLOCK
from infra.simulator.founding import ok, walk
from infra.simulator.lists_comparing import compare_credentials, compare_lists
from infra.simulator.report_comparing import compare_curve, compare_figures, compare_pages, same
from infra.simulator.requests import SAME_ORIGIN, Fields, Tenant, nodes_of
from infra.simulator.world import A_MINUTE, World

KEPT = 6 * 86_400  # seconds for which a job is there at least


def compare(world: World, tenant: Tenant) -> None:
    """Raises :class:`Wrong` where something is not as the model has it."""
    _labour(world, tenant)
    _strays(world, tenant)
    for _ in range(3):
        _reader(world, tenant)
    _histories(world, tenant)
    _people(world, tenant)
    _company(world, tenant)
    _secrets(world, tenant)
    _links(world, tenant)
    _jobs(world, tenant)
    for project in tenant.model.sites:
        _project(world, tenant, project)
        with world.function(None, 900):
            drift = rebuild(store(), Place(tenant.id, project))
        same(f"drift of {project}", drift, 0)
        compare_curve(world, tenant, project)
    for compared in (compare_activities, compare_lists):
        compared(world, tenant, world.luck.choice(list(tenant.model.sites)))
    compare_pages(world, tenant)
    compare_credentials(world, tenant)


def _labour(world: World, tenant: Tenant) -> None:
    rows = {row["id"]: row for row in walk(world, tenant, "/labour/?page_size=7")}
    model = tenant.model
    codes = {node: code for site in model.sites.values() for code, node in site.codes().items()}
    same("the entries listed", set(rows), set(model.entries))
    for id, entry in model.entries.items():
        row = rows[id]
        wanted = {
            "status": entry.status,
            "hours": entry.hours,
            "cost_code": codes.get(entry.node or ""),
            "wbs": entry.node,
            "submitted_by": None if entry.submitter in ("", CLOCK) else entry.submitter,
            "operative": entry.operative,
            "date": entry.date,
            "quantity": entry.quantity,
            "hourly_rate": entry.rate,
            "source": entry.source,
        }
        found = {name: row[name] for name in wanted}
        same(id, found, wanted)
        same(f"a reason why {id} is rejected", row["rejection_reason"] is not None, entry.status == "rejected")
        over = model.held(entry.day) and entry.status in ("submitted", "approved")
        if model.sure(entry.day) or (entry.day not in model.unsure and entry.status == "submitted"):
            same(f"whether an open clash of {entry.day} holds {id}", row["clash"] is not None, over)
    for day, kept in world.judge.kept.items():
        if world.judge.punches[day].tenant is tenant and whole(kept) and takes_hours(model, day):
            same(f"the punch of {day} has become hours", day in model.punched, True)
    held = {each.day for each in model.entries.values() if model.held(each.day) and model.sure(each.day)}
    clashes = {(row["operative"], row["date"]) for row in walk(world, tenant, "/clashes/?status=open&page_size=3")}
    same("open clashes", {day for day in clashes if model.sure(day)}, held)
    events = {row["labour_entry"] for row in walk(world, tenant, "/clock-events/?page_size=20")}
    orphans = {id for id, each in model.entries.items() if each.clocked} - events
    same("a clock's hours without an event that they are of", orphans, set())
    for status in ("approved", "rejected"):
        listed = {row["id"] for row in walk(world, tenant, f"/labour/?status={status}&page_size=4")}
        same(f"the {status} entries", listed, {id for id, each in model.entries.items() if each.status == status})
    totals = ok(world, tenant, "GET", "/labour/?status=submitted&page_size=1&totals=true")
    waiting = [each for each in model.entries.values() if each.status == "submitted"]
    same("how many wait", totals["count"], len(waiting))
    same("how many hours wait", totals["totals"]["hours"], sum(each.hours for each in waiting))


def _strays(world: World, tenant: Tenant) -> None:
    """Each punch that a device was answered is there once, as people have left it."""
    model = tenant.model
    events = {row["id"]: row for row in walk(world, tenant, f"/clock-events/?clock_id={tenant.unknown}&page_size=2")}
    same("punches of nobody", len({row["clock_in"] for row in events.values()}), len(events))
    for date, stray in model.strays.items():
        if not stray.event:
            continue
        row, entry, whose = events.get(stray.event, {}), model.entries.get(stray.entry), model.whose(stray)
        if (stray.dismissed or not whose) and stray.entry:
            continue  # its hours stay, whatever it is
        if stray.dismissed or not whose:
            same(f"the punch of {date}", row.get("status"), "dismissed" if stray.dismissed else "unmatched_operative")
        elif model.waits(stray, date) or (stray.entry and entry is None) or (entry and model.keeps(stray, entry)):
            continue  # it is no hours now, or what it is may not follow
        else:
            shown = row.get("status"), row.get("labour_entry"), row.get("operative")
            same(f"the punch of {date}", shown, ("matched", stray.entry, whose))
            same(f"the hours of the punch of {date}", entry and model.is_of(stray, entry), True)


def _reader(world: World, tenant: Tenant) -> None:
    """Somebody's list of a project, by some filter: their rows, and the rates of whoever may see rates."""
    model, luck = tenant.model, world.luck
    reader = luck.choice([user for user in tenant.tokens if user not in model.people.inactive])
    project = luck.choice(list(model.sites))
    own = {id: each for id, each in model.entries.items() if each.project == project and model.sees(reader, each)}
    picked = luck.choice(list(own.values())) if own else None
    filters: dict[str, Any] = {"": ("", lambda each: True)}
    if picked is not None:
        code = {node: code for code, node in model.sites[project].codes().items()}.get(picked.node or "")
        filters |= {
            "date": (picked.date, lambda each: each.date == picked.date),
            "date_from": (picked.date, lambda each: each.date >= picked.date),
            "operative": (picked.operative, lambda each: each.operative == picked.operative),
            "status": (picked.status, lambda each: each.status == picked.status),
            "source": (picked.source, lambda each: each.source == picked.source),
        }
        filters |= {"cost_code": (code, lambda each: each.node == picked.node)} if code else {}
    name = luck.choice(list(filters))
    value, fits = filters[name]
    path = f"/labour/?project={project}&page_size={luck.randrange(1, 6)}{f'&{name}={value}' if name else ''}"
    rows = {row["id"]: row for row in walk(world, tenant, path, reader=reader)}
    same(f"{path} for {reader}", set(rows), {id for id, each in own.items() if fits(each)})
    shows = model.people.may(reader, "see rates", project)
    same(f"rates in {path} for {reader}", {"hourly_rate" in row for row in rows.values()} <= {shows}, True)
    count = ok(world, tenant, "GET", f"{path}&totals=true", reader=reader)
    same(f"totals of {path}", count["totals"]["hours"], sum((own[id].hours for id in rows), Decimal(0)))
    same(f"count of {path}", count["count"], len(rows))


def _histories(world: World, tenant: Tenant) -> None:
    """Every change of state has one row: who, from what, to what."""
    for id, entry in (*tenant.model.entries.items(), *tenant.model.gone.items()):
        rows = walk(world, tenant, f"/labour/{id}/history/", by="at")
        steps = [(row["by"], row["from"] or "", row["to"]) for row in rows if row["from"] != row["to"]]
        same(f"the history of {id}", sorted(steps, key=repr), sorted(entry.history, key=repr))


def _people(world: World, tenant: Tenant) -> None:
    people = tenant.model.people
    users = {row["id"]: (row["role"], row["active"]) for row in walk(world, tenant, "/users/?page_size=4")}
    same("users", users, {id: (role, id not in people.inactive) for id, role in people.roles.items()})
    rows = walk(world, tenant, "/memberships/", by="user")
    members = {(row["project"], row["user"]): row["role"] for row in rows}
    same("memberships", members, people.memberships)


def _company(world: World, tenant: Tenant) -> None:
    """The company's settings, operatives and what they do, and projects."""
    model = tenant.model
    row = ok(world, tenant, "GET", "/company/")
    shown = {name: row[name] for name in (*model.settings, "daily_cap_hours")}
    wanted = {name: model.setting(name) for name in model.settings} | {"daily_cap_hours": model.cap}
    same("the company", shown, wanted)
    rows = {row["id"]: row for row in walk(world, tenant, "/operatives/?page_size=3")}
    for hand, name in model.names.items():
        same(f"the operative {hand}", (rows[hand]["name"], rows[hand]["active"]), (name, hand not in model.idle))
    trades = {id: row["trade"] for id, row in rows.items()}
    same("operatives", trades, {**dict.fromkeys((*tenant.hands, model.spare)), **model.trades})
    projects = {row["id"]: row for row in walk(world, tenant, "/projects/?page_size=3")}
    for id, site in model.sites.items():
        row = projects[id]
        is_now = row["name"], row["status"], tuple(row["working_days"]), row["timezone"]
        same(f"the project {id}", is_now, (site.name, site.status, site.week, site.zone))
        same(f"the dates of {id}", {name: row[name] for name in site.dates}, site.dates)
    for code, taken_over in model.founded.items():
        [row] = [each for each in projects.values() if each["code"] == code]
        for name, values in taken_over.items():
            same(f"the {name} of {code}", row[name] in values, True)
    codes = sorted(row["code"] for row in projects.values())
    same("projects", codes, sorted([*(site.code for site in model.sites.values()), *model.founded]))


def _secrets(world: World, tenant: Tenant) -> None:
    """Each ingest secret that is known lets a device in, or has ended."""
    for number, text in tenant.secrets.items():
        secret = tenant.model.secrets[number]
        if secret.works(world.now()) or secret.is_over(world.now()):
            same(f"the secret {number} lets in", _lets_in(world, text), secret.works(world.now()))


def _lets_in(world: World, secret: str) -> bool:
    """Whether a device is let in with a secret: what it sends has no time, so it is 400 then."""
    headers = {"X-Inbound-Secret": secret}
    status, answer = world.http(None, "POST", "/clock-events/ingest/", {"clock_id": "none"}, headers)
    if status not in (400, 401):
        raise Wrong(f"{status} {answer} for a punch without a time")
    return status == 400


def _links(world: World, tenant: Tenant) -> None:
    """Each link that is known works, or does not; and people sign in with the password that they set last."""
    people, now = tenant.model.people, world.now()
    for number, path in tenant.links.items():
        link = people.links[number]
        if link.works(now) or link.is_over(now):
            status, _ = world.http(None, "GET", path, None, {})
            same(f"the link {number}", status, 200 if link.works(now) else 404)
    for user, passwords in tenant.model.passwords.items():
        for password in passwords:
            fields = Fields(email=tenant.model.emails.get(user, tenant.emails[user]), password=password)
            status, _ = world.http(None, "POST", "/login/", fields, SAME_ORIGIN)
            right = password == passwords[-1] and user not in people.inactive
            same(f"{user} with {password}", status, 303 if right else 401)


def compare_operators_copy(world: World, tenant: Tenant) -> None:
    """What operators can read works, or is what the next rotation makes valid."""
    world.wait(A_MINUTE)  # a rotation that died has had its time
    [place] = [name for name in world.parameters if name.endswith(f"/{tenant.id}")]
    before = world.parameters[place]
    worked = _lets_in(world, before)
    secret = ok(world, tenant, "POST", "/integrations/ingest-secret/", {})["secret"]
    same("the operators' copy", (worked or before == secret, world.parameters[place]), (True, secret))
    known = dict.fromkeys((before, *tenant.secrets.values()), False) | {secret: True}
    same("secrets let in", {text: _lets_in(world, text) for text in known}, known)


def _jobs(world: World, tenant: Tenant) -> None:
    """Each job has ended as its work has, as long as it is kept."""
    for id, request in world.judge.jobs.items():
        if request.tenant is tenant and world.now() - request.accepted < KEPT:
            job = ok(world, tenant, "GET", f"/jobs/{id}/")
            same(f"the job of {request.operation}", job["status"], "failed" if request.failed else "succeeded")


def _project(world: World, tenant: Tenant, project: str) -> None:
    """The tree, and key figures of every node at two dates."""
    site = tenant.model.sites[project]
    same("the tree", nodes_of(walk(world, tenant, f"/projects/{project}/wbs/")), site.tree())
    periods = ok(world, tenant, "GET", f"/projects/{project}/periods/")["results"]
    closed = max((row["closed_to"] for row in periods if row["status"] == "closed"), default="")
    same("closed to", closed, site.closed_for_good)
    baselines = ok(world, tenant, "GET", f"/projects/{project}/baselines/")
    same("baselines", baselines["count"], len(site.baselines))
    for _ in range(2):
        compare_figures(world, tenant, project)
