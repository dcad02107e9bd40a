"""What a stage needs beside its tables, without any service: the environment, the secrets, and a user's token."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from argon2 import Parameters, Type
from moto import mock_aws

from chalicelib.access import keys, passwords, tokens
from chalicelib.access.callers import Caller
from chalicelib.access.rows import Access, Company
from chalicelib.settings import settings
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from chalicelib.times import utc_now
from infra import provision
from infra.local.gateway import use_in_threads

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_REGION": "eu-west-1",
    "WBSYNC_STAGE": "simulated",
    "WBSYNC_RATE_LIMITS": "off",
    "POWERTOOLS_METRICS_DISABLED": "true",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
}
QUICK_HASH = Parameters(Type.ID, 19, 16, 32, time_cost=1, memory_cost=8, parallelism=1)
"""A password's hash in a millisecond; tests/pages/test_sign_in.py has one of the full cost."""


@contextmanager
def standing() -> Iterator[Any]:
    """The application on a stage of its own, whose tables are still to be put in place."""
    before = dict(os.environ)
    os.environ.update(ENVIRONMENT)
    os.environ.pop("AWS_ENDPOINT_URL", None)
    for cached in (settings, store, keys._provider):
        cached.cache_clear()
    with mock_aws(), patch.object(passwords, "RFC_9106_LOW_MEMORY", QUICK_HASH):
        provision.create_secrets()
        from app import app

        use_in_threads(app)
        try:
            yield app
        finally:
            os.environ.clear()
            os.environ.update(before)
            for cached in (settings, store, keys._provider):
                cached.cache_clear()


def own_token(tenant: str, user: str) -> str:
    """A token that somebody has made for themselves: whoever makes one for another stands behind what that one does."""
    row, access = store().get_many((Company, tenant, "company"), (Access, key(tenant, user), "access"))
    now = utc_now()
    made = tokens.create(Reading(store()), Caller(tenant, user, access, row, now), "own", None, None, now)
    store().transact(made.changes)
    return made.answer.token.text
