"""Event functions that bring begun work to its end: the stream of the work table, and a schedule for what was left."""

from typing import Any

from chalicelib.errors import WbsyncError
from chalicelib.handlers.streams import running
from chalicelib.http.telemetry import logger
from chalicelib.storage.queries import Query
from chalicelib.storage.store import store
from chalicelib.work import intents
from chalicelib.work.rows import FINISHED, UNFINISHED, Intent


def forward_begun(function: str, event: dict[str, Any], context: object) -> dict[str, object]:
    """Carry out the work that a batch says has begun; what is left is the schedule's."""
    with running(function, context) as seen:
        begun = [record["dynamodb"]["Keys"] for record in event["Records"] if record["eventName"] == "INSERT"]
        left = sum(not _forward(keys["pk"]["S"]) for keys in begun if keys["sk"]["S"] == "intent")
        seen |= {"status": 200, "left": left}
    return {"batchItemFailures": []}


def resume_unfinished(function: str, event: dict[str, object], context: object) -> int:
    """Carry out what is unfinished, the oldest first; how many were finished."""
    with running(function, context) as seen:
        query = Query(model=Intent, hash="unfinished", list=UNFINISHED, keys_only=True)
        done = sum(_forward(item["pk"]["S"]) for item in store().items(query) if store().has_time())
        seen |= {"status": 200, "done": done}
    return done


def _forward(pk: str) -> bool:
    """Whether the work is finished now; what stands in its way is logged, and it is tried again."""
    company, _, id = pk.partition("#")
    try:
        intent = intents.forward(store(), company, id)
        return intent is None or intent.status in FINISHED
    except WbsyncError:
        logger.exception("work could not go on", intent=id)
        return False
