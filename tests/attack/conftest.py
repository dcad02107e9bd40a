"""A building site to attack, and what every answer to an attack must be."""

import os
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from chalicelib.storage.store import store
from tests.faults import harness
from tests.faults.scenarios import Site
from tests.pace import within
from tests.stage import Client, Reply, Stage

SECONDS = 1.0  # of CPU that a small request may take, storage in process included
SECONDS_A_MB = 2.0  # and each MB of its body and answer
GATEWAY_BYTES = 6_000_000
WHOLE = (
    "WHOLE" in os.environ
)  # everything everywhere; else a third of it, and large bodies where they are read otherwise
KEY_BYTES = {"pk": 2048, "sk": 1024}
ROW_BYTES = 400_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is an attack."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("attack")


@pytest.fixture(scope="module")
def site(stage: Stage) -> Iterator[Site]:
    """What the scenarios start from. Pauses take no time."""
    store().sleep = lambda seconds: None
    yield Site(stage)


def some(values: Sequence[str], *place: str) -> Sequence[str]:
    """A third of the values, another one for each place that takes them; all of them with WHOLE in the environment."""
    if WHOLE:
        return values
    return random.Random(" ".join(place)).sample(values, -(-len(values) // 3))


def attacked(client: Client, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
    """The answer to one attack: no fault of ours, shaped by us, in bounded time."""
    begun = time.process_time()
    reply = client.send(method, path, body, **headers)
    spent = time.process_time() - begun
    told = f"{method} {path[:300]} {body[:300]!r} {str(headers)[:300]}: {reply.status} {reply.text[:600]}"
    assert reply.status < 500, told
    assert reply.status < 400 or "text/html" in reply.headers["content-type"] or reply.body["code"], told
    megabytes = (len(body) + len(reply.text)) / 1e6
    assert within(spent, SECONDS + SECONDS_A_MB * megabytes), f"{spent:.1f} s of CPU: {told}"
    assert len(reply.text.encode()) < GATEWAY_BYTES, told
    return reply


def no_row_is_larger_than_storage_takes() -> None:
    """Keys of tables and lists, and whole rows: an emulator takes what DynamoDB refuses."""
    for place, row in harness.rows().items():
        for name, value in row.items():
            if "S" in value and (name in KEY_BYTES or name.startswith("list_")):
                assert len(value["S"].encode()) <= KEY_BYTES.get(name, 1024), (place[:200], name)
        assert _size(row) < ROW_BYTES, place[:200]


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return sum(len(str(name)) + _size(item) for name, item in value.items())
    if isinstance(value, list):
        return sum(map(_size, value))
    return len(str(value).encode())
