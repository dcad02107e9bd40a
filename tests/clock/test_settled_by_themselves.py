"""Events become hours by themselves when what they wait for has come, exactly once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.clock import waiting
from chalicelib.errors import Unavailable
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import store
from chalicelib.times import utc_now
from chalicelib.work import intents
from tests.clock.conftest import DAY, Gates, told
from tests.clock.faulty import Broken, Interrupted
from tests.faults.harness import replaced


def both_ways(gates: Gates, clock_id: str, sends: Callable[[], Any]) -> None:
    """The events settled by streams, sent again, and settled again: one entry each."""
    gates.settle()
    once = gates.hours(clock_id)
    sends()
    gates.settle_later()
    assert gates.hours(clock_id) == once


def test_when_an_operative_gets_the_clock_id(gates: Gates) -> None:
    hand = gates.hand()
    sent = [gates.punch(f"late {hand}", *times) for times in (("07:00", "12:00"), ("13:00", None), (None, "15:00"))]
    assert {told(each)[1] for each in sent} == {"unmatched_operative"}
    gates.manager.ok("PATCH", f"/operatives/{gates.hands[hand]}/", {"external_clock_id": f"Late  {hand}"})
    both_ways(gates, hand, lambda: gates.punch(f"late {hand}", "07:00", "12:00"))
    assert sorted(gates.hours(hand)) == ["2.00", "5.00"]
    assert {gates.event(each.body["id"])["status"] for each in sent} == {"matched"}


def test_when_an_operative_is_created_with_it(gates: Gates) -> None:
    name = f"n{len(gates.hands)}"
    sent = gates.punch(name, "07:00", "15:00")
    assert told(sent)[2] == "unknown_clock_id"
    gates.hands[name] = gates.manager.ok("POST", "/operatives/", {"name": "Nia", "external_clock_id": name})["id"]
    both_ways(gates, name, lambda: gates.punch(name, "07:00", "15:00"))
    assert gates.hours(name) == ["8.00"]


def test_when_an_operative_becomes_active_again(gates: Gates) -> None:
    hand = gates.hand()
    gates.manager.ok("PATCH", f"/operatives/{gates.hands[hand]}/", {"active": False})
    assert told(gates.punch(hand, "07:00", "15:00")) == (201, "needs_review", "operative_inactive")
    gates.manager.ok("PATCH", f"/operatives/{gates.hands[hand]}/", {"active": True})
    both_ways(gates, hand, lambda: gates.punch(hand, "07:00", "15:00"))
    assert gates.hours(hand) == ["8.00"]


def test_when_the_project_appears_and_when_it_becomes_active(gates: Gates) -> None:
    hand = gates.hand()
    code = f"soon-{hand}"
    assert told(gates.punch(hand, "07:00", "15:00", project_code=code))[2] == "unknown_project_code"
    project = gates.manager.ok("POST", "/projects/", {"code": code.upper(), "name": "Soon", "status": "completed"})
    gates.settle()
    assert gates.hours(hand) == []
    gates.manager.ok("PATCH", f"/projects/{project['id']}/", {"status": "active"})
    both_ways(gates, hand, lambda: gates.punch(hand, "07:00", "15:00", project_code=code))
    assert gates.hours(hand) == ["8.00"]
    gates.manager.ok("PATCH", f"/projects/{project['id']}/", {"status": "completed"})


def test_when_a_local_time_gets_its_project_its_instant_is_worked_out_anew(gates: Gates) -> None:
    hand = gates.hand()
    code = f"ny-{hand}"
    sent = gates.punch(hand, f"{DAY}T20:00:00", f"{DAY}T23:30:00", project_code=code)
    assert sent.body["clock_in"] == f"{DAY}T20:00:00Z"
    there = {"code": code, "name": "Far", "timezone": "America/New_York", "status": "on_hold"}
    gates.manager.ok("POST", "/projects/", there)
    gates.settle()
    event = gates.event(sent.body["id"])
    assert (event["status"], event["clock_in"]) == ("matched", "2026-11-18T01:00:00Z")
    entry = gates.manager.ok("GET", f"/labour/{event['labour_entry']}/")
    assert (entry["date"], entry["hours"]) == (DAY, "3.50")


def test_when_its_project_moves_to_another_time_zone_the_instant_of_a_local_time_follows(gates: Gates) -> None:
    hands = [gates.hand() for _ in range(12)]
    code = f"zone-{hands[0]}"
    made = {"code": code, "name": "Moves", "status": "on_hold", "timezone": "Europe/Dublin"}
    project = gates.manager.ok("POST", "/projects/", made)["id"]
    sent = [gates.punch(hand, f"{DAY}T07:00:00", f"{DAY}T15:00:00", project_code=code).body for hand in hands]
    fixed = gates.punch(hands[0], "17:00", "18:00", project_code=code).body
    gates.foreman.ok("PATCH", f"/labour/{sent[1]['labour_entry']}/", {"hours": 7})
    gates.manager.ok("PATCH", f"/projects/{project}/", {"timezone": "America/New_York"})
    gates.settle()
    times = [gates.event(each["id"])["clock_in"] for each in sent]
    assert times == [f"{DAY}T12:00:00Z", f"{DAY}T07:00:00Z", *[f"{DAY}T12:00:00Z"] * 10], (
        "but where a person changed it"
    )
    assert gates.event(fixed["id"])["clock_in"] == f"{DAY}T17:00:00Z"
    assert sorted(gates.hours(hands[0])) == ["1.00", "8.00"]


def test_when_there_is_one_single_active_project_again(gates: Gates) -> None:
    hand = gates.hand()
    second = gates.manager.ok("POST", "/projects/", {"code": f"two-{hand}", "name": "Two"})["id"]
    sent = gates.punch(hand, "07:00", "15:00", project_code=None)
    assert told(sent) == (201, "unmatched_project", "no_single_project")
    gates.manager.ok("PATCH", f"/projects/{second}/", {"status": "archived"})
    gates.settle_later()
    assert gates.hours(hand) == ["8.00"]


def test_when_the_operatives_projects_leave_one(gates: Gates) -> None:
    hand = gates.hand()
    second = gates.manager.ok("POST", "/projects/", {"code": f"alt-{hand}", "name": "Alt"})["id"]
    assert told(gates.punch(hand, "07:00", "15:00", project_code=None))[2] == "no_single_project"
    gates.manager.ok("PATCH", f"/operatives/{gates.hands[hand]}/", {"projects": [second]})
    gates.settle()
    assert gates.hours(hand) == ["8.00"]
    gates.manager.ok("PATCH", f"/projects/{second}/", {"status": "archived"})


def test_when_the_period_is_reopened_or_a_person_settles_it_onto_another_day(gates: Gates) -> None:
    hands = [gates.hand(), gates.hand()]
    code = f"period-{hands[0]}"
    project = gates.manager.ok("POST", "/projects/", {"code": code, "name": "Paid", "status": "on_hold"})["id"]
    assert gates.manager.send("POST", f"/api/v1/projects/{project}/periods/", {"closed_to": DAY}).status == 202
    gates.settle_later()
    sent = [gates.punch(hand, "07:00", "15:00", project_code=code) for hand in hands]
    assert [told(each)[2] for each in sent] == ["period_closed"] * 2
    moved = {"clock_in": "2026-11-18T07:00:00Z", "clock_out": "2026-11-18T15:00:00Z", "reason": "the wrong day"}
    assert gates.foreman.ok("POST", f"/clock-events/{sent[1].body['id']}/fix/", moved)["status"] == "matched"
    gates.manager.ok("POST", f"/projects/{project}/periods/reopen/", {"reason": "a late sheet"})
    both_ways(gates, hands[0], lambda: gates.punch(hands[0], "07:00", "15:00", project_code=code))
    assert [gates.hours(hand) for hand in hands] == [["8.00"], ["8.00"]]


def test_when_the_time_that_another_shift_held_is_free(gates: Gates) -> None:
    hand = gates.hand()
    first = gates.punch(hand, "07:00", "15:00").body
    blocked = gates.punch(hand, "09:00", "16:00")
    assert told(blocked)[2] == "overlaps_another_shift"
    gates.foreman.ok("DELETE", f"/labour/{first['labour_entry']}/")
    gates.settle()
    assert gates.hours(hand) == ["7.00"]
    assert (gates.event(first["id"])["status"], gates.event(first["id"])["reason"]) == ("dismissed", "entry_deleted")
    assert told(gates.punch(hand, "07:00", "15:00")) == (200, "dismissed", "entry_deleted")
    assert gates.hours(hand) == ["7.00"], "a replay never recreates a deleted entry"


def test_when_the_approved_entry_of_a_correction_is_reopened(gates: Gates) -> None:
    hand = gates.hand()
    entry = gates.punch(hand, "07:00", "15:00").body["labour_entry"]
    gates.foreman.ok("POST", f"/labour/{entry}/approve/", {"cost_code": "C-1"})
    assert gates.punch(hand, "07:00", "16:00").status == 409
    gates.manager.ok("POST", f"/labour/{entry}/reopen/", {"reason": "the clock said more"})
    gates.settle()
    assert gates.hours(hand) == ["9.00"]


@pytest.mark.long
@pytest.mark.parametrize("when", ["before the punch is kept", "after it"])
def test_a_project_that_appears_while_its_punch_is_under_way_is_not_missed(gates: Gates, when: str) -> None:
    """The punch has read that there is no such project, and is kept after the project's events were looked for."""
    hand = gates.hand()
    code = f"cross-{hand}-{when[:5].strip()}"
    make = {"code": code, "name": code, "status": "on_hold"}
    with crossing(gates, lambda: gates.manager.ok("POST", "/projects/", make), streams=when.startswith("before")):
        assert told(gates.punch(hand, "07:00", "15:00", project_code=code))[2] == "unknown_project_code"
    gates.settle_later()
    assert gates.hours(hand) == ["8.00"]


def test_an_operative_who_appears_while_the_punch_is_under_way_is_not_missed(gates: Gates) -> None:
    name = f"x{len(gates.hands)}"

    def make() -> None:
        gates.hands[name] = gates.manager.ok("POST", "/operatives/", {"name": "X", "external_clock_id": name})["id"]

    with crossing(gates, make, streams=True):
        assert told(gates.punch(name, "07:00", "15:00")) == (201, "matched", None)
    gates.settle_later()
    assert gates.hours(name) == ["8.00"]


@contextmanager
def crossing(gates: Gates, meanwhile: Callable[[], Any], *, streams: bool) -> Iterator[None]:
    """Inside, something else happens once just before a punch's transaction."""

    def happen() -> None:
        store().client = sound
        meanwhile()
        if streams:
            gates.settle()

    sound = store().client
    with replaced(lambda client: Interrupted(client, happen)):
        yield


@pytest.mark.long
def test_an_event_that_cannot_be_processed_holds_up_no_other_that_waits_with_it(gates: Gates) -> None:
    code = f"many-{len(gates.hands)}"
    hands = [gates.hand() for _ in range(3)]
    sent = [gates.punch(hand, "07:00", "15:00", project_code=code).body for hand in hands]
    with replaced(lambda sound: Broken(sound, hands[1])):
        gates.manager.ok("POST", "/projects/", {"code": code, "name": code, "status": "on_hold"})
        gates.settle_later()
        assert [gates.hours(hand) for hand in hands] == [["8.00"], [], ["8.00"]]
        assert gates.event(sent[1]["id"])["reason"] == "processing_failed"
        again = gates.punch(hands[1], "07:00", "15:00", project_code=code)
        assert told(again) == (200, "needs_review", "processing_failed")
    assert told(gates.punch(hands[1], "07:00", "15:00", project_code=code)) == (200, "matched", None)


def test_an_event_that_storage_keeps_from_being_read_is_not_passed_over(gates: Gates) -> None:
    """That is no fault of the event: nothing is noted, and the same step is taken again."""
    hand = gates.hand()
    gates.punch(hand, "07:00", "15:00", project_code=f"slow-{hand}")
    intent = intents.begun(gates.company, waiting.KIND, {"cause": f"code#slow-{hand}"}, utc_now(), total=0)
    with replaced(lambda sound: Broken(sound, hand, Unavailable)), pytest.raises(Unavailable):
        waiting.step(Reading(store()), intent, utc_now())
    assert waiting.step(Reading(store()), intent, utc_now()).done == 1
