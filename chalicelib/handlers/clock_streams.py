"""Stream functions of clock events: what has come that events wait for is begun as work, once for each change."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

from chalicelib.clock import waiting
from chalicelib.handlers.streams import running
from chalicelib.storage.store import Store, store
from chalicelib.times import utc_now


def begin_settling(function: str, event: dict[str, object], context: Any) -> dict[str, object]:
    """One batch of a table's stream; answers which records to try again."""
    table = function.removeprefix("clock_")
    processor = BatchProcessor(EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)

    def begin(record: DynamoDBRecord) -> None:
        _begin(store(), table, record.raw_event["dynamodb"])

    with running(function, context) as seen:
        answer = process_partial_response(event=event, record_handler=begin, processor=processor, context=context)
        seen |= {"status": 200, "left": len(answer["batchItemFailures"])}
    return dict(answer)


def _begin(store: Store, table: str, change: dict[str, Any]) -> None:
    old, new = change.get("OldImage"), change.get("NewImage")
    company, of = change["Keys"]["pk"]["S"].partition("#")[0], f"{table}#{change['SequenceNumber']}"
    for cause in waiting.causes(table, old, new):
        waiting.begin(store, company, {"cause": cause}, of, utc_now())
    project = waiting.rezoned(table, old, new)
    if project is not None:
        waiting.begin(store, company, {"project": project}, of, utc_now())
    if table == "labour" and old is not None and new is None and "shift" in old:
        shift = old["shift"]["M"]
        event = {"form": shift["clock_id"]["S"], "event": shift["event"]["S"]}
        waiting.begin(store, company, event, of, utc_now())
