"""A burst of hours and punches on storage that cancels overlapping transactions, as DynamoDB does."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.storage.store import store
from tests.faults.harness import refused
from tests.faults.scenarios import Site
from tests.promises.conftest import Client

Key = tuple[str, ...]


class Conflicting:
    """A client that cancels a transaction with ``TransactionConflict`` while another touches one of its items.

    A condition check touches too. Each transaction takes some milliseconds, so that they do overlap.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.touched: Counter[Key] = Counter()
        self.transactions = self.conflicts = 0
        self._running: set[Key] = set()
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def transact_write_items(self, **parameters: Any) -> Any:
        keys = {_key(item) for item in parameters["TransactItems"]}
        with self._lock:
            clash = bool(keys & self._running)
            self.conflicts += clash
            if not clash:
                self._running |= keys
                self.transactions += 1
                self.touched.update(keys)
        if clash:
            raise refused("TransactionCanceledException", "TransactionConflict", *["None"] * (len(keys) - 1))
        try:
            time.sleep(0.005)
            return self.inner.transact_write_items(**parameters)
        finally:
            with self._lock:
                self._running -= keys


def _key(item: dict[str, Any]) -> Key:
    [(_, operation)] = item.items()
    row = operation.get("Key") or operation["Item"]
    return (operation["TableName"], *(row[name]["S"] for name in ("pk", "sk", "id") if name in row))


@pytest.mark.parametrize(
    ("operatives", "each"), [(20, 50), pytest.param(200, 500, marks=pytest.mark.every_fault)], ids=["small", "whole"]
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
    assert {(key[0].rpartition("-")[2], key[-1]) for key in shared} <= {("labour", "day")}, (
        "an operative's own days only"
    )
