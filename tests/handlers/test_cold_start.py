"""A cold start of the API loads what every request needs, and no more."""

import json
import subprocess
import sys
from typing import Any

import pytest

LOADED = """
import gc, json, sys
import app
print(json.dumps({"modules": list(sys.modules), "collects": gc.isenabled(), "kept": gc.get_freeze_count()}))
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, Any]:
    """What a process has once it has loaded the application."""
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(
    "module",
    [
        "chalicelib.evm",
        "chalicelib.rollups.recompute",
        "chalicelib.handlers.streams",
        "aws_xray_sdk",
        "asyncio",
        "jinja2",
    ],
)
def test_what_few_requests_need_is_not_loaded(loaded: dict[str, Any], module: str) -> None:
    assert module not in loaded["modules"]


def test_garbage_is_collected_again_once_the_application_is_loaded(loaded: dict[str, Any]) -> None:
    assert loaded["collects"]
    assert loaded["kept"] > 10_000
