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
    """Clean every kept answer of a company; how many became different."""
    found = 0
    for item in _kept(store, company):
        answer = _answer(store, item)
        body = json.loads(answer.body, parse_float=Decimal) if answer.body else None
        if body is not None and (new := cleaned(body)) != body:
            store.transact(_again(store, item, replace(answer, body=encode(new))))
            found += 1
    return found


def _kept(store: Store, company: str) -> Iterator[dict[str, object]]:
    """The completed records of a company; their pieces and parts are read with them."""
    start: dict[str, object] = {}
    while True:
        page = store.call(
            "scan",
            TableName=store.name(IDEMPOTENCY_TABLE),
            FilterExpression="begins_with(id, :company) AND #s = :done",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={":company": {"S": f"{company}#"}, ":done": {"S": "COMPLETED"}},
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
