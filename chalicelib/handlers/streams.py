"""Stream functions: which activities a batch touched, and one recompute of them all."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

from chalicelib.http.telemetry import observed_run
from chalicelib.ids import project_of
from chalicelib.rollups.recompute import Target, Touched, recompute
from chalicelib.rollups.repairs import check_later, leave_project, repair
from chalicelib.storage.calls import function_time
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from chalicelib.tree.order import LEVELS, level_of
from chalicelib.tree.rows import Node, is_activity

CALENDAR = ("working_days", "holidays")
TOGETHER = 100
PIECE_MILLISECONDS = 60_000


class CouldNotRecompute(Exception):
    """The record's activity is in the repair table; the record is tried again."""


class RollupBatch(BatchProcessor):
    """Recomputes everything a batch touched in one go; a record fails when its activity did."""

    def __init__(self) -> None:
        super().__init__(EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)
        self.failed: set[Target] = set()

    def _prepare(self) -> None:
        super()._prepare()  # type: ignore[no-untyped-call]  # Powertools does not annotate it
        self.failed = settle([record["dynamodb"] for record in self.records])

    def settled(self, record: DynamoDBRecord) -> None:
        """Nothing more to do for a record whose activity is up to date."""
        if self.failed & touched([record.raw_event["dynamodb"]]).keys():
            raise CouldNotRecompute


def settle(changes: list[dict[str, Any]], room: int = TOGETHER) -> set[Target]:
    """Recompute everything that records speak of; those that had to be left in the repair table.

    A project's change of calendar touches all of its activities. They are recomputed at once where
    the batch's projects have at most ``room`` nodes; a larger project is left to be rebuilt in slices.
    """
    targets = touched(changes)
    for (company, project), version in calendars_changed(changes).items():
        nodes = _few_nodes(company, project, room)
        if nodes is None:
            leave_project(store(), company, project, "calendar", version)
            continue
        room -= len(nodes)
        activities = (row["id"]["S"] for row in nodes if is_activity(row))
        targets |= {Target(company, project, activity): None for activity in activities}
    for made in _made(changes):
        check_later(store(), made["pk"]["S"].partition("#")[0], made["id"]["S"], made["created_at"]["S"])
    return set(recompute(store(), targets).left)


def calendars_changed(changes: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    """The projects whose working days or holidays changed, and the newest version that says so."""
    found: dict[tuple[str, str], int] = {}
    for change in changes:
        old, new = change.get("OldImage"), change.get("NewImage")
        if old and new and new["sk"]["S"] == "project" and any(old[name] != new[name] for name in CALENDAR):
            place = new["pk"]["S"].partition("#")[0], new["id"]["S"]
            found[place] = max(found.get(place, 0), int(new["version"]["N"]))
    return found


def _few_nodes(company: str, project: str, room: int) -> list[dict[str, Any]] | None:
    nodes = Query(model=Node, hash=key(company, project), between=("node#", "node#~"))
    page = store().page(nodes, limit=room + 1)
    return page.rows if page.last is None and len(page.rows) <= room else None


def _made(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    new = [change["NewImage"] for change in changes if "NewImage" in change and "OldImage" not in change]
    return [image for image in new if image["sk"]["S"] == "project"]


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
    kind = image["sk"]["S"].partition("#")[0]
    if kind == "progress":
        activity = image["activity"]["S"]
        return Target(company, project_of(activity), activity), None
    if kind == "node" and is_activity(image):
        return Target(company, image["project"]["S"], image["id"]["S"]), None
    if kind == "place" and level_of(image["order"]["S"]) == LEVELS:
        return Target(company, image["project"]["S"], image["node"]["S"]), None
    if "hours" in image and "activity" in image:  # a booking
        return Target(company, image["project"]["S"], image["activity"]["S"]), image["date"]["S"]
    return None


@contextmanager
def running(function: str, context: Any) -> Iterator[dict[str, Any]]:
    """One run of an event function: its storage calls keep within its time, and it is observed as requests are."""
    with function_time(context), observed_run(context.aws_request_id, function) as seen:
        yield seen


def roll_up(function: str, event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One batch of a table's stream; answers which records to try again."""
    processor = RollupBatch()
    with running(function, context) as seen:
        answer = process_partial_response(
            event=event, record_handler=processor.settled, processor=processor, context=context
        )
        seen |= {"status": 200, "left": len(processor.failed)}
    return dict(answer)


def roll_forward(function: str, event: dict[str, Any], context: Any) -> int:
    """What was left, for as long as the function has time for one more piece."""
    with running(function, context) as seen:
        done = repair(store(), lambda: context.get_remaining_time_in_millis() > PIECE_MILLISECONDS, datetime.now(UTC))
        seen |= {"status": 200, "done": done}
    return done
