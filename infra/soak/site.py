"""A large site under load: devices at every shift start, people who approve, correct and read, a warehouse's mirror."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.error import HTTPError

from infra.company import create
from infra.demo import Client
from infra.soak.mirror import Mirror

CODE, ACTIVITIES, AT_ONCE, HOURS = "GATE", 6, 4, 8
FIRST = date(2026, 1, 5)
READS = (
    "/projects/{0}/kpis/",
    "/projects/{0}/wbs/?page_size=50",
    "/reports/portfolio/",
    "/labour/?project={0}&page_size=50",
)
READS_ALSO = ("/reports/s-curve/?project={0}&interval=week", "/clock-events/?totals=true&page_size=20", "/clashes/")


class Told(Counter[str]):
    """How often which status was answered, by whom."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def add(self, who: str, status: int) -> None:
        """One more answer."""
        with self._lock:
            self[f"{who} {status}"] += 1

    @property
    def failures(self) -> dict[str, int]:
        """The answers that say that the service failed."""
        return {name: count for name, count in self.items() if name.split()[-1] >= "500"}


@dataclass
class Site:
    """The company, and what was told it."""

    owner: Client
    foreman: Client
    company: str
    project: str
    secret: str
    devices: int
    told: Told = field(default_factory=Told)
    punched: set[tuple[int, str]] = field(default_factory=set)  # device and date of shifts whose both ends were kept
    mirror: Mirror = field(default_factory=lambda: Mirror("/labour/"))

    def send(self, who: str, client: Client, method: str, path: str, body: object = None, **headers: str) -> Any:
        """A request; None when it was refused, which is counted."""
        try:
            answer = client.call(method, path, body, headers or None)
        except RuntimeError as error:
            cause = error.__cause__
            self.told.add(who, cause.code if isinstance(cause, HTTPError) else 0)
            return None
        self.told.add(who, 200)
        return answer if answer is not None else {}


def founded(base_url: str, devices: int) -> Site:
    """A company whose devices make their operatives."""
    made = create("Soak", "pro", "Europe/Dublin", f"soak-{time.time_ns()}@soak.example")
    owner = Client(base_url, made["token"])
    owner.call("PATCH", "/company/", {"auto_add_operatives": True})
    project = owner.call("POST", "/projects/", {"code": CODE, "name": "Gate"})["id"]
    parent = None
    for name in ("Plant", "North", "Concrete"):
        parent = owner.call("POST", f"/projects/{project}/wbs/", {"name": name, "parent": parent})["id"]
    for number in range(ACTIVITIES):
        plan = {"name": f"Pour {number}", "parent": parent, "cost_code": f"C-{number}", "budget_hours": 5000}
        owner.call("POST", f"/projects/{project}/wbs/", plan)
    foreman = owner.person("Fay", f"fay-{time.time_ns()}@soak.example", "foreman")
    return Site(owner, foreman, made["company"]["id"], project, made["ingest_secret"], devices)


def load(site: Site, seconds: float) -> int:
    """All of it at once for so long; how many shifts were worked."""
    over, began, shifts = threading.Event(), time.monotonic(), 0
    workers: tuple[Callable[[Site, random.Random], None], ...] = (_approve, _approve, _correct, _read, _read, _mirror)
    with ThreadPoolExecutor(len(workers)) as pool:
        kept = [pool.submit(_again, site, work, number, over) for number, work in enumerate(workers)]
        try:
            while time.monotonic() - began < seconds:
                _shift(site, FIRST + timedelta(days=shifts), began + seconds)
                shifts += 1
        finally:
            over.set()
        for each in kept:
            each.result()
    return shifts


def _again(site: Site, work: Callable[[Site, random.Random], None], number: int, over: threading.Event) -> None:
    luck = random.Random(number)
    while not over.is_set():
        try:
            work(site, luck)
        except OSError:
            site.told.add(work.__name__.strip("_"), 0)


def _shift(site: Site, day: date, until: float) -> None:
    """Everybody in, everybody out, a third of the punches twice, in any order."""
    luck = random.Random(day.toordinal())
    kept: dict[str, set[int]] = {"clock_in": set(), "clock_out": set()}
    for name, hour in (("clock_in", 7), ("clock_out", 7 + HOURS)):
        numbers = [*range(site.devices), *luck.sample(range(site.devices), site.devices // 3)]
        luck.shuffle(numbers)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            jobs = [pool.submit(_punch, site, number, name, day, hour, until) for number in numbers]
            kept[name] = {number for number, job in zip(numbers, jobs, strict=True) if job.result()}
    site.punched |= {(number, day.isoformat()) for number in kept["clock_in"] & kept["clock_out"]}


def _punch(site: Site, number: int, name: str, day: date, hour: int, until: float) -> bool:
    """Sent until it is kept, or until the time is over."""
    body = {"clock_id": f"gate-{number}", "project_code": CODE, name: f"{day}T{hour:02}:00:00Z"}
    while time.monotonic() < until:
        try:
            if site.send(
                "device", site.owner, "POST", "/clock-events/ingest/", body, **{"X-Inbound-Secret": site.secret}
            ):
                return True
        except OSError:
            site.told.add("device", 0)
        time.sleep(0.5)
    return False


def _approve(site: Site, luck: random.Random) -> None:
    """What waits, page by page; with a cost code, as the clock sends none."""
    waiting = f"/labour/?project={site.project}&status=submitted&page_size=50&page={luck.randrange(1, 4)}"
    page = site.send("foreman", site.foreman, "GET", waiting)
    for row in page["results"] if page else ():
        body = {"cost_code": f"C-{luck.randrange(ACTIVITIES)}"}
        site.send("foreman", site.foreman, "POST", f"/labour/{row['id']}/approve/", body)
    if not page or not page["results"]:
        time.sleep(1)


def _correct(site: Site, luck: random.Random) -> None:
    """Some hours are reopened or rejected, and some rejected ones go."""
    state, step = luck.choice((("approved", "reopen"), ("submitted", "reject"), ("rejected", "")))
    page = site.send("owner", site.owner, "GET", f"/labour/?project={site.project}&status={state}&page_size=5")
    for row in page["results"] if page else ():
        if step:
            site.send("owner", site.owner, "POST", f"/labour/{row['id']}/{step}/", {"reason": "looked at again"})
        elif luck.random() < 0.3:
            site.send("owner", site.owner, "DELETE", f"/labour/{row['id']}/")
    time.sleep(1)


def _read(site: Site, luck: random.Random) -> None:
    path = luck.choice((*READS, *READS_ALSO)).format(site.project)
    site.send("reader", site.owner, "GET", path)
    time.sleep(0.2)


def _mirror(site: Site, luck: random.Random) -> None:
    try:
        site.mirror.look(site.owner)
        site.told.add("mirror", 200)
    except RuntimeError as error:
        cause = error.__cause__
        site.told.add("mirror", cause.code if isinstance(cause, HTTPError) else 0)
    time.sleep(5)


def entries_of(rows: Iterator[Any], hands: dict[str, int]) -> Counter[tuple[int, str]]:
    """How many entries each device has on each date."""
    return Counter((hands[row["operative"]], row["date"]) for row in rows)
