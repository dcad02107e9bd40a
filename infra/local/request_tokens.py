"""Client request tokens of ``TransactWriteItems``, as DynamoDB remembers them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable

from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX, DynamodbException

TOKEN_LIFE_SECONDS = 600.0


class IdempotentParameterMismatch(DynamodbException):
    """The token was used within ten minutes for a different request."""

    def __init__(self) -> None:
        super().__init__(
            ERROR_TYPE_PREFIX + "IdempotentParameterMismatchException",
            "The request uses the same client token as a previous, but non-identical request.",
        )


class RequestTokens:
    """The tokens of the transactions that committed in the last ten minutes.

    A transaction that failed leaves no token, so that its retry is a new attempt.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._committed: dict[str, tuple[float, str]] = {}

    def already_committed(self, token: str | None, items: list[dict[str, object]]) -> bool:
        """Tell whether this request has had its effect; refuse another request's token."""
        self._forget_expired()
        if token is None or token not in self._committed:
            return False
        if self._committed[token][1] != fingerprint(items):
            raise IdempotentParameterMismatch
        return True

    def remember(self, token: str | None, items: list[dict[str, object]]) -> None:
        """Keep the token of a transaction that has just committed."""
        if token is not None:
            self._committed[token] = (
                self._now() + TOKEN_LIFE_SECONDS,
                fingerprint(items),
            )

    def _forget_expired(self) -> None:
        """Drop old tokens; they were added in order of time, so the oldest come first."""
        now = self._now()
        while self._committed:
            oldest = next(iter(self._committed))
            if self._committed[oldest][0] > now:
                return
            del self._committed[oldest]


def fingerprint(items: list[dict[str, object]]) -> str:
    """Return a digest of the request that does not depend on the order of its keys."""
    text = json.dumps(items, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()
