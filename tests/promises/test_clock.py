"""What becomes of punches: hours that no device can double, corrections, and reasons that are true."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.promises.conftest import Client, Reply, Stage

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


def test_a_rejected_entry_keeps_its_time_and_a_deleted_one_frees_it(yard: Yard) -> None:
    hand = yard.hand()
    first = yard.punch(hand).body
    yard.foreman.ok("POST", f"/labour/{first['labour_entry']}/reject/", {"reason": "where was he?"})
    assert told(yard.punch(hand, "09:00:00"))[2] == "overlaps_another_shift"
    yard.foreman.ok("DELETE", f"/labour/{first['labour_entry']}/")
    assert told(yard.punch(hand, "10:00:00"))[1] == "matched"
    assert [row["hours"] for row in yard.entries(hand)] == ["5.00"]
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
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
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
