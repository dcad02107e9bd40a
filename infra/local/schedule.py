"""A schedule on this machine: a function called again and again, as EventBridge calls it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Self

from infra.local.lambda_context import ACCOUNT, REGION, LambdaContext

log = logging.getLogger(__name__)


class Schedule:
    """Calls a function every ``seconds`` from a background thread, the first time after the first wait.

    It has ``longest`` seconds for a run.

    A call that fails is logged; the next comes all the same. As a context manager it runs inside the
    ``with`` block, and waits at its end for a call that is running.
    """

    def __init__(self, function: Callable[[dict[str, object], object], object], seconds: float, longest: float) -> None:
        self._function = function
        self._name = str(getattr(function, "__name__", type(function).__name__))
        self._seconds = seconds
        self._longest = longest
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._seconds):
            try:
                self._function(scheduled_event(self._name), LambdaContext(self._name, self._longest))
            except Exception:  # a failed run of a schedule is not the last one
                log.warning("%s failed", self._name, exc_info=True)


def scheduled_event(rule: str) -> dict[str, object]:
    """What EventBridge sends for a rule with a rate."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}"],
        "detail": {},
    }
