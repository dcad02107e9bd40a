"""What an operator sees of a request or an event function's run: a log line, metrics and a trace, through Powertools.

Every log line of either carries its ``request_id``. Logs, metrics and traces name the declared path or
the function, never the path as sent: a one-time key is part of some paths.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from chalicelib.settings import settings

SERVICE = "wbsync"
EVENT = "EVENT"
logger = Logger(service=SERVICE)
Metrics = dict[str, float]


@lru_cache(maxsize=1)
def _tracer() -> Tracer:
    return Tracer(service=SERVICE, auto_patch=False)


@contextmanager
def _traced(name: str) -> Iterator[Callable[[str, Any], None]]:
    """A subsegment, and what annotates it. The SDK loads slowly: only a request that Lambda samples loads it."""
    if "Sampled=1" not in os.environ.get("_X_AMZN_TRACE_ID", ""):
        yield lambda key, value: None
        return
    plain = name.replace("{", ":").replace("}", "")  # names of segments take no braces
    with _tracer().provider.in_subsegment(name=plain) as segment:
        yield segment.put_annotation


@contextmanager
def observed(request_id: str, method: str, route: str) -> Iterator[dict[str, object]]:
    """Watch one request; the block puts the answer's ``status`` into what it is given."""
    with _watched("request", request_id, method, route, _of_request) as seen:
        yield seen


@contextmanager
def observed_run(request_id: str, function: str) -> Iterator[dict[str, object]]:
    """Watch one run of an event function; the block says ``status`` 200 once it succeeds, and what it counted."""
    with _watched("run", request_id, EVENT, function, _of_run) as seen:
        yield seen


@contextmanager
def _watched(
    kind: str, request_id: str, method: str, route: str, metrics: Callable[[dict[str, object], float], Metrics]
) -> Iterator[dict[str, object]]:
    seen: dict[str, Any] = {"status": 500}
    started = time.perf_counter()
    logger.thread_safe_append_keys(request_id=request_id)
    try:
        with _traced(f"{method} {route}") as annotate:
            yield seen
            for name, value in (("route", route), ("request_id", request_id), ("status", seen["status"])):
                annotate(name, value)
    finally:
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        logger.info(kind, method=method, route=route, milliseconds=milliseconds, **seen)
        _emit(metrics(seen, milliseconds), {"method": method, "route": route, "request_id": request_id})
        logger.thread_safe_clear_keys()


def _of_request(seen: dict[str, Any], milliseconds: float) -> Metrics:
    status = seen["status"]
    return {
        "Requests": 1,
        "Latency": milliseconds,
        "ClientErrors": int(400 <= status < 500),
        "ServerErrors": int(status >= 500),
        "RateLimited": int(status == 429),
    }


def _of_run(seen: dict[str, Any], milliseconds: float) -> Metrics:
    failed = int(seen["status"] >= 500)
    metrics: Metrics = {"Runs": 1, "RunLatency": milliseconds, "RunErrors": failed, "RunLeft": seen.get("left", 0)}
    named = {"drift": "RollupDrift", "stuck": "RepairsStuck"}
    return metrics | {metric: seen[name] for name, metric in named.items() if name in seen}


def _emit(metrics: Metrics, metadata: dict[str, str]) -> None:
    """Few metrics by service and stage, as each combination is paid for; the rest is searchable metadata."""
    provider = AmazonCloudWatchEMFProvider(namespace=SERVICE, service=SERVICE)
    provider.add_dimension("stage", settings().stage)
    for name, value in metrics.items():
        unit = MetricUnit.Milliseconds if name.endswith("Latency") else MetricUnit.Count
        provider.add_metric(name, unit, value)
    for name, text in metadata.items():
        provider.add_metadata(name, text)
    provider.flush_metrics()
