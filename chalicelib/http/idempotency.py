"""Idempotency keys through Powertools, with the completion inside the effect's own transaction.

Powertools writes the lock and replays; :class:`Ledger` keeps what the lock was, so that the write
can complete it as one more item of its transaction, on condition that the lock is still this run's.
Effect and answer are one atom: there is no crash point between them.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any

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

from chalicelib.errors import InProgress, InvalidKey, KeyReused, Unavailable, WbsyncError
from chalicelib.http.fields import encode
from chalicelib.storage.rows import IDEMPOTENCY_TABLE
from chalicelib.storage.store import Raw, Store

DAY = 24 * 3600


def checked_key(value: str) -> str:
    """The header's value, or :class:`InvalidKey`."""
    if not re.fullmatch(r"[\x21-\x7e]{1,255}", value):
        raise InvalidKey("The Idempotency-Key must be 1 to 255 visible ASCII characters.")
    return value


class Ledger(DynamoDBPersistenceLayer):
    """Powertools' records of one request; completed by :meth:`completion`, never by a call of its own."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.name(IDEMPOTENCY_TABLE), key_attr="id", boto3_client=store.client)
        self.store = store
        self.lock: DataRecord | None = None

    def _put_record(self, data_record: DataRecord) -> None:
        super()._put_record(data_record)
        self.lock = data_record

    def _update_record(self, data_record: DataRecord) -> None:
        """Nothing to do: the completion was committed with the effect."""

    def _delete_record(self, data_record: DataRecord) -> None:
        """Free the lock, if it is still this run's."""
        if self.lock is None:
            return
        self.store.transact_or_skip({"Delete": self._mine()})

    def _mine(self) -> dict[str, Any]:
        assert self.lock is not None
        return {
            "TableName": self.table_name,
            "Key": {"id": {"S": self.lock.idempotency_key}},
            "ConditionExpression": "#s = :running AND #until = :mine",
            "ExpressionAttributeNames": {"#s": self.status_attr, "#until": self.in_progress_expiry_attr},
            "ExpressionAttributeValues": {
                ":running": {"S": "INPROGRESS"},
                ":mine": {"N": str(self.lock.in_progress_expiry_timestamp)},
            },
        }

    def completion(self, answer: dict[str, Any]) -> Raw:
        """The transaction item that keeps the answer; it fails when the lock is another run's."""
        item = self._mine()
        item["UpdateExpression"] = "SET #s = :done, #data = :data"
        item["ExpressionAttributeNames"]["#data"] = self.data_attr
        item["ExpressionAttributeValues"] |= {":done": {"S": "COMPLETED"}, ":data": {"S": encode(answer).decode()}}
        return Raw({"Update": item})


def once(
    store: Store,
    scope: str,
    idempotency_key: str,
    fingerprint: bytes,
    context: Any,
    run: Callable[[Ledger], dict[str, Any]],
) -> tuple[dict[str, Any], bool]:
    """Run a write at most once for its key: the answer, and whether it is a replay.

    Raises:
        KeyReused: the key was used with another body.
        InProgress: another run holds the lock.
    """
    ledger = Ledger(store)
    ran: list[bool] = []
    config = IdempotencyConfig(
        event_key_jmespath="key",
        payload_validation_jmespath="fingerprint",
        expires_after_seconds=DAY,
        raise_on_no_idempotency_key=True,
        hash_function="sha256",
        lambda_context=context,
    )
    payload = {"key": idempotency_key, "fingerprint": hashlib.sha256(fingerprint).hexdigest()}

    # Powertools' decorator is not annotated.
    @idempotent_function(  # type: ignore[untyped-decorator]
        data_keyword_argument="payload", persistence_store=ledger, config=config, key_prefix=scope
    )
    def perform(payload: dict[str, str]) -> dict[str, Any]:
        ran.append(True)
        return run(ledger)

    try:
        return perform(payload=payload), not ran
    except IdempotencyValidationError:
        raise KeyReused("This Idempotency-Key was used with another body.") from None
    except (IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError):
        raise InProgress("A request with this Idempotency-Key is still running.") from None
    except IdempotencyPersistenceLayerError as error:
        if isinstance(error.__cause__, WbsyncError):
            raise error.__cause__ from None
        raise Unavailable from error
