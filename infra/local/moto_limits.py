"""What DynamoDB refuses and moto takes: oversized requests, and keys that are too long for an index.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

BATCH_KEYS, TRANSACTION_BYTES = 100, 4 * 1024 * 1024
KEY_BYTES = {"HASH": 2048, "RANGE": 1024}


def install_limits() -> None:
    """Make moto's request handler refuse them too."""
    for name, check in (("batch_get_item", _check_batch), ("transact_write_items", _check_transaction)):
        setattr(DynamoHandler, name, _checked(getattr(DynamoHandler, name), check))


def _checked(
    handle: Callable[[DynamoHandler], ActionResult], check: Callable[[dict[str, object]], None]
) -> Callable[[DynamoHandler], ActionResult]:
    @functools.wraps(handle)
    def checked(handler: DynamoHandler) -> ActionResult:
        check(handler.body)
        return handle(handler)

    return checked


def _check_batch(body: dict[str, Any]) -> None:
    keys = [json.dumps([name, key]) for name, wanted in body["RequestItems"].items() for key in wanted["Keys"]]
    if not 1 <= len(keys) <= BATCH_KEYS:
        raise MockValidationException("Too many items requested for the BatchGetItem call")
    if len(set(keys)) < len(keys):
        raise MockValidationException("Provided list of item keys contains duplicates")


def _check_transaction(body: dict[str, object]) -> None:
    if len(json.dumps(body["TransactItems"], default=repr)) > TRANSACTION_BYTES:  # binary values are bytes here
        raise MockValidationException("Transaction request size exceeds the maximum")


def check_index_keys(table: Table, item: dict[str, Any]) -> None:
    """Refuse an item that some index of the table cannot hold: a key that is empty, or longer than it may be."""
    for index in table.global_indexes:
        for part in index.schema:
            value = item.get(part["AttributeName"], {"S": "x"}).get("S")
            if value is not None and not 1 <= len(value.encode()) <= KEY_BYTES[part["KeyType"]]:
                raise MockValidationException(
                    f"One or more parameter values were invalid: the key {part['AttributeName']} of an index "
                    f"must have 1 to {KEY_BYTES[part['KeyType']]} bytes"
                )
