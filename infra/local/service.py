"""The whole service on this machine: moto, tables, secrets, stream pump, schedule and gateway."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import boto3
from chalice.app import Chalice

from chalicelib.functions import SCHEDULED_FUNCTIONS, STREAM_FUNCTIONS
from chalicelib.settings import settings
from infra import provision
from infra.local.gateway import serve
from infra.local.moto_server import MotoServer
from infra.local.pump import StreamPump
from infra.local.schedule import Schedule


@contextmanager
def service(
    port: int,
    rate_limits: str,
    say: Callable[[str], None],
    storage_ended: Callable[[], None] | None = None,
    restore: Callable[[], None] = lambda: None,
) -> Iterator[tuple[str, dict[str, str], StreamPump]]:
    """Serve until the block ends: the base URL, the variables that reach the same moto, and the pump.

    ``storage_ended`` is called when the local AWS dies before that; ``restore`` while the tables are empty.
    """
    say("starting a local AWS (moto)")
    with MotoServer() as moto:
        if storage_ended is not None:
            moto.watch(storage_ended)
        environment = moto.environment() | {
            "WBSYNC_STAGE": "local",
            "WBSYNC_SECURE_COOKIES": "off",
            "WBSYNC_RATE_LIMITS": rate_limits,
            "POWERTOOLS_LOG_LEVEL": "WARNING",
            "POWERTOOLS_METRICS_DISABLED": "true",
        }
        os.environ.update(environment)
        logging.getLogger("wbsync").setLevel("WARNING")  # a module that was loaded before has its logger already
        settings.cache_clear()
        say("making tables and secrets")
        provision.create_tables()
        restore()
        provision.create_secrets()
        with stream_pump() as pump, _schedules(), serve(_app(), "127.0.0.1", port).running() as server:
            yield f"http://127.0.0.1:{server.server_port}", environment, pump


def _app() -> Chalice:
    from app import app  # here, so that tools that only need the local AWS do not load the service

    return app


@contextmanager
def _schedules() -> Iterator[None]:
    import app  # as above

    with ExitStack() as running:
        for each in SCHEDULED_FUNCTIONS:
            running.enter_context(Schedule(getattr(app, each.name), 60 * each.minutes, each.seconds))
        yield


def stream_pump(interval: float = 0.2) -> StreamPump:
    """What calls the stream functions with the changes of their tables."""
    import app  # as above

    prefix = settings().table_prefix
    functions = [(prefix + each.table, getattr(app, each.name)) for each in STREAM_FUNCTIONS]
    return StreamPump(boto3.client("dynamodb"), boto3.client("dynamodbstreams"), functions, interval=interval)
