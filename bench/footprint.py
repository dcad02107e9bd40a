"""Which items a DynamoDB call names by key, and at which factor it pays for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bench.capacity import EVENTUAL, STRONG, TRANSACTIONAL
from bench.item_size import Item

Parameters = Mapping[str, Any]

PAGES = {"Query", "Scan"}
READS = {"GetItem", "BatchGetItem", "TransactGetItems"}
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}
STATEMENTS = {"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"}


@dataclass(frozen=True)
class Named:
    """One item a call names. `item` is its key or, for a put, the item that holds the key."""

    table: str
    item: Item
    factor: Decimal


def named_items(operation: str, parameters: Parameters) -> list[Named]:
    """Every item that a call reads or writes by key; none for a page or a control call."""
    if operation in STATEMENTS:
        raise NotImplementedError(f"{operation}: PartiQL has no rule here")
    if operation == "BatchGetItem":
        return list(_batch_gets(parameters))
    if operation == "BatchWriteItem":
        return list(_batch_writes(parameters))
    if operation in {"TransactGetItems", "TransactWriteItems"}:
        return list(_transaction(parameters))
    if operation in READS:
        return [_named(parameters, consistency(parameters))]
    return [_named(parameters, STRONG)] if operation in WRITES else []


def tables(operation: str, parameters: Parameters) -> tuple[str, ...]:
    """The tables of a call, in the order it names them."""
    names = [named.table for named in named_items(operation, parameters)]
    return tuple(dict.fromkeys(names or filter(None, [parameters.get("TableName")])))


def consistency(parameters: Parameters) -> Decimal:
    """The factor of a read outside a transaction."""
    return STRONG if parameters.get("ConsistentRead") else EVENTUAL


def _named(request: Parameters, factor: Decimal) -> Named:
    return Named(request["TableName"], request.get("Key") or request["Item"], factor)


def _batch_gets(parameters: Parameters) -> Iterator[Named]:
    for table, request in parameters["RequestItems"].items():
        for key in request["Keys"]:
            yield Named(table, key, consistency(request))


def _batch_writes(parameters: Parameters) -> Iterator[Named]:
    for table, requests in parameters["RequestItems"].items():
        for request in requests:
            ((_, body),) = request.items()
            yield Named(table, body.get("Key") or body["Item"], STRONG)


def _transaction(parameters: Parameters) -> Iterator[Named]:
    for action in parameters["TransactItems"]:
        ((_, body),) = action.items()
        yield _named(body, TRANSACTIONAL)
