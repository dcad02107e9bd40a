"""What becomes of punches: hours that no device can double, corrections, and reasons that are true."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.labour.rows import Audit
from chalicelib.storage.queries import Query
from chalicelib.storage.store import store
from tests.examples import slow
from tests.stage import Client, Reply, Stage

INGEST = "/api/v1/clock-events/ingest/"
DAY = "2026-11-17"


@dataclass
class Yard:
    """Two projects of one activity each, and hands with clock IDs."""

    stage: Stage
    manager: Client
    foreman: Client
    device: Client
    projects: dict[str, str]
    hands: dict[str, str] = field(default_factory=dict)

    def hand(self, **values: Any) -> str:
        """The clock ID of a new operative."""
        clock_id = f"h{len(self.hands)}"
        body = {"name": f"Hand {clock_id}", "external_clock_id": clock_id, "hourly_rate": 30, **values}
        self.hands[clock_id] = self.manager.ok("POST", "/operatives/", body)["id"]
        return clock_id

    def shift(self, clock_id: str, start: str = "07:00:00", finish: str = "15:00:00", **values: Any) -> dict[str, Any]:
        """A shift of the day by times in UTC."""
        at = {"clock_in": f"{DAY}T{start}Z", "clock_out": f"{DAY}T{finish}Z"}
        return {"clock_id": clock_id, "project_code": "Q", **at, **values}

    def send(self, body: dict[str, Any], **headers: str) -> Reply:
        """A body to the ingest endpoint."""
        return Client(self.stage.gateway, self.device.headers).send("POST", INGEST, body, **headers)

    def punch(self, clock_id: str, start: str = "07:00:00", finish: str = "15:00:00", **values: Any) -> Reply:
        """One shift of the day."""
        return self.send(self.shift(clock_id, start, finish, **values))

    def entries(self, clock_id: str) -> list[Any]:
        """The labour entries of a hand, newest date first."""
        found: list[Any] = self.manager.ok("GET", f"/labour/?operative={self.hands[clock_id]}")["results"]
        return found

    def entry(self, event: Any) -> Any:
        """The labour entry of an event."""
        return self.manager.ok("GET", f"/labour/{event['labour_entry']}/")

    def approve(self, entry: str) -> Any:
        """An entry approved by the foreman."""
        return self.foreman.ok("POST", f"/labour/{entry}/approve/", {"cost_code": "C-1"})


@pytest.fixture(scope="module")
def yard(stage: Stage) -> Iterator[Yard]:
    manager, foreman = stage.person("project_manager", "mo"), stage.person("foreman", "fay")
    device = Client(stage.gateway, {"X-Inbound-Secret": stage.made["ingest_secret"]})
    projects = {}
    for code, zone in (("Q", "Europe/Dublin"), ("NY", "America/New_York")):
        project = manager.ok("POST", "/projects/", {"code": code, "name": code, "timezone": zone})["id"]
        parent = None
        for name in ("North", "Ground", "Concrete"):
            parent = manager.ok("POST", f"/projects/{project}/wbs/", {"name": name, "parent": parent})["id"]
        pour = {"name": "Pour", "parent": parent, "cost_code": "C-1", "budget_hours": 100}
        manager.ok("POST", f"/projects/{project}/wbs/", pour)
        projects[code] = project
    yield Yard(stage, manager, foreman, device, projects)


def told(reply: Reply) -> tuple[int, str, str | None, bool]:
    """What a device is told in short."""
    return reply.status, reply.body["status"], reply.body["reason"], reply.body["duplicate"]


@pytest.mark.parametrize(
    ("finish", "break_minutes", "reason"),
    [
        ("06:59:59", 0, "out_before_in"),
        ("07:00:00", 0, "too_short"),
        ("07:00:17", 0, "too_short"),
        ("07:30:00", 30, "too_short"),
        ("07:30:17", 30, "too_short"),
        ("07:29:59", 30, "break_longer_than_shift"),
        ("07:00:00", 1, "break_longer_than_shift"),
        ("07:30:18", 30, None),
    ],
)
def test_the_reason_of_a_punch_that_becomes_no_hours_is_true(
    yard: Yard, finish: str, break_minutes: int, reason: str | None
) -> None:
    reply = yard.punch(yard.hand(), finish=finish, break_minutes=break_minutes)
    assert told(reply) == (201, "needs_review" if reason else "matched", reason, False)


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_time_at_the_edge_of_the_calendar_is_refused_by_name_and_no_fault(yard: Yard, year: str) -> None:
    for day in ("01-01", "12-31"):
        reply = yard.send({"clock_id": "edge", "clock_in": f"{year}-{day}T12:00:00Z"})
        assert (reply.status, list(reply.body["errors"])) == (400, ["clock_in"])


# -- Overlapping pairs: needs_review ---------------------------------------------------------------


def test_of_two_overlapping_shifts_only_the_first_becomes_hours(yard: Yard) -> None:
    hand = yard.hand()
    assert told(yard.punch(hand)) == (201, "matched", None, False)
    again = yard.punch(hand, "09:00:00")
    assert told(again) == (201, "needs_review", "overlaps_another_shift", False)
    assert again.body["labour_entry"] is None
    assert [row["hours"] for row in yard.entries(hand)] == ["8.00"]


def test_shifts_that_touch_do_not_overlap(yard: Yard) -> None:
    hand = yard.hand()
    times = ("07:00:00", "11:00:00", "15:00:00")
    for start, finish in ((times[1], times[2]), (times[0], times[1])):
        assert told(yard.punch(hand, start, finish)) == (201, "matched", None, False)
    assert [row["hours"] for row in yard.entries(hand)] == ["4.00", "4.00"]
    assert told(yard.punch(hand, "10:59:59", "11:00:30"))[2] == "overlaps_another_shift"


def test_overlaps_are_seen_across_midnight_projects_and_time_zones(yard: Yard) -> None:
    """New York's 17 November begins at 05:00 UTC, so its local date is another than Dublin's."""
    hand = yard.hand()
    night = {"clock_in": "2026-11-16T20:00:00Z", "clock_out": "2026-11-17T06:00:00Z", "project_code": "NY"}
    assert told(yard.send({"clock_id": hand, **night}))[1] == "matched"
    assert told(yard.punch(hand, "04:00:00", "05:00:00"))[2] == "overlaps_another_shift"
    assert told(yard.punch(hand, "05:30:00", "12:00:00"))[2] == "overlaps_another_shift"
    assert told(yard.punch(hand, "06:00:00", "12:00:00"))[1] == "matched"
    whole = {"clock_in": "2026-11-15T20:00:01Z", "clock_out": "2026-11-16T20:00:01Z", "project_code": "Q"}
    assert told(yard.send({"clock_id": hand, **whole}))[2] == "overlaps_another_shift"
    earlier = {"clock_in": "2026-11-15T20:00:02Z", "clock_out": "2026-11-16T20:00:00Z", "project_code": "Q"}
    assert told(yard.send({"clock_id": hand, **earlier}))[1] == "matched"


def test_the_hour_that_comes_twice_in_autumn_is_no_overlap_and_the_same_hour_is(yard: Yard) -> None:
    """Dublin puts its clocks back from 02:00 to 01:00 on 25 October 2026."""
    hand = yard.hand()

    def at(start: str, finish: str) -> Reply:
        body = {"clock_in": f"2026-10-25T{start}", "clock_out": f"2026-10-25T{finish}", "project_code": "Q"}
        return yard.send({"clock_id": hand, **body})

    assert told(at("01:00:00+01:00", "01:45:00+01:00"))[1] == "matched"
    assert told(at("01:30:00+00:00", "02:00:00+00:00"))[1] == "matched"
    assert told(at("01:40:00+01:00", "01:50:00+01:00"))[2] == "overlaps_another_shift"


def test_a_rejected_entry_keeps_its_time_and_a_deleted_one_frees_it_for_who_waits_longest(yard: Yard) -> None:
    hand = yard.hand()
    first = yard.punch(hand).body
    yard.foreman.ok("POST", f"/labour/{first['labour_entry']}/reject/", {"reason": "where was he?"})
    assert told(yard.punch(hand, "09:00:00"))[2] == "overlaps_another_shift"
    yard.foreman.ok("DELETE", f"/labour/{first['labour_entry']}/")
    assert told(yard.punch(hand, "10:00:00"))[2] == "overlaps_another_shift"
    assert [row["hours"] for row in yard.entries(hand)] == ["6.00"]
    assert told(yard.punch(hand))[0] == 200, "a replay never recreates a deleted entry"


def test_a_shift_across_midnight_frees_both_of_its_days(yard: Yard) -> None:
    hand = yard.hand()
    night = {"clock_id": hand, "project_code": "Q", "clock_in": f"{DAY}T22:00:00Z", "clock_out": "2026-11-18T06:00:00Z"}
    yard.foreman.ok("DELETE", f"/labour/{yard.send(night).body['labour_entry']}/")
    assert told(yard.punch(hand, "21:00:00", "23:00:00"))[1] == "matched"
    late = {"clock_in": "2026-11-18T05:00:00Z", "clock_out": "2026-11-18T07:00:00Z"}
    assert told(yard.send({**night, **late}))[1] == "matched"


def test_a_batch_keeps_the_first_of_its_overlapping_shifts_in_any_order(yard: Yard) -> None:
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        hand = yard.hand()
        events = [yard.shift(hand), yard.shift(hand, "09:00:00"), yard.shift(hand, "14:00:00")]
        results = yard.send({"events": [events[place] for place in order]}).body["results"]
        assert results[0]["status"] == "matched"
        assert len(yard.entries(hand)) == sum(each["status"] == "matched" for each in results)
        assert [each["reason"] for each in results[1:]] == ["overlaps_another_shift"] * 2


def test_a_clock_id_that_changes_hands_does_not_double_an_operatives_hours(yard: Yard) -> None:
    hand = yard.hand()
    assert told(yard.punch(hand))[1] == "matched"
    path = f"/operatives/{yard.hands[hand]}/"
    yard.manager.ok("PATCH", path, {"external_clock_id": f"{hand}-new"})
    assert told(yard.punch(f"{hand}-new", "09:00:00"))[2] == "overlaps_another_shift"


@pytest.mark.parametrize("starts", [("07:00:00", "09:00:00"), ("07:00:00", "07:00:01", "08:00:00", "14:59:00")])
def test_of_overlapping_shifts_sent_at_once_exactly_one_becomes_hours(yard: Yard, starts: tuple[str, ...]) -> None:
    for _ in range(5):
        hand = yard.hand()
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda start, hand=hand: yard.punch(hand, start), starts * 2))
        kept = [reply.body for reply in replies if not reply.body["duplicate"]]
        assert sorted(str(each["reason"]) for each in kept) == ["None"] + ["overlaps_another_shift"] * (len(starts) - 1)
        assert len(yard.entries(hand)) == 1


@given(
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(1, 1440), st.sampled_from(("Q", "NY"))),
        min_size=2,
        max_size=7,
        unique_by=lambda shift: shift[0],
    )
)
@slow(10)
def test_a_shift_becomes_hours_exactly_when_none_that_did_overlaps_it(
    yard: Yard, shifts: list[tuple[int, int, str]]
) -> None:
    hand, kept = yard.hand(), []
    origin = datetime(2026, 10, 24, tzinfo=UTC)
    for start, minutes, code in shifts:
        free = all(start + minutes <= begun or ended <= start for begun, ended in kept)
        times = {
            "clock_in": origin + timedelta(minutes=start),
            "clock_out": origin + timedelta(minutes=start + minutes),
        }
        at = {name: moment.isoformat() for name, moment in times.items()}
        reply = yard.send({"clock_id": hand, "project_code": code, **at})
        assert told(reply)[1:3] == (("matched", None) if free else ("needs_review", "overlaps_another_shift"))
        kept += [(start, start + minutes)] * free
    assert len(yard.entries(hand)) == len(kept)


# -- The same clock-in with another clock-out, break or project is a correction ----------------------


def test_a_correction_updates_the_entry_and_its_event(yard: Yard) -> None:
    hand = yard.hand()
    first = yard.punch(hand).body
    changed = yard.punch(hand, finish="16:00:00", break_minutes=15)
    assert told(changed) == (201, "matched", None, False)
    assert (changed.body["id"], changed.body["labour_entry"]) == (first["id"], first["labour_entry"])
    [entry] = yard.entries(hand)
    assert (entry["hours"], entry["status"], entry["source"]) == ("8.75", "submitted", "clock")
    assert yard.approve(entry["id"])["hours"] == "8.75"


def test_a_correction_again_and_what_was_said_before_it_are_repeats(yard: Yard) -> None:
    hand = yard.hand()
    bodies = [yard.shift(hand, finish=finish) for finish in ("15:00:00", "16:00:00", "14:00:00")]
    events = [yard.send(body).body for body in bodies]
    for body in (*bodies, *reversed(bodies), {**bodies[0], "clock_out": None}):
        again = yard.send(body)
        assert (again.status, again.body) == (200, {**events[-1], "duplicate": True})
    assert [row["hours"] for row in yard.entries(hand)] == ["7.00"]


def test_a_correction_of_an_approved_entry_is_409_and_kept_until_the_entry_is_reopened(yard: Yard) -> None:
    hand = yard.hand()
    entry = yard.punch(hand).body["labour_entry"]
    yard.approve(entry)
    later = yard.shift(hand, finish="16:00:00")
    for key in ("a", "a", "b"):
        refused = yard.send(later, Idempotency_Key=f"{hand}-{key}")
        assert (refused.status, refused.body["code"]) == (409, "invalid_transition")
        assert "idempotency-replayed" not in refused.headers
    kept = yard.punch(hand)
    assert told(kept) == (200, "needs_review", "entry_approved", True)
    assert (kept.body["clock_out"], kept.body["labour_entry"]) == (f"{DAY}T16:00:00Z", entry)
    assert kept.body["id"] == refused.body["event"]
    batch = yard.send({"events": [later, yard.shift(hand, "17:00:00", "18:00:00")]}).body["results"]
    assert [(each["status_code"], each.get("code")) for each in batch] == [(409, "invalid_transition"), (201, None)]
    assert [row["hours"] for row in yard.entries(hand) if row["id"] == entry] == ["8.00"]
    yard.manager.ok("POST", f"/labour/{entry}/reopen/", {"reason": "the clock said more"})
    assert told(yard.send(later, Idempotency_Key=f"{hand}-a")) == (200, "matched", None, True)
    assert [row["hours"] for row in yard.entries(hand) if row["id"] == entry] == ["9.00"]


def test_a_correction_in_a_batch_of_an_approved_entry_is_kept_with_and_without_a_key(yard: Yard) -> None:
    for headers in ({}, {"Idempotency_Key": "batch-of-corrections"}):
        hand = yard.hand()
        yard.approve(yard.punch(hand).body["labour_entry"])
        events = {"events": [yard.shift(hand, finish="16:00:00")]}
        first = yard.send(events, **headers)
        [result] = first.body["results"]
        assert (first.status, result["status_code"], result["code"]) == (200, 409, "invalid_transition")
        assert told(yard.punch(hand)) == (200, "needs_review", "entry_approved", True)
        assert yard.send(events).body["results"][0]["status_code"] == 409


def test_a_rejected_entry_is_corrected_and_stays_rejected(yard: Yard) -> None:
    hand = yard.hand()
    entry = yard.punch(hand).body["labour_entry"]
    yard.foreman.ok("POST", f"/labour/{entry}/reject/", {"reason": "too early"})
    assert told(yard.punch(hand, finish="12:00:00"))[:2] == (201, "matched")
    [row] = yard.entries(hand)
    assert (row["hours"], row["status"], row["rejection_reason"]) == ("5.00", "rejected", "too early")


def test_a_correction_works_the_clash_out_anew(yard: Yard) -> None:
    hand = yard.hand()
    entry = yard.punch(hand, "00:00:00", "17:00:00").body["labour_entry"]
    assert yard.entries(hand)[0]["clash"]
    refused = yard.foreman.send("POST", f"/api/v1/labour/{entry}/approve/", {"cost_code": "C-1"})
    assert refused.body["code"] == "clash_unresolved"
    assert told(yard.punch(hand, "00:00:00", "08:00:00"))[1] == "matched"
    assert yard.entries(hand)[0]["clash"] is None
    assert told(yard.punch(hand, "00:00:00", "17:00:00", break_minutes=30))[1] == "matched"
    assert yard.entries(hand)[0]["clash"]


def test_a_correction_to_another_project_moves_the_entry_and_its_date(yard: Yard) -> None:
    """03:00 UTC is 17 November in Dublin and 16 November in New York."""
    hand = yard.hand()
    assert told(yard.punch(hand, "03:00:00", "09:00:00"))[1] == "matched"
    assert yard.entries(hand)[0]["date"] == DAY
    yard.foreman.ok("PATCH", f"/labour/{yard.entries(hand)[0]['id']}/", {"cost_code": "C-1"})
    assert told(yard.punch(hand, "03:00:00", "09:00:00", project_code="NY"))[1] == "matched"
    [entry] = yard.entries(hand)
    assert (entry["project"], entry["date"], entry["cost_code"]) == (yard.projects["NY"], "2026-11-16", None)
    by_hand = {"project": yard.projects["Q"], "operative": yard.hands[hand], "date": DAY, "hours": 1}
    assert yard.foreman.ok("POST", "/labour/", {**by_hand, "status": "submitted"})["clash"] is None, "it left that day"


def test_a_correction_leaves_what_a_person_set_besides(yard: Yard) -> None:
    hand = yard.hand()
    entry = yard.punch(hand).body["labour_entry"]
    yard.foreman.ok("PATCH", f"/labour/{entry}/", {"note": "left early", "quantity": 3, "cost_code": "C-1"})
    assert told(yard.punch(hand, finish="16:00:00"))[1] == "matched"
    row = yard.foreman.ok("GET", f"/labour/{entry}/")
    assert (row["hours"], row["note"], row["quantity"], row["cost_code"]) == ("9.00", "left early", "3.0000", "C-1")


@pytest.mark.parametrize("by_a_person", [{"hours": 7}, {"date": "2026-11-18"}, {"project": "NY"}])
def test_a_correction_of_hours_that_a_person_changed_is_409_and_waits_for_review(
    yard: Yard, by_a_person: dict[str, Any]
) -> None:
    hand = yard.hand()
    entry = yard.punch(hand).body["labour_entry"]
    change = {name: yard.projects.get(str(value), value) for name, value in by_a_person.items()}
    row = yard.foreman.ok("PATCH", f"/labour/{entry}/", change)
    refused = yard.punch(hand, finish="16:00:00")
    assert (refused.status, refused.body["code"]) == (409, "invalid_transition")
    assert yard.foreman.ok("GET", f"/labour/{entry}/")["hours"] == row["hours"]
    assert told(yard.punch(hand)) == (200, "needs_review", "entry_changed", True)


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"clock_out": f"{DAY}T06:00:00Z"}, "needs_review", "out_before_in"),
        ({"project_code": "unheard"}, "unmatched_project", "unknown_project_code"),
        ({"clock_out": f"{DAY}T17:30:00Z"}, "needs_review", "overlaps_another_shift"),
    ],
)
def test_a_correction_that_cannot_be_hours_is_kept_and_the_entry_stays(
    yard: Yard, change: dict[str, Any], status: str, reason: str
) -> None:
    hand = yard.hand()
    entry = yard.punch(hand).body["labour_entry"]
    assert told(yard.punch(hand, "17:00:00", "18:00:00"))[1] == "matched"
    reply = yard.punch(hand, **change)
    assert (*told(reply), reply.body["labour_entry"]) == (201, status, reason, False, entry)
    assert told(yard.punch(hand, **change)) == (200, status, reason, True)
    assert sorted(row["hours"] for row in yard.entries(hand)) == ["1.00", "8.00"]
    assert told(yard.punch(hand, finish="16:00:00"))[:2] == (201, "matched")
    assert sorted(row["hours"] for row in yard.entries(hand)) == ["1.00", "9.00"]


def test_a_correction_holds_the_new_time_and_frees_the_old(yard: Yard) -> None:
    hand = yard.hand()
    assert told(yard.punch(hand, "20:00:00", finish="23:00:00"))[1] == "matched"
    night = {"clock_id": hand, "project_code": "Q", "clock_in": f"{DAY}T20:00:00Z", "clock_out": "2026-11-18T05:00:00Z"}
    assert told(yard.send(night))[1] == "matched"
    early = {**night, "clock_in": "2026-11-18T04:00:00Z", "clock_out": "2026-11-18T08:00:00Z"}
    assert told(yard.send(early))[2] == "overlaps_another_shift"
    assert told(yard.punch(hand, "20:00:00", "21:00:00"))[1] == "matched"
    assert told(yard.send(early)) == (200, "matched", None, True), "picked up when it is sent again"
    assert told(yard.punch(hand, "21:00:00", "23:30:00"))[1] == "matched"


def test_a_correction_leaves_an_audit_row_of_the_clock(yard: Yard) -> None:
    hand = yard.hand()
    entry = yard.punch(hand).body["labour_entry"]
    yard.punch(hand, finish="16:00:00")
    company = yard.stage.made["company"]["id"]
    trail = list(store().each(Query(model=Audit, hash=f"{company}#{entry}", between=("audit#", "audit#~"))))
    assert [(row.action, row.by, row.before, row.after) for row in trail] == [
        ("clock", None, None, "submitted"),
        ("correct", None, "submitted", "submitted"),
    ]


@pytest.mark.parametrize("cause", ["clock ID", "project"])
def test_a_kept_punch_is_picked_up_when_it_is_sent_again_after_its_cause_is_mended(yard: Yard, cause: str) -> None:
    hand = yard.hand()
    name = f"late {hand}"
    body = yard.shift(name if cause == "clock ID" else hand, project_code="Q" if cause == "clock ID" else name)
    status, reason = {
        "clock ID": ("unmatched_operative", "unknown_clock_id"),
        "project": ("unmatched_project", "unknown_project_code"),
    }[cause]
    first = yard.send(body)
    assert told(first) == (201, status, reason, False)
    assert told(yard.send(body)) == (200, status, reason, True)
    if cause == "clock ID":
        yard.manager.ok("PATCH", f"/operatives/{yard.hands[hand]}/", {"external_clock_id": name})
    else:
        assert told(yard.send({**body, "project_code": "q"})) == (201, "matched", None, False), "the right code"
        return
    again = yard.send(body)
    assert (told(again), again.body["id"]) == ((200, "matched", None, True), first.body["id"])
    assert [row["hours"] for row in yard.entries(hand)] == ["8.00"]
    assert yard.send(body).body == again.body


# -- After its entry is deleted ----------------------------------------------------------------------


def test_an_event_whose_entry_is_deleted_is_dismissed_and_never_makes_it_again(yard: Yard) -> None:
    hand = yard.hand()
    first = yard.punch(hand).body
    yard.foreman.ok("DELETE", f"/labour/{first['labour_entry']}/")
    again = yard.punch(hand)
    assert told(again) == (200, "dismissed", "entry_deleted", True)
    assert (again.body["id"], again.body["labour_entry"]) == (first["id"], None)
    changed = yard.punch(hand, finish="16:00:00")
    assert (*told(changed), changed.body["labour_entry"]) == (201, "needs_review", "entry_deleted", False, None)
    assert told(yard.punch(hand, finish="16:00:00")) == (200, "needs_review", "entry_deleted", True)
    assert yard.entries(hand) == []
