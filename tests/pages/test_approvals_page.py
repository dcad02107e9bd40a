"""Approvals by hand: what waits, a crew-day with its clashes, cost codes and everything that is refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.handlers import approvals_page
from infra import company
from tests.labour.conftest import DAY, Site
from tests.pages.browser import Browser, form_of, forms
from tests.pages.conftest import somebody
from tests.stage import Reply, Stage

PUNCHED = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()


@pytest.fixture
def site(stage: Stage) -> Site:
    return Site(stage)


@pytest.fixture
def approver(stage: Stage) -> Browser:
    """Somebody who may approve, and has handed in nothing."""
    return somebody(stage, "supervisor")[1]


def day(site: Site, date: str = DAY) -> str:
    return f"/approvals/?project={site.project}&date={date}"


def status(site: Site, entry: str) -> Any:
    return site.read(entry)["status"]


def clocked(site: Site, clock_id: str) -> str:
    """An entry from the clock, without a cost code."""
    site.hand(external_clock_id=clock_id)
    code = site.owner.ok("GET", f"/projects/{site.project}/")["code"]
    punch = {
        "clock_id": clock_id,
        "project_code": code,
        "clock_in": f"{PUNCHED}T07:00Z",
        "clock_out": f"{PUNCHED}T15:00Z",
    }
    reply = site.owner.send(
        "POST", "/api/v1/clock-events/ingest/", punch, X_Inbound_Secret=site.stage.made["ingest_secret"]
    )
    return str(reply.body["labour_entry"])


def test_what_waits_is_listed_by_crew_day(site: Site, approver: Browser) -> None:
    for _ in range(3):
        site.entry(site.hand(), hours=4)
    page = unescape(approver.open("/approvals/").text)
    assert f'href="/approvals/?project={site.project}&date={DAY}"' in page
    assert "3 entries, 12.00 h" in page


def test_a_crew_day_says_how_many_wait_that_it_does_not_show(
    site: Site, approver: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in (1, 2, 3):
        site.entry(site.hand(), hours=hours)
    assert "are shown" not in approver.open(day(site)).text
    monkeypatch.setattr(approvals_page, "ENTRIES_SHOWN", 2)
    assert "2 of 3 are shown" in approver.open(day(site)).text


def test_one_entry_is_approved_and_rejected_by_its_button(site: Site, approver: Browser) -> None:
    good, bad = site.entry(site.hand(), hours=4), site.entry(site.hand(), hours=5)
    page = approver.open(day(site))
    done = approver.submit(day(site), form_of(page, "approve", good))
    assert done.status == 200 and "Approved: 4.00 h" in done.text and status(site, good) == "approved"
    done = approver.submit(day(site), form_of(done, "reject", bad) | {"reason": "Wrong activity."})
    assert "Rejected: 5.00 h" in done.text and site.read(bad)["rejection_reason"] == "Wrong activity."
    done = approver.submit(day(site), form_of(done, "reopen", good) | {"reason": "Too early."})
    assert "Reopened: 4.00 h" in done.text and status(site, good) == "submitted"


def test_all_that_are_ticked_are_approved_and_the_skipped_are_named(site: Site, approver: Browser) -> None:
    first, second, third = (site.entry(site.hand(), hours=hours) for hours in (1, 2, 3))
    page = approver.open(day(site))
    sent = form_of(page, "approve-ticked")
    assert {f"tick.{each}" for each in (first, second, third)} <= set(sent), "all that can be approved are ticked"
    del sent[f"tick.{third}"]
    site.act(site.manager, first, "approve")  # meanwhile somebody else has
    done = approver.submit(day(site), sent)
    assert "1 entry approved." in done.text and "Left as they are" in done.text and ", 1.00 h" in done.text
    assert [status(site, each) for each in (first, second, third)] == ["approved", "approved", "submitted"]


def test_all_that_are_ticked_go_back_with_one_reason(site: Site, approver: Browser) -> None:
    entries = [site.entry(site.hand(), hours=hours) for hours in (1, 2)]
    sent = form_of(approver.open(day(site)), "reject-ticked")
    refused = approver.submit(day(site), sent)
    assert refused.status == 400 and 'id="reason-wrong"' in refused.text
    done = approver.submit(day(site), sent | {"reason": "The sheet is not signed."})
    assert "2 entries rejected." in done.text
    assert {status(site, each) for each in entries} == {"rejected"}


def test_a_button_pressed_twice_acts_once(site: Site, approver: Browser) -> None:
    """The second press is answered as the first was, however often and after whatever else has happened since."""
    entry = site.entry(site.hand(), hours=4)
    sent = form_of(approver.open(day(site)), "approve", entry)
    first = approver.submit(day(site), sent)
    assert site.act(site.manager, entry, "reopen", {"reason": "look again"}).status == 200
    again = approver.submit(day(site), sent)
    assert first.status == again.status == 200 and "Approved: 4.00 h" in again.text
    assert status(site, entry) == "submitted", "the press of before is not a new one"


def test_a_clock_entry_is_approved_with_the_cost_code_that_was_picked(site: Site, approver: Browser) -> None:
    entry = clocked(site, f"C{uuid4().hex[:8]}")
    page = approver.open(day(site, PUNCHED))
    assert '<option value="C-1">' in page.text and 'list="codes"' in page.text
    sent = form_of(page, "approve", entry)
    refused = approver.submit(day(site, PUNCHED), sent | {"cost_code": "NOPE"})
    assert refused.status == 400 and 'id="cost_code-wrong"' in refused.text and 'value="NOPE"' in refused.text
    without = approver.submit(day(site, PUNCHED), sent | {"cost_code": " "})
    assert without.status == 409 and 'role="alert"' in without.text
    done = approver.submit(day(site, PUNCHED), sent | {"cost_code": "C-1"})
    assert "Approved: 8.00 h" in done.text and site.read(entry)["cost_code"] == "C-1"


def test_cost_codes_are_found_without_a_script(site: Site, approver: Browser) -> None:
    clocked(site, f"C{uuid4().hex[:8]}")
    site.activity_of(site.project, "Z-9")
    page = approver.open(f"{day(site, PUNCHED)}&find=Z-9")
    assert (
        '<option value="Z-9">' in page.text and '<option value="C-1">' not in page.text and 'name="find"' in page.text
    )


def test_a_clash_is_explained_and_resolved_in_place(site: Site, approver: Browser) -> None:
    hand = site.hand()
    right, wrong = site.entry(hand, hours=4), site.entry(hand, site.supervisor, hours=5)
    clash = site.read(right)["clash"]
    assert f"#clash-{clash}" in approver.open("/approvals/").text
    page = approver.open(day(site))
    assert "More than one has handed in hours" in page.text and "Held by the" in page.text
    sent = form_of(page, "resolve", clash)
    refused = approver.submit(day(site), sent | {f"keep.{right}": "on"})
    assert refused.status == 400 and 'id="note-wrong"' in refused.text
    assert f'name="keep.{right}" value="on" checked' in refused.text, "what was ticked stays ticked"
    done = approver.submit(day(site), sent | {f"keep.{right}": "on", "note": "asked the crew"})
    assert "The clash is resolved" in done.text and status(site, wrong) == "rejected"
    done = approver.submit(day(site), form_of(done, "approve", right))
    assert "Approved: 4.00 h" in done.text


def test_ones_own_hours_have_no_button(site: Site) -> None:
    foreman = somebody(site.stage, "foreman")[1]
    body = {"project": site.project, "operative": site.hand(), "date": DAY, "hours": 4, "cost_code": "C-1"}
    entry = foreman.api().ok("POST", "/labour/", body)["id"]
    page = foreman.open(day(site))
    assert "You cannot approve this one" in page.text
    assert not [form for form in forms(page) if "approve" in form.buttons and form.fields["row"] == entry]
    other = form_of(page, "reject", entry) | {"do": "approve"}  # somebody presses a button that is not there
    refused = foreman.submit(day(site), other)
    assert refused.status == 403 and status(site, entry) == "submitted"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sent: sent | {"csrf_token": "x"},
        lambda sent: {name: value for name, value in sent.items() if name != "csrf_token"},
    ],
    ids=["another", "none"],
)
def test_a_form_without_the_sessions_csrf_token_does_nothing(
    site: Site, approver: Browser, spoil: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    entry = site.entry(site.hand(), hours=4)
    refused = approver.submit(day(site), spoil(form_of(approver.open(day(site)), "approve", entry)))
    assert refused.status == 403 and refused.headers["content-type"].startswith("text/html")
    assert status(site, entry) == "submitted"


def test_a_form_of_another_site_does_nothing(site: Site, approver: Browser) -> None:
    entry = site.entry(site.hand(), hours=4)
    sent = form_of(approver.open(day(site)), "approve", entry)
    refused = approver.submit(day(site), sent, Sec_Fetch_Site="cross-site")
    assert refused.status == 403 and status(site, entry) == "submitted"


@pytest.mark.parametrize("spoilt", [{"do": "burn"}, {"key": ""}, {"do": ""}])
def test_a_form_that_is_no_longer_the_pages_says_so(site: Site, approver: Browser, spoilt: dict[str, str]) -> None:
    entry = site.entry(site.hand(), hours=4)
    refused = approver.submit(day(site), form_of(approver.open(day(site)), "approve", entry) | spoilt)
    assert refused.status == 400 and "Open it again" in refused.text and status(site, entry) == "submitted"


def test_another_company_sees_and_does_nothing(site: Site, approver: Browser) -> None:
    entry = site.entry(site.hand(), hours=4)
    made = company.create("Elsewhere", "pro", "UTC", f"o@{uuid4().hex[:8]}.example")
    stranger = Browser(site.stage.gateway)
    stranger.sign_in(made["owner"]["email"], made["owner"]["password"])
    assert stranger.open(day(site)).status == 404
    sent = form_of(approver.open(day(site)), "approve", entry)
    [csrf] = {form.fields["csrf_token"] for form in forms(stranger.open("/approvals/"))}
    for do in ("approve", "reject", "reopen", "approve-ticked", "resolve"):
        tried = stranger.submit(day(site), sent | {"csrf_token": csrf, "do": do, "reason": "x", "note": "x"})
        assert tried.status in (400, 404), (do, tried)
    assert status(site, entry) == "submitted"


def test_on_a_plan_without_the_api_the_page_is_read_only(site: Site, approver: Browser) -> None:
    entry = site.entry(site.hand(), hours=4)
    sent = form_of(approver.open(day(site)), "approve", entry)
    tenant = site.stage.made["company"]["id"]
    company.change(tenant, {"plan": "team"})
    try:
        page = approver.open(day(site))
        assert "Your plan shows the pages" in page.text and not [form for form in forms(page) if form.buttons]
        refused: Reply = approver.submit(day(site), sent)
        assert refused.status == 403 and 'role="alert"' in refused.text
    finally:
        company.change(tenant, {"plan": "pro"})
    assert status(site, entry) == "submitted"


def test_who_may_not_approve_is_told_whom_to_ask(site: Site) -> None:
    page = somebody(site.stage, "operative")[1].open("/approvals/")
    assert page.status == 200 and "You approve hours on no project" in page.text


@pytest.mark.parametrize("query", ["project=nothing&date=2026-06-08", "project=NO+ID&date=x", "date=2026-06-08"])
def test_a_day_that_is_not_there(approver: Browser, query: str) -> None:
    page = approver.open(f"/approvals/?{query}")
    assert page.status == (200 if "project" not in query else 404), page


def test_a_date_that_is_none_is_named(site: Site, approver: Browser) -> None:
    page = approver.open(f"/approvals/?project={site.project}&date=x")
    assert page.status == 400 and "date" in page.text and page.headers["content-type"].startswith("text/html")
