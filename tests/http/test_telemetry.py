"""Metrics count what happened; a sampled request's trace reaches the daemon, and others do not pay for it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from chalicelib.http.telemetry import _of_request, _of_run

REQUEST = """
import sys
from chalicelib.http.telemetry import observed
with observed("request-1", "GET", "/api/v1/projects/{id}") as seen:
    seen["status"] = 200
print("aws_xray_sdk" in sys.modules)
"""
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8"


def observe(trace: dict[str, str], daemon: socket.socket) -> bool:
    """Watch one request in a function of its own; whether the SDK was loaded."""
    host, port = daemon.getsockname()
    function = {
        "PATH": os.environ["PATH"],
        "LAMBDA_TASK_ROOT": "/var/task",
        "AWS_XRAY_DAEMON_ADDRESS": f"{host}:{port}",
    }
    run, stage = [sys.executable, "-c", REQUEST], {"WBSYNC_STAGE": "test"}
    done = subprocess.run(run, env={**function, **trace, **stage}, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1] == "True"


@pytest.mark.parametrize(
    ("status", "counted"),
    [
        (200, set()),
        (399, set()),
        (400, {"ClientErrors"}),
        (429, {"ClientErrors", "RateLimited"}),
        (500, {"ServerErrors"}),
    ],
)
def test_a_request_counts_as_what_its_status_says(status: int, counted: set[str]) -> None:
    found = _of_request({"status": status}, 12.5)
    assert {name for name in ("ClientErrors", "RateLimited", "ServerErrors") if found[name]} == counted
    assert (found["Requests"], found["Latency"]) == (1, 12.5)


@pytest.mark.parametrize(("status", "errors"), [(200, 0), (499, 0), (500, 1)])
def test_a_run_fails_from_500_on(status: int, errors: int) -> None:
    assert _of_run({"status": status}, 1.0)["RunErrors"] == errors


@pytest.fixture
def daemon() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.setblocking(False)
        yield listener


def test_a_sampled_request_is_a_subsegment_with_its_annotations(daemon: socket.socket) -> None:
    assert observe({"_X_AMZN_TRACE_ID": f"{TRACE};Sampled=1"}, daemon)
    sent = json.loads(daemon.recv(65_536).split(b"\n", 1)[1])
    assert sent["name"] == "GET /api/v1/projects/:id"
    assert sent["annotations"] == {"route": "/api/v1/projects/{id}", "request_id": "request-1", "status": 200}


@pytest.mark.parametrize("trace", [{}, {"_X_AMZN_TRACE_ID": f"{TRACE};Sampled=0"}])
def test_a_request_that_is_not_sampled_loads_no_sdk(trace: dict[str, str], daemon: socket.socket) -> None:
    assert not observe(trace, daemon)
    with pytest.raises(BlockingIOError):
        daemon.recv(1)
