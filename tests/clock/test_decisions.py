"""People list, read and settle events; what they settled stays, and it is written down."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.clock.conftest import DAY, Gates, told
from tests.stage import Client
from tests.users import People

WHY = {"reason": "seen on the camera"}
NEXT = "2026-11-18"


def settle(gates: Gates, id: str, action: str, body: dict[str, Any]) -> Any:
    return gates.foreman.ok("POST", f"/clock-events/{id}/{action}/", body)


def test_a_person_gives_an_open_shift_its_end(gates: Gates) -> None:
    hand = gates.hand()
    event = gates.punch(hand, "07:00").body
    fixed = settle(gates, event["id"], "fix", {"clock_out": f"{DAY}T15:30:00Z", "break_minutes": 30, **WHY})
    assert (fixed["status"], fixed["clock_out"], fixed["break_minutes"]) == ("matched", f"{DAY}T15:30:00Z", 30)
    assert gates.hours(hand) == ["8.00"]
    [step] = fixed["history"]
    assert (step["action"], step["before"], step["after"], step["reason"]) == ("fix", "open", "matched", WHY["reason"])
    assert step["by"] == fixed["settled_by"] == gates.foreman.ok("GET", "/me/")["user"]["id"]


def test_a_person_gives_a_lone_out_its_beginning(gates: Gates) -> None:
    hand = gates.hand()
    event = gates.punch(hand, None, "15:00").body
    assert settle(gates, event["id"], "fix", {"clock_in": f"{DAY}T09:00:00Z", **WHY})["status"] == "matched"
    assert gates.hours(hand) == ["6.00"]
    assert told(gates.punch(hand, "08:00")) == (201, "open", None), "the out is taken"


def test_a_shift_settled_by_hand_has_both_ends(gates: Gates) -> None:
    event = gates.punch(gates.hand(), "07:00").body
    path = f"/api/v1/clock-events/{event['id']}/fix/"
    for body, field in (
        ({"clock_in": f"{DAY}T08:00:00Z", **WHY}, "clock_out"),
        ({"clock_out": "yesterday at three", **WHY}, "clock_out"),
        ({"clock_out": "2027-11-17T08:00:00Z", **WHY}, "clock_out"),
        (WHY, "clock_in"),
        ({"clock_out": f"{DAY}T08:00:00Z"}, "reason"),
    ):
        reply = gates.foreman.send("POST", path, body)
        assert (reply.status, list(reply.body["errors"])) == (400, [field])


def test_what_a_person_fixed_stays_and_a_later_correction_waits(gates: Gates) -> None:
    hand = gates.hand()
    event = gates.punch(hand, "17:00", "15:00").body
    assert event["reason"] == "out_before_in"
    settle(gates, event["id"], "fix", {"clock_in": f"{DAY}T07:00:00Z", **WHY})
    assert told(gates.punch(hand, "17:00", "15:00")) == (200, "matched", None)
    assert gates.punch(hand, "17:00", "18:00").status == 409
    assert gates.hours(hand) == ["8.00"]
    assert gates.event(event["id"])["reason"] == "entry_changed"


def test_the_end_of_a_pair_fixed_at_either_punch_is_one_shift(gates: Gates) -> None:
    for which in (0, 1):
        hand = gates.hand()
        events = [gates.punch(hand, "07:00").body, gates.punch(hand, None, "15:00").body]
        settle(gates, events[which]["id"], "fix", {"clock_out": f"{DAY}T16:00:00Z", **WHY})
        assert gates.hours(hand) == ["9.00"]
        assert gates.event(events[0]["id"])["status"] == "matched"
        out = gates.event(events[1]["id"])
        assert (out["status"], [step["action"] for step in out["history"]]) == ("dismissed", ["fix"])
        assert told(gates.punch(hand, "06:30"))[1] == "open", "the out belongs to no other shift"
        assert gates.hours(hand) == ["9.00"]


def test_a_person_says_whose_an_event_is_and_of_which_project(gates: Gates) -> None:
    hand = gates.hand()
    event = gates.punch(f"stranger {hand}", "07:00", "15:00", project_code="unheard").body
    half = settle(gates, event["id"], "assign", {"operative": gates.hands[hand]})
    assert (half["status"], half["reason"]) == ("unmatched_project", "unknown_project_code")
    whole = settle(gates, event["id"], "assign", {"project": gates.project})
    assert (whole["status"], whole["operative"], whole["project"]) == ("matched", gates.hands[hand], gates.project)
    assert [step["action"] for step in whole["history"]] == ["assign", "assign"]
    assert gates.hours(hand) == ["8.00"]
    other = gates.hand()
    moved = settle(gates, event["id"], "assign", {"operative": gates.hands[other]})
    assert (moved["operative"], gates.hours(hand), gates.hours(other)) == (gates.hands[other], [], ["8.00"])


def approves(client: Client, entry: str) -> tuple[int, str | None]:
    """What approving an entry is answered; its actions agree with that."""
    offered = "approve" in client.ok("GET", f"/labour/{entry}/")["allowed_actions"]
    reply = client.send("POST", f"/api/v1/labour/{entry}/approve/", {"cost_code": "C-1"})
    assert offered is (reply.status == 200)
    return reply.status, reply.body.get("code")


OWN, DONE = (403, "own_entry"), (200, None)


@pytest.mark.parametrize("action", ["fix", "assign"])
def test_who_settles_a_punch_that_is_hours_already_has_changed_them(gates: Gates, action: str) -> None:
    """Somebody else approves; of a punch that was no hours yet, whoever settles it may."""
    hand, other = gates.hand(), gates.hands[gates.hand()]
    event = gates.punch(hand, "07:00", "15:00").body
    body = {"break_minutes": 30, **WHY} if action == "fix" else {"operative": other}
    entry = settle(gates, event["id"], action, body)["labour_entry"]
    assert entry == event["labour_entry"] and approves(gates.foreman, entry) == OWN
    me = gates.foreman.ok("GET", "/me/")["user"]["id"]
    trail = gates.manager.ok("GET", f"/labour/{entry}/history/")["results"]
    assert sorted((row["action"], row["by"]) for row in trail) == [("clock", None), ("correct", me)]
    assert approves(gates.manager, entry) == DONE
    kept = gates.punch(f"stranger {hand}", "17:00", "15:00").body["id"]
    settle(gates, kept, "fix", {"clock_in": f"{DAY}T09:00:00Z", **WHY})
    entry = settle(gates, kept, "assign", {"operative": gates.hands[gates.hand()]})["labour_entry"]
    assert approves(gates.foreman, entry) == DONE


def test_hours_that_go_to_another_operative_keep_what_people_have_done_to_them(gates: Gates) -> None:
    hand, other = gates.hand(), gates.hands[gates.hand()]
    event = gates.punch(hand, "07:00", "15:00").body
    entry = event["labour_entry"]
    gates.foreman.ok("PATCH", f"/labour/{entry}/", {"cost_code": "C-1", "note": "rain"})
    settle(gates, event["id"], "fix", {"clock_out": f"{DAY}T19:00:00Z", **WHY})
    gates.manager.ok("POST", f"/clock-events/{event['id']}/assign/", {"operative": other})
    row = gates.foreman.ok("GET", f"/labour/{entry}/")
    assert (row["operative"], row["hours"], row["cost_code"], row["note"]) == (other, "12.00", "C-1", "rain")
    assert (approves(gates.foreman, entry), approves(gates.manager, entry)) == (OWN, OWN)
    assert approves(gates.stage.owner, entry) == DONE


def test_deleted_hours_that_somebody_wants_again_are_of_whoever_wants_them(gates: Gates) -> None:
    hand = gates.hand()
    event = gates.punch(hand, "07:00", "15:00").body
    gates.foreman.ok("DELETE", f"/labour/{event['labour_entry']}/")
    settle(gates, event["id"], "dismiss", WHY)
    entry = settle(gates, event["id"], "fix", {"clock_out": f"{DAY}T19:00:00Z", **WHY})["labour_entry"]
    assert approves(gates.foreman, entry) == OWN
    assert approves(gates.manager, entry) == DONE


def test_what_changes_nothing_is_nobodys_doing_and_what_does_is_of_whoever_did_it(gates: Gates) -> None:
    hand = gates.hand()
    event = gates.punch(hand, "07:00", "15:00", break_minutes=30).body
    settle(gates, event["id"], "fix", {"break_minutes": 30, **WHY})
    assert approves(gates.foreman, event["labour_entry"]) == DONE
    event = gates.punch(gates.hand(), "22:00", f"{NEXT}T02:00:00Z").body
    settle(gates, event["id"], "fix", {"break_minutes": 0, **WHY})
    far = gates.manager.ok("POST", "/projects/", {"code": f"far-{hand}", "name": "Far", "timezone": "Asia/Tokyo"})["id"]
    gates.manager.ok("POST", f"/clock-events/{event['id']}/assign/", {"project": far})
    entry = gates.foreman.ok("GET", f"/labour/{event['labour_entry']}/")
    assert (entry["date"], entry["project"]) == (NEXT, far)
    assert "approve" in entry["allowed_actions"]
    assert "approve" not in gates.manager.ok("GET", f"/labour/{entry['id']}/")["allowed_actions"]


def test_a_project_code_of_odd_signs_hides_nobody(gates: Gates) -> None:
    """What is remembered of an entry's event has parts, which no text of a device may look like."""
    code = f"a|b&c|{gates.hand()}"
    gates.manager.ok("POST", "/projects/", {"code": code, "name": "Odd"})
    event = gates.punch(gates.hand(), "07:00", "15:00", project_code=code).body
    entry = settle(gates, event["id"], "fix", {"break_minutes": 30, **WHY})["labour_entry"]
    me = gates.foreman.ok("GET", "/me/")["user"]["id"]
    trail = gates.manager.ok("GET", f"/labour/{entry}/history/")["results"]
    assert {row["by"] for row in trail} == {None, me}
    assert "approve" not in gates.foreman.ok("GET", f"/labour/{entry}/")["allowed_actions"]


def test_an_out_that_a_person_replaces_is_nothing_also_after_another_fix(gates: Gates) -> None:
    hand = gates.hand()
    start = gates.punch(hand, "07:00").body["id"]
    finish = gates.punch(hand, None, "15:30").body["id"]
    settle(gates, start, "fix", {"break_minutes": 45, **WHY})
    settle(gates, start, "fix", {"clock_out": f"{DAY}T14:00:00Z", **WHY})
    assert gates.event(finish)["status"] == "dismissed"
    assert told(gates.punch(hand, "14:30")) == (201, "open", None)
    assert gates.hours(hand) == ["6.25"]


def test_a_fix_lies_in_the_years_of_hours(gates: Gates) -> None:
    event = gates.punch(gates.hand(), "07:00", "15:00").body
    body = {"clock_in": "1999-12-31T07:00:00Z", "clock_out": "1999-12-31T15:00:00Z", **WHY}
    reply = gates.foreman.send("POST", f"/api/v1/clock-events/{event['id']}/fix/", body)
    assert (reply.status, sorted(reply.body["errors"])) == (400, ["clock_in", "clock_out"])


def test_a_punch_without_a_project_is_settled_by_those_who_approve_where_it_comes_to_lie(gates: Gates) -> None:
    """Or everywhere, as long as nobody knows where that is."""
    other = gates.manager.ok("POST", "/projects/", {"code": f"only-{gates.hand()}", "name": "Only"})["id"]
    hand = gates.hand(projects=[other])
    planner, user = People(gates.stage.owner).make("project_planner")
    gates.manager.ok("POST", f"/projects/{gates.project}/memberships/", {"user": user, "role": "foreman"})
    event = gates.punch(f"stranger {hand}", "07:00", "15:00", project_code=None).body
    path = f"/api/v1/clock-events/{event['id']}"
    for action, body in (("assign", {"operative": gates.hands[hand]}), ("dismiss", WHY)):
        assert planner.send("POST", f"{path}/{action}/", body).status == 403
    assert planner.send("POST", f"{path}/assign/", {"project": gates.project}).status == 200
    assert gates.event(event["id"])["status"] == "unmatched_operative"


def test_a_refusal_says_nothing_of_a_device(gates: Gates) -> None:
    event = gates.punch(gates.hand(), "07:00", "15:00").body
    gates.foreman.ok("POST", f"/labour/{event['labour_entry']}/approve/", {"cost_code": "C-1"})
    reply = gates.foreman.send("POST", f"/api/v1/clock-events/{event['id']}/fix/", {"break_minutes": 30, **WHY})
    assert (reply.status, reply.body["detail"]) == (409, "The shift's entry is approved: reopen it first.")


def test_what_is_assigned_must_be_there(gates: Gates) -> None:
    event = gates.punch(gates.hand(), "07:00").body
    path = f"/api/v1/clock-events/{event['id']}/assign/"
    reply = gates.foreman.send("POST", path, {"operative": "nobody", "project": "nowhere"})
    assert (reply.status, sorted(reply.body["errors"])) == (400, ["operative", "project"])
    assert list(gates.foreman.send("POST", path, {}).body["errors"]) == ["operative"]


@pytest.mark.parametrize("looked", [False, True])
def test_a_punch_whose_hours_were_deleted_is_hours_again_when_a_person_says_so(gates: Gates, looked: bool) -> None:
    """Whether or not anybody has looked at the event since; or it is nothing."""
    hand = gates.hand()
    event = gates.punch(hand, "07:00", "15:00").body
    other = gates.punch(hand, "16:00", "18:00").body
    for each in (event, other):
        gates.foreman.ok("DELETE", f"/labour/{each['labour_entry']}/")
    if looked:
        gates.settle()
    again = settle(gates, event["id"], "assign", {"operative": gates.hands[hand]})
    assert (again["status"], again["labour_entry"] in (None, event["labour_entry"])) == ("matched", False)
    assert gates.hours(hand) == ["8.00"]
    assert settle(gates, other["id"], "dismiss", WHY)["status"] == "dismissed"


def test_an_approved_entry_is_not_changed_by_settling_its_event(gates: Gates) -> None:
    hand = gates.hand()
    event = gates.punch(hand, "07:00", "15:00").body
    gates.foreman.ok("POST", f"/labour/{event['labour_entry']}/approve/", {"cost_code": "C-1"})
    for action, body in (
        ("fix", {"clock_out": f"{DAY}T16:00:00Z", **WHY}),
        ("assign", {"operative": gates.hands[gates.hand()]}),
        ("dismiss", WHY),
    ):
        reply = gates.foreman.send("POST", f"/api/v1/clock-events/{event['id']}/{action}/", body)
        assert (reply.status, reply.body["code"]) == (409, "invalid_transition")
    assert gates.event(event["id"])["history"] == []
    assert gates.hours(hand) == ["8.00"]


def test_a_dismissed_event_stays_dismissed_whatever_is_sent_again(gates: Gates) -> None:
    hand = gates.hand()
    event = gates.punch(hand, "07:00").body
    assert settle(gates, event["id"], "dismiss", WHY)["status"] == "dismissed"
    assert told(gates.punch(hand, "07:00")) == (200, "dismissed", "dismissed")
    assert told(gates.punch(hand, None, "15:00"))[2] == "no_clock_in"
    assert told(gates.punch(hand, "07:00", "15:00")) == (201, "needs_review", "dismissed_before")
    assert gates.hours(hand) == []


def test_a_decision_follows_the_punch_although_the_clock_of_its_function_is_behind(gates: Gates) -> None:
    hands = [gates.hand(), gates.hand()]
    event, fixed = gates.punch(hands[0], "07:00").body, gates.punch(hands[1], "07:00").body
    with time_machine.travel(datetime.now(UTC) - timedelta(seconds=3)):
        assert settle(gates, event["id"], "dismiss", WHY)["status"] == "dismissed"
        assert settle(gates, fixed["id"], "fix", {"clock_out": f"{DAY}T15:00:00Z", **WHY})["status"] == "matched"
        assert told(gates.punch(hands[0], "07:00", "15:00")) == (201, "needs_review", "dismissed_before")
    assert (gates.hours(hands[0]), gates.hours(hands[1])) == ([], ["8.00"])


def test_only_those_who_approve_settle_and_only_on_their_projects(gates: Gates) -> None:
    event = gates.punch(gates.hand(), "07:00").body
    for role in ("project_planner", "engineer", "commercial", "operative"):
        person = gates.stage.person(role, f"{role.replace('_', '')}{len(gates.hands)}")
        for action, body in (
            ("assign", {"project": gates.project}),
            ("fix", {"break_minutes": 1, **WHY}),
            ("dismiss", WHY),
        ):
            assert person.send("POST", f"/api/v1/clock-events/{event['id']}/{action}/", body).status == 403
        seen = person.send("GET", f"/api/v1/clock-events/{event['id']}/").status
        assert seen == (404 if role in ("engineer", "operative") else 200)
        assert (person.ok("GET", "/clock-events/")["count"] == 0) is (role in ("engineer", "operative"))


def test_the_list_by_status_clock_id_and_date_with_counts(gates: Gates) -> None:
    hand = gates.hand()
    gates.punch(hand, "07:00", "15:00")
    gates.punch(hand, "18:00")
    gates.punch(hand, None, "2026-11-15T15:00:00Z")
    found = gates.manager.ok("GET", f"/clock-events/?clock_id={hand.upper()}&totals=true")
    assert [row["status"] for row in found["results"]] == ["open", "matched", "needs_review"]
    counts = found["totals"]
    assert (counts["open"], counts["matched"], counts["needs_review"], counts["dismissed"]) == (1, 1, 1, 0)
    assert sum(counts.values()) == found["count"] == 3
    day = gates.manager.ok("GET", f"/clock-events/?clock_id={hand}&date_from={DAY}&date_to={DAY}")
    assert day["count"] == 2
    one = gates.manager.ok("GET", f"/clock-events/?clock_id={hand}&status=open")
    assert [row["clock_in"] for row in one["results"]] == [f"{DAY}T18:00:00Z"]
    whole = gates.manager.ok("GET", "/clock-events/?status=needs_review&page_size=1&totals=true")
    assert whole["count"] == whole["totals"]["needs_review"]
    assert gates.manager.ok("GET", "/clock-events/?page_size=200")["count"] == sum(whole["totals"].values())


def test_dates_at_the_edges_of_the_calendar_and_dates_in_the_wrong_order(gates: Gates) -> None:
    every = gates.manager.ok("GET", "/clock-events/?date_from=0001-01-01&date_to=9999-12-31")["count"]
    assert every == gates.manager.ok("GET", "/clock-events/")["count"]
    reply = gates.manager.send("GET", "/api/v1/clock-events/?date_from=2026-11-17&date_to=2026-11-16")
    assert (reply.status, list(reply.body["errors"])) == (400, ["date_to"])


def test_events_are_read_incrementally(gates: Gates) -> None:
    gates.punch(gates.hand(), "07:00")
    since = gates.manager.ok("GET", "/clock-events/?updated_since=2026-01-01T00:00:00Z&page_size=200")
    ids = {row["id"] for row in since["results"]}
    assert since["synced_until"] and len(ids) == since["count"] == gates.manager.ok("GET", "/clock-events/")["count"]
    hand = gates.hand()
    changed = gates.punch(hand, "07:00").body
    found = gates.manager.ok(
        "GET", f"/clock-events/?updated_since={changed and '2026-01-01T00:00:00Z'}&clock_id={hand}"
    )
    assert [row["id"] for row in found["results"]] == [changed["id"]]


def test_the_tag_of_an_event_changes_with_it(gates: Gates) -> None:
    event = gates.punch(gates.hand(), "07:00").body
    path = f"/api/v1/clock-events/{event['id']}/"
    tag = gates.manager.send("GET", path).headers["etag"]
    assert gates.manager.send("GET", path, If_None_Match=tag).status == 304
    settle(gates, event["id"], "dismiss", WHY)
    assert gates.manager.send("GET", path).headers["etag"] != tag


@pytest.mark.parametrize("times", [41])
def test_an_event_is_settled_so_often_and_no_more(gates: Gates, times: int) -> None:
    event = gates.punch(gates.hand(), "07:00", "15:00").body
    for n in range(times - 1):
        settle(gates, event["id"], "fix", {"break_minutes": n, **WHY})
    reply = gates.foreman.send("POST", f"/api/v1/clock-events/{event['id']}/fix/", {"break_minutes": 1, **WHY})
    assert (reply.status, reply.body["code"]) == (409, "in_use")
