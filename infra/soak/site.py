"""A large site, the people and programs that use it, and what each was answered."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

from infra.company import add_person, create
from infra.demo import Client
from infra.simulator.stage import own_token
from infra.soak.mirror import Mirror, lists_of

CODE, ACTIVITIES, TURNING = "GATE", 6, "TURNS"
RACES = frozenset({404, 409})  # what one who acts on what a list showed may be answered: it has changed since
PEOPLE = frozenset({"foreman", "corrector", "manager"})
EVERYBODY = PEOPLE | {"device", "reader", "mirror"}
BROKEN = 0
Shift = tuple[int, str]  # number of the device, and date


class Told(Counter[tuple[str, int]]):
    """How often who was answered with which status; 0 is a connection that broke."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def add(self, who: str, status: int) -> None:
        """One more answer."""
        with self._lock:
            self[who, status] += 1

    @property
    def failures(self) -> dict[str, int]:
        """The answers that nobody should have had, broken connections included.

        The service is stopped when all its clients have ended, so that no connection breaks for that reason.
        """
        return {
            f"{who} {status}": count
            for (who, status), count in sorted(self.items())
            if status != 200 and not (who in PEOPLE and status in RACES)
        }

    @property
    def silent(self) -> list[str]:
        """Those who were never answered well: nothing is proved of what they do."""
        return sorted(EVERYBODY - {who for who, status in self if status == 200})


@dataclass
class Site:
    """The company, and what was told it."""

    owner: Client
    foreman: Client
    company: str
    project: str
    turning: str  # the activity whose cost code changes
    secret: str
    devices: int
    mirrors: dict[str, Mirror]
    first: date = field(default_factory=lambda: date.today() - timedelta(days=90))
    over: threading.Event = field(default_factory=threading.Event)
    told: Told = field(default_factory=Told)
    arrived: set[Shift] = field(default_factory=set)  # whose in was kept
    worked: dict[Shift, Decimal] = field(default_factory=dict)  # the hours of those whose out was kept too
    made: set[str] = field(default_factory=set)  # entries that a person made
    edited: dict[str, Decimal] = field(default_factory=dict)  # the hours of the entries in which a person set them
    deleted: dict[str, Any] = field(default_factory=dict)  # entries that a person deleted, as they were

    def send(self, who: str, client: Client, method: str, path: str, body: object = None, **headers: str) -> Any:
        """A request; None when it was refused or its connection broke, which is counted."""
        try:
            answer = client.call(method, path, body, headers or None)
        except (RuntimeError, OSError, HTTPException) as error:
            self.told.add(who, status_of(error))
            return None
        self.told.add(who, 200)
        return answer if answer is not None else {}


def status_of(error: Exception) -> int:
    """The status of a refused request; 0 for a connection that broke."""
    return error.__cause__.code if isinstance(error.__cause__, HTTPError) else BROKEN


def founded(base_url: str, devices: int) -> Site:
    """A company whose devices make their operatives."""
    made = create("Soak", "pro", "Europe/Dublin", f"soak-{time.time_ns()}@soak.example")
    owner, company = Client(base_url, made["token"]), made["company"]["id"]
    owner.call("PATCH", "/company/", {"auto_add_operatives": True})
    project = owner.call("POST", "/projects/", {"code": CODE, "name": "Gate"})["id"]
    parent = None
    for name in ("Plant", "North", "Concrete"):
        parent = owner.call("POST", f"/projects/{project}/wbs/", {"name": name, "parent": parent})["id"]
    for code in (*(f"C-{number}" for number in range(ACTIVITIES)), TURNING):
        plan = {"name": f"Pour {code}", "parent": parent, "cost_code": code, "budget_hours": 5000}
        node = owner.call("POST", f"/projects/{project}/wbs/", plan)
    person: Any = add_person(company, "Fay", f"fay-{time.time_ns()}@soak.example", "foreman")["user"]
    foreman = owner.with_token(own_token(company, person["id"]))
    mirrors = [Mirror(path.replace("{id}", project)) for path in lists_of(owner.schema())]
    by_name = {each.name: each for each in mirrors}
    return Site(owner, foreman, company, project, node["id"], made["ingest_secret"], devices, by_name)
