"""Everything that a stage holds of one company: found, exported, removed.

An operator's command may read whole tables, so that nothing is missed whatever its key; no request does.
"""

import base64
import secrets
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from pynamodb.attributes import UnicodeAttribute

from chalicelib.errors import Invalid, NotFound, Unavailable
from chalicelib.functions import FUNCTIONS
from chalicelib.ids import base32
from chalicelib.people import companies
from chalicelib.storage.attributes import IntegerAttribute, from_wire
from chalicelib.storage.changes import Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import Row
from chalicelib.storage.store import Store
from chalicelib.storage.tables import IDEMPOTENCY_TABLE
from chalicelib.tables import TABLES
from chalicelib.times import stamp, utc_now

Item = dict[str, Any]
REMOVALS = "removals"
LONGEST_RUN = 10 + max(function.seconds for function in FUNCTIONS)  # after which none is under way that began before
PASSES = 20
AT_ONCE = 25  # items of one BatchWriteItem
BELONGS = "pk = :company OR begins_with(pk, :key)"
BY_SORT_KEY = {  # rows of no single company's key, which name theirs in the sort key
    "companies": "begins_with(pk, :directory) AND begins_with(sk, :key)",
    "rollups": "pk = :repairs AND begins_with(sk, :key) OR pk = :checks AND contains(sk, :inside)",
}
NOT_EXPORTED = frozenset({"idempotency", "work", "requests"})  # kept answers, work under way, counters
SECRET = frozenset({"password", "invitation", "ingest", "makers"})  # rows of credentials alone
UNTOLD = ("search_text", "tokens", "updated_order", "list_order")  # what serves the tables, and digests


class Removal(Row):
    """The removal of a company, which outlives it: pk = "removals", sk = company."""

    table = "companies"
    word = UnicodeAttribute()
    asked_at = UnicodeAttribute()
    begun_at = UnicodeAttribute(null=True)
    removed_at = UnicodeAttribute(null=True)
    rows = IntegerAttribute(default=0)


def items(here: Store, company: str) -> Iterator[tuple[str, Item]]:
    """Every row of a company with its table's name."""
    for table in (*(table.name for table in TABLES), IDEMPOTENCY_TABLE):
        for item in _scanned(here, table, company):
            yield table, item


def _scanned(here: Store, table: str, company: str) -> Iterator[Item]:
    condition, values = _belonging(table, company)
    start: dict[str, object] = {}
    while True:
        page = here.call(
            "scan",
            TableName=here.name(table),
            FilterExpression=condition,
            ExpressionAttributeValues={name: {"S": value} for name, value in values.items()},
            ConsistentRead=True,
            **start,
        )
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _belonging(table: str, company: str) -> tuple[str, dict[str, str]]:
    """The filter of a company's rows. The sort key alone would not do: users choose parts of it."""
    if table == IDEMPOTENCY_TABLE:
        return "begins_with(id, :key)", {":key": f"{company}#"}
    values = {":company": company, ":key": f"{company}#"}
    condition = BELONGS
    if table in BY_SORT_KEY:
        condition = f"{BELONGS} OR {BY_SORT_KEY[table]}"
        more = {":directory": "directory#", ":repairs": "repairs", ":checks": "checks", ":inside": f"#{company}#"}
        values |= {name: value for name, value in more.items() if name in condition}
    return condition, values


def exported(here: Store, company: str) -> Iterator[dict[str, object]]:
    """The rows of a company as plain JSON, without secrets and without what is worked out from others.

    Raises:
        NotFound: there is no such company.
    """
    companies.find(Reading(here), company)
    for table, item in items(here, company):
        if table not in NOT_EXPORTED and item["pk"]["S"].partition("#")[0] == company and _told(table, item):
            yield {"table": table} | _plain(item)


def _told(table: str, item: Item) -> bool:
    kind = item["sk"]["S"]
    return kind.startswith("reported#") if table == "rollups" else kind not in SECRET


def _plain(item: Item) -> dict[str, object]:
    return {
        name: _value(value)
        for name, value in item.items()
        if name not in UNTOLD and not (name.startswith("list_") and "S" in value)
    }


def _value(value: Mapping[str, Any]) -> object:
    if "B" not in value:
        return from_wire(dict(value))
    try:
        unpacked: object = msgspec.json.decode(zlib.decompress(value["B"]))
    except (zlib.error, msgspec.DecodeError):
        return base64.b64encode(value["B"]).decode()
    return unpacked


def ask(here: Store, company: str) -> dict[str, object]:
    """The first step of a removal: how many rows would go, and the word that confirms it. Nothing changes."""
    row = here.get(Removal, REMOVALS, company)
    if row is None:
        companies.find(Reading(here), company)
        row = Removal(pk=REMOVALS, sk=company, word=_word(), asked_at=stamp(utc_now()))
        here.transact([Put(row, absent(Removal))])
    counts = Counter(table for table, _ in items(here, company))
    return {"company": company, "rows": dict(counts), "confirm": row.word}


def _word() -> str:
    return base32(secrets.token_bytes(5))


def remove(here: Store, company: str, word: str, pause: Callable[[], None]) -> Removal:
    """The second step: everything of the company goes. It may be done again, and then goes on where it stopped.

    The company's own row goes first, so that every request is refused from then on. ``pause`` waits until no request
    or function is under way that began before. The audit of the removal stays.

    Raises:
        NotFound: nobody asked for the removal.
        Invalid: the word is another.
        Unavailable: rows kept coming.
    """
    row = here.get(Removal, REMOVALS, company)
    if row is None:
        raise NotFound
    if row.word != word:
        raise Invalid("The word that confirms this removal is another.")
    row.begun_at = row.begun_at or stamp(utc_now())
    row.rows += _closed(here, company)
    here.transact([Put(row)])
    pause()
    for _ in range(PASSES):
        gone = _pass(here, company)
        row.rows += gone
        row.removed_at = stamp(utc_now())
        here.transact([Put(row)])
        if not gone:
            return row
        pause()  # the streams tell of what went, and functions may answer with rows of their own
    raise Unavailable("Rows kept coming. Run it again.")


def _closed(here: Store, company: str) -> int:
    keys = [{"pk": {"S": company}, "sk": {"S": sk}} for sk in ("company", "ingest")]
    table = here.name("companies")
    gone = [here.call("delete_item", TableName=table, Key=key, ReturnValues="ALL_OLD") for key in keys]
    return sum("Attributes" in each for each in gone)


def _pass(here: Store, company: str) -> int:
    """Delete whatever is there now; how many rows it was."""
    waiting: list[tuple[str, Item]] = []
    gone = 0
    for table, item in items(here, company):
        names = ("id",) if table == IDEMPOTENCY_TABLE else ("pk", "sk")
        waiting.append((table, {name: item[name] for name in names}))
        if len(waiting) == AT_ONCE:
            gone += _delete(here, waiting)
            waiting = []
    return gone + (_delete(here, waiting) if waiting else 0)


def _delete(here: Store, keys: list[tuple[str, Item]]) -> int:
    request: dict[str, Any] = {}
    for table, key in keys:
        request.setdefault(here.name(table), []).append({"DeleteRequest": {"Key": key}})
    for attempt in range(PASSES):
        request = here.call("batch_write_item", RequestItems=request).get("UnprocessedItems") or {}
        if not request:
            return len(keys)
        here.pause(attempt)
    raise Unavailable
