"""What devices are answered, and what becomes of what they send."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock.conftest import DAY, Gates, told
from tests.examples import slow
from tests.stage import Client

NEXT = "2026-11-18"


def test_a_lone_in_and_a_lone_out_become_one_entry_on_the_first_day(gates: Gates) -> None:
    hand = gates.hand()
    first = gates.punch(hand, "22:00")
    assert told(first) == (201, "open", None)
    second = gates.punch(hand, None, f"{NEXT}T06:00:00Z")
    assert told(second) == (201, "matched", None)
    entry = gates.manager.ok("GET", f"/labour/{second.body['labour_entry']}/")
    assert (entry["date"], entry["hours"], entry["source"]) == (DAY, "8.00", "clock")
    again = gates.punch(hand, "22:00")
    assert (told(again), again.body["duplicate"]) == ((200, "matched", None), True)
    assert again.body["labour_entry"] == entry["id"]


def test_a_lone_out_waits_for_its_in(gates: Gates) -> None:
    hand = gates.hand()
    assert told(gates.punch(hand, None, "15:00")) == (201, "needs_review", "no_clock_in")
    assert told(gates.punch(hand, "07:00"))[1] == "matched"
    assert told(gates.punch(hand, None, "15:00")) == (200, "matched", None)
    assert gates.hours(hand) == ["8.00"]


def test_a_late_punch_works_the_pairs_out_anew(gates: Gates) -> None:
    hand = gates.hand()
    first = gates.punch(hand, "07:00").body
    gates.punch(hand, None, "16:00")
    gates.punch(hand, "13:00")
    assert gates.hours(hand) == ["3.00"]
    assert gates.event(first["id"])["status"] == "open"
    gates.punch(hand, None, "12:00")
    assert sorted(gates.hours(hand)) == ["3.00", "5.00"]


def test_a_late_punch_inside_an_approved_shift_is_409_and_waits_for_review(gates: Gates) -> None:
    hand = gates.hand()
    gates.punch(hand, "07:00")
    entry = gates.punch(hand, None, "16:00").body["labour_entry"]
    gates.foreman.ok("POST", f"/labour/{entry}/approve/", {"cost_code": "C-1"})
    for _ in range(2):
        late = gates.punch(hand, "13:00")
        assert (late.status, late.body["code"]) == (409, "invalid_transition")
    kept = gates.event(late.body["event"])
    assert (kept["status"], kept["reason"]) == ("needs_review", "entry_approved")
    assert gates.hours(hand) == ["9.00"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("project_code", "x" * 65),
        ("device_id", "x" * 201),
        ("break_minutes", -5),
        ("break_minutes", 9999),
        ("clock_out", "null"),
        ("clock_out", "0000-00-00 00:00:00"),
        ("clock_out", DAY),
    ],
)
def test_a_field_that_makes_no_sense_is_kept_as_sent_and_named(gates: Gates, field: str, value: Any) -> None:
    sent = {
        "clock_id": gates.hand(),
        "project_code": "P-1",
        "clock_in": f"{DAY}T07:00:00Z",
        "clock_out": f"{DAY}T15:30:00Z",
    }
    reply = gates.send({**sent, field: value})
    assert told(reply) == (201, "needs_review", f"unreadable_{field}")
    assert str(value) in gates.event(reply.body["id"])["as_sent"]


@pytest.mark.parametrize(
    "odd",
    [
        {"device_id": 7},
        {"device_id": None},
        {"break_minutes": "30"},
        {"break_minutes": 30.0},
        {"project_code": " p-1\t"},
        {"project_code": "P\u200b-1"},
        {"note": {"any": ["thing"]}},
        {"clock_in": f"{DAY} 07:00:00z", "break_minutes": "30"},
    ],
)
def test_an_odd_way_of_writing_a_good_pair_is_hours(gates: Gates, odd: dict[str, Any]) -> None:
    hand = gates.hand()
    sent = {"clock_id": hand, "project_code": "P-1", "clock_in": f"{DAY}T07:00:00Z", "clock_out": f"{DAY}T15:30:00Z"}
    reply = gates.send({**sent, "break_minutes": 30, **odd})
    assert told(reply) == (201, "matched", None)
    assert gates.hours(hand) == ["8.00"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"{}", ["clock_id", "clock_in"]),
        (b'{"clock_id": "7", "clock_in": "2026-03-02"}', ["clock_in"]),
        (b'{"clock_id": true, "clock_in": "2026-03-02T07:00:00Z"}', ["clock_id"]),
        (b'{"clock_id": "7", "clock_in": "2026-03-02T07:00:00Z", "x": "' + b"y" * 9000 + b'"}', ["body"]),
    ],
)
def test_an_event_that_cannot_be_read_is_400_by_itself_and_in_a_batch(
    gates: Gates, body: bytes, fields: list[str]
) -> None:
    alone = gates.send(body)
    assert (alone.status, sorted(alone.body["errors"])) == (400, fields)
    good = f'{{"clock_id": "{gates.hand()}", "clock_in": "{DAY}T07:00:00Z"}}'.encode()
    results = gates.send(b'{"events": [' + body + b"," + good + b"]}").body["results"]
    assert [each["status_code"] for each in results] == [400, 201]
    assert sorted(results[0]["errors"]) == fields


def test_numbers_past_every_bound_are_read_as_text_and_cost_their_event_alone(gates: Gates) -> None:
    odd = (
        b'{"clock_id": 1e4300, "clock_in": "2026-11-17T07:00:00Z"}',
        b'{"clock_id": "77", "clock_in": "2026-11-17T07:00:00Z", "break_minutes": 1e1000000}',
    )
    hand = gates.hand()
    good = f'{{"clock_id": "{hand}", "clock_in": "{DAY}T07:00:00Z", "clock_out": "{DAY}T15:00:00Z"}}'.encode()
    results = gates.send(b'{"events": [' + b",".join((*odd, good)) + b"]}").body["results"]
    assert [each["status_code"] for each in results] == [201, 201, 201]
    assert results[1]["reason"] == "unreadable_break_minutes"
    assert gates.hours(hand) == ["8.00"]


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=230),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    st.sampled_from(["", "null", "30", "2026-03-02", "0000-00-00 00:00:00", "\x00", "P-1\t"]),
)


@given(
    st.dictionaries(
        st.sampled_from(("clock_out", "project_code", "device_id", "break_minutes", "more")), ODD, min_size=1
    )
)
@slow(40)
def test_no_odd_value_of_any_field_throws_a_readable_event_away(gates: Gates, odd: dict[str, Any]) -> None:
    hand = gates.hand()
    reply = gates.send({"clock_id": hand, "clock_in": f"{DAY}T07:00:00Z", **odd})
    assert reply.status == 201, reply
    row = gates.event(reply.body["id"])
    assert row["clock_in"] == f"{DAY}T07:00:00Z"
    if row["status"] == "needs_review" and row["reason"].startswith("unreadable_"):
        assert row["reason"].removeprefix("unreadable_") in odd


def test_clock_ids_and_codes_are_found_in_comparison_form(gates: Gates) -> None:
    clock_id = gates.hand(external_clock_id="É-9")
    sent = gates.punch("e\u0301-\u200b9", "07:00", "15:00", project_code="p\u00ad-1")
    assert told(sent) == (201, "matched", None)
    assert gates.hours(clock_id) == ["8.00"]
    assert told(gates.punch("É-9", "07:00", "15:00"))[0] == 200, "the same event"


def test_a_time_without_an_offset_is_in_the_named_projects_zone_else_the_companys(gates: Gates) -> None:
    gates.manager.ok("POST", "/projects/", {"code": "NY", "name": "Far", "timezone": "America/New_York"})
    hand = gates.hand()
    there = gates.punch(hand, f"{DAY}T07:00:00", f"{DAY}T15:00:00", project_code="NY")
    assert there.body["clock_in"] == f"{DAY}T12:00:00Z"
    here = gates.punch(hand, f"{NEXT} 24:00", None, project_code=None)
    assert here.body["clock_in"] == "2026-11-19T00:00:00Z"
    assert "project_code" in here.body["warning"], "several projects are open: who sends no code is told at once"
    waits = gates.punch(gates.hand(), "07:00", "15:00", project_code=None)
    assert told(waits) == (201, "unmatched_project", "no_single_project")
    assert "project_code" in waits.body["warning"]
    assert "warning" not in there.body


def test_future_and_old_instants_wait_for_review(gates: Gates) -> None:
    assert told(gates.punch(gates.hand(), "2027-03-01T07:00:00Z")) == (201, "needs_review", "in_the_future")
    assert told(gates.punch(gates.hand(), "2025-11-01T07:00:00Z")) == (201, "needs_review", "too_old")


@pytest.mark.parametrize("headers", [{}, {"X-Inbound-Secret": "wrong"}, {"Authorization": "Bearer x"}])
def test_a_device_without_the_secret_is_told_of_its_header_and_of_no_token(
    gates: Gates, headers: dict[str, str]
) -> None:
    reply = Client(gates.stage.gateway, headers).send("POST", "/api/v1/clock-events/ingest/", {"clock_id": "x"})
    assert (reply.status, reply.body["code"]) == (401, "not_authenticated")
    assert reply.headers["www-authenticate"] == "X-Inbound-Secret"
    assert "X-Inbound-Secret" in reply.body["detail"] and "earer" not in reply.text


def test_an_id_that_no_event_has_is_404(gates: Gates) -> None:
    for id in ("abc", "ge01", "0" * 30, "ge020261117070000", "g" * 100):
        assert gates.manager.send("GET", f"/api/v1/clock-events/{id}/").status == 404


def test_a_company_that_adds_operatives_gets_one_however_many_devices_race(gates: Gates) -> None:
    gates.stage.owner.ok("PATCH", "/company/", {"auto_add_operatives": True})
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda n: gates.punch("new one", f"0{n}:00", f"0{n}:30"), range(8)))
    gates.stage.owner.ok("PATCH", "/company/", {"auto_add_operatives": False})
    assert {reply.status for reply in replies} == {201}
    found = gates.manager.ok("GET", "/operatives/?external_clock_id=new one")["results"]
    assert len(found) == 1
    assert gates.manager.ok("GET", f"/labour/?operative={found[0]['id']}")["count"] == 8


@pytest.mark.parametrize("apart", [True, False], ids=["in and out", "pairs"])
def test_punches_of_one_hand_sent_at_once_by_many_devices_are_one_entry(gates: Gates, apart: bool) -> None:
    for _ in range(4):
        hand = gates.hand()
        ways = [("07:00", None), (None, "15:00")] if apart else [("07:00", "15:00"), (None, "15:00"), ("07:00", None)]
        with ThreadPoolExecutor(6) as pool:
            replies = list(pool.map(lambda way, hand=hand: gates.punch(hand, *way), ways * 3))
        assert {reply.status for reply in replies} <= {200, 201}
        assert gates.hours(hand) == ["8.00"]


def test_another_companys_events_do_not_exist(gates: Gates) -> None:
    from infra import company

    sent = gates.punch(gates.hand(), "07:00").body
    other = company.create("Other", "pro", "Europe/Dublin", "o@b.example")
    stranger = Client(gates.stage.gateway).token(other["token"])
    assert stranger.send("GET", f"/api/v1/clock-events/{sent['id']}/").status == 404
    for action, body in (
        ("assign", {"operative": "x"}),
        ("fix", {"reason": "x", "break_minutes": 1}),
        ("dismiss", {"reason": "x"}),
    ):
        reply = stranger.send("POST", f"/api/v1/clock-events/{sent['id']}/{action}/", body)
        assert reply.status in (400, 404)
        assert reply.status == 404 or reply.body["errors"].keys() == {"operative"}
    assert stranger.ok("GET", "/clock-events/")["count"] == 0
