"""A stage with its limits on and a clock that the test sets."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from chalicelib.settings import settings
from infra.local.gateway import Gateway
from tests.stage import Client

NOON = datetime(2026, 6, 8, 12, 0, 20, tzinfo=UTC)


class At:
    """The deployed application at one moment."""

    def __init__(self, moment: datetime) -> None:
        from app import app

        self.moment, self.app = moment, app
        self.app_name, self.routes, self.api = app.app_name, app.routes, app.api

    def __call__(self, event: Any, context: Any) -> Any:
        return self.app.answer(event, context, self.moment)


def gateway_at(moment: datetime) -> Gateway:
    """A gateway of the same stage at which it is always this moment."""
    return Gateway(At(moment), 29)  # type: ignore[arg-type]  # all of an app that a gateway asks for


def at(moment: datetime, client: Client) -> Client:
    """The same client at this moment."""
    return Client(gateway_at(moment), client.headers)


@contextmanager
def limits(**values: int) -> Iterator[None]:
    """Limits of the stage inside the block, and limiting on."""
    before = dict(os.environ)
    os.environ["WBSYNC_RATE_LIMITS"] = "on"
    os.environ.update({f"WBSYNC_{name.upper()}": str(value) for name, value in values.items()})
    settings.cache_clear()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()
