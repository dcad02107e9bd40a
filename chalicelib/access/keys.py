"""The stage's keys in Parameter Store, what is computed with them, and operators' copies of ingest secrets."""

import hashlib
import hmac
from functools import lru_cache

from aws_lambda_powertools.utilities.parameters import GetParameterError, SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import SetParameterError
from botocore.config import Config

from chalicelib.ids import base32
from chalicelib.settings import settings
from chalicelib.storage.calls import CONNECT_SECONDS, READ_SECONDS
from chalicelib.storage.store import store


@lru_cache(maxsize=1)
def _provider() -> SSMProvider:
    """On the session of the DynamoDB client: a second one would read the same files again."""
    once = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    return SSMProvider(boto3_client=store().session.create_client("ssm", config=once))


def secret_parameter(name: str) -> bytes:
    """A SecureString of the stage, kept for five minutes by Powertools.

    Raises:
        Unavailable: Parameter Store throttles or fails for longer than the request can wait.
    """
    return store().patiently(lambda: _parameter(settings().parameter_prefix + name)).encode()


def _parameter(name: str) -> str:
    """Powertools hides the cause of a failure behind its own error; here it shows again."""
    try:
        return str(_provider().get(name, decrypt=True, max_age=300))
    except GetParameterError as error:
        raise error.__context__ or error from None


def keep_for_operators(company: str, text: str) -> None:
    """Put a company's ingest secret where operators can read it again; functions never read it.

    Raises:
        Unavailable: Parameter Store throttles or fails for longer than the request can wait.
    """
    store().patiently(lambda: _put(f"{settings().parameter_prefix}ingest/{company}", text))


def forget_for_operators(company: str) -> None:
    """Take a company's ingest secret out of Parameter Store; it may be gone already.

    Raises:
        Unavailable: Parameter Store throttles or fails for longer than the request can wait.
    """
    client, name = _provider().client, f"{settings().parameter_prefix}ingest/{company}"
    store().patiently(lambda: client.delete_parameters(Names=[name]))


def _put(name: str, text: str) -> None:
    """As :func:`_parameter`; the error that Powertools makes of a failure is not shown."""
    try:
        # Its annotation asks for a key of one's own; without one the account's key for Parameter Store serves.
        _provider().set(name, text, overwrite=True, parameter_type="SecureString")  # type: ignore[call-overload]
    except SetParameterError as error:
        raise error.__context__ or error from None


def keyed(key: str, *parts: str) -> str:
    """The HMAC-SHA-256 of the parts under the stage's key of that name, in base 32."""
    message = "\0".join(parts).encode()
    return base32(hmac.new(secret_parameter(key), message, hashlib.sha256).digest())
