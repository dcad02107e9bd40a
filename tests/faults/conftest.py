"""Every test module gets a stage of its own, and a building site on it."""

from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import patch

import pytest

from chalicelib.access import ingest_secrets
from chalicelib.storage.store import store
from tests.faults.scenarios import Site
from tests.stage import Stage


@pytest.fixture(scope="module")
def site(stage: Stage) -> Iterator[Site]:
    """What the scenarios start from. Pauses take no time, and functions end when theirs is up.

    The stage's tables may be put back by tests.
    """
    store().sleep = lambda seconds: None
    with patch.object(ingest_secrets, "STANDS_STILL", timedelta(0)):
        yield Site(stage)
