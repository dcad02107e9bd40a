"""A site's gates at shift start: many devices behind one address, half of the punches twice, on storage that balks."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.storage.store import store
from tests.faults.harness import PATIENT, Conflicting, refused
from tests.faults.scenarios import Site
from tests.stage import Client, Stage, running


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage that counts requests: what a site sends at shift start stays below a company's and an address's limit."""
    most = str(10**6)
    with running(WBSYNC_RATE_LIMITS="on", WBSYNC_RATE_USER=most, WBSYNC_RATE_ADDRESS=most) as stage:
        yield stage


class Throttling:
    """A client that refuses every tenth call or so: throttled, and it would have been the right one."""

    def __init__(self, inner: Any, seed: int) -> None:
        self.inner, self.chance, self.refusals = inner, random.Random(seed), 0

    def __getattr__(self, name: str) -> Any:
        operation: Callable[..., Any] = getattr(self.inner, name)

        def call(**parameters: Any) -> Any:
            if self.chance.random() < 0.1:
                self.refusals += 1
                raise refused("ThrottlingException")
            return operation(**parameters)

        return call if callable(operation) else operation


@pytest.mark.long
@pytest.mark.parametrize("devices", [24, pytest.param(2000, marks=pytest.mark.burst)], ids=["small", "whole"])
def test_at_shift_start_nothing_is_lost_and_nothing_doubled_and_no_two_operatives_share_an_item(
    site: Site, devices: int
) -> None:
    """Whoever is told 503 or 429 sends again, as the vendors' page says."""
    began, told_all = time.monotonic(), Counter[int]()
    hands = [site.operative(f"Hand {n}", external_clock_id=f"s{devices}-{n}") for n in range(devices)]

    def send(body: dict[str, Any]) -> list[int]:
        client, statuses = Client(PATIENT, site.device.headers), list[int]()
        while not statuses or statuses[-1] in (409, 429, 503):
            statuses.append(client.send("POST", "/api/v1/clock-events/ingest/", body).status)
        told_all.update(statuses)
        return statuses

    def punches(field: str, hour: int) -> list[dict[str, Any]]:
        """One of each device within a minute, half of them twice at once."""
        at = [f"2026-06-08T{hour:02}:00:{n % 60:02}Z" for n in range(devices)]
        who = [{"clock_id": f"s{devices}-{n}", "project_code": "P-1", field: at[n]} for n in range(devices)]
        return [punch for n, punch in enumerate(who) for _ in range(1 + n % 2)]

    sound, paused = store().client, store().sleep
    conflicting = Conflicting(sound)
    throttling = Throttling(conflicting, devices)
    store().client, store().sleep = throttling, time.sleep
    try:
        with ThreadPoolExecutor(16) as pool:
            for field, hour in (("clock_in", 7), ("clock_out", 15)):
                told = Counter(answers[-1] for answers in pool.map(send, punches(field, hour)))
                assert told == {201: devices, 200: len(punches(field, hour)) - devices}
    finally:
        store().client, store().sleep = sound, paused
    print(
        f"{sum(told_all.values())} requests of {devices} devices in {time.monotonic() - began:.0f} s:",
        f"{dict(told_all)}, {throttling.refusals} calls throttled, {conflicting.conflicts} transactions of",
        f"{conflicting.transactions + conflicting.conflicts} cancelled, most on one item",
        conflicting.touched.most_common(1)[0][1],
    )
    assert throttling.refusals
    assert conflicting.conflicts or devices < 100, "punches that were sent twice have met"
    entries = [site.manager.ok("GET", f"/labour/?operative={hand}")["results"] for hand in hands]
    assert [[row["hours"] for row in rows] for rows in entries] == [["8.00"]] * devices
    counts = site.manager.ok("GET", "/clock-events/?totals=true")
    assert counts["totals"]["matched"] == counts["count"] == 2 * devices
    for table, *key in conflicting.touched:
        named = [hand for n, hand in enumerate(hands) if hand in key[0] or key[0].endswith(f"#s{devices}-{n}")]
        assert len(named) <= 1, (table, key)
