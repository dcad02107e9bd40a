"""The demo company, made through the API: a small school on two sites, with weeks of hours."""

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

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


def make(base_url: str) -> dict[str, object]:
    """Everything of the demo; returns what a visitor needs to know."""
    company = create("Demo Construction", "pro", "Europe/Dublin", "owner@demo.example", owner_name="Olive Owner")
    owner = Client(base_url, company["token"])
    tokens = {"owner": company["token"]} | {role: _person(owner, role) for role in ("project_manager", "foreman")}
    manager, foreman = Client(base_url, tokens["project_manager"]), Client(base_url, tokens["foreman"])
    today = datetime.now(UTC).date()
    project = manager.call(
        "POST",
        "/projects/",
        {
            "code": "SCHOOL",
            "name": "Primary school",
            "planned_rate": 38,
            "start_date": (today - timedelta(weeks=WEEKS)).isoformat(),
        },
    )["id"]
    activities = _build(manager, project, today)
    crew = [
        owner.call(
            "POST",
            "/operatives/",
            {"name": name, "trade": trade, "hourly_rate": 31 + place, "external_clock_id": f"{1001 + place}"},
        )["id"]
        for place, (name, trade) in enumerate(CREW)
    ]
    _weeks(foreman, manager, project, crew, activities, today)
    return {
        "owner": company["owner"],
        "tokens": tokens,
        "ingest_secret": company["ingest_secret"],
        "project": project,
        "company": company["company"],
    }


def _person(owner: Client, role: str) -> str:
    name = role.replace("_", " ").title()
    user = owner.call("POST", "/users/", {"name": name, "email": f"{role}@demo.example", "role": role})
    token: str = owner.call("POST", "/tokens/", {"label": "demo", "user": user["id"]})["token"]
    return token


def _build(manager: Client, project: str, today: date) -> list[dict[str, object]]:
    """The tree, with a baseline that begins five weeks ago."""
    start, activities = today - timedelta(weeks=WEEKS), list[dict[str, Any]]()
    for place, (location, floors) in enumerate(TREE.items(), 1):
        top = _node(manager, project, name=location)
        for level, (floor, disciplines) in enumerate(floors.items(), 1):
            middle = _node(manager, project, name=floor, parent=top["id"])
            for discipline in disciplines:
                below = _node(manager, project, name=discipline, parent=middle["id"])
                for name, unit, quantity, budget in WORK[discipline]:
                    begins = start + timedelta(days=len(activities) * 2)
                    activities.append(
                        _node(
                            manager,
                            project,
                            name=name,
                            parent=below["id"],
                            unit=unit,
                            quantity=quantity,
                            cost_code=f"{place}{level}-{len(activities) + 1:03d}",
                            budget_hours=budget,
                            baseline_start=begins.isoformat(),
                            baseline_finish=(begins + timedelta(days=18)).isoformat(),
                        )
                    )
    return activities


def _node(manager: Client, project: str, **values: object) -> dict[str, object]:
    node: dict[str, object] = manager.call("POST", f"/projects/{project}/wbs/", values)
    return node


def _weeks(
    foreman: Client, manager: Client, project: str, crew: list[str], activities: list[dict[str, object]], today: date
) -> None:
    """Weeks of hours: the foreman logs, the manager approves all but the last two days."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda shift: _shift(foreman, manager, project, shift, today), _shifts(crew, activities, today)))


def _shifts(
    crew: list[str], activities: list[dict[str, object]], today: date
) -> Iterator[tuple[str, date, dict[str, object], float]]:
    first = today - timedelta(weeks=WEEKS)
    days = [day for offset in range(WEEKS * 7 + 1) if (day := first + timedelta(days=offset)).weekday() < 5]
    for count, day in enumerate(days):
        for place, operative in enumerate(crew):
            activity = activities[(count // 3 + place * 2) % 16]
            yield operative, day, activity, 7.5 + (place + count) % 3 * 0.5


def _shift(
    foreman: Client,
    manager: Client,
    project: str,
    shift: tuple[str, date, dict[str, Any], float],
    today: date,
) -> None:
    operative, day, activity, hours = shift
    done = round(activity["quantity"] * hours / float(activity["budget_hours"]) * (0.85 + day.day % 4 * 0.08), 2)
    entry = foreman.call(
        "POST",
        "/labour/",
        {
            "project": project,
            "operative": operative,
            "date": day.isoformat(),
            "hours": hours,
            "status": "submitted",
            "cost_code": activity["cost_code"],
            "quantity": done,
        },
    )
    if (today - day).days > 1:
        manager.call("POST", f"/labour/{entry['id']}/approve/")
