"""Every test module gets a stage of its own, and a building site on it."""

from collections.abc import Iterator

import pytest

from chalicelib.storage.store import store
from tests.faults.scenarios import Site
from tests.stage import Stage


@pytest.fixture(scope="module")
def site(stage: Stage) -> Iterator[Site]:
    """What the scenarios start from. Pauses take no time; the stage's tables may be put back by tests."""
    store().sleep = lambda seconds: None
    yield Site(stage)
