"""What labour costs: sequential calls, with authentication, in a warm process."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.storage.store import store
from tests.labour.conftest import DAY, Site
from tests.stage import Client

CREW = 100


@contextmanager
def rounds() -> Iterator[list[str]]:
    """The DynamoDB calls made inside, each round of calls sent together as one; the operations of a round joined."""
    found, together = list[str](), store().together
    call = store().call
    inside = [False]

    def counted(operation: str, **parameters: Any) -> Any:
        if not inside[0]:
            found.append(operation)
        return call(operation, **parameters)

    def one(*calls: Any) -> Any:
        if inside[0]:
            return together(*calls)
        found.append("together")
        inside[0] = True
        try:
            return together(*calls)
        finally:
            inside[0] = False

    store().call, store().together = counted, one  # type: ignore[method-assign]  # the store of this process, measured
    try:
        yield found
    finally:
        store().call, store().together = call, together  # type: ignore[method-assign]  # as above


@pytest.fixture(scope="module")
def crew(site: Site) -> list[str]:
    """Entries of a crew-day, one of each operative."""
    rows = [site.hours(site.hand()) for _ in range(CREW)]
    return [row["id"] for row in site.foreman.ok("POST", "/labour/bulk/", {"entries": rows})["entries"]]


def cost(client: Client, method: str, path: str, body: Any = None) -> int:
    with rounds() as found:
        client.ok(method, path, body, Idempotency_Key=path.strip("/").replace("/", "-"))
    return len(found)


def test_approve_and_patch_with_a_key_take_five_rounds_and_create_four(site: Site) -> None:
    id, other = site.entry(site.hand()), site.entry(site.hand())
    site.read(id)  # warm
    assert cost(site.manager, "POST", f"/labour/{id}/approve/", {}) <= 5
    assert cost(site.foreman, "PATCH", f"/labour/{other}/", {"hours": 3}) <= 5
    assert cost(site.foreman, "POST", "/labour/", site.hours(site.hand(), date=DAY)) <= 4


def test_reads_take_three_rounds(site: Site) -> None:
    id = site.entry(site.hand())
    with rounds() as found:
        site.read(id)
    assert len(found) <= 3
    page = site.manager.ok("GET", "/labour/?page_size=2")
    with rounds() as found:
        site.manager.ok("GET", page["next"].removeprefix("/api/v1"))
    assert len(found) <= 3


def test_bulk_approve_of_a_crew_day_takes_a_transaction_for_20_rows_and_a_read_for_50(
    site: Site, crew: list[str]
) -> None:
    manager = site.manager
    with rounds() as found:
        answer = manager.ok("POST", "/labour/bulk-approve/", {"ids": crew})
    assert len(answer["approved"]) == CREW
    writes = found.count("transact_write_items")
    reads = len(found) - writes - 1  # without authentication
    assert writes <= CREW / 20 + 2  # the intent's first and last
    assert reads <= CREW / 50 + 1, found


def test_closing_by_force_reads_the_days_of_what_it_rejects_at_once(site: Site) -> None:
    found = list[int]()
    for count in (1, 9):
        place = Site(site.stage, site.people)
        place.foreman.ok("POST", "/labour/bulk/", {"entries": [place.hours(place.hand()) for _ in range(count)]})
        path = f"/projects/{place.project}/periods/"
        job = place.manager.ok("POST", path, {"closed_to": DAY, "force": True})["id"]
        with rounds() as made:
            assert place.work_off(job, timedelta(minutes=2))["status"] == "succeeded"
        found.append(len(made))
    assert found[1] <= found[0] + 1, found
