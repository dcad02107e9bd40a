"""draft -> submitted -> approved, the ways back, and who may take them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib.labour.rows import Booking
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from tests.labour.conftest import NEXT, Site, code


def bookings(site: Site) -> list[Any]:
    return list(store().each(Query(model=Booking, hash=key(site.company, site.activity))))


def test_an_entry_is_created_submitted_unless_a_draft_is_asked_for(site: Site) -> None:
    hand = site.hand()
    made = site.foreman.ok("POST", "/labour/", site.hours(hand))
    assert (made["status"], made["submitted_by"]) == ("submitted", site.user("foreman"))
    assert made["allowed_actions"] == ["delete", "edit", "reject"]  # their own
    draft = site.foreman.ok("POST", "/labour/", site.hours(hand, status="draft"))
    assert (draft["status"], draft["submitted_by"]) == ("draft", None)
    assert code(site.act(site.manager, draft["id"], "approve")) == (409, "invalid_transition")
    assert site.act(site.foreman, draft["id"], "submit").body["status"] == "submitted"


@pytest.mark.parametrize("hours", [0, -1, 0.001, 7.999, 24.01, "8", None, True])
def test_hours_are_more_than_0_and_at_most_24_in_hundredths(site: Site, hours: object) -> None:
    id = site.entry(site.hand())
    for method, path, body in (
        ("POST", "/api/v1/labour/", site.hours(site.hand(), hours=hours)),
        ("PATCH", f"/api/v1/labour/{id}/", {"hours": hours}),
    ):
        reply = site.foreman.send(method, path, body)
        assert code(reply) == (400, "validation_error") and list(reply.body["errors"]) == ["hours"]
    assert [site.foreman.ok("PATCH", f"/labour/{id}/", {"hours": each})["hours"] for each in (0.01, 24)] == [
        "0.01",
        "24.00",
    ]


def test_approving_keeps_the_rate_of_the_day_and_books_the_hours_and_reopening_takes_both_back(site: Site) -> None:
    hand = site.hand(hourly_rate=30)
    before = len(bookings(site))
    id = site.entry(hand, hours=7.5, quantity=2)
    done = site.act(site.manager, id, "approve").body
    assert (done["status"], done["hourly_rate"], done["approved_by"]) == (
        "approved",
        "30.00",
        site.user("project_manager"),
    )
    assert len(bookings(site)) == before + 1
    assert code(site.foreman.send("PATCH", f"/api/v1/labour/{id}/", {"hours": 1})) == (409, "invalid_transition")
    assert code(site.foreman.send("DELETE", f"/api/v1/labour/{id}/")) == (409, "invalid_transition")
    assert code(site.act(site.manager, id, "approve")) == (409, "invalid_transition")
    back = site.act(site.manager, id, "reopen", {"reason": "wrong crew"}).body
    assert (back["status"], back["approved_by"], back["approved_at"], back["hourly_rate"]) == (
        "submitted",
        None,
        None,
        None,
    )
    assert len(bookings(site)) == before


def test_a_later_rate_does_not_rewrite_what_was_kept(site: Site) -> None:
    hand = site.hand(hourly_rate=30)
    id = site.entry(hand)
    site.act(site.manager, id, "approve")
    site.owner.ok("PATCH", f"/operatives/{hand}/", {"hourly_rate": 40})
    assert site.read(id)["hourly_rate"] == "30.00"


def test_a_rejected_entry_says_why_and_is_edited_and_submitted_again(site: Site) -> None:
    id = site.entry(site.hand())
    assert site.act(site.manager, id, "reject").body["errors"] == {"reason": ["This field is required."]}
    assert site.act(site.manager, id, "reject", {"reason": "wrong day"}).body["rejection_reason"] == "wrong day"
    edited = site.foreman.ok("PATCH", f"/labour/{id}/", {"date": NEXT})
    assert (edited["status"], edited["rejection_reason"]) == ("rejected", "wrong day")
    again = site.act(site.foreman, id, "submit").body
    assert (again["status"], again["rejection_reason"]) == ("submitted", None)


@pytest.mark.parametrize("action", ["approve", "reject", "reopen"])
def test_whoever_lacks_the_permission_on_the_entrys_own_project_is_refused(site: Site, action: str) -> None:
    """A planner who is a foreman elsewhere approves nothing here."""
    planner, user = site.person("project_planner", "elsewhere")
    other = site.new_project()
    site.owner.ok("POST", f"/projects/{other}/memberships/", {"user": user, "role": "foreman"})
    id = site.entry(site.hand())
    if action == "reopen":
        site.act(site.manager, id, "approve")
    body = {} if action == "approve" else {"reason": "x"}
    assert code(site.act(planner, id, action, body)) == (403, "permission_denied")
    assert action not in site.read(id, planner)["allowed_actions"]


def test_an_operative_sees_and_logs_their_own_and_approves_nothing(site: Site) -> None:
    client, user = site.person("operative", "own")
    hand = site.hand(user=user)
    id = site.entry(hand, client)
    assert site.read(id, client)["allowed_actions"] == ["delete", "edit"]
    assert code(site.act(client, id, "approve")) == (403, "permission_denied")
    assert client.send("GET", f"/api/v1/labour/{site.entry(site.hand())}/").status == 404


def test_approving_needs_a_cost_code_which_the_approver_may_pick(site: Site) -> None:
    id = site.entry(site.hand(), cost_code=None)
    assert "approve" in site.read(id)["allowed_actions"]
    refused = site.act(site.manager, id, "approve")
    assert code(refused) == (409, "cost_code_required") and "cost_code" in refused.body["errors"]
    assert code(site.act(site.manager, id, "approve", {"cost_code": "nothing"})) == (400, "validation_error")
    done = site.act(site.manager, id, "approve", {"cost_code": "c-1"}).body
    assert (done["cost_code"], done["wbs"]) == ("C-1", site.activity)


def test_a_new_project_needs_the_right_to_log_on_both_and_takes_no_code_along(site: Site) -> None:
    other = site.new_project()
    site.activity_of(other, "D-1")
    id = site.entry(site.hand())
    moved = site.foreman.ok("PATCH", f"/labour/{id}/", {"project": other})
    assert (moved["project"], moved["cost_code"], moved["wbs"]) == (other, None, None)
    assert site.foreman.ok("PATCH", f"/labour/{id}/", {"cost_code": "D-1"})["cost_code"] == "D-1"
    member, user = site.person("engineer", "member")
    site.owner.ok("POST", f"/projects/{other}/memberships/", {"user": user, "role": "foreman"})
    assert code(member.send("PATCH", f"/api/v1/labour/{id}/", {"project": site.project})) == (403, "permission_denied")


@pytest.mark.parametrize("change", [{"active": False}])
def test_an_inactive_operative_takes_no_entries_but_their_hours_can_be_approved(site: Site, change: Any) -> None:
    hand = site.hand()
    id, draft = site.entry(hand, hours=1), site.entry(hand, hours=1, status="draft")
    site.owner.ok("PATCH", f"/operatives/{hand}/", change)
    assert code(site.foreman.send("POST", "/api/v1/labour/", site.hours(hand))) == (409, "inactive")
    assert code(site.act(site.foreman, draft, "submit")) == (409, "inactive")
    assert site.read(draft)["allowed_actions"] == ["delete"]
    assert site.act(site.manager, id, "approve").status == 200


def test_an_archived_project_takes_no_entries_and_no_approvals(site: Site) -> None:
    project = site.new_project()
    site.activity_of(project, "C-1")
    id = site.entry(site.hand(), project=project)
    site.owner.ok("PATCH", f"/projects/{project}/", {"status": "completed"})
    assert code(site.foreman.send("POST", "/api/v1/labour/", site.hours(site.hand(), project=project))) == (
        409,
        "inactive",
    )
    site.owner.ok("PATCH", f"/projects/{project}/", {"status": "archived"})
    assert code(site.act(site.manager, id, "approve")) == (409, "inactive")
    assert site.read(id)["allowed_actions"] == ["delete", "reject"]


def test_dates_before_2000_and_beyond_31_days_are_refused_by_name(site: Site) -> None:
    hand, today = site.hand(), datetime.now(ZoneInfo("Europe/Dublin")).date()
    for day, status in (
        ("1999-12-31", 400),
        ("2000-01-01", 201),
        ((today + timedelta(days=31)).isoformat(), 201),
        ((today + timedelta(days=32)).isoformat(), 400),
    ):
        reply = site.foreman.send("POST", "/api/v1/labour/", site.hours(hand, date=day))
        assert reply.status == status, day
        assert status == 201 or list(reply.body["errors"]) == ["date"]
    id = site.entry(hand)
    far = site.foreman.send("PATCH", f"/api/v1/labour/{id}/", {"date": "2999-01-01"})
    assert far.status == 400 and list(far.body["errors"]) == ["date"]


def test_the_day_is_that_of_the_projects_time_zone(site: Site) -> None:
    """Thirty-one days ahead ends earlier in the west than in the east."""
    now = datetime.now(UTC)
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        project = site.new_project(timezone=zone)
        last = (now.astimezone(ZoneInfo(zone)).date() + timedelta(days=31)).isoformat()
        beyond = (now.astimezone(ZoneInfo(zone)).date() + timedelta(days=32)).isoformat()
        body = site.hours(site.hand(), project=project, cost_code=None)
        assert site.foreman.send("POST", "/api/v1/labour/", body | {"date": last}).status == 201
        assert site.foreman.send("POST", "/api/v1/labour/", body | {"date": beyond}).status == 400


def test_every_step_leaves_who_when_what_from_to_and_why(site: Site) -> None:
    id = site.entry(site.hand(), hours=8)
    site.foreman.ok("PATCH", f"/labour/{id}/", {"hours": 9, "note": "rain"})
    site.foreman.ok("PATCH", f"/labour/{id}/", {"hours": 9})
    site.act(site.manager, id, "reject", {"reason": "why nine?"})
    site.act(site.foreman, id, "submit")
    site.act(site.manager, id, "approve")
    site.act(site.manager, id, "reopen", {"reason": "again"})
    trail = site.manager.ok("GET", f"/labour/{id}/history/")
    steps = [(row["action"], row["from"], row["to"], row["reason"]) for row in trail["results"]]
    assert steps == [
        ("create", None, "submitted", None),
        ("edit", "submitted", "submitted", None),
        ("edit", "submitted", "submitted", None),
        ("reject", "submitted", "rejected", "why nine?"),
        ("submit", "rejected", "submitted", None),
        ("approve", "submitted", "approved", None),
        ("reopen", "approved", "submitted", "again"),
    ]
    edits = [row["changes"] for row in trail["results"] if row["action"] == "edit"]
    assert [edit.keys() for edit in edits] == [{"hours", "note"}, set()]
    assert edits[0]["note"] == {"from": None, "to": "rain"}
    assert {row["by"] for row in trail["results"]} == {site.user("foreman"), site.user("project_manager")}
    assert all(row["at"] for row in trail["results"]) and trail["count"] == 7


def test_the_trail_outlives_the_entry_for_those_who_approve(site: Site) -> None:
    id = site.entry(site.hand())
    site.foreman.ok("DELETE", f"/labour/{id}/")
    trail = site.manager.ok("GET", f"/labour/{id}/history/")["results"]
    assert (trail[-1]["action"], trail[-1]["from"], trail[-1]["to"]) == ("delete", "submitted", "deleted")
    assert site.client("project_planner").send("GET", f"/api/v1/labour/{id}/history/").status == 404
    assert site.manager.send("GET", "/api/v1/labour/nosuchentry1/history/").status == 404


def test_a_trail_is_walked_in_pages(site: Site) -> None:
    id = site.entry(site.hand())
    for hours in (1, 2, 3):
        site.foreman.ok("PATCH", f"/labour/{id}/", {"hours": hours})
    path, seen = f"/labour/{id}/history/?page_size=3", list[str]()
    while path:
        page = site.manager.ok("GET", path)
        seen += [row["action"] for row in page["results"]]
        path = page["next"].removeprefix("/api/v1") if page["next"] else ""
    assert seen == ["create", "edit", "edit", "edit"]


def test_an_approver_may_not_reject_without_seeing_and_gets_404_for_another_companys_entry(site: Site) -> None:
    assert code(site.act(site.manager, "nosuchentry1", "reject", {"reason": "x"})) == (404, "not_found")
