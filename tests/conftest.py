"""The stage and people that tests ask for. Every test runs on a stage of its own name: nothing falls back to one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.stage import Stage
    from tests.users import People

os.environ.setdefault("WBSYNC_STAGE", "test")
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # any machine
settings.load_profile("unhurried")


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """One stage for the tests of a module; tests of pure functions do not pay for its imports."""
    from tests.stage import running

    with running() as stage:
        yield stage


@pytest.fixture
def people(stage: Stage) -> People:
    """People of the stage's company."""
    from tests.users import People

    return People(stage.owner)
