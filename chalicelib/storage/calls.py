"""Calls to AWS that wait out what passes: conflicts, throttling and time-outs are normal.

They are retried with jitter while the function has time (:func:`function_time`) and then become
:class:`Unavailable`. The client itself retries nothing.
"""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import Unavailable

Item = dict[str, Any]
"""An item as DynamoDB has it, or what it answers."""
T = TypeVar("T")

CONFLICTS = frozenset(
    {
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
        "ReplicatedWriteConflictException",
    }
)
PASSING = CONFLICTS | frozenset(
    {
        # throttling
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        # outages
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)
ATTEMPTS = 8
CONTESTED = 50  # attempts on a row that others change: while one fails, another succeeds; the function's time ends it
UNANSWERED = 3  # attempts when nothing answers: each may take both time-outs
CONNECT_SECONDS, READ_SECONDS = 2, 5
OF_COMMANDS = 30.0  # seconds, outside of a function
ROOM = 12.0  # seconds that a repeat, the freeing of the lock and the answer may take

_remaining: ContextVar[Callable[[], int] | None] = ContextVar("remaining", default=None)


@contextmanager
def function_time(context: Any) -> Iterator[None]:
    """Inside, a call is repeated only while the function of this Lambda context has time for it."""
    token = _remaining.set(context.get_remaining_time_in_millis)
    try:
        yield
    finally:
        _remaining.reset(token)


@dataclass
class Calls:
    """A DynamoDB client whose calls are made patiently, some of them together."""

    client: Any
    prefix: str
    session: Any = None
    sleep: Callable[[float], None] = time.sleep
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=16))

    def together(self, *calls: Callable[[], object]) -> list[Any]:
        """Run calls at the same time; they cost one round."""
        first, *rest = calls
        futures = [self.pool.submit(copy_context().run, call) for call in rest]
        return [first(), *(future.result() for future in futures)]

    def pause(self, attempt: int) -> None:
        """Wait before another attempt: longer each time, with jitter, a second at most.

        Raises:
            Unavailable: the function has no time for another attempt.
        """
        seconds = random.uniform(0, min(1.0, 0.02 * 2**attempt))  # noqa: S311 - jitter, not a secret
        self.require_time(seconds)
        self.sleep(seconds)

    def paused(self, attempt: int) -> bool:
        """As :meth:`pause`; False, at once, where the function has no time for another attempt."""
        try:
            self.pause(attempt)
        except Unavailable:
            return False
        return True

    def require_time(self, seconds: float = 0) -> None:
        """Raises :class:`Unavailable` when the function has no time to try again after so many seconds."""
        if not self.has_time(seconds):
            raise Unavailable

    def has_time(self, seconds: float = 0) -> bool:
        """Whether the function has time for more work, and so many seconds beside it."""
        remaining = _remaining.get()
        return remaining is None or remaining() / 1000 >= seconds + ROOM

    def time_left(self) -> float:
        """Seconds that the function has left; a command has as many as a request."""
        remaining = _remaining.get()
        return OF_COMMANDS if remaining is None else remaining() / 1000

    def patiently(self, request: Callable[[], T]) -> T:
        """The result of an AWS request; passing faults are retried, then :class:`Unavailable`."""
        for attempt in count():
            try:
                return request()
            except (ClientError, BotoCoreError) as error:
                if not _passes(error):
                    raise
                if attempt + 1 >= _attempts(error):
                    raise Unavailable from error
                self.pause(attempt)
        raise AssertionError("a count does not end")

    def call(self, operation: str, **parameters: object) -> Item:
        """One DynamoDB call; passing faults are retried, then :class:`Unavailable`."""
        answer: Item = self.patiently(lambda: getattr(self.client, operation)(**parameters))
        return answer


def _passes(error: ClientError | BotoCoreError) -> bool:
    """Whether the same request may succeed a little later."""
    if isinstance(error, BotoCoreError):
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    causes = _causes(error)
    return error.response["Error"]["Code"] in PASSING or status >= 500 or (bool(causes) and causes <= PASSING)


def _attempts(error: ClientError | BotoCoreError) -> int:
    """After how many errors in a row, this one the last, a request is given up."""
    if isinstance(error, BotoCoreError):
        return UNANSWERED
    return CONTESTED if (_causes(error) or {error.response["Error"]["Code"]}) <= CONFLICTS else ATTEMPTS


def _causes(error: ClientError) -> set[str | None]:
    """What stood in the way of a cancelled transaction's items."""
    return {reason.get("Code") for reason in error.response.get("CancellationReasons", [])} - {"None", None}
