"""Idempotency keys through Powertools, with the completion inside the effect's own transaction.

Powertools writes the lock and replays; :class:`Ledger` names the run that holds the lock, so that the
write can complete it as one more item of its transaction, on condition that the lock is still this
run's. Effect and answer are one atom: there is no crash point between them.
"""

import hashlib
import json
import re
import time
import uuid
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
    IdempotencyValidationError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
from botocore.exceptions import ClientError

from chalicelib.encoding import encode
from chalicelib.errors import InProgress, InvalidKey, KeyReused, Unavailable, WbsyncError
from chalicelib.settings import settings
from chalicelib.storage.changes import Raw
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import Store, Wanted
from chalicelib.storage.tables import IDEMPOTENCY_TABLE

DAY = 24 * 3600
QUOTED = re.compile(r'^"(.+)"$')  # the form of the IETF draft: "k" is the same key as k
PIECE = 300_000  # bytes of an answer in one item; DynamoDB takes 400 KB
LOCK_LOST = "Another request with this Idempotency-Key has taken over: send the same again after Retry-After seconds."
REUSED = "This Idempotency-Key was used with another body: send a new key with each new request."


def checked_key(values: Sequence[str]) -> str | None:
    """The key of a request's headers, None without one, or :class:`InvalidKey`."""
    if not values:
        return None
    if len(values) > 1 or not re.fullmatch(r"[\x21-\x7e]{1,255}", values[0]):
        raise InvalidKey("The Idempotency-Key must be 1 to 255 visible ASCII characters, sent once.")
    return QUOTED.sub(r"\1", values[0])


def fingerprint(body: object, query: Mapping[str, Sequence[str]]) -> str:
    """A digest that two requests share when they ask for the same: numbers by value, fields in any order."""
    text = json.dumps([_comparable(body), sorted(query.items())], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _comparable(value: object) -> object:
    """JSON in which 8, 8.0 and 0.8e1 are one, and a number is never taken for text."""
    if isinstance(value, dict):
        return {name: _comparable(item) for name, item in value.items()}
    if isinstance(value, list):
        return ["list", *map(_comparable, value)]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        sign, digits, exponent = Decimal(value).as_tuple()
        text = "".join(map(str, digits)).lstrip("0")
        zeros = len(text) - len(text.rstrip("0"))
        return ["number", sign, text.rstrip("0"), int(exponent) + zeros] if text else ["number"]
    return value


class _Calls:
    """DynamoDB as Powertools' layer sees it: through the store, so that its faults are retried alike."""

    def __init__(self, store: Store, run: str, ahead: Sequence[Wanted]) -> None:
        self.store = store
        self.run = run
        self.ahead = ahead
        self.known: Reading | None = None

    def put_item(self, **parameters: Any) -> dict[str, object]:
        """Take the lock in this run's name; a repeat after a lost reply finds it taken by itself."""
        parameters["Item"] = {**parameters["Item"], "run": {"S": self.run}}
        try:
            reads = [self._read_ahead] if self.ahead else []
            taken, *_ = self.store.together(lambda: self.store.call("put_item", **parameters), *reads)
            return dict(taken)
        except ClientError as error:
            held: dict[str, object] = error.response.get("Item", {})  # type: ignore[assignment]  # not in the stubs
            if held.get("run") == {"S": self.run}:
                return {}
            raise

    def _read_ahead(self) -> None:
        """What the run will want, in the same round; where it cannot be read now, the run reads it itself."""
        with suppress(WbsyncError, ClientError):
            reading = Reading(self.store)
            reading.rows(*self.ahead)
            self.known = reading

    def get_item(self, **parameters: object) -> dict[str, object]:
        """Read a record."""
        return self.store.call("get_item", **parameters)


class Ledger(DynamoDBPersistenceLayer):
    """Powertools' records of one request; completed by :meth:`completion`, never by a call of its own."""

    def __init__(self, store: Store, ahead: Sequence[Wanted] = ()) -> None:
        self.run = uuid.uuid4().hex
        self._calls = _Calls(store, self.run, ahead)
        calls: Any = self._calls  # as much of a client as the layer uses
        super().__init__(store.name(IDEMPOTENCY_TABLE), key_attr="id", boto3_client=calls)
        self.store = store
        self.lock: DataRecord | None = None
        self.lost = False
        self.answer = b""  # of the record that was read last

    @property
    def known(self) -> Reading | None:
        """What was read while the lock was taken."""
        return self._calls.known

    def _put_record(self, data_record: DataRecord) -> None:
        super()._put_record(data_record)
        self.lock = data_record

    def _update_record(self, data_record: DataRecord) -> None:
        """Nothing to do: the completion was committed with the effect."""

    def _delete_record(self, data_record: DataRecord) -> None:
        """Free the lock, if it is still this run's."""
        self.lost = not self.store.transact_or_skip({"Delete": self._mine()})

    def _item_to_data_record(self, item: dict[str, Any]) -> DataRecord:
        """A record; its answer is kept beside it, as Powertools itself takes JSON alone."""
        plain = {name: value for name, value in item.items() if name != self.data_attr}
        record: DataRecord = super()._item_to_data_record(plain)
        if record.status == "COMPLETED":
            names = [f"{record.idempotency_key}#{run}#{n}" for run, n in _pieces(item)]
            self.answer = zlib.decompress(item[self.data_attr]["B"] + self._joined(names))
        return record

    def _joined(self, names: list[str]) -> bytes:
        pieces = {item["id"]["S"]: item[self.data_attr]["B"] for item in self._read(names)}
        return b"".join(pieces[name] for name in names)

    def _mine(self) -> dict[str, Any]:
        assert self.lock is not None
        return {
            "TableName": self.table_name,
            "Key": {"id": {"S": self.lock.idempotency_key}},
            "ConditionExpression": "#s = :running AND #run = :run",
            "ExpressionAttributeNames": {"#s": self.status_attr, "#run": "run"},
            "ExpressionAttributeValues": {":running": {"S": "INPROGRESS"}, ":run": {"S": self.run}},
        }

    def completion(self, answer: bytes) -> list[Raw]:
        """The transaction items that keep the answer; the first fails when the lock is another run's."""
        assert self.lock is not None
        text = zlib.compress(answer)
        first, *rest = (text[start : start + PIECE] for start in range(0, len(text), PIECE))
        item = self._mine()
        item["UpdateExpression"] = "SET #s = :done, #data = :data, #pieces = :pieces"
        item["ExpressionAttributeNames"] |= {"#data": self.data_attr, "#pieces": "pieces"}
        item["ExpressionAttributeValues"] |= {
            ":done": {"S": "COMPLETED"},
            ":data": {"B": first},
            ":pieces": {"N": str(len(rest))},
        }
        return [Raw({"Update": item}), *(self._piece(n, piece) for n, piece in enumerate(rest))]

    def _piece(self, n: int, piece: bytes) -> Raw:
        assert self.lock is not None
        row = {
            "id": {"S": f"{self.lock.idempotency_key}#{self.run}#{n}"},
            self.expiry_attr: {"N": str(self.lock.expiry_timestamp)},
            self.data_attr: {"B": piece},
        }
        return Raw({"Put": {"TableName": self.table_name, "Item": row}})

    def part(self, n: int, answer: object) -> list[Raw]:
        """Keep the answer to one part of a request that commits in parts; fails when the lock is another run's."""
        assert self.lock is not None
        row = {
            "id": {"S": self._part(n)},
            self.expiry_attr: {"N": str(self.lock.expiry_timestamp)},
            self.data_attr: {"B": encode(answer)},
        }
        return [Raw({"ConditionCheck": self._mine()}), Raw({"Put": {"TableName": self.table_name, "Item": row}})]

    def parts(self, count: int) -> dict[int, Any]:
        """Answers to the first ``count`` parts that an earlier, unfinished run of this very request has kept."""
        names = {self._part(n): n for n in range(count)}
        found = self._read(list(names))
        now = time.time()
        return {
            names[item["id"]["S"]]: msgspec.json.decode(item[self.data_attr]["B"])
            for item in found
            if int(item[self.expiry_attr]["N"]) > now
        }

    def _part(self, n: int) -> str:
        assert self.lock is not None
        return f"{self.lock.idempotency_key}#{self.lock.payload_hash}#{n}"

    def _read(self, names: list[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for start in range(0, len(names), 100):
            keys = [{"id": {"S": name}} for name in names[start : start + 100]]
            request = {self.table_name: {"ConsistentRead": True, "Keys": keys}}
            found += [item for _, item in self.store.batch(request)]
        return found

    def settled(self) -> tuple[bytes, bool]:
        """The lock is not this run's any more: the kept answer, and whether another run made it.

        Raises:
            KeyReused: the key has been used with another body since.
            InProgress: another run holds the lock, or nobody does.
        """
        assert self.lock is not None
        key = {"id": {"S": self.lock.idempotency_key}}
        item = self.store.call("get_item", TableName=self.table_name, Key=key, ConsistentRead=True).get("Item")
        record = self._item_to_data_record(item) if item else None
        if item is None or record is None or record.status != "COMPLETED":
            raise InProgress(LOCK_LOST)
        if record.payload_hash != self.lock.payload_hash:
            raise KeyReused(REUSED)
        return self.answer, item["run"] != {"S": self.run}


def _pieces(item: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The run that wrote a record's answer and the numbers of the pieces beside the first."""
    return [(item["run"]["S"], n) for n in range(int(item["pieces"]["N"]))]


def run_once(
    store: Store,
    scope: str,
    key: list[str],
    fingerprint: str,
    context: Any,
    run: Callable[[Ledger], bytes],
    ahead: Sequence[Wanted] = (),
) -> tuple[bytes, bool]:
    """Run a write at most once for its key: the answer, and whether it is a replay.

    The rows that the run wants ``ahead`` are read while the lock is taken.

    Raises:
        KeyReused: the key was used with another body.
        InProgress: another run holds the lock.
        Unavailable: the table throttles or fails.
    """
    ledger = Ledger(store, ahead)
    ran: list[bytes] = []
    config = IdempotencyConfig(
        event_key_jmespath="key",
        payload_validation_jmespath="fingerprint",
        expires_after_seconds=settings().key_days * DAY,
        raise_on_no_idempotency_key=True,
        hash_function="sha256",
        lambda_context=context,
    )

    # Powertools' decorator is not annotated.
    @idempotent_function(  # type: ignore[untyped-decorator]
        data_keyword_argument="payload", persistence_store=ledger, config=config, key_prefix=scope
    )
    def perform(payload: dict[str, object]) -> None:
        ran.append(run(ledger))

    try:
        perform(payload={"key": key, "fingerprint": fingerprint})
        return (ran[0], False) if ran else (ledger.answer, True)
    except IdempotencyValidationError:
        raise KeyReused(REUSED) from None
    except (IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError):
        raise InProgress(
            "A request with this Idempotency-Key is still running: send the same again after Retry-After seconds."
        ) from None
    except IdempotencyPersistenceLayerError as error:
        if isinstance(error.__cause__, WbsyncError):
            raise error.__cause__ from None
        raise Unavailable from error
    except WbsyncError:
        if ledger.lost:
            return ledger.settled()
        raise
