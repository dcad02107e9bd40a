"""Stream functions: what a batch of records speaks of, and one recompute of it all."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

from chalicelib.http.telemetry import observed_run
from chalicelib.rollups.recompute import recompute
from chalicelib.rollups.repairs import check_later, go_on, repair, work_on
from chalicelib.rollups.sources import Place
from chalicelib.rollups.touched import projects_made, touched
from chalicelib.storage.calls import function_time
from chalicelib.storage.store import Store, store

PIECE_MILLISECONDS = 60_000
AT_ONCE = 40  # slices of a next generation that a batch works on itself, of 25 nodes; what is left goes on every minute


class RollupBatch(BatchProcessor):
    """Recomputes everything a batch speaks of in one go.

    A record is done when its activity is in the repair table, too: it does not hold up those behind it.
    """

    def __init__(self) -> None:
        super().__init__(EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)
        self.left = 0

    def _prepare(self) -> None:
        super()._prepare()  # type: ignore[no-untyped-call]  # Powertools does not annotate it
        self.left = settle(store(), [record["dynamodb"] for record in self.records])

    def settled(self, record: DynamoDBRecord) -> None:
        """Nothing more to do for a record."""


def settle(here: Store, records: list[dict[str, Any]], slices: int = AT_ONCE) -> int:
    """Recompute everything that records speak of; how many activities had to be left in the repair table."""
    left = 0
    for place, what in touched(records).items():
        applied = recompute(here, place, what)
        left += len(applied.left)
        if applied.began or what.plans:
            _begin(here, place, slices)
    for made in projects_made(records):
        company = made["pk"]["S"].partition("#")[0]
        check_later(here, Place(company, made["id"]["S"]), made["created_at"]["S"])
    return left


def _begin(here: Store, place: Place, slices: int) -> None:
    """The first slices of a next generation, if one is to be built."""
    row = work_on(here, place)
    steps = iter(range(slices))
    if row is not None:
        go_on(here, row, lambda: next(steps, None) is not None)


@contextmanager
def running(function: str, context: Any) -> Iterator[dict[str, object]]:
    """One run of an event function: its storage calls keep within its time, and it is observed as requests are."""
    with function_time(context), observed_run(context.aws_request_id, function) as seen:
        yield seen


def roll_up(function: str, event: dict[str, object], context: Any) -> dict[str, Any]:
    """One batch of a table's stream; answers which records to try again."""
    processor = RollupBatch()
    with running(function, context) as seen:
        answer = process_partial_response(
            event=event, record_handler=processor.settled, processor=processor, context=context
        )
        seen |= {"status": 200, "left": processor.left}
    return dict(answer)


def roll_forward(function: str, event: dict[str, object], context: Any) -> int:
    """What was left, for as long as the function has time for one more piece."""
    with running(function, context) as seen:
        repaired = repair(
            store(), lambda: context.get_remaining_time_in_millis() > PIECE_MILLISECONDS, datetime.now(UTC)
        )
        seen |= {"status": 200, "done": repaired.done, "drift": repaired.drift, "stuck": repaired.stuck}
    return repaired.done
