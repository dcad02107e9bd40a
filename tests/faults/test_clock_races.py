"""A punch that stands still at any of its storage calls while something else happens to the same time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.faults import harness
from tests.faults.harness import storage
from tests.faults.scenarios import DAY, Site
from tests.promises.conftest import Reply

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


def test_a_shift_beside_the_deletion_of_what_it_overlaps_never_holds_the_deleted_time(site: Site) -> None:
    start = harness.saved()
    first = site.device.ok("POST", "/clock-events/ingest/", site.punched(clock_out=f"{DAY}T09:00:00Z"))
    later = site.punched(clock_in=f"{DAY}T09:00:00Z", clock_out=f"{DAY}T11:00:00Z")
    with at_every_call(
        lambda: site.device.send("POST", INGEST, later),
        lambda: site.foreman.send("DELETE", f"/api/v1/labour/{first['labour_entry']}/"),
    ) as replies:
        for reply in replies:
            assert reply.body["status"] == "matched"
            again = site.device.send(
                "POST", INGEST, site.punched(clock_in=f"{DAY}T08:00:00Z", clock_out=f"{DAY}T09:00:00Z")
            )
            assert again.body["status"] == "matched", "the deleted entry's time is free"
    harness.put_back(start)
