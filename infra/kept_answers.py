"""The answers that Idempotency-Keys keep for some days: what names a person is taken out of them.

The kept answer stays, so that a repeat is still a repeat. An operator's command may read the whole table, whose
rows expire; no request does.
"""

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from chalicelib.encoding import encode
from chalicelib.http.answers import Kept
from chalicelib.http.idempotency import PIECE
from chalicelib.storage.changes import Raw
from chalicelib.storage.store import Store
from chalicelib.storage.tables import IDEMPOTENCY_TABLE

Blanks = Mapping[str, Mapping[str, Any]]  # id of a row -> the fields that are shown from now on
Cleaned = Callable[[Any], Any]


def forget(store: Store, company: str, cleaned: Cleaned) -> int:
    """Clean every kept answer of a company, and the parts of batches' answers; how many became different."""
    found = 0
    for item in _kept(store, company):
        found += _part(store, item, cleaned) if "status" not in item else _whole(store, item, cleaned)
    return found


def _whole(store: Store, item: Mapping[str, Any], cleaned: Cleaned) -> bool:
    if item["status"]["S"] != "COMPLETED":
        return False
    answer = _answer(store, item)
    body = json.loads(answer.body, parse_float=Decimal) if answer.body else None
    if body is None or (new := cleaned(body)) == body:
        return False
    store.transact(_again(store, item, replace(answer, body=encode(new))))
    return True


def _part(store: Store, item: Mapping[str, Any], cleaned: Cleaned) -> bool:
    """A part of a batch's answer is JSON as it is; a piece of a large answer is read with its record."""
    try:
        body = json.loads(item["data"]["B"], parse_float=Decimal)
    except ValueError:
        return False
    if (new := cleaned(body)) == body:
        return False
    change = {
        "TableName": store.name(IDEMPOTENCY_TABLE),
        "Key": {"id": item["id"]},
        "UpdateExpression": "SET #data = :new",
        "ConditionExpression": "#data = :old",
        "ExpressionAttributeNames": {"#data": "data"},
        "ExpressionAttributeValues": {":new": {"B": encode(new)}, ":old": item["data"]},
    }
    return store.transact_or_skip({"Update": change})


def _kept(store: Store, company: str) -> Iterator[dict[str, Any]]:
    """The records of a company, with the pieces and parts that lie beside them."""
    start: dict[str, object] = {}
    while True:
        page = store.call(
            "scan",
            TableName=store.name(IDEMPOTENCY_TABLE),
            FilterExpression="begins_with(id, :company)",
            ExpressionAttributeValues={":company": {"S": f"{company}#"}},
            ConsistentRead=True,
            **start,
        )
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _pieces(item: Mapping[str, Any]) -> list[str]:
    return [f"{item['id']['S']}#{item['run']['S']}#{n}" for n in range(int(item["pieces"]["N"]))]


def _answer(store: Store, item: Mapping[str, Any]) -> Kept:
    table, data = store.name(IDEMPOTENCY_TABLE), item["data"]["B"]
    for name in _pieces(item):
        piece = store.call("get_item", TableName=table, Key={"id": {"S": name}}, ConsistentRead=True)
        data += piece["Item"]["data"]["B"]
    return Kept.unpack(zlib.decompress(data))


def blanked(value: Any, blanks: Blanks, moved: Mapping[str, str]) -> Any:
    """The value with the blanks in it, and ids that have moved as they are now. What was not set stays so."""
    if isinstance(value, list):
        return [blanked(each, blanks, moved) for each in value]
    if isinstance(value, str):
        return moved.get(value, value)
    if not isinstance(value, dict):
        return value
    inner = {name: blanked(each, blanks, moved) for name, each in value.items()}
    fields = blanks.get(value["id"], {}) if isinstance(value.get("id"), str) else {}
    return inner | {name: blank for name, blank in fields.items() if value.get(name) is not None}


def _again(store: Store, item: Mapping[str, object], answer: Kept) -> list[Raw]:
    """The record with another answer, unless it has expired and begun anew meanwhile; as many pieces as before."""
    table, names = store.name(IDEMPOTENCY_TABLE), _pieces(item)
    text = zlib.compress(answer.pack())
    size = max(PIECE, -(-len(text) // (len(names) + 1)))
    first, *rest = (text[start : start + size] for start in range(0, size * (len(names) + 1), size))
    same = {
        "TableName": table,
        "ConditionExpression": "#run = :run",
        "UpdateExpression": "SET #data = :data",
        "ExpressionAttributeNames": {"#run": "run", "#data": "data"},
    }
    key = {"id": item["id"]}
    values = {":run": item["run"], ":data": {"B": first}}
    changes = [Raw({"Update": same | {"Key": key, "ExpressionAttributeValues": values}})]
    for name, piece in zip(names, rest, strict=True):
        row = {"id": {"S": name}, "expiration": item["expiration"], "data": {"B": piece}}
        changes.append(Raw({"Put": {"TableName": table, "Item": row}}))
    return changes
