"""Stream functions: which activities a batch touched, and one recompute of them all."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

from chalicelib.http.telemetry import logger
from chalicelib.rollups.recompute import Target, Touched, apply, leave_for_repair, leave_project, mend_project
from chalicelib.storage.store import store

ACTIVITY_LEVEL = "4"
SLICES = 3  # of a project, within one batch; the schedule does the rest


class CouldNotRecompute(Exception):
    """The record's activity is in the repair table; the record is tried again."""


class RollupBatch(BatchProcessor):
    """Recomputes everything a batch touched in one go; a record fails when its activity did."""

    def __init__(self) -> None:
        super().__init__(EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)
        self.failed: set[Target] = set()

    def _prepare(self) -> None:
        super()._prepare()  # type: ignore[no-untyped-call]  # Powertools does not annotate it
        self.failed = set(follow([record["dynamodb"] for record in self.records]))

    def settle(self, record: DynamoDBRecord) -> None:
        """Nothing more to do for a record whose activity is up to date."""
        if self.failed & touched([record.raw_event["dynamodb"]]).keys():
            raise CouldNotRecompute


def follow(changes: list[dict[str, Any]]) -> list[Target]:
    """Make the rollups true after changes of source rows; the activities that could not be done."""
    for company, project in recalendared(changes):
        replan(company, project)
    return recompute(touched(changes))


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


def recalendared(changes: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """The projects (company, project) whose working days or holidays changed."""
    found = set()
    for change in changes:
        old, new = change.get("OldImage"), change.get("NewImage")
        if old and new and new["sk"]["S"] == "project" and _calendar(old) != _calendar(new):
            company, _, project = new["pk"]["S"].partition("#")
            found.add((company, project))
    return found


def _calendar(image: dict[str, Any]) -> Any:
    return image.get("working_days"), image.get("holidays")


def replan(company: str, project: str) -> None:
    """Recompute a whole project: left for repair first, so that nothing is lost, then as much as fits in here."""
    leave_project(store(), company, project, "calendar")
    for _ in range(SLICES):
        if mend_project(store(), company, project):
            return


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
