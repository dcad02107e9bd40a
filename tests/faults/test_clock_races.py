"""A punch that stands still at any of its storage calls while something else happens to the same time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.storage.calls import Calls
from tests.faults import harness
from tests.faults.harness import SOON, Died, storage
from tests.faults.scenarios import DAY, Sent, Site
from tests.stage import Reply

INGEST = "/api/v1/clock-events/ingest/"


@contextmanager
def at_every_call(send: Callable[[], Reply], meanwhile: Callable[[], object]) -> Iterator[Iterator[Reply]]:
    """The answers of a request that sleeps before its first call, its second, and so on; tables are put back."""
    start = harness.saved()

    def answers() -> Iterator[Reply]:
        with storage(harness.sound) as client:
            send()
        for number in range(len(client.calls)):
            harness.put_back(start)
            with storage(harness.sleeps(number, meanwhile)):
                yield send()

    try:
        yield answers()
    finally:
        harness.put_back(start)


def test_of_two_overlapping_shifts_exactly_one_becomes_hours_wherever_one_stands_still(site: Site) -> None:
    night, late = (site.punched(clock_in=f"{DAY}T{at}:00:00Z", clock_out="2026-06-09T06:00:00Z") for at in (20, 22))
    early = late | {"clock_in": "2026-06-09T05:00:00Z"}  # shares the second of the two dates only
    for other in (late, early):
        told: list[Reply] = []
        with at_every_call(
            lambda: site.device.send("POST", INGEST, night),
            lambda told=told, other=other: told.append(site.device.send("POST", INGEST, other)),
        ) as replies:
            for reply in replies:
                reasons = [str(each.body["reason"]) for each in (reply, told.pop())]
                assert sorted(reasons) == ["None", "overlaps_another_shift"]
                assert site.manager.ok("GET", "/labour/")["count"] == 1


def one_after_the_other(*calls: Callable[[], Any]) -> list[Any]:
    return [call() for call in calls]


def the_last_first(*calls: Callable[[], Any]) -> list[Any]:
    return [call() for call in reversed(calls)][::-1]


HALVES = [
    ({"clock_in": f"{DAY}T07:00:00Z"}, {"clock_out": f"{DAY}T15:00:00Z"}),
    ({"clock_in": f"{DAY}T07:00:00Z"}, {"clock_in": f"{DAY}T07:00:00Z", "clock_out": f"{DAY}T15:00:00Z"}),
    ({"clock_out": f"{DAY}T15:00:00Z"}, {"clock_in": f"{DAY}T07:00:00Z", "clock_out": f"{DAY}T15:00:00Z"}),
]


@pytest.mark.parametrize("order", [one_after_the_other, the_last_first])
@pytest.mark.parametrize("halves", HALVES, ids=["in and out", "in and whole", "out and whole"])
def test_what_is_told_of_one_shift_at_once_becomes_its_hours_in_whatever_order_it_is_read(
    site: Site, monkeypatch: pytest.MonkeyPatch, order: Callable[..., list[Any]], halves: tuple[Any, Any]
) -> None:
    """Of reads made together, either may be the first: the events must not be older than what guards them."""
    monkeypatch.setattr(Calls, "together", lambda self, *calls: order(*calls))
    clean = harness.saved()
    for one, other in (halves, halves[::-1]):
        told = [{"clock_id": "77", "project_code": "P-1", **half} for half in (one, other)]
        with at_every_call(
            lambda told=told: site.device.send("POST", INGEST, told[0]),
            lambda told=told: site.device.send("POST", INGEST, told[1]),
        ) as replies:
            for number, reply in enumerate(replies):
                assert reply.status in (200, 201)
                assert [row["hours"] for row in site.manager.ok("GET", "/labour/")["results"]] == ["8.00"], number
                events = site.manager.ok("GET", "/clock-events/")["results"]
                assert {row["status"] for row in events} == {"matched"}, number
    harness.put_back(clean)


def test_a_shift_beside_the_deletion_of_another_of_the_night_before_never_holds_the_deleted_time(site: Site) -> None:
    """The two are of different days by the local date, so no operative-day keeps them apart."""

    def shift(start: str, finish: str) -> dict[str, Any]:
        return site.punched(clock_in=f"2026-06-{start}:00:00Z", clock_out=f"2026-06-{finish}:00:00Z")

    clean = harness.saved()
    night = site.device.ok("POST", "/clock-events/ingest/", shift("07T22", "08T06"))["labour_entry"]
    with at_every_call(
        lambda: site.device.send("POST", INGEST, shift("08T07", "08T09")),
        lambda: site.foreman.ok("DELETE", f"/labour/{night}/"),
    ) as replies:
        for reply in replies:
            assert reply.body["status"] == "matched"
            again = site.device.send("POST", INGEST, shift("08T05", "08T06"))
            assert again.body["status"] == "matched", "the deleted entry's time is free"
    harness.put_back(clean)


def approved(site: Site, entry: str) -> Reply:
    return site.manager.send("POST", f"/api/v1/labour/{entry}/approve/", {"cost_code": "C-1"})


def test_a_correction_beside_an_approval_never_changes_an_approved_entry(site: Site) -> None:
    clean = harness.saved()
    entry = site.device.ok("POST", "/clock-events/ingest/", site.punched())["labour_entry"]
    longer = site.punched(break_minutes=0)
    with at_every_call(lambda: site.device.send("POST", INGEST, longer), lambda: approved(site, entry)) as replies:
        for reply in replies:
            assert (reply.status, reply.body["code"]) == (409, "invalid_transition")
            row = site.manager.ok("GET", f"/labour/{entry}/")
            assert (row["hours"], row["status"]) == ("8.00", "approved")
    with at_every_call(lambda: approved(site, entry), lambda: site.device.send("POST", INGEST, longer)) as replies:
        for reply in replies:
            assert (reply.status, reply.body["hours"]) == (200, "8.50")
            assert site.manager.ok("GET", f"/labour/{entry}/")["hours"] == "8.50"
    harness.put_back(clean)


def test_a_correction_beside_the_deletion_of_its_entry_does_not_bring_it_back(site: Site) -> None:
    clean = harness.saved()
    entry = site.device.ok("POST", "/clock-events/ingest/", site.punched())["labour_entry"]
    longer = site.punched(break_minutes=0)
    with at_every_call(
        lambda: site.device.send("POST", INGEST, longer),
        lambda: site.foreman.send("DELETE", f"/api/v1/labour/{entry}/"),
    ) as replies:
        for reply in replies:
            assert (reply.status, reply.body["reason"], reply.body["labour_entry"]) == (201, "entry_deleted", None)
            assert site.manager.ok("GET", "/labour/")["count"] == 0
    harness.put_back(clean)


def test_a_repeat_beside_a_correction_never_takes_the_correction_back(site: Site) -> None:
    """It stood still after it had read the event and before it read the entry: the two did not belong together."""
    clean = harness.saved()
    first, longer = site.punched(), site.punched(break_minutes=0)
    entry = site.device.ok("POST", "/clock-events/ingest/", first)["labour_entry"]
    with at_every_call(
        lambda: site.device.send("POST", INGEST, first), lambda: site.device.send("POST", INGEST, longer)
    ) as replies:
        for reply in replies:
            assert (reply.status, reply.body["duplicate"]) == (200, True)
            trail = site.manager.ok("GET", f"/labour/{entry}/history/")["results"]
            assert [row["changes"]["hours"]["to"] for row in trail if "hours" in row["changes"]] == ["8.50"]
            assert site.manager.ok("GET", f"/labour/{entry}/")["hours"] == "8.50"
    harness.put_back(clean)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_process_that_dies_while_it_refuses_a_correction_leaves_it_kept_once(site: Site, after: bool) -> None:
    """409 is not kept for the key: a retry decides anew, and finds the same."""
    clean = harness.saved()
    entry = site.device.ok("POST", "/clock-events/ingest/", site.punched())["labour_entry"]
    assert approved(site, entry).status == 200
    run = harness.Run(
        "POST /api/v1/clock-events/ingest", Sent(site.device, "/clock-events/ingest/", site.punched(break_minutes=0))
    )
    wanted = run.expected(run.send)
    assert wanted.answer.startswith("409")
    for number in range(run.calls()):
        run.again()
        with storage(harness.dies(number, after=after)), pytest.raises(Died):
            run.send(SOON)
        harness.lock_runs_out()
        assert run.outcome(run.send()) == wanted, number
        assert run.outcome(run.send()) == wanted, number
    harness.put_back(clean)
