"""A burst of hours and punches on storage that cancels overlapping transactions, as DynamoDB does."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.storage.store import store
from tests.faults.harness import Conflicting
from tests.faults.scenarios import Site
from tests.stage import Client


@pytest.mark.long
@pytest.mark.parametrize(
    ("operatives", "each"), [(20, 50), pytest.param(200, 500, marks=pytest.mark.burst)], ids=["small", "whole"]
)
def test_a_burst_over_many_operatives_loses_nothing_and_shares_no_row(site: Site, operatives: int, each: int) -> None:
    """Requests for one operative follow each other, so that those that may conflict are there at once."""
    prefix, crew = f"b{each}", -(-each // operatives)
    hands = [site.operative(f"Hand {n}", external_clock_id=f"{prefix}-{n}") for n in range(operatives)]

    def hours(number: int) -> int:
        body = site.hours(operative=hands[number // crew], hours=1 + number % 3, note=f"{prefix} {number}")
        return Client(site.stage.gateway, site.foreman.headers).send("POST", "/api/v1/labour/", body).status

    def punch(number: int) -> int:
        at = {"clock_in": f"2026-06-0{1 + number % crew}T06:00:00Z"}
        body = site.punched(clock_id=f"{prefix}-{number // crew}", **at)
        body["clock_out"] = at["clock_in"].replace("T06", "T10")
        return Client(site.stage.gateway, site.device.headers).send("POST", "/api/v1/clock-events/ingest/", body).status

    sound, paused = store().client, store().sleep
    client = Conflicting(sound)
    store().client, store().sleep = client, time.sleep
    try:
        with ThreadPoolExecutor(16) as pool:
            sent = [pool.submit(ask, number) for number in range(each) for ask in (hours, punch)]
            statuses = Counter(answer.result() for answer in sent)
    finally:
        store().client, store().sleep = sound, paused
    print(f"{client.transactions} transactions, {client.conflicts} conflicts, {client.touched.most_common(1)}")
    assert statuses == {201: 2 * each}
    found = sum(site.manager.ok("GET", f"/labour/?operative={hand}&page_size=1")["count"] for hand in hands)
    assert found == 2 * each, "none lost, none doubled"
    shared = {key for key, times in client.touched.items() if times > 1}
    own = {*hands, *(f"{prefix}-{n}" for n in range(operatives))}
    others = [key for key in shared if own.isdisjoint("#".join(key).split("#"))]
    assert not others, "an operative's own days, and their clock ID's own events, only"
    assert {key[-1] for key in shared if key[0].endswith("labour")} <= {"day"}
