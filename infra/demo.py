"""The demo company, made through the API: a small school on two sites, with weeks of hours.

Few requests make it, as of a person who has the plan in a spreadsheet: the work breakdown is imported, the crew's
hours are a sheet, and they are approved at once.
"""

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.tree.export import CSV, as_csv
from infra.company import create

TREE: dict[str, dict[str, tuple[str, ...]]] = {
    "North block": {
        "Ground floor": ("Concrete", "Masonry", "Plumbing"),
        "First floor": ("Masonry", "Carpentry", "Electrical"),
    },
    "South block": {"Ground floor": ("Concrete", "Masonry", "Electrical"), "Roof": ("Carpentry", "Roofing")},
}
WORK = {  # activities of each discipline: name, unit, quantity, budget hours
    "Concrete": (
        ("Formwork to slab", "m2", 240, 180),
        ("Reinforcement to slab", "t", 12, 96),
        ("Pour slab", "m3", 60, 72),
    ),
    "Masonry": (("External blockwork", "m2", 320, 256), ("Internal partitions", "m2", 180, 126)),
    "Plumbing": (("First fix pipework", "m", 260, 104), ("Drainage", "m", 90, 63)),
    "Carpentry": (("Stud walls", "m2", 150, 90), ("Door sets", "ea", 24, 60)),
    "Electrical": (("Containment", "m", 300, 120), ("Cable pulling", "m", 1800, 108), ("Second fix", "ea", 140, 70)),
    "Roofing": (("Roof trusses", "ea", 36, 108), ("Tiling", "m2", 280, 140)),
}
CREW = (
    ("Aoife Byrne", "Carpenter"),
    ("Ben Okafor", "Steel fixer"),
    ("Chen Wei", "Electrician"),
    ("Dana Kowalska", "Mason"),
    ("Emil Novak", "Mason"),
    ("Fatima Hassan", "Plumber"),
)
WEEKS = 5


class Client:
    """A REST client of the demo."""

    def __init__(self, base_url: str, token: str, host: str | None = None) -> None:
        self.base_url = base_url
        self.token = token
        self.host = host

    def with_token(self, token: str) -> "Client":
        """The same service for somebody else."""
        return Client(self.base_url, token, self.host)

    def once(self, method: str, path: str, body: object) -> object:
        """The same with an idempotency key of its own."""
        return self.call(method, path, body, {"Idempotency-Key": str(uuid.uuid4())})

    def call(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON answer; raises on a problem and shows it."""
        request = urllib.request.Request(
            f"{self.base_url}/api/v1{path}",
            method=method,
            data=body if body is None or isinstance(body, bytes) else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                **({"Host": self.host} if self.host else {}),
                **(headers or {}),
            },
        )
        return json.loads(_answer(request) or b"null")

    def patiently(self, method: str, path: str, body: object, seconds: float, kind: str = "application/json") -> Any:
        """A request that is sent again with its key, for so long, whenever the service asks for that.

        Raises:
            TryAgain: it still does.
        """
        headers, until = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": kind}, time.monotonic() + seconds
        while True:
            try:
                return self.call(method, path, body, headers)
            except TryAgain:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def every(self, path: str) -> Iterator[Any]:
        """The rows of a list, page by page."""
        link: str | None = path
        while link:
            page = self.call("GET", link.removeprefix("/api/v1"))
            yield from page["results"]
            link = page["next"]

    def person(self, name: str, email: str, role: str, label: str = "job") -> "Client":
        """A new user with a token of the caller's making."""
        user = self.call("POST", "/users/", {"name": name, "email": email, "role": role})
        return self.with_token(self.call("POST", "/tokens/", {"label": label, "user": user["id"]})["token"])

    def file(self, path: str) -> bytes:
        """A file as it comes."""
        return self._read(f"/api/v1{path}")

    def schema(self) -> Any:
        """The OpenAPI document, as it is served."""
        return json.loads(self._read("/api/schema/"))

    def _read(self, path: str) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}", **({"Host": self.host} if self.host else {})}
        return _answer(urllib.request.Request(f"{self.base_url}{path}", headers=headers))


class TryAgain(RuntimeError):
    """The service says that the same request will do a little later."""


def _answer(request: urllib.request.Request) -> bytes:
    """The body of a good answer; raises on a problem and shows it."""
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        kind = TryAgain if "Retry-After" in error.headers else RuntimeError
        raise kind(f"{request.method} {request.full_url}: {error.code} {error.read().decode()}") from error


def make(base_url: str, say: Callable[[str], None] = lambda _: None) -> dict[str, object]:
    """Everything of the demo; returns what a visitor needs to know."""
    say("the demo company and its people")
    company = create("Demo Construction", "pro", "Europe/Dublin", "owner@demo.example", owner_name="Olive Owner")
    owner = Client(base_url, company["token"])
    manager, foreman = _person(owner, "project_manager"), _person(owner, "foreman")
    start = datetime.now(UTC).date() - timedelta(weeks=WEEKS)
    school = {"code": "SCHOOL", "name": "Primary school", "planned_rate": 38, "start_date": start.isoformat()}
    project = manager.call("POST", "/projects/", school)["id"]
    activities = list(_activities(start))
    say(f"its project of {len(activities)} activities, imported from a table")
    _import(manager, project, activities)
    crew = [_operative(owner, *each) for each in enumerate(CREW)]
    shifts = list(_shifts(crew, activities, start))
    say(f"{len(shifts)} shifts of a crew, and their approval")
    _weeks(foreman, manager, project, shifts)
    return {
        "owner": company["owner"],
        "tokens": {"owner": owner.token, "project_manager": manager.token, "foreman": foreman.token},
        "ingest_secret": company["ingest_secret"],
        "project": project,
        "company": company["company"],
    }


def _person(owner: Client, role: str) -> Client:
    return owner.person(role.replace("_", " ").title(), f"{role}@demo.example", role, "demo")


def _operative(owner: Client, place: int, hand: tuple[str, str]) -> str:
    name, trade = hand
    values = {"name": name, "trade": trade, "hourly_rate": 31 + place, "external_clock_id": f"{1001 + place}"}
    return str(owner.call("POST", "/operatives/", values)["id"])


@dataclass(frozen=True, slots=True)
class Activity:
    """A row of the plan."""

    location: str
    floor: str
    discipline: str
    name: str
    cost_code: str
    budget_hours: int
    unit: str
    quantity: int
    begins: date

    @property
    def ends(self) -> date:
        return self.begins + timedelta(days=18)

    @property
    def row(self) -> tuple[str | Decimal | date, ...]:
        """As a line of an import."""
        named = (self.location, self.floor, self.discipline, self.name, self.cost_code)
        return (*named, Decimal(self.budget_hours), self.unit, Decimal(self.quantity), self.begins, self.ends)

    def quantity_of(self, hours: float, day: date) -> float:
        """What a shift puts in: at the pace of the plan, a little less or more."""
        return round(self.quantity * hours / self.budget_hours * (0.85 + day.day % 4 * 0.08), 2)


def _activities(start: date) -> Iterator[Activity]:
    """The plan: every activity of the tree, one beginning two days after the other."""
    rows = (
        (f"{place}{level}", (location, floor, discipline), work)
        for place, (location, floors) in enumerate(TREE.items(), 1)
        for level, (floor, disciplines) in enumerate(floors.items(), 1)
        for discipline in disciplines
        for work in WORK[discipline]
    )
    for count, (site, above, (name, unit, quantity, budget)) in enumerate(rows):
        code, begins = f"{site}-{count + 1:03d}", start + timedelta(days=count * 2)
        yield Activity(*above, name, code, budget, unit, quantity, begins)


def _import(manager: Client, project: str, activities: list[Activity]) -> None:
    file = as_csv(each.row for each in activities)
    manager.call("POST", f"/projects/{project}/wbs/import/", file.encode(), {"Content-Type": CSV})


def _shifts(crew: list[str], activities: list[Activity], start: date) -> Iterator[dict[str, object]]:
    """Weeks of hours: each of the crew, every working day."""
    days = [day for offset in range(WEEKS * 7 + 1) if (day := start + timedelta(days=offset)).weekday() < 5]
    for count, day in enumerate(days):
        for place, operative in enumerate(crew):
            activity = activities[(count // 3 + place * 2) % 16]
            hours = 7.5 + (place + count) % 3 * 0.5
            done = {"cost_code": activity.cost_code, "quantity": activity.quantity_of(hours, day)}
            yield {"operative": operative, "date": day.isoformat(), "hours": hours, **done}


def _weeks(foreman: Client, manager: Client, project: str, shifts: list[dict[str, object]]) -> None:
    """The foreman hands in the sheet, the manager approves all but the last two days."""
    sheet = foreman.call("POST", "/labour/bulk/", {"entries": [{"project": project, **shift} for shift in shifts]})
    settled = (datetime.now(UTC).date() - timedelta(days=2)).isoformat()
    ids = [entry["id"] for entry in sheet["entries"] if entry["date"] <= settled]
    manager.call("POST", "/labour/bulk-approve/", {"ids": ids})
