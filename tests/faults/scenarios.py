"""How each write endpoint is exercised: fresh state, the request, and how others may change the row meanwhile.

A new write route needs a line in SCENARIOS; a test fails until it has one. The name is the route's method
and path; a second scenario of a route adds a remark in brackets. The function prepares what the request
needs through the API (on a copy of the site that is thrown away) and returns what to send.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.labour import entries
from chalicelib.projects import projects
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import store
from chalicelib.storage.work import commit
from chalicelib.work import intents
from chalicelib.work.rows import UNFINISHED, Intent
from tests.labour.racing import caller_of
from tests.stage import Client, Stage

DAY = "2026-06-08"


@dataclass(frozen=True)
class Sent:
    """A request, and what somebody else does to the row between the fault and the retry."""

    client: Client
    path: str
    body: Any = None
    meanwhile: Callable[[], object] | None = None


class Site:
    """A project of four levels, two operatives, and people of three roles."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.owner = stage, stage.owner
        self.manager, self.foreman = stage.person("project_manager", "mo"), stage.person("foreman", "fay")
        self.device = Client(stage.gateway, {"X-Inbound-Secret": stage.made["ingest_secret"]})
        self.project = self.manager.ok("POST", "/projects/", {"code": "P-1", "name": "Quay"})["id"]
        self.discipline = None
        for name in ("North", "Ground", "Concrete"):
            self.discipline = self.node({"name": name, "parent": self.discipline})
        self.activity = self.node({"name": "Pour", "parent": self.discipline, "cost_code": "C-1", "budget_hours": 9})
        self.hand = self.operative("Ola", external_clock_id="77", hourly_rate=30)

    def node(self, values: dict[str, Any]) -> str:
        """A new node; its id."""
        return str(self.manager.ok("POST", f"/projects/{self.project}/wbs/", values)["id"])

    def operative(self, name: str, **values: Any) -> str:
        return str(self.manager.ok("POST", "/operatives/", {"name": name, **values})["id"])

    def hours(self, **values: Any) -> dict[str, Any]:
        """The body of an entry by hand."""
        who = {"project": self.project, "operative": self.hand, "date": DAY, "cost_code": "C-1"}
        return {**who, "hours": 8, "status": "submitted", **values}

    def entry(self, **values: Any) -> str:
        """The path of an entry that the foreman made."""
        return f"/labour/{self.foreman.ok('POST', '/labour/', self.hours(**values))['id']}/"

    def approved(self) -> str:
        path = self.entry()
        self.manager.ok("POST", f"{path}approve/", {})
        return path

    def unfinished(self) -> list[str]:
        """The work that is under way."""
        query = Query(model=Intent, hash="unfinished", list=UNFINISHED, keys_only=True)
        return [row["pk"]["S"].partition("#")[2] for row in store().items(query)]

    def finish_work(self) -> None:
        """All work that is under way at its end, as if its time had come."""
        later = datetime.now(UTC) + timedelta(hours=1)
        for id in self.unfinished():
            intents.forward(store(), self.stage.made["company"]["id"], id, lambda: later)

    def slips_in(self) -> None:
        """An entry inside a closed period, by a request that had read the project before it was closed."""
        place = projects.place(self.stage.made["company"]["id"], self.project)
        known = Reading(store())
        row = known.row(*place)
        assert row is not None
        row.closed_to = None
        known.know(place, row)
        caller = caller_of(self.stage.made["company"]["id"], self.foreman.ok("GET", "/me/")["user"]["id"])
        commit(store(), lambda reading: entries.create(known, caller, self.hours(), datetime.now(UTC)))

    def edits(self, path: str) -> Callable[[], object]:
        """Somebody else's edit of an entry; refused where the entry's state forbids it, and no harm."""
        return lambda: self.foreman.send("PATCH", f"/api/v1{path}", {"note": "meanwhile"})

    def punched(self, **values: Any) -> dict[str, Any]:
        at = {"clock_in": f"{DAY}T07:00:00Z", "clock_out": f"{DAY}T15:30:00Z"}
        return {"clock_id": "77", "project_code": "P-1", **at, "break_minutes": 30, **values}

    def token(self) -> str:
        return f"/tokens/{self.owner.ok('POST', '/tokens/', {'label': 'short'})['id']}/"


def on_entry(action: str, body: Any, **state: Any) -> Callable[[Site], Sent]:
    """An action of the approver on an entry that the foreman made."""

    def prepare(site: Site) -> Sent:
        path = site.entry(**state)
        return Sent(site.manager, f"{path}{action}", body, meanwhile=site.edits(path))

    return prepare


def reopen(site: Site) -> Sent:
    path = site.approved()
    return Sent(site.manager, f"{path}reopen/", {"reason": "wrong crew"}, meanwhile=site.edits(path))


def change_project(**values: Any) -> Callable[[Site], Sent]:
    """A change of a project while somebody else changes its rate."""

    def prepare(site: Site) -> Sent:
        path = f"/projects/{site.project}/"
        return Sent(site.manager, path, values, lambda: site.owner.ok("PATCH", path, {"planned_rate": 41}))

    return prepare


def change_operative(site: Site) -> Sent:
    path = f"/operatives/{site.hand}/"
    body = {"hourly_rate": 33, "external_clock_id": "78"}
    return Sent(site.manager, path, body, lambda: site.owner.ok("PATCH", path, {"trade": "mason"}))


def delete_entry(site: Site) -> Sent:
    path = site.entry()
    return Sent(site.foreman, path, meanwhile=site.edits(path))


def punch(**values: Any) -> Callable[[Site], Sent]:
    """A shift from a device, while another device sends the same."""

    def prepare(site: Site) -> Sent:
        body = site.punched(**values)
        again = {name: value for name, value in body.items() if name != "device_id"}
        return Sent(
            site.device, "/clock-events/ingest/", body, lambda: site.device.ok("POST", "/clock-events/ingest/", again)
        )

    return prepare


def closing_punch(site: Site) -> Sent:
    site.device.ok("POST", "/clock-events/ingest/", site.punched(clock_out=None))
    return Sent(site.device, "/clock-events/ingest/", site.punched())


def overlapping_punch(site: Site) -> Sent:
    """A shift some of whose time is an entry's, while that entry is deleted."""
    first = site.device.ok("POST", "/clock-events/ingest/", site.punched())
    path = f"/labour/{first['labour_entry']}/"
    later = site.punched(clock_in=f"{DAY}T09:00:00Z")
    return Sent(site.device, "/clock-events/ingest/", later, lambda: site.foreman.send("DELETE", f"/api/v1{path}"))


def racing_punch(site: Site) -> Sent:
    """A shift while another device sends one that overlaps it, both across midnight."""
    night, late = (site.punched(clock_in=f"{DAY}T{at}:00:00Z", clock_out="2026-06-09T06:00:00Z") for at in (20, 22))
    return Sent(
        site.device, "/clock-events/ingest/", night, lambda: site.device.ok("POST", "/clock-events/ingest/", late)
    )


def correction(**values: Any) -> Callable[[Site], Sent]:
    """A shift told otherwise, while its entry is rejected."""

    def prepare(site: Site) -> Sent:
        site.manager.ok("POST", "/projects/", {"code": "P-NY", "name": "Pier", "timezone": "America/New_York"})
        shift = site.punched(clock_in=f"{DAY}T03:00:00Z", clock_out=f"{DAY}T09:00:00Z")
        path = f"/api/v1/labour/{site.device.ok('POST', '/clock-events/ingest/', shift)['labour_entry']}/"
        why = {"reason": "where?"}
        return Sent(
            site.device,
            "/clock-events/ingest/",
            shift | values,
            lambda: site.foreman.send("POST", f"{path}reject/", why),
        )

    return prepare


def picked_up(site: Site) -> Sent:
    """A shift that waited for an operative with its clock ID, sent again."""
    site.device.ok("POST", "/clock-events/ingest/", site.punched(clock_id="99"))
    site.operative("Nia", external_clock_id="99")
    return Sent(site.device, "/clock-events/ingest/", site.punched(clock_id="99"))


def batch_with_refusal(site: Site) -> Sent:
    """Shifts of which one corrects an approved entry."""
    event = site.device.ok("POST", "/clock-events/ingest/", site.punched())
    site.manager.ok("POST", f"/labour/{event['labour_entry']}/approve/", {"cost_code": "C-1"})
    late = site.punched(clock_in=f"{DAY}T16:00:00Z", clock_out=f"{DAY}T18:00:00Z")
    return Sent(site.device, "/clock-events/ingest/", {"events": [site.punched(break_minutes=0), late]})


def alone(first: str, then: str) -> Callable[[Site], Sent]:
    """An in or an out by itself, when the other is there already."""

    def prepare(site: Site) -> Sent:
        times = {"clock_in": f"{DAY}T07:00:00Z", "clock_out": f"{DAY}T15:30:00Z"}
        bodies = [{"clock_id": "77", "project_code": "P-1", name: times[name]} for name in (first, then)]
        site.device.ok("POST", "/clock-events/ingest/", bodies[0])
        return Sent(site.device, "/clock-events/ingest/", bodies[1])

    return prepare


def auto_added(site: Site) -> Sent:
    """A clock ID that nobody has, in a company that makes operatives of such."""
    site.owner.ok("PATCH", "/company/", {"auto_add_operatives": True})
    return Sent(site.device, "/clock-events/ingest/", site.punched(clock_id="new"))


def settled(action: str, body: dict[str, Any]) -> Callable[[Site], Sent]:
    """A person's decision about an open shift, while its device sends its end."""

    def prepare(site: Site) -> Sent:
        event = site.device.ok("POST", "/clock-events/ingest/", site.punched(clock_out=None))["id"]
        ended = {"clock_id": "77", "project_code": "P-1", "clock_out": f"{DAY}T23:00:00Z"}
        return Sent(
            site.foreman,
            f"/clock-events/{event}/{action}/",
            {name: site.project if value == "P-1" else value for name, value in body.items()},
            lambda: site.device.send("POST", "/api/v1/clock-events/ingest/", ended),
        )

    return prepare


def delete_clock_entry(site: Site) -> Sent:
    """The entry of a shift across midnight deleted, while somebody edits it."""
    night = site.punched(clock_in=f"{DAY}T20:00:00Z", clock_out="2026-06-09T06:00:00Z")
    path = f"/labour/{site.device.ok('POST', '/clock-events/ingest/', night)['labour_entry']}/"
    return Sent(site.foreman, path, meanwhile=site.edits(path))


def batch(site: Site) -> Sent:
    """Shifts of which one is new, one unknown, one repeated, one overlapping and one not readable."""
    shift, stranger, late = site.punched(), site.punched(clock_id="99"), site.punched(clock_in=f"{DAY}T09:00:00Z")
    return Sent(site.device, "/clock-events/ingest/", {"events": [shift, stranger, shift, late, {"clock_id": "77"}]})


def change_user(site: Site) -> Sent:
    user = site.foreman.ok("GET", "/me/")["user"]["id"]
    body = {"email": "other@a.example", "role": "supervisor"}
    return Sent(site.owner, f"/users/{user}/", body, lambda: site.owner.ok("PATCH", f"/users/{user}/", {"name": "F"}))


def on_membership(method: str, body: Any = None) -> Callable[[Site], Sent]:
    """A change of the foreman's membership, while its last day is changed."""

    def prepare(site: Site) -> Sent:
        user, path = site.foreman.ok("GET", "/me/")["user"]["id"], f"/projects/{site.project}/memberships/"
        if method == "POST":
            return Sent(site.manager, path, {"user": user, "role": "supervisor"})
        site.manager.ok("POST", path, {"user": user, "role": "supervisor"})
        last = {"expires_on": "2099-01-01"}
        return Sent(
            site.manager, f"{path}{user}/", body, lambda: site.manager.send("PATCH", f"/api/v1{path}{user}/", last)
        )

    return prepare


def invite(site: Site) -> Sent:
    """A link for the foreman, while somebody else renames them."""
    user = site.foreman.ok("GET", "/me/")["user"]["id"]
    return Sent(
        site.owner, f"/users/{user}/invite/", {}, lambda: site.owner.ok("PATCH", f"/users/{user}/", {"name": "F"})
    )


def resolve(site: Site) -> Sent:
    """A clash of two submitters resolved, while somebody edits one of the entries."""
    first, other = site.entry(hours=4), site.manager.ok("POST", "/labour/", site.hours(hours=4))["id"]
    kept = first.split("/")[2]
    body = {"keep": [kept], "reject_rest": True, "note": "asked the crew"}
    path = f"/clashes/{site.hand}{DAY.replace('-', '')}/resolve/"
    return Sent(site.manager, path, body, site.edits(f"/labour/{other}/"))


def sheet(site: Site) -> Sent:
    """A crew sheet of two days of two operatives, one of them clashing, while somebody logs more."""
    mate = site.operative("Mia")
    rows = [
        site.hours(operative=hand, hours=9, date=date) for hand in (site.hand, mate) for date in (DAY, "2026-06-09")
    ]
    rows += [site.hours(operative=mate, hours=9)]
    return Sent(site.foreman, "/labour/bulk/", {"entries": rows}, lambda: site.entry(operative=mate, date="2026-06-10"))


def review(action: str, body: dict[str, Any]) -> Callable[[Site], Sent]:
    """Three entries of a crew reviewed at once, while somebody logs another day of one of them."""

    def prepare(site: Site) -> Sent:
        crew = [site.operative(name) for name in ("Mia", "Ned", "Oda")]
        ids = [site.entry(operative=hand).split("/")[2] for hand in crew]
        another = {"operative": crew[0], "date": "2026-06-10"}
        return Sent(site.manager, f"/labour/{action}/", {"ids": ids, **body}, lambda: site.entry(**another))

    return prepare


def on_activity(**values: Any) -> Callable[[Site], Sent]:
    """A change of the activity, while somebody else changes its unit."""

    def prepare(site: Site) -> Sent:
        path = f"/wbs/{site.activity}/"
        return Sent(site.manager, path, values, lambda: site.owner.send("PATCH", f"/api/v1{path}", {"unit": "m3"}))

    return prepare


def hours_file(site: Site) -> Sent:
    """Two rows of CSV."""
    lines = ["operative,date,project,hours", f"77,{DAY},P-1,7.5", f"{site.hand},2026-06-09,P-1,8"]
    client = Client(site.stage.gateway, {**site.foreman.headers, "Content-Type": "text/csv"})
    return Sent(client, "/labour/import/", "\n".join(lines).encode())


def reopen_period(site: Site) -> Sent:
    site.manager.ok("POST", f"/projects/{site.project}/periods/", {"closed_to": "2026-01-31"})
    site.finish_work()
    return Sent(site.manager, f"/projects/{site.project}/periods/reopen/", {"reason": "late hours"})


def second_place(site: Site) -> str:
    """Another sub-location for the discipline to go to."""
    return site.node({"name": "Roof", "parent": site.node({"name": "South"})})


def move(activities: int) -> Callable[[Site], Sent]:
    """The discipline under another sub-location, while somebody renames one of its activities."""

    def prepare(site: Site) -> Sent:
        for number in range(activities):
            site.node({"name": f"A{number}", "parent": site.discipline, "cost_code": f"A-{number}"})
        body = {"parent": second_place(site)}
        rename = f"/api/v1/wbs/{site.activity}/"
        return Sent(
            site.manager, f"/wbs/{site.discipline}/", body, lambda: site.owner.send("PATCH", rename, {"name": "Cast"})
        )

    return prepare


def delete_nodes(activities: int) -> Callable[[Site], Sent]:
    """The discipline goes with everything below it, while somebody renames it."""

    def prepare(site: Site) -> Sent:
        for number in range(activities):
            site.node({"name": f"A{number}", "parent": site.discipline, "cost_code": f"A-{number}"})
        path = f"/wbs/{site.discipline}/"
        return Sent(
            site.manager, path, meanwhile=lambda: site.owner.send("PATCH", f"/api/v1{path}", {"name": "Masonry"})
        )

    return prepare


def measured(site: Site) -> str:
    """The path of a measurement of the activity."""
    body = {"date": DAY, "percent_complete": 0.25}
    path = f"/wbs/{site.activity}/progress/"
    return f"{path}{site.foreman.ok('POST', path, body)['id']}/"


def measures(site: Site) -> Callable[[], object]:
    """Somebody else measures the same activity."""
    body = {"date": DAY, "percent_complete": 0.75}
    return lambda: site.foreman.send("POST", f"/api/v1/wbs/{site.activity}/progress/", body)


def remove_holiday(site: Site) -> Sent:
    path = f"/projects/{site.project}/holidays/"
    site.manager.ok("POST", path, {"date": "2026-12-25"})
    other = {"date": "2026-12-26"}
    return Sent(site.manager, f"{path}2026-12-25/", None, lambda: site.owner.ok("POST", path, other))


def import_file(activities: int) -> Callable[[Site], Sent]:
    """A file that renames the activity and gives its old name to a new one, while somebody renames it, too."""

    def prepare(site: Site) -> Sent:
        rows = [
            ("North", "Ground", "Concrete", "Cast", "C-1", "12"),
            ("North", "Ground", "Concrete", "Pour", "C-2", "5"),
        ]
        rows += [("South", "Ground", "Steel", f"A{number}", f"A-{number}", "1.125") for number in range(activities)]
        titles = ("Location", "Sub-Location", "Discipline", "Activity", "Cost code", "Budget hours")
        file = "\n".join(",".join(row) for row in [titles, *rows]).encode()
        client = Client(site.manager.gateway, {**site.manager.headers, "Content-Type": "text/csv"})
        rename = f"/api/v1/wbs/{site.activity}/"
        return Sent(
            client,
            f"/projects/{site.project}/wbs/import/",
            file,
            lambda: site.owner.send("PATCH", rename, {"name": "Curing"}),
        )

    return prepare


SCENARIOS: dict[str, Callable[[Site], Sent]] = {
    "POST /api/v1/users": lambda site: Sent(
        site.owner, "/users/", {"name": "New", "email": "new@a.example", "role": "foreman"}
    ),
    "PATCH /api/v1/users/{id}": change_user,
    "POST /api/v1/users/{id}/invite": invite,
    "POST /api/v1/integrations/ingest-secret": lambda site: Sent(
        site.owner, "/integrations/ingest-secret/", {"overlap_seconds": 60}
    ),
    "PATCH /api/v1/company": lambda site: Sent(
        site.owner, "/company/", {"name": "Acme Two"}, lambda: site.owner.ok("PATCH", "/company/", {"currency": "USD"})
    ),
    "POST /api/v1/projects/{id}/memberships": on_membership("POST"),
    "PATCH /api/v1/projects/{id}/memberships/{user}": on_membership("PATCH", {"role": "foreman"}),
    "DELETE /api/v1/projects/{id}/memberships/{user}": on_membership("DELETE"),
    "POST /api/v1/tokens": lambda site: Sent(site.owner, "/tokens/", {"label": "kiosk"}),
    "DELETE /api/v1/tokens/{id}": lambda site: Sent(site.owner, site.token()),
    "POST /api/v1/projects": lambda site: Sent(site.manager, "/projects/", {"code": "P-9", "name": "Nine"}),
    "PATCH /api/v1/projects/{id}": change_project(name="Pier"),
    "PATCH /api/v1/projects/{id} (its code)": change_project(code="P-2"),
    "POST /api/v1/projects/{id}/wbs": lambda site: Sent(
        site.manager,
        f"/projects/{site.project}/wbs/",
        {"name": "Cure", "parent": site.discipline, "cost_code": "C-2"},
        lambda: site.manager.ok(
            "POST",
            f"/projects/{site.project}/wbs/",
            {"name": "Strike", "parent": site.discipline, "cost_code": "C-3"},
        ),
    ),
    "PATCH /api/v1/wbs/{id}": on_activity(budget_hours=12, name="Cast", cost_code="C-7"),
    "PATCH /api/v1/wbs/{id} (a small move)": move(2),
    "PATCH /api/v1/wbs/{id} (a large move)": move(27),
    "DELETE /api/v1/wbs/{id}": delete_nodes(2),
    "DELETE /api/v1/wbs/{id} (many nodes)": delete_nodes(15),
    "POST /api/v1/projects/{id}/wbs/import": import_file(1),
    "POST /api/v1/projects/{id}/wbs/import (several transactions)": import_file(20),
    "POST /api/v1/wbs/{id}/progress": lambda site: Sent(
        site.manager, f"/wbs/{site.activity}/progress/", {"date": DAY, "percent_complete": 0.5}, measures(site)
    ),
    "PATCH /api/v1/wbs/{id}/progress/{measurement}": lambda site: Sent(
        site.manager, measured(site), {"percent_complete": 0.5}, measures(site)
    ),
    "DELETE /api/v1/wbs/{id}/progress/{measurement}": lambda site: Sent(
        site.manager, measured(site), None, measures(site)
    ),
    "POST /api/v1/projects/{id}/holidays": lambda site: Sent(
        site.manager,
        f"/projects/{site.project}/holidays/",
        {"date": "2026-12-25", "name": "Christmas"},
        lambda: site.owner.ok("PATCH", f"/projects/{site.project}/", {"working_days": [1, 2, 3, 4]}),
    ),
    "DELETE /api/v1/projects/{id}/holidays/{date}": remove_holiday,
    "POST /api/v1/projects/{id}/baselines": lambda site: Sent(
        site.manager,
        f"/projects/{site.project}/baselines/",
        {"name": "Contract"},
        lambda: site.owner.ok("PATCH", f"/wbs/{site.activity}/", {"budget_hours": 5}),
    ),
    "POST /api/v1/operatives": lambda site: Sent(
        site.manager, "/operatives/", {"name": "Ben", "external_clock_id": "80", "hourly_rate": 30}
    ),
    "PATCH /api/v1/operatives/{id}": change_operative,
    "POST /api/v1/operatives/{id}/rates": lambda site: Sent(
        site.manager, f"/operatives/{site.hand}/rates/", {"valid_from": "2026-03-01", "hourly_rate": 33}
    ),
    "POST /api/v1/labour": lambda site: Sent(site.foreman, "/labour/", site.hours(), lambda: site.entry(hours=2)),
    "PATCH /api/v1/labour/{id}": on_entry("", {"hours": 7}),
    "PATCH /api/v1/labour/{id} (to another day)": on_entry("", {"date": "2026-06-09"}),
    "DELETE /api/v1/labour/{id}": delete_entry,
    "DELETE /api/v1/labour/{id} (of a clock)": delete_clock_entry,
    "POST /api/v1/labour/{id}/submit": on_entry("submit/", {}, status="draft"),
    "POST /api/v1/labour/{id}/approve": on_entry("approve/", {}),
    "POST /api/v1/labour/{id}/reject": on_entry("reject/", {"reason": "wrong day"}),
    "POST /api/v1/labour/{id}/reopen": reopen,
    "POST /api/v1/labour/bulk": sheet,
    "POST /api/v1/labour/bulk-approve": review("bulk-approve", {}),
    "POST /api/v1/labour/bulk-reject": review("bulk-reject", {"reason": "no permit"}),
    "POST /api/v1/labour/import": hours_file,
    "POST /api/v1/clashes/{id}/resolve": resolve,
    "POST /api/v1/projects/{id}/periods": lambda site: Sent(
        site.manager, f"/projects/{site.project}/periods/", {"closed_to": "2026-01-31"}
    ),
    "POST /api/v1/projects/{id}/periods/reopen": reopen_period,
    "POST /api/v1/clock-events/ingest": punch(device_id="gate"),
    "POST /api/v1/clock-events/ingest (no project named)": punch(project_code=None),
    "POST /api/v1/clock-events/ingest (closing an open shift)": closing_punch,
    "POST /api/v1/clock-events/ingest (overlapping an entry)": overlapping_punch,
    "POST /api/v1/clock-events/ingest (while an overlapping shift comes)": racing_punch,
    "POST /api/v1/clock-events/ingest (a correction)": correction(clock_out="2026-06-09T02:00:00Z"),
    "POST /api/v1/clock-events/ingest (a correction to another project)": correction(project_code="P-NY"),
    "POST /api/v1/clock-events/ingest (picked up)": picked_up,
    "POST /api/v1/clock-events/ingest (a batch)": batch,
    "POST /api/v1/clock-events/ingest (an out alone)": alone("clock_in", "clock_out"),
    "POST /api/v1/clock-events/ingest (a late in)": alone("clock_out", "clock_in"),
    "POST /api/v1/clock-events/ingest (a new operative)": auto_added,
    "POST /api/v1/clock-events/{id}/assign": settled("assign", {"project": "P-1"}),
    "POST /api/v1/clock-events/{id}/fix": settled("fix", {"clock_out": f"{DAY}T15:00:00Z", "reason": "seen"}),
    "POST /api/v1/clock-events/{id}/dismiss": settled("dismiss", {"reason": "a test"}),
    "POST /api/v1/clock-events/ingest (a batch with a refusal)": batch_with_refusal,
}


def route_of(name: str) -> str:
    """The method and path that a scenario belongs to."""
    return name.partition(" (")[0]
