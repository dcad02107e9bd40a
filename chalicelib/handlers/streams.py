"""Stream functions: which activities a batch touched, and one recompute of them all."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

from chalicelib.http.telemetry import logger
from chalicelib.rollups.recompute import Target, Touched, apply, leave_for_repair
from chalicelib.storage.store import store

ACTIVITY_LEVEL = "4"


class CouldNotRecompute(Exception):
    """The record's activity is in the repair table; the record is tried again."""


class RollupBatch(BatchProcessor):
    """Recomputes everything a batch touched in one go; a record fails when its activity did."""

    def __init__(self) -> None:
        super().__init__(EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)
        self.failed: set[Target] = set()

    def _prepare(self) -> None:
        super()._prepare()  # type: ignore[no-untyped-call]  # Powertools does not annotate it
        self.failed = set(recompute(touched([record["dynamodb"] for record in self.records])))

    def settle(self, record: DynamoDBRecord) -> None:
        """Nothing more to do for a record whose activity is up to date."""
        if self.failed & touched([record.raw_event["dynamodb"]]).keys():
            raise CouldNotRecompute


def recompute(targets: Touched) -> list[Target]:
    """Recompute together; when that breaks, one by one, so that one bad activity harms no other."""
    try:
        return apply(store(), targets)
    except Exception:  # every failure must end in the repair table, whatever it was
        logger.exception("batch failed, trying its activities one by one")
    return [target for target, dates in targets.items() if not _alone(target, dates)]


def _alone(target: Target, dates: set[str] | None) -> bool:
    try:
        return not apply(store(), {target: dates})
    except Exception as error:  # every failure must end in the repair table, whatever it was
        logger.exception("activity could not be recomputed")
        leave_for_repair(store(), target, type(error).__name__)
        return False


def touched(changes: list[dict[str, Any]]) -> Touched:
    """The activities that records of the labour and projects tables speak of."""
    found: Touched = {}
    for change in changes:
        for image in (change.get("OldImage"), change.get("NewImage")):
            if image and (hit := _of_image(image)):
                target, day = hit
                dates = found.setdefault(target, set() if day else None)
                if day is None:
                    found[target] = None
                elif dates is not None:
                    dates.add(day)
    return found


def _of_image(image: dict[str, Any]) -> tuple[Target, str | None] | None:
    company, _, _ = image["pk"]["S"].partition("#")
    if "activity" in image:  # a booking
        return Target(company, image["project"]["S"], image["activity"]["S"]), image["date"]["S"]
    if image["sk"]["S"].startswith("node#") and image["level"]["N"] == ACTIVITY_LEVEL:
        return Target(company, image["project"]["S"], image["id"]["S"]), None
    return None


def roll_up(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One batch of a table's stream; answers which records to try again."""
    processor = RollupBatch()
    return dict(
        process_partial_response(event=event, record_handler=processor.settle, processor=processor, context=context)
    )
