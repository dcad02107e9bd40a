"""The demo company, made through the API: a small school on two sites, with weeks of hours.

Few requests make it, as of a person who has the plan in a spreadsheet: the work breakdown is imported, the crew's
hours are a sheet, and they are approved at once. It has late and early trades, a frozen baseline, a shutdown, a clash
and punches that wait for somebody, so that each page has something to show.
"""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.tree.export import CSV, as_csv
from infra.company import add_person, create

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
BY_CLOCK = (("Grace Lynch", "Electrician"), ("Hugo Silva", "Roofer"))  # who are on no foreman's sheet
PACE = {"Concrete": 0.78, "Masonry": 1.18}  # of the plan's; the other trades are about as planned
WEEKS = 5
SHUT_DAYS = 3


class Client:
    """A REST client of the demo."""

    def __init__(self, base_url: str, token: str, host: str | None = None) -> None:
        self.base_url = base_url
        self.token = token
        self.host = host

    def credential(self) -> dict[str, str]:
        """The headers that say who asks."""
        return {"Authorization": f"Bearer {self.token}"}

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
                **self.credential(),
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
        headers = {**self.credential(), **({"Host": self.host} if self.host else {})}
        return _answer(urllib.request.Request(f"{self.base_url}{path}", headers=headers))


class SignedIn(Client):
    """Somebody at a browser: nobody stands behind them, as whoever makes a token stands behind its user."""

    def __init__(self, base_url: str, email: str, password: str, host: str | None = None) -> None:
        super().__init__(base_url, "", host)
        self.cookie, self.csrf = "", ""
        form = urllib.parse.urlencode({"email": email, "password": password}).encode()
        request = urllib.request.Request(f"{base_url}/login/", data=form, headers={"Host": host} if host else {})
        with urllib.request.build_opener(_Stay()).open(request, timeout=60) as answer:
            self.cookie = str(answer.headers["Set-Cookie"]).partition(";")[0]
        self.csrf = self.call("GET", "/me/")["csrf_token"]

    def credential(self) -> dict[str, str]:
        return {"Cookie": self.cookie, "X-CSRF-Token": self.csrf}

    def page(self, path: str) -> str:
        """The HTML of a page, or the text of a file that it loads."""
        return self._read(path).decode()


class _Stay(urllib.request.HTTPRedirectHandler):
    """Gives back a redirect as it is: its cookie is what matters."""

    def http_error_303(self, request: Any, answer: Any, *_: Any) -> Any:
        return answer


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
    people: dict[str, Any] = {role: _person(company["company"]["id"], role) for role in ("project_manager", "foreman")}
    tokens = {role: _token(owner, each["id"]) for role, each in people.items()}
    manager, foreman = (SignedIn(base_url, each["email"], each["password"]) for each in people.values())
    start = datetime.now(UTC).date() - timedelta(weeks=WEEKS)
    school = {"code": "SCHOOL", "name": "Primary school", "planned_rate": 38, "start_date": start.isoformat()}
    project = manager.call("POST", "/projects/", school)["id"]
    activities, shut = list(_activities(start)), _shutdown(start)
    say(f"its project of {len(activities)} activities, imported from a table, with a frozen baseline and a shutdown")
    _plan(manager, project, activities, shut)
    crew = [_operative(owner, *each) for each in enumerate(CREW)]
    shifts = list(_shifts(crew, activities, start, shut))
    say(f"{len(shifts)} shifts of a crew, their approval, a clash, and punches that wait for somebody")
    _weeks(foreman, manager, project, shifts)
    _clash(manager, project, shifts[-1])
    _punches(owner, company["ingest_secret"])
    return {
        "owner": company["owner"],
        "people": people,
        "tokens": {"owner": owner.token, **tokens},
        "ingest_secret": company["ingest_secret"],
        "project": project,
        "company": company["company"],
    }


def _token(owner: Client, user: str) -> str:
    return str(owner.call("POST", "/tokens/", {"label": "demo", "user": user})["token"])


def _person(company: str, role: str) -> object:
    return add_person(company, role.replace("_", " ").title(), f"{role}@demo.example", role)["user"]


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
        """What a shift puts in: at the pace of its trade, a little less or more."""
        pace = PACE.get(self.discipline, 0.97)
        return round(self.quantity * hours / self.budget_hours * (pace - 0.12 + day.day % 4 * 0.08), 2)


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


def _shutdown(start: date) -> list[date]:
    """The site stands still on the first days of its third week."""
    monday = start + timedelta(days=14 - start.weekday())
    return [monday + timedelta(days=each) for each in range(SHUT_DAYS)]


def _plan(manager: Client, project: str, activities: list[Activity], shut: list[date]) -> None:
    """The work breakdown, frozen; the shutdown is in the baseline, one more budget is not."""
    file = as_csv(each.row for each in activities)
    manager.call("POST", f"/projects/{project}/wbs/import/", file.encode(), {"Content-Type": CSV})
    for day in shut:
        manager.call("POST", f"/projects/{project}/holidays/", {"date": day.isoformat(), "name": "Shutdown"})
    manager.call("POST", f"/projects/{project}/baselines/", {"name": "Contract programme"})
    [last] = manager.call("GET", f"/projects/{project}/cost-codes/?search={activities[-1].cost_code}")["results"]
    manager.call("PATCH", f"/wbs/{last['node']}/", {"budget_hours": activities[-1].budget_hours + 40})


def _shifts(crew: list[str], activities: list[Activity], start: date, shut: list[date]) -> Iterator[dict[str, object]]:
    """Weeks of hours: each of the crew, every working day."""
    every = (start + timedelta(days=offset) for offset in range(WEEKS * 7 + 1))
    for count, day in enumerate(day for day in every if day.weekday() < 5 and day not in shut):
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


def _clash(manager: Client, project: str, shift: dict[str, object]) -> None:
    """A second sheet for an operative's day: somebody must say which is right."""
    plain = {name: shift[name] for name in ("operative", "date", "cost_code")}
    manager.call("POST", "/labour/", {"project": project, **plain, "hours": 4, "note": "Half a day at the gate."})


def _punches(owner: Client, secret: str) -> None:
    """Shifts of two hands who clock: one is hours, the others wait for somebody, each for another reason."""
    for place, hand in enumerate(BY_CLOCK, len(CREW)):
        _operative(owner, place, hand)
    days = [(datetime.now(UTC).date() - timedelta(days=back)).isoformat() for back in range(4)]
    for clock_id, code, day, start, end in (
        (1007, "SCHOOL", days[1], "07:00", "15:30"),
        (1007, "SCHOL", days[2], "07:00", "15:30"),
        (1008, "SCHOOL", days[1], "15:30", "07:00"),
        (1044, "SCHOOL", days[1], "07:00", "15:00"),
        (1008, "SCHOOL", days[3], "07:00", None),
    ):
        punch = {
            "clock_id": f"{clock_id}",
            "project_code": code,
            "device_id": "gate-1",
            "clock_in": f"{day}T{start}:00",
        }
        ended = {"clock_out": f"{day}T{end}:00"} if end else {}
        owner.call("POST", "/clock-events/ingest/", punch | ended, {"X-Inbound-Secret": secret})
