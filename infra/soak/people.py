"""What people and their programs do all the time: approve, correct, log hours, change the plan, read, mirror."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from http.client import HTTPException

from infra.soak.site import ACTIVITIES, TURNING, Site, status_of

READS = (
    "/projects/{0}/kpis/",
    "/projects/{0}/wbs/?page_size=50",
    "/reports/portfolio/",
    "/labour/?project={0}&page_size=50",
    "/reports/s-curve/?project={0}&interval=week",
    "/clock-events/?totals=true&page_size=20",
    "/clashes/",
)
MIRROR_SECONDS = 15.0
Work = Callable[[Site, random.Random], float]  # the seconds until it is done again


@contextmanager
def at_work(site: Site) -> Iterator[None]:
    """All of them until the block ends."""
    workers: tuple[Work, ...] = (approve, approve, correct, log_hours, plan, read, read, mirror)
    with ThreadPoolExecutor(len(workers)) as pool:
        jobs = [pool.submit(_again, site, work, number) for number, work in enumerate(workers)]
        try:
            yield
        finally:
            site.over.set()
        for each in jobs:
            each.result()


def _again(site: Site, work: Work, number: int) -> None:
    luck = random.Random(number)
    try:
        while not site.over.wait(work(site, luck)):
            pass
    finally:
        site.over.set()  # where one breaks there is nothing more to prove


def approve(site: Site, luck: random.Random) -> float:
    """Some of what may be approved; with a cost code, as the clock sends none."""
    waiting = f"/labour/?project={site.project}&status=submitted&page_size=100"
    page = site.send("foreman", site.foreman, "GET", waiting) or {"results": []}
    rows = [row for row in page["results"] if "approve" in row["allowed_actions"] and luck.random() < 0.3]
    for row in rows:
        body = {} if row["wbs"] else {"cost_code": f"C-{luck.randrange(ACTIVITIES)}"}
        site.send("foreman", site.foreman, "POST", f"/labour/{row['id']}/approve/", body)
        if site.over.is_set():
            break
    return 0 if rows else 1


def correct(site: Site, luck: random.Random) -> float:
    """Some hours are reopened or rejected, and of the rejected ones some are corrected and some go."""
    state = luck.choice(("approved", "submitted", "rejected"))
    page = site.send("corrector", site.owner, "GET", f"/labour/?project={site.project}&status={state}&page_size=5")
    for row in page["results"] if page else ():
        path = f"/labour/{row['id']}/"
        if state != "rejected":
            step = "reopen" if state == "approved" else "reject"
            site.send("corrector", site.owner, "POST", f"{path}{step}/", {"reason": "looked at again"})
        elif luck.random() < 0.3:
            if site.send("corrector", site.owner, "DELETE", path) is not None:
                site.deleted[row["id"]] = row
        elif luck.random() < 0.5:
            _edited(site, row["id"], luck.choice((3, 4.25, 6.5)))
    return 1


def _edited(site: Site, id: str, hours: float) -> None:
    if site.send("corrector", site.owner, "PATCH", f"/labour/{id}/", {"hours": hours}):
        site.edited[id] = Decimal(str(hours))
        site.send("corrector", site.owner, "POST", f"/labour/{id}/submit/", {})


def log_hours(site: Site, luck: random.Random) -> float:
    """Hours by hand beside those of a clock, which clash; and a clash resolved."""
    clocked = f"/labour/?project={site.project}&source=clock&page_size=20"
    page = site.send("manager", site.owner, "GET", clocked)
    if page and page["results"]:
        row = luck.choice(page["results"])
        who = {name: row[name] for name in ("project", "operative", "date")}
        body = {**who, "hours": 1, "cost_code": f"C-{luck.randrange(ACTIVITIES)}", "note": "by hand"}
        made = site.send("manager", site.owner, "POST", "/labour/", body)
        site.made |= {made["id"]} if made else set()
    clashes = site.send("manager", site.owner, "GET", "/clashes/?status=open&page_size=20")
    if clashes and len(clashes["results"]) > 3:  # a few stay open
        _resolved(site, luck, luck.choice(clashes["results"]))
    return 3


def _resolved(site: Site, luck: random.Random, clash: dict[str, object]) -> None:
    """What a person handed in is kept, or rejected where it still waits."""
    entries: list[dict[str, str]] = clash["entries"]  # type: ignore[assignment]  # JSON
    right = luck.random() < 0.5
    keep = [each["id"] for each in entries if right or not each["submitted_by"] or each["status"] == "approved"]
    body = {"keep": keep, "reject_rest": True, "note": "asked the crew"}
    site.send("manager", site.owner, "POST", f"/clashes/{clash['id']}/resolve/", body)


def plan(site: Site, luck: random.Random) -> float:
    """Budgets, names, a cost code under hours, an activity that comes and goes, trades: what mirrors of plans see."""
    send, nodes = site.send, f"/projects/{site.project}/wbs/"
    stamp = luck.randrange(10**9)
    send("manager", site.owner, "PATCH", f"/projects/{site.project}/", {"name": f"Gate {stamp}"})
    send("manager", site.owner, "PATCH", f"/wbs/{site.turning}/", {"cost_code": f"{TURNING}-{stamp}"})
    hands = send("manager", site.owner, "GET", "/operatives/?page_size=20")
    if hands and hands["results"]:
        hand = luck.choice(hands["results"])
        send("manager", site.owner, "PATCH", f"/operatives/{hand['id']}/", {"trade": f"Mason {stamp % 7}"})
        who = {"project": site.project, "operative": hand["id"], "date": site.first.isoformat()}
        body = {**who, "hours": 0.25, "cost_code": f"{TURNING}-{stamp}", "note": "under the code that changes"}
        made = send("manager", site.owner, "POST", "/labour/", body)
        site.made |= {made["id"]} if made else set()
    top = send("manager", site.owner, "GET", f"{nodes}?level=1")
    for node in top["results"] if top else ():
        send("manager", site.owner, "PATCH", f"/wbs/{node['id']}/", {"name": f"Plant {stamp}"})
    _come_and_gone(site, nodes, stamp)
    return 5


def _come_and_gone(site: Site, nodes: str, stamp: int) -> None:
    """An activity; the one before it goes."""
    found = site.send("manager", site.owner, "GET", f"{nodes}?level=4")
    activities = found["results"] if found else []
    if activities:
        values = {"name": f"Extra {stamp}", "parent": activities[0]["parent"], "cost_code": f"X-{stamp}"}
        site.send("manager", site.owner, "POST", nodes, {**values, "budget_hours": stamp % 90 + 10})
        budget = {"budget_hours": 5000 + stamp % 500}
        site.send("manager", site.owner, "PATCH", f"/wbs/{activities[0]['id']}/", budget)
    for old in (each for each in activities if each["name"].startswith("Extra")):
        site.send("manager", site.owner, "DELETE", f"/wbs/{old['id']}/")


def read(site: Site, luck: random.Random) -> float:
    """A page that somebody looks at."""
    site.send("reader", site.owner, "GET", luck.choice(READS).format(site.project))
    return 0.2


def mirror(site: Site, luck: random.Random) -> float:
    """A warehouse takes over what has changed in every list."""
    for each in site.mirrors.values():
        try:
            each.look(site.owner)
            site.told.add("mirror", 200)
        except (RuntimeError, OSError, HTTPException) as error:
            site.told.add("mirror", status_of(error))
    return MIRROR_SECONDS
