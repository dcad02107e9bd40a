"""The event source mappings on this machine: from table streams to the stream functions.

Like Lambda's mappings as the template sets them up: from TRIM_HORIZON, in order, with
``ReportBatchItemFailures``, retries with backoff, bisecting of a batch whose function fails, and,
in place of a failure destination, a line in the log for a record that is given up.
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.lambda_context import LambdaContext
from infra.local.stream_events import stream_event, stream_record
from infra.local.stream_reader import StreamReader, StreamsClient, TableClient

StreamFunction = Callable[[dict[str, Any], Any], Any]
"""Called as Lambda calls it, with the event and the context; a Chalice event function is one."""
Records = list[dict[str, Any]]

BACKOFF_LIMIT_SECONDS = 2.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retries:
    """How often a batch is tried again, and the wait before the first retry; it then doubles."""

    attempts: int = 5
    backoff_seconds: float = 0.1
    timeout_seconds: float = 60.0

    def wait_before(self, attempt: int) -> float:
        """Return the seconds to wait before a retry, the first being 1."""
        return min(BACKOFF_LIMIT_SECONDS, self.backoff_seconds * 2.0 ** (attempt - 1))


class StreamPump:
    """Calls each subscribed function with the changes of its table, in background threads.

    Each subscription has a thread and a position of its own, so that a function that fails does
    not hold up another; one function never runs twice at the same time. As a context manager it
    runs inside the ``with`` block.
    """

    def __init__(
        self,
        dynamodb: TableClient,
        streams: StreamsClient,
        subscriptions: Sequence[tuple[str, StreamFunction]],
        interval: float = 0.1,
        batch_size: int = 100,
        retries: Retries | None = None,
    ) -> None:
        self._stopping = threading.Event()
        locks = {id(function): threading.Lock() for _, function in subscriptions}
        self._subscriptions = [
            _Subscription(
                StreamReader(dynamodb, streams, table_name, batch_size),
                _Delivery(function, locks[id(function)], self._stopping, retries or Retries()),
                interval,
                self._stopping,
            )
            for table_name, function in subscriptions
        ]

    def start(self) -> None:
        """Begin to poll."""
        for subscription in self._subscriptions:
            subscription.start()

    def stop(self) -> None:
        """Stop after the calls that are running; a batch being retried is left unfinished."""
        self._stopping.set()
        for subscription in self._subscriptions:
            subscription.nudge()
        for subscription in self._subscriptions:
            subscription.join()

    def drain(self, timeout: float = 10.0) -> None:
        """Wait until every record is processed, those included that the functions cause.

        Raises TimeoutError after ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        delivered = -1
        while delivered != (delivered := self._delivered()):
            asked = time.monotonic()
            for subscription in self._subscriptions:
                subscription.wait_until_idle(asked, deadline)

    def _delivered(self) -> int:
        """Count the batches processed so far."""
        return sum(subscription.delivered for subscription in self._subscriptions)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


class _Subscription:
    """The thread that polls one table for one function."""

    def __init__(
        self,
        reader: StreamReader,
        delivery: _Delivery,
        interval: float,
        stopping: threading.Event,
    ) -> None:
        self._reader = reader
        self._delivery = delivery
        self._interval = interval
        self._stopping = stopping
        self._nudged = threading.Event()
        self._changed = threading.Condition()
        self._idle_since_poll_at = -1.0
        self.delivered = 0
        self._thread = threading.Thread(target=self._run, name="stream-pump", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the thread's end, if it was started."""
        if self._thread.ident is not None:
            self._thread.join()

    def nudge(self) -> None:
        """Poll now."""
        self._nudged.set()

    def wait_until_idle(self, asked: float, deadline: float) -> None:
        """Wait until a poll that began after ``asked`` has found nothing."""
        self.nudge()
        with self._changed:
            idle = self._changed.wait_for(lambda: self._idle_since_poll_at >= asked, deadline - time.monotonic())
        if not idle:
            raise TimeoutError("the stream functions have not caught up")

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._poll():
                self._nudged.wait(self._interval)
                self._nudged.clear()

    def _poll(self) -> bool:
        """Process one batch; tell whether there was one."""
        started = time.monotonic()
        try:
            records = self._reader.next_batch()
        except (BotoCoreError, ClientError) as error:
            log.warning("the stream cannot be read, trying again: %s", error)
            return False
        if records:
            self._delivery.deliver([lambda_record(record) for record in records], self._reader.arn)
            self.delivered += 1
            return True
        with self._changed:
            self._idle_since_poll_at = started
            self._changed.notify_all()
        return False


class _Delivery:
    """Gets records processed by one function: retried, bisected and at last given up."""

    def __init__(
        self,
        function: StreamFunction,
        lock: threading.Lock,
        stopping: threading.Event,
        retries: Retries,
    ) -> None:
        self._function = function
        self._name = str(getattr(function, "__name__", type(function).__name__))
        self._lock = lock
        self._stopping = stopping
        self._retries = retries

    def deliver(self, records: Records, arn: str) -> None:
        """Return when every record is processed or given up, or the pump is stopped."""
        attempt = 0
        while records and not self._stopping.is_set():
            left, crashed = self._invoke(records, arn)
            attempt = attempt + 1 if len(left) == len(records) else 1
            records = left
            if records and attempt <= self._retries.attempts:
                self._stopping.wait(self._retries.wait_before(attempt))
            elif crashed and len(records) > 1:
                self._bisect(records, arn)
                records = []
            elif records:
                records, attempt = self._give_up(records), 0

    def _bisect(self, records: Records, arn: str) -> None:
        """Process the halves of a batch whose function fails, to find the record it fails on."""
        middle = len(records) // 2
        self.deliver(records[:middle], arn)
        self.deliver(records[middle:], arn)

    def _give_up(self, records: Records) -> Records:
        """Go on past the first record; a failure destination would be told its position."""
        sequence = sequence_of(records[0])
        log.error("%s has given up the record %s after its retries", self._name, sequence)
        return records[1:]

    def _invoke(self, records: Records, arn: str) -> tuple[Records, bool]:
        """Call the function once; return the records left to process, and whether it crashed."""
        event = json.loads(json.dumps(stream_event(records, arn)))
        context = LambdaContext(self._name, self._retries.timeout_seconds)
        try:
            with self._lock:
                result = self._function(event, context)
            return remaining(records, result), False
        except Exception:  # any failure of a function is retried, as by Lambda
            log.warning("%s failed on %d records", self._name, len(records), exc_info=True)
            return records, True


def remaining(records: Records, result: object) -> Records:
    """Return the records from the first reported failure on.

    A report that names no record of the batch is a failure of the whole batch.
    """
    failures = result.get("batchItemFailures") if isinstance(result, dict) else None
    if not failures:
        return []
    failed = {failure.get("itemIdentifier") for failure in failures}
    positions = [sequence_of(record) for record in records]
    if not failed <= set(positions):
        return records
    return records[min(positions.index(sequence) for sequence in failed) :]


def sequence_of(record: dict[str, Any]) -> str:
    """Return a record's sequence number, by which a function reports its failure."""
    return str(record["dynamodb"]["SequenceNumber"])


def lambda_record(record: dict[str, Any]) -> dict[str, Any]:
    """Turn a record as boto3 reads it into one as Lambda delivers it."""
    change = record["dynamodb"]
    created: datetime = change["ApproximateCreationDateTime"]
    built = stream_record(
        record["eventName"],
        change["Keys"],
        change.get("NewImage"),
        change.get("OldImage"),
        change["SequenceNumber"],
        created=created.timestamp(),
    )
    built["dynamodb"]["StreamViewType"] = change["StreamViewType"]
    return {**built, "eventID": record["eventID"]}
