"""Anonymising takes what names a person out of every text and punch that is kept, and leaves hours and figures."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.storage.store import store
from infra import company
from infra.company_rows import items
from infra.simulator.stage import own_token
from tests.stage import Client, Stage

NOW = datetime.now(UTC)
DAY, BEFORE = NOW.date().isoformat(), (NOW.date() - timedelta(days=1)).isoformat()
CLOCK_ID = "KT-4711"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert company.main([*arguments, "--stage", "test", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def rows_with(company: str, *texts: str) -> list[tuple[str, str, str]]:
    """The rows of a company that hold one of the texts in any attribute or key, but for jobs, which expire."""
    found = []
    for table, item in items(store(), company):
        plain = json.dumps(item, default=str).casefold()
        found += [(table, text, str(item.get("pk"))) for text in texts if text.casefold() in plain and table != "work"]
    return found


class Site:
    """A company with a foreman in the office, one operative who is to be forgotten, and one who stays."""

    def __init__(self, stage: Stage) -> None:
        made = company.create("Wall", "pro", "UTC", "owner@wall.example")
        self.stage, self.id = stage, made["company"]["id"]
        self.owner = owner = stage.owner.token(made["token"])
        self.device = Client(stage.gateway, {"X-Inbound-Secret": made["ingest_secret"]})
        self.project = owner.ok("POST", "/projects/", {"code": "P", "name": "Plant"})["id"]
        parent: dict[str, Any] = {}
        for level in ("A", "B", "C"):
            parent = {"parent": owner.ok("POST", f"/projects/{self.project}/wbs/", {"name": level} | parent)["id"]}
        activity = {"name": "Pour", "cost_code": "C-1", "budget_hours": 80, "quantity": 100, "unit": "m3"}
        self.activity = owner.ok("POST", f"/projects/{self.project}/wbs/", activity | parent)["id"]
        self.user, self.foreman = self.person("Fay Murphy", "foreman")
        self.nora_user, self.nora = self.person("Nora Walsh", "engineer")
        hand = {"name": "Nora Walsh", "external_clock_id": CLOCK_ID, "hourly_rate": 30, "user": self.nora_user}
        self.operative = owner.ok("POST", "/operatives/", hand)["id"]
        self.other = owner.ok("POST", "/operatives/", {"name": "Ben Doyle", "external_clock_id": "B-1"})["id"]

    def person(self, name: str, role: str) -> tuple[str, Client]:
        body = {"name": name, "email": f"{name.split()[0].lower()}@wall.example", "role": role}
        user = self.owner.ok("POST", "/users/", body)["id"]
        return user, self.owner.token(own_token(self.id, user))

    def hours(self, client: Client, operative: str, note: str, *, date: str = DAY, hours: float = 4) -> str:
        values = {"project": self.project, "operative": operative, "date": date, "hours": hours, "note": note}
        return str(client.ok("POST", "/labour/", values, Idempotency_Key=f"key-{note}".replace(" ", "-"))["id"])

    def punch(self, clock_id: str, **values: object) -> Any:
        return self.device.ok("POST", "/clock-events/ingest/", {"clock_id": clock_id, "project_code": "P"} | values)

    def entries(self) -> list[Any]:
        """The entries as they are, whatever may be done to them."""
        found = self.owner.ok("GET", "/labour/")["results"]
        return [{name: value for name, value in entry.items() if name != "allowed_actions"} for entry in found]

    def kpis(self) -> Any:
        self.stage.settle()
        return self.owner.ok("GET", f"/projects/{self.project}/kpis/")


@pytest.fixture
def site(stage: Stage) -> Site:
    return Site(stage)


def test_an_operatives_texts_go_whoever_wrote_them(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Notes, what they were before, rejections, reopenings, resolutions, and texts of others that have the name."""
    owner, foreman = site.owner, site.foreman
    rejected = site.hours(site.nora, site.operative, "text one: my back")
    site.nora.ok("PATCH", f"/labour/{rejected}/", {"note": "text two: still"})
    foreman.ok("POST", f"/labour/{rejected}/reject/", {"reason": "text three: too long"}, Idempotency_Key="reject")
    site.hours(owner, site.operative, "text four", hours=7)
    site.hours(site.nora, site.operative, "text four and a half", hours=7)
    [clash] = owner.ok("GET", "/clashes/")["results"]
    kept = clash["entries"][0]["id"]
    owner.ok(
        "POST",
        f"/clashes/{clash['id']}/resolve/",
        {"keep": [kept], "note": "text five: both there", "reject_rest": False},
    )
    gone = site.hours(foreman, site.operative, "text six", date=BEFORE)
    foreman.ok("PATCH", f"/labour/{gone}/", {"note": "text seven"})
    foreman.ok("DELETE", f"/labour/{gone}/")
    approved = site.hours(site.nora, site.operative, "text eight", date=BEFORE)
    foreman.ok("POST", f"/labour/{approved}/approve/", {"cost_code": "C-1"})
    foreman.ok("POST", f"/labour/{approved}/reopen/", {"reason": "text nine"})
    foreman.ok("POST", f"/labour/{approved}/approve/", {"cost_code": "C-1"})
    named = site.hours(foreman, site.other, "with nora WALSH on the crane", date=BEFORE)
    like = site.hours(foreman, site.other, "at Eleonora Walshe's gate", date=BEFORE)
    figures, since = site.kpis(), owner.ok("GET", f"/labour/{named}/")["updated_at"]
    assert len(rows_with(site.id, "text ")) > 8
    done = run(capsys, "anonymise", "--company", site.id, "--operative", site.operative)
    assert done["texts"] > 8 and done["kept_answers"] >= 5
    assert rows_with(site.id, "text ", "nora walsh on") == []
    assert owner.ok("GET", f"/labour/{named}/")["note"] == f"with Former operative {site.operative} on the crane"
    assert owner.ok("GET", f"/labour/{like}/")["note"] == "at Eleonora Walshe's gate"
    shown = owner.ok("GET", f"/labour/{approved}/")
    assert (shown["note"], shown["hours"], shown["status"]) == ("(anonymised)", "4.00", "approved")
    assert owner.ok("GET", f"/labour/{rejected}/")["rejection_reason"] == "(anonymised)"
    trail = owner.ok("GET", f"/labour/{gone}/history/")["results"]
    assert [step["action"] for step in trail] == ["create", "edit", "delete"]
    assert site.kpis() == figures
    changed = {row["id"] for row in owner.ok("GET", f"/labour/?updated_since={since}")["results"]}
    assert {named, approved, rejected} <= changed, "who reads what has changed is told"
    again = run(capsys, "anonymise", "--company", site.id, "--operative", site.operative)
    assert (again["texts"], again["punches"], again["kept_answers"]) == (0, 0, 0)


@pytest.mark.long
def test_the_punches_of_an_operative_move_to_a_clock_id_that_nobody_has(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pairs, lone ins and outs, those that wait, and odd ones: the device's number is in no key, id or text."""
    owner = site.owner
    site.punch(CLOCK_ID, clock_in=f"{BEFORE}T06:00:00Z", clock_out=f"{BEFORE}T09:00:00Z")
    site.punch(CLOCK_ID, clock_in=f"{BEFORE}T10:00:00Z")
    site.punch(CLOCK_ID.lower(), clock_out=f"{BEFORE}T12:00:00Z")
    site.punch(CLOCK_ID, clock_in=f"{BEFORE}T13:00:00Z", clock_out=f"{BEFORE}T14:00:00Z", project_code="nowhere")
    site.punch(CLOCK_ID, clock_in=f"{BEFORE}T15:00:00Z", clock_out="tired", break_minutes="long")
    batch = {"events": [{"clock_id": CLOCK_ID, "clock_in": f"{BEFORE}T18:00:00Z"}, {"clock_id": "B-1"}]}
    site.device.ok("POST", "/clock-events/ingest/", batch, Idempotency_Key="batch")
    site.punch("B-1", clock_in=f"{BEFORE}T07:00:00Z", clock_out=f"{BEFORE}T09:00:00Z")
    site.stage.settle()
    before = owner.ok("GET", f"/clock-events/?clock_id={CLOCK_ID}")["results"]
    [waits] = [event for event in before if event["status"] == "unmatched_project"]
    body = {"reason": "text: was at the doctor"}
    owner.ok("POST", f"/clock-events/{waits['id']}/dismiss/", body, Idempotency_Key="dismiss")
    figures, entries = site.kpis(), site.entries()
    assert rows_with(site.id, CLOCK_ID) and rows_with(site.id, "doctor")
    done = run(capsys, "anonymise", "--company", site.id, "--operative", site.operative)
    assert done["punches"] == len(before) == 6
    assert rows_with(site.id, CLOCK_ID, "doctor", "tired") == []
    ids = [event["id"] for event in before]
    assert rows_with(site.id, *ids) == [], "an id of an event spells its clock ID"
    assert owner.ok("GET", f"/clock-events/?clock_id={CLOCK_ID}")["results"] == []
    events = owner.ok("GET", f"/clock-events/?clock_id={done_clock_id(owner)}")["results"]

    def kept(event: Any) -> list[Any]:
        return [event[name] for name in ("clock_in", "clock_out", "operative", "labour_entry")]

    assert list(map(kept, events)) == list(map(kept, before))
    for event in events:
        assert owner.ok("GET", f"/clock-events/{event['id']}/")["id"] == event["id"]
    assert site.kpis() == figures and site.entries() == entries
    assert len(owner.ok("GET", "/clock-events/?clock_id=B-1")["results"]) == 1
    again = site.device.send("POST", "/api/v1/clock-events/ingest/", batch, Idempotency_Key="batch")
    assert again.headers["idempotency-replayed"] == "true" and CLOCK_ID not in again.text
    assert again.body["results"][0]["id"] in {event["id"] for event in events}
    reply = owner.send("POST", f"/api/v1/clock-events/{waits['id']}/dismiss/", body, Idempotency_Key="dismiss")
    assert reply.status == 200 and CLOCK_ID not in reply.text and "doctor" not in reply.text


def done_clock_id(owner: Client) -> str:
    names = {event["clock_id"] for event in owner.ok("GET", "/clock-events/")["results"]} - {"B-1"}
    [name] = names
    assert name.startswith("former-")
    return str(name)


def test_punches_that_were_nobodys_yet_move_with_the_clock_id(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """A punch that waits for its operative is theirs all the same; another's of an older day stays that one's."""
    site.punch("old-77", clock_in=f"{BEFORE}T06:00:00Z")
    hand = site.owner.ok("POST", "/operatives/", {"name": "Zoe Quinn", "active": False})["id"]
    site.stage.settle()
    site.owner.ok("PATCH", f"/operatives/{hand}/", {"external_clock_id": "old-77"})
    run(capsys, "anonymise", "--company", site.id, "--operative", hand)
    assert rows_with(site.id, "old-77") == []


def test_what_an_office_user_wrote_goes_and_what_others_wrote_stays(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    foreman, owner = site.foreman, site.owner
    mine = site.hours(foreman, site.other, "text of the foreman")
    theirs = site.hours(site.nora, site.operative, "words of Nora")
    foreman.ok("PATCH", f"/labour/{theirs}/", {"hours": 5})
    foreman.ok("POST", f"/labour/{theirs}/reject/", {"reason": "text: not seen"}, Idempotency_Key="no")
    measured = {"date": BEFORE, "installed_quantity": 10, "note": "text: wet"}
    foreman.ok("POST", f"/wbs/{site.activity}/progress/", measured)
    site.hours(owner, site.other, "see fay@wall.example or Fay Murphy", date=BEFORE)
    token = {"label": "text: the phone of Fay", "user": site.user}
    owner.ok("POST", "/tokens/", token, Idempotency_Key="token")
    other = owner.ok("POST", "/tokens/", {"label": "the tablet", "user": site.nora_user})["id"]
    run(capsys, "anonymise", "--company", site.id, "--office-user", site.user)
    assert owner.ok("GET", f"/tokens/{other}/")["label"] == "the tablet"
    assert rows_with(site.id, "text of", "text:", "fay@", "Fay Murphy") == []
    assert owner.ok("GET", f"/labour/{mine}/")["note"] == "(anonymised)"
    shown = owner.ok("GET", f"/labour/{theirs}/")
    assert (shown["note"], shown["rejection_reason"]) == ("words of Nora", "(anonymised)")
