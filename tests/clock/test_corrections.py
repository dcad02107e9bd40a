"""Corrections of an event by its device: none is lost, and what was said before is a repeat whenever it comes."""

from tests.clock.conftest import DAY, Gates, told


def test_a_correction_of_what_a_person_fixed_waits_and_shows_what_the_device_said(gates: Gates) -> None:
    hand = gates.hand()
    event = gates.punch(hand, "07:00", "15:00", break_minutes=15).body
    later = {"clock_out": f"{DAY}T17:00:00Z", "reason": "the foreman saw her"}
    assert gates.foreman.ok("POST", f"/clock-events/{event['id']}/fix/", later)["status"] == "matched"
    assert gates.punch(hand, "07:00", "18:00", break_minutes=30).status == 409
    found = gates.event(event["id"])
    assert (found["status"], found["reason"], found["clock_out"]) == (
        "needs_review", "entry_changed", f"{DAY}T17:00:00Z",
    )  # fmt: skip
    assert found["sent"] == {"clock_in": f"{DAY}T07:00:00Z", "clock_out": f"{DAY}T18:00:00Z", "break_minutes": 30}
    assert gates.hours(hand) == ["9.75"]


def test_an_in_alone_with_another_break_or_project_corrects_the_shift_whose_out_is_known(gates: Gates) -> None:
    hand, code = gates.hand(), f"other-{len(gates.hands)}"
    gates.manager.ok("POST", "/projects/", {"code": code, "name": code, "status": "on_hold"})
    first = gates.punch(hand, "07:00", "15:00").body
    assert told(gates.punch(hand, "07:00", break_minutes=30)) == (201, "matched", None)
    assert gates.hours(hand) == ["7.50"]
    moved = gates.punch(hand, "07:00", project_code=code)
    assert (told(moved), moved.body["labour_entry"]) == ((201, "matched", None), first["labour_entry"])
    event = gates.event(first["id"])
    assert (event["project_code"], event["break_minutes"], event["clock_out"]) == (code, 30, f"{DAY}T15:00:00Z")
    for said in ({"break_minutes": 30}, {"project_code": code}, {}, {"project_code": None}):
        assert told(gates.punch(hand, "07:00", **said)) == (200, "matched", None)
    assert gates.hours(hand) == ["7.50"]


def test_an_in_alone_that_said_it_before_is_a_repeat_after_any_correction(gates: Gates) -> None:
    hand = gates.hand()
    gates.punch(hand, "07:00", "15:00", break_minutes=30)
    assert told(gates.punch(hand, "07:00", break_minutes=30)) == (200, "matched", None)
    assert told(gates.punch(hand, "07:00", break_minutes=45)) == (201, "matched", None)
    gates.punch(hand, "07:00", "16:00", break_minutes=60)
    for pause in (30, 45):
        assert told(gates.punch(hand, "07:00", break_minutes=pause)) == (200, "matched", None), pause
    assert gates.hours(hand) == ["8.00"]


def test_an_in_alone_beside_an_approved_entry_is_refused_and_kept(gates: Gates) -> None:
    hand = gates.hand()
    sent = gates.punch(hand, "07:00", "15:00").body
    gates.foreman.ok("POST", f"/labour/{sent['labour_entry']}/approve/", {"cost_code": "C-1"})
    assert gates.punch(hand, "07:00", break_minutes=30).status == 409
    assert gates.event(sent["id"])["reason"] == "entry_approved"
    gates.manager.ok("POST", f"/labour/{sent['labour_entry']}/reopen/", {"reason": "a break was taken"})
    gates.settle()
    assert gates.hours(hand) == ["7.50"]


def test_an_in_alone_that_repeats_never_undoes_what_is_known(gates: Gates) -> None:
    hand = gates.hand()
    gates.punch(hand, "07:00", "15:00", break_minutes=30, device_id="gate-1")
    for odd in ("", None, "null", "0000-00-00 00:00:00"):
        assert told(gates.punch(hand, f"{DAY}T07:00:00Z", odd)) == (200, "matched", None), odd
    assert gates.hours(hand) == ["7.50"]


def test_an_in_alone_whose_break_makes_no_sense_is_kept_for_review_and_its_entry_stays(gates: Gates) -> None:
    hand = gates.hand()
    first = gates.punch(hand, "07:00", "15:00").body
    assert told(gates.punch(hand, "07:00", break_minutes="half an hour")) == (
        201, "needs_review", "unreadable_break_minutes",
    )  # fmt: skip
    assert "half an hour" in gates.event(first["id"])["as_sent"]
    assert gates.hours(hand) == ["8.00"]
    again = gates.punch(hand, "07:00", "15:00", break_minutes=0)
    assert told(again) == (200, "needs_review", "unreadable_break_minutes"), "what was said before is a repeat"
    assert told(gates.punch(hand, "07:00", "15:00", break_minutes=15)) == (201, "matched", None)
    assert gates.hours(hand) == ["7.75"]


def test_a_break_that_makes_no_sense_in_an_in_alone_takes_the_place_of_the_one_before(gates: Gates) -> None:
    """The device has corrected it: what it was before is not for a person to take over."""
    hand = gates.hand()
    first = gates.punch(hand, "07:00", "15:00", break_minutes=30).body
    assert gates.punch(hand, "07:00", break_minutes="half an hour").status == 201
    event = gates.event(first["id"])
    assert (event["reason"], event["break_minutes"]) == ("unreadable_break_minutes", None)
    assert gates.hours(hand) == ["7.50"]
