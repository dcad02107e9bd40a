"""Kept punches by hand: each cause has what clears it, and clearing it makes the hours."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.handlers import clock_page
from chalicelib.handlers.clock_page import BECAME, CAUSES, REASONS
from infra import company
from tests.pages.browser import Browser, form_of, forms
from tests.pages.conftest import somebody
from tests.stage import Stage
from tests.users import project

DAY = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()


@pytest.fixture(scope="module")
def code(stage: Stage) -> str:
    """The code of a project."""
    return str(stage.owner.ok("GET", f"/projects/{project(stage.owner)}/")["code"])


@pytest.fixture
def supervisor(stage: Stage) -> Browser:
    return somebody(stage, "supervisor")[1]


def hand(stage: Stage) -> tuple[str, str]:
    """An operative: id and clock ID."""
    clock_id = uuid4().hex[:10]
    body = {"name": f"Ola {clock_id}", "external_clock_id": clock_id}
    return str(stage.owner.ok("POST", "/operatives/", body)["id"]), clock_id


def punch(stage: Stage, clock_id: str, **more: Any) -> str:
    """A punch that the clock device sends: the event's id."""
    body = {"clock_id": clock_id, "clock_in": f"{DAY}T07:00:00Z", "clock_out": f"{DAY}T15:00:00Z", **more}
    secret = stage.made["ingest_secret"]
    return str(stage.owner.send("POST", "/api/v1/clock-events/ingest/", body, X_Inbound_Secret=secret).body["id"])


def event(stage: Stage, id: str) -> Any:
    return stage.owner.ok("GET", f"/clock-events/{id}/")


def test_an_unknown_clock_id_is_cleared_by_making_the_operative(stage: Stage, supervisor: Browser, code: str) -> None:
    clock_id = uuid4().hex[:10]
    kept = punch(stage, clock_id, project_code=code)
    page = supervisor.open("/clock/?status=unmatched_operative")
    assert page.status == 200 and "No operative has this clock ID." in page.text
    sent = form_of(page, "make", kept)
    refused = supervisor.submit("/clock/?status=unmatched_operative", sent | {"name": ""})
    assert refused.status == 400 and 'id="name-wrong"' in refused.text
    done = supervisor.submit("/clock/", sent | {"name": "Nora Walsh"})
    assert f"Nora Walsh has the clock ID {clock_id} now" in done.text
    stage.settle()
    assert event(stage, kept)["status"] == "matched"


def test_a_punch_is_assigned_to_an_operative_of_the_list(stage: Stage, supervisor: Browser, code: str) -> None:
    kept, (id, clock_id) = punch(stage, uuid4().hex[:10], project_code=code), hand(stage)
    page = supervisor.open(f"/clock/?status=unmatched_operative&find=Ola+{clock_id}")
    choice = f"Ola {clock_id} ({clock_id}) [{id}]"
    assert choice in page.text
    [sent] = [
        form.fields | {"do": "assign"}
        for form in forms(page)
        if form.fields.get("row") == kept and "operative" in form.fields
    ]
    refused = supervisor.submit("/clock/?status=unmatched_operative", sent | {"operative": "Ola"})
    assert refused.status == 400 and "Choose an operative of the list." in refused.text
    done = supervisor.submit("/clock/", sent | {"operative": choice})
    assert "it is hours now" in done.text and event(stage, kept)["operative"] == id


def test_an_unknown_project_is_cleared_by_its_code(stage: Stage, supervisor: Browser, code: str) -> None:
    kept = punch(stage, hand(stage)[1], project_code="NOWHERE")
    page = supervisor.open("/clock/?status=unmatched_project")
    assert "No project has the code" in page.text
    sent = _assign_project(page, kept)
    refused = supervisor.submit("/clock/?status=unmatched_project", sent | {"project": "STILL-NOWHERE"})
    assert refused.status == 400 and "There is no project with this code." in refused.text
    done = supervisor.submit("/clock/?status=unmatched_project", sent | {"project": code})
    assert "it is hours now" in done.text and event(stage, kept)["status"] == "matched"


def _assign_project(page: Any, kept: str) -> dict[str, str]:
    [sent] = [form.fields for form in forms(page) if form.fields.get("row") == kept and "project" in form.fields]
    return sent | {"do": "assign"}


def test_times_are_set_right_in_the_companys_time(stage: Stage, supervisor: Browser, code: str) -> None:
    kept = punch(stage, hand(stage)[1], project_code=code, clock_in=f"{DAY}T15:00:00Z", clock_out=f"{DAY}T07:00:00Z")
    tenant = stage.made["company"]["id"]
    company.change(tenant, {"timezone": "Asia/Kolkata"})
    try:
        page = supervisor.open("/clock/?status=needs_review")
        assert "The clock-out lies before the clock-in." in page.text and "Asia/Kolkata" in page.text
        sent = form_of(page, "fix", kept)
        assert sent["clock_in"] == f"{DAY}T20:30:00"
        refused = supervisor.submit("/clock/?status=needs_review", sent | {"reason": ""})
        assert refused.status == 400 and 'id="reason-wrong"' in refused.text
        fixed = {"clock_in": f"{DAY}T07:00", "clock_out": f"{DAY}T15:30", "reason": "the device was wrong"}
        done = supervisor.submit("/clock/?status=needs_review", sent | fixed)
    finally:
        company.change(tenant, {"timezone": stage.made["company"]["timezone"]})
    assert "it is hours now" in done.text
    assert event(stage, kept)["clock_in"] == f"{DAY}T01:30:00Z"


def test_a_punch_is_dismissed_once_however_often_the_button_is_pressed(
    stage: Stage, supervisor: Browser, code: str
) -> None:
    kept = punch(stage, hand(stage)[1], project_code=code, clock_out=None)
    sent = form_of(supervisor.open("/clock/?status=open"), "dismiss", kept) | {"reason": "a test"}
    for _ in range(2):
        done = supervisor.submit("/clock/", sent)
        assert done.status == 200 and "it is dismissed" in done.text
    told = event(stage, kept)
    assert told["status"] == "dismissed" and len(told["history"]) == 1


def test_each_cause_shows_its_first_punches_and_leads_to_all(stage: Stage, supervisor: Browser) -> None:
    for _ in range(11):
        punch(stage, uuid4().hex[:10])
    page = supervisor.open("/clock/")
    assert 'href="/clock/?status=unmatched_operative"' in page.text
    assert len([form for form in forms(page) if "make" in form.buttons]) == 10
    alone = supervisor.open("/clock/?status=unmatched_operative")
    assert len([form for form in forms(alone) if "make" in form.buttons]) >= 11


def test_devices_are_shown_with_when_they_were_heard_from(stage: Stage, supervisor: Browser, code: str) -> None:
    name = f"gate-{uuid4().hex[:6]}"
    for _ in range(2):
        punch(stage, hand(stage)[1], project_code=code, device_id=name)
    page = supervisor.open("/clock/").text
    row = page[page.index(f">{name}<") :]
    assert f"{datetime.now(UTC):%Y}" in row[:200] and "<td>2</td>" in row[:250]


def test_a_punch_that_names_no_device_is_of_none(stage: Stage, supervisor: Browser, code: str) -> None:
    punch(stage, hand(stage)[1], project_code=code, device_id="gate")
    punch(stage, hand(stage)[1], project_code=code)
    listed = re.findall('data-heading="Device">([^<]*)<', supervisor.open("/clock/").text)
    sent = stage.owner.ok("GET", "/clock-events/?page_size=200")["results"]
    assert sorted(listed) == sorted({each["device_id"] for each in sent} - {None})


def test_devices_are_looked_for_on_the_page_after_the_newest_too(
    stage: Stage, supervisor: Browser, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock_page, "CHOICES_OFFERED", 1)
    tomorrow = (datetime.now(UTC) + timedelta(hours=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    names = [f"gate-{uuid4().hex[:6]}" for _ in range(2)]
    for name in names:
        punch(stage, hand(stage)[1], project_code=code, device_id=name, clock_in=tomorrow, clock_out=None)
    page = supervisor.open("/clock/")
    assert page.status == 200 and all(f">{name}<" in page.text for name in names)


def test_every_reason_has_words() -> None:
    """Whatever a punch can be kept for is explained; every cause and outcome has its title."""
    judged = Path("chalicelib/clock/judging.py").read_text() + Path("chalicelib/clock/settlement.py").read_text()
    named = set(re.findall(r'"([a-z]+(?:_[a-z0-9]+)+)"', judged))
    statuses = {"needs_review", "unmatched_operative", "unmatched_project"}
    fields = {"clock_in", "clock_out", "break_minutes", "project_code", "device_id"}
    assert named - statuses - fields <= set(REASONS), named - statuses - fields - set(REASONS)
    assert set(CAUSES) | {"matched", "dismissed"} == set(BECAME)


def test_who_may_not_settle_is_told_whom_to_ask(stage: Stage) -> None:
    page = somebody(stage, "operative")[1].open("/clock/")
    assert page.status == 200 and "You settle punches on no project" in page.text


def test_another_company_settles_nothing(stage: Stage, supervisor: Browser) -> None:
    kept = punch(stage, uuid4().hex[:10])
    made = company.create("Elsewhere", "pro", "UTC", f"o@{uuid4().hex[:8]}.example")
    stranger = Browser(stage.gateway)
    stranger.sign_in(made["owner"]["email"], made["owner"]["password"])
    [csrf] = {form.fields["csrf_token"] for form in forms(stranger.open("/clock/"))}
    sent = {"csrf_token": csrf, "key": "k", "row": kept, "reason": "x", "do": "dismiss"}
    assert stranger.submit("/clock/", sent).status == 404
    assert event(stage, kept)["status"] == "unmatched_operative"
