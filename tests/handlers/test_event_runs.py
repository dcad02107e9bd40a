"""Stream functions and the schedule: observed as requests are, and over before Lambda ends them."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from app import labour_rollup, plan_rollup, repair_rollups
from chalicelib.http.telemetry import logger
from chalicelib.storage.calls import CONNECT_SECONDS, READ_SECONDS
from chalicelib.storage.store import store
from infra.local.lambda_context import LambdaContext
from infra.local.schedule import scheduled_event
from infra.local.stream_events import stream_event, stream_record
from tests.faults.harness import refused, replaced
from tests.faults.scenarios import Site
from tests.stage import Stage, logged

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/wbsync-test-projects/stream/2026-01-01T00:00:00.000"
SECONDS = {"labour_rollup": 30, "plan_rollup": 30, "repair_rollups": 120}
FUNCTIONS = {"labour_rollup": labour_rollup, "plan_rollup": plan_rollup, "repair_rollups": repair_rollups}


@pytest.fixture(scope="module")
def site(stage: Stage) -> Site:
    return Site(stage)


def event_for(name: str, site: Site) -> dict[str, Any]:
    """A batch that says that the site's activity has changed, or the tick of the schedule."""
    if name == "repair_rollups":
        return scheduled_event(name)
    rows = store().client.scan(TableName=store().name("projects"))["Items"]
    [activity] = [row for row in rows if row["sk"]["S"] == f"node#{site.activity}"]
    keys = {part: activity[part] for part in ("pk", "sk")}
    return stream_event([stream_record("MODIFY", keys, activity, activity, 1)], ARN)


def context_for(name: str, now: Callable[[], float] = lambda: 0.0) -> LambdaContext:
    return LambdaContext(name, SECONDS[name], now)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_run_writes_the_line_that_a_request_writes_with_its_own_id(site: Site, name: str) -> None:
    with logged() as requests:
        site.owner.ok("GET", "/me/")
    context = context_for(name)
    with logged() as lines:
        FUNCTIONS[name](event_for(name, site), context)
        logger.info("after it")
    line, after = lines
    assert requests[0].keys() <= line.keys()
    expected = {"message": "run", "request_id": context.aws_request_id, "method": "EVENT", "route": name, "status": 200}
    assert expected.items() <= line.items()
    assert line["milliseconds"] >= 0 and "request_id" not in after


class Failing:
    """A client whose transactions are refused."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def transact_write_items(self, **parameters: Any) -> Any:
        raise refused("AccessDeniedException")


@pytest.mark.parametrize("name", ["labour_rollup", "plan_rollup"])
def test_every_line_of_a_run_that_fails_carries_its_id_wherever_it_comes_from(site: Site, name: str) -> None:
    context, event = context_for(name), event_for(name, site)
    with logged() as lines, replaced(Failing), pytest.raises(Exception, match="AccessDenied"):
        FUNCTIONS[name](event, context)
    assert len(lines) > 1 and {line["request_id"] for line in lines} == {context.aws_request_id}
    assert any("exception" in line for line in lines[:-1])
    assert (lines[-1]["message"], lines[-1]["status"]) == ("run", 500)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_run_has_metrics_of_its_own(
    site: Site, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    event = event_for(name, site)
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "false")
    context = context_for(name)
    capsys.readouterr()
    with logged():
        FUNCTIONS[name](event, context)
    [metrics] = [each for line in capsys.readouterr().out.splitlines() if "_aws" in (each := json.loads(line))]
    assert (metrics["Runs"], metrics["RunErrors"], metrics["RunLeft"]) == ([1.0], [0.0], [0.0])
    assert metrics["RunLatency"][0] >= 0 and "Requests" not in metrics
    assert (metrics["service"], metrics["route"]) == ("wbsync", name)
    assert metrics["request_id"] == context.aws_request_id
    [described] = metrics["_aws"]["CloudWatchMetrics"]
    assert (described["Namespace"], described["Dimensions"]) == ("wbsync", [["stage", "service"]])


RUN = """
from chalicelib.http.telemetry import observed_run
with observed_run("run-1", "plan_rollup") as seen:
    seen["status"] = 200
"""


def test_a_sampled_run_is_a_subsegment_with_its_annotations() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(60)
        host, port = daemon.getsockname()
        function = {
            "PATH": os.environ["PATH"],
            "LAMBDA_TASK_ROOT": "/var/task",
            "AWS_XRAY_DAEMON_ADDRESS": f"{host}:{port}",
            "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
            "WBSYNC_STAGE": "test",
        }
        subprocess.run([sys.executable, "-c", RUN], env=function, capture_output=True, check=True)
        sent = json.loads(daemon.recv(65_536).split(b"\n", 1)[1])
    assert sent["name"] == "EVENT plan_rollup"
    assert sent["annotations"] == {"route": "plan_rollup", "request_id": "run-1", "status": 200}


class Clock:
    """Time that passes only in pauses and in calls that nothing answers."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds


class Silent:
    """A client whose calls, from one on, take both time-outs and are not answered."""

    def __init__(self, inner: Any, clock: Clock, since: int) -> None:
        self.inner, self.clock, self.since, self.made = inner, clock, since, 0

    def __getattr__(self, name: str) -> Any:
        def call(**parameters: Any) -> Any:
            self.made += 1
            if self.made <= self.since:
                return getattr(self.inner, name)(**parameters)
            self.clock.pass_by(CONNECT_SECONDS + READ_SECONDS)
            raise ReadTimeoutError(endpoint_url="https://dynamodb.example")

        return call


@contextmanager
def silence(since: int) -> Iterator[Clock]:
    """Storage that answers some calls and then no more."""
    clock, paused = Clock(), store().sleep
    store().sleep = clock.pass_by
    try:
        with replaced(lambda sound: Silent(sound, clock, since)):
            yield clock
    finally:
        store().sleep = paused


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("since", range(6))
def test_a_run_whose_storage_falls_silent_is_over_before_its_function_is(site: Site, name: str, since: int) -> None:
    event = event_for(name, site)
    with silence(since) as clock, logged() as lines:
        context = context_for(name, lambda: clock.seconds)
        try:
            result = FUNCTIONS[name](event, context)
        except Exception:  # whatever it was: Lambda gives the batch again
            result = None
    assert clock.seconds < SECONDS[name]
    assert lines[-1]["message"] == "run", "so there was time to say so"
    assert (lines[-1]["status"] == 500) is (result is None)
    settled = result == 0 if name == "repair_rollups" else result == {"batchItemFailures": []}
    assert settled is (clock.seconds == 0), "what was not done is done again"
