"""Requests of a minute counted in the very row that holds the credential, by one conditional update."""

from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.access.credentials import Credential
from chalicelib.access.rows import Access
from chalicelib.storage.attributes import from_wire
from chalicelib.storage.store import Store
from chalicelib.times import minute, stamp

SLOTS = 10


def slot(now: datetime) -> str:
    return f"hits_{minute(now) % SLOTS}"


def count(
    store: Store, credential: Credential, place: tuple[str, str], held: tuple[str, str, str | None], now: datetime
) -> tuple[dict[str, object] | None, bool]:
    """Count one request in the row that holds the credential, and return the row and whether there is one.

    The row is None when it does not hold the credential now. ``held`` names its map of credentials,
    their attribute that says when one ends, and the one that keeps its last use. The hits of a minute
    live in the slot ``minute mod 10``; ``window`` is the minute of the last count. Every count removes the slots
    that are not of this minute or its neighbours, and these too when the last count was not near: they are of
    ten minutes ago.
    """
    this, (within, end, used) = minute(now), held
    stale = [f"hits_{slot}" for slot in range(SLOTS) if (slot - this) % SLOTS not in {0, 1, SLOTS - 1}]
    names = {"#t": within, "#end": end, "#id": credential.id, "#d": "digest", "#hits": slot(now), "#w": "window"}
    near = {"#next": f"hits_{(this + 1) % SLOTS}", "#last": f"hits_{(this - 1) % SLOTS}"}
    names |= {"#u": used} if used else {}
    kept = "#w = :w, #t.#id.#u = :now" if used else "#w = :w"
    values = {
        ":null": {"S": "NULL"},
        ":now": {"S": stamp(now)},
        ":d": {"S": credential.digest},
        ":one": {"N": "1"},
        ":w": {"N": str(this)},
        ":before": {"N": str(this - 1)},
        ":after": {"N": str(this + 1)},
    }
    parameters: dict[str, object] = {
        "TableName": store.name(Access.table),
        "ReturnValues": "ALL_NEW",
        "Key": {"pk": {"S": place[0]}, "sk": {"S": place[1]}},
    }
    clean = " AND ".join(f"attribute_not_exists({slot})" for slot in ("#hits", "#next", "#last"))
    known = "#t.#id.#d = :d AND (attribute_type(#t.#id.#end, :null) OR #t.#id.#end > :now)"
    counted: dict[str, object] = parameters | {
        "UpdateExpression": f"SET {kept} ADD #hits :one REMOVE {', '.join(stale)}",
        "ConditionExpression": f"{known} AND (#w BETWEEN :before AND :after OR ({clean}))",
        "ExpressionAttributeNames": names | near,
        "ExpressionAttributeValues": values,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    row, old = update(store, counted)
    if row is not None or not old or not _holds(old, within, credential):
        return row, row is not None or bool(old)
    fresh = counted | {
        "UpdateExpression": f"SET {kept}, #hits = :one REMOVE {', '.join(stale)}, #next, #last",
        "ConditionExpression": f"{known} AND NOT (#w BETWEEN :before AND :after)",
    }
    row, _ = update(store, fresh)
    return (row if row is not None else update(store, counted)[0]), True


def update(store: Store, parameters: dict[str, object]) -> tuple[dict[str, object] | None, dict[str, object] | None]:
    try:
        return store.call("update_item", **parameters).get("Attributes"), None
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        old: dict[str, object] | None = error.response.get("Item")  # type: ignore[assignment]  # not in the stubs
        return None, old


def _holds(row: dict[str, Any], held: str, credential: Credential) -> bool:
    kept: dict[str, Any] = from_wire(row[held]).get(credential.id) or {}
    return "digest" in kept and credential.matches(kept["digest"])
