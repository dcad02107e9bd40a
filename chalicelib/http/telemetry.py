"""What an operator sees of a request: a log line, metrics and a trace, through Powertools.

Every log line of a request carries its ``request_id``. Logs, metrics and traces name the declared
path, never the path as sent: a one-time key is part of some paths.
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

SERVICE = "wbsync"
logger = Logger(service=SERVICE)


@lru_cache(maxsize=1)
def _tracer() -> Tracer:
    return Tracer(service=SERVICE, auto_patch=False)


@contextmanager
def _traced(name: str) -> Iterator[Callable[[str, Any], None]]:
    """A subsegment, and what annotates it. The SDK loads slowly: only a request that Lambda samples loads it."""
    if "Sampled=1" not in os.environ.get("_X_AMZN_TRACE_ID", ""):
        yield lambda key, value: None
        return
    with _tracer().provider.in_subsegment(name=name) as segment:
        yield segment.put_annotation


@contextmanager
def observed(request_id: str, method: str, route: str) -> Iterator[dict[str, Any]]:
    """Watch one request; the block puts the answer's ``status`` into what it is given."""
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
        logger.info("request", method=method, route=route, status=seen["status"], milliseconds=milliseconds)
        _measure(seen["status"], milliseconds, method, route, request_id)
        logger.thread_safe_clear_keys()


def _measure(status: int, milliseconds: float, method: str, route: str, request_id: str) -> None:
    """Few metrics of one dimension, as each combination is paid for; the route is searchable metadata."""
    metrics = AmazonCloudWatchEMFProvider(namespace=SERVICE, service=SERVICE)
    metrics.add_metric("Requests", MetricUnit.Count, 1)
    metrics.add_metric("Latency", MetricUnit.Milliseconds, milliseconds)
    metrics.add_metric("ClientErrors", MetricUnit.Count, int(400 <= status < 500))
    metrics.add_metric("ServerErrors", MetricUnit.Count, int(status >= 500))
    metrics.add_metric("RateLimited", MetricUnit.Count, int(status == 429))
    for name, value in (("method", method), ("route", route), ("request_id", request_id)):
        metrics.add_metadata(name, value)
    metrics.flush_metrics()
