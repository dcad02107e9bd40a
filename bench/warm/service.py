"""What the comparators do behind their frameworks: the calls that this product makes, by boto3 alone.

The same rows of the same tables: the caller, their address and the company together; a count and a page of
projects together; one project; a new operative with the lock of its key and one transaction.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config

dynamodb = boto3.client("dynamodb", config=Config(max_pool_connections=16, retries={"total_max_attempts": 1}))
pool = ThreadPoolExecutor(8)
PREFIX = "wbsync-bench-"
FIELDS = (
    "id",
    "code",
    "name",
    "status",
    "currency",
    "timezone",
    "start_date",
    "finish_date",
    "created_at",
    "updated_at",
)


class Unknown(Exception):
    """The token is nobody's."""


def authenticate(token: str) -> str:
    """The company of a bearer token; counts a request of the user and of the address."""
    id, company, user = (token[4 + start : 16 + start] for start in (0, 12, 24))
    access = pool.submit(_count, "companies", f"{company}#{user}", "access", "hits_bench")
    tenant = pool.submit(_get, "companies", company, "company")
    _count("requests", "address#203.0.113.7#bench", "1", "hits")
    row, digest = access.result(), hmac.new(b"bench", token.encode(), hashlib.sha256).hexdigest()
    if id not in row["tokens"]["M"] or hmac.compare_digest(digest, "x") or not tenant.result():
        raise Unknown
    return company


def _count(table: str, pk: str, sk: str, counter: str) -> dict[str, Any]:
    answer = dynamodb.update_item(
        TableName=PREFIX + table,
        Key={"pk": {"S": pk}, "sk": {"S": sk}},
        UpdateExpression="ADD #c :one",
        ExpressionAttributeNames={"#c": counter},
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="ALL_NEW",
    )
    return dict(answer["Attributes"])


def _get(table: str, pk: str, sk: str) -> dict[str, Any]:
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    return dict(dynamodb.get_item(TableName=PREFIX + table, Key=key, ConsistentRead=True).get("Item", {}))


def projects(company: str) -> tuple[int, list[dict[str, Any]]]:
    """How many projects there are, and fifty of them."""
    counted = pool.submit(_query, company, IndexName="listed_keys", Select="COUNT")
    rows = _query(company, IndexName="listed", Limit=51)["Items"][:50]
    return counted.result()["Count"], [_shown(row) for row in rows]


def _query(company: str, **options: Any) -> dict[str, Any]:
    return dict(
        dynamodb.query(
            TableName=PREFIX + "projects",
            KeyConditionExpression="list_of = :company",
            ExpressionAttributeValues={":company": {"S": company}},
            **options,
        )
    )


def project(company: str, id: str) -> dict[str, Any]:
    """One project."""
    return _shown(_get("projects", f"{company}#{id}", "project"))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name]["S"] if name in row and "S" in row[name] else None for name in FIELDS}


def new_operative(company: str, name: str, key: str) -> dict[str, Any]:
    """A new operative, once for its key: the lock, then one transaction with the kept answer."""
    lock = {"id": {"S": f"{company}#bench#{hashlib.sha256(key.encode()).hexdigest()}"}}
    dynamodb.put_item(
        TableName=PREFIX + "idempotency",
        Item={**lock, "status": {"S": "INPROGRESS"}},
        ConditionExpression="attribute_not_exists(id)",
    )
    id, at = uuid.uuid4().hex[:12], datetime.now(UTC).isoformat()
    answer = {"id": id, "name": name, "active": True, "created_at": at, "updated_at": at}
    row = {field: {"BOOL": value} if value is True else {"S": str(value)} for field, value in answer.items()}
    row |= {"pk": {"S": f"{company}#{id}"}, "sk": {"S": "operative"}}
    done = {
        "TableName": PREFIX + "idempotency",
        "Key": lock,
        "UpdateExpression": "SET #s = :done, #d = :answer",
        "ConditionExpression": "#s = :running",
        "ExpressionAttributeNames": {"#s": "status", "#d": "data"},
        "ExpressionAttributeValues": {
            ":done": {"S": "COMPLETED"},
            ":running": {"S": "INPROGRESS"},
            ":answer": {"S": json.dumps(answer)},
        },
    }
    put = {
        "TableName": PREFIX + "operatives",
        "Item": row,
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    dynamodb.transact_write_items(TransactItems=[{"Put": put}, {"Update": done}])
    return answer


def project_id() -> str:
    """The project that is read alone."""
    return os.environ["BENCH_PROJECT"]
