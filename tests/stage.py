"""A stage on moto in process, a company in it, and clients that call the app with gateway events."""

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from moto import mock_aws

from chalicelib.access import keys, passwords
from chalicelib.http.telemetry import logger
from chalicelib.settings import settings
from chalicelib.storage.store import store
from infra import company, provision
from infra.local.gateway import Gateway, HttpRequest, use_in_threads
from infra.local.moto_dynamodb import install
from infra.local.service import stream_pump
from infra.simulator.stage import ENVIRONMENT as SIMULATED
from infra.simulator.stage import QUICK_HASH, own_token

ENVIRONMENT = SIMULATED | {"WBSYNC_STAGE": "test", "POWERTOOLS_LOG_LEVEL": "INFO"}


@dataclass
class Reply:
    """An answer as a client sees it."""

    status: int
    headers: dict[str, str]
    text: str
    raw: bytes = b""

    @property
    def body(self) -> Any:
        return json.loads(self.text, parse_float=str)


@dataclass
class Client:
    """Calls the app through the gateway adapter."""

    gateway: Gateway
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """One request; ``body`` is JSON unless it is bytes already."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {
            "Content-Type": "application/json",
            **self.headers,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        answer = self.gateway.answer(HttpRequest(method, path, tuple(named.items()), raw, "127.0.0.1"))
        headers = {name.lower(): value for name, value in answer.headers}
        return Reply(answer.status, headers, answer.body.decode(errors="replace"), answer.body)

    def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The body of a 2xx answer."""
        reply = self.send(method, f"/api/v1{path}", body, **headers)
        assert 200 <= reply.status < 300, reply
        return reply.body if reply.text else None

    def token(self, token: str) -> "Client":
        return Client(self.gateway, {"Authorization": f"Bearer {token}"})


@dataclass
class Stage:
    """A running stage and its first company."""

    gateway: Gateway
    made: dict[str, Any]
    owner: Client

    def person(self, role: str, name: str) -> Client:
        """A user of a role with a token."""
        user = self.owner.ok("POST", "/users/", {"name": name, "email": f"{name}@a.example", "role": role})
        return self.owner.token(own_token(self.made["company"]["id"], user["id"]))

    def settle(self) -> None:
        """Let the stream functions see everything that was written."""
        with stream_pump(interval=0.01) as pump:
            pump.drain(30)


@contextmanager
def running(**settings_of_stage: str) -> Iterator[Stage]:
    """A stage of its own until the block ends; settings override those of every test."""
    before = dict(os.environ)
    os.environ.update(ENVIRONMENT | settings_of_stage)
    os.environ.pop("AWS_ENDPOINT_URL", None)
    for cached in (settings, store, keys._provider):
        cached.cache_clear()
    with mock_aws(), patch.object(passwords, "RFC_9106_LOW_MEMORY", QUICK_HASH):
        install()  # inside: entering resets what other tests left
        provision.create_tables()
        provision.create_secrets()
        from app import app

        use_in_threads(app)
        made = company.create("Acme", "pro", "Europe/Dublin", "o@a.example")
        gateway = Gateway(app, 29)
        yield Stage(gateway, made, Client(gateway).token(made["token"]))
    os.environ.clear()
    os.environ.update(before)
    for cached in (settings, store, keys._provider):
        cached.cache_clear()


@contextmanager
def logged() -> Iterator[list[dict[str, Any]]]:
    """The lines that are logged inside, filled in when the block ends."""
    lines: list[dict[str, Any]] = []
    stream, handler = io.StringIO(), logger.registered_handler
    before = handler.setStream(stream)  # type: ignore[attr-defined]  # Powertools types it as any Handler
    try:
        yield lines
    finally:
        handler.setStream(before)  # type: ignore[attr-defined]  # as above
        lines += [json.loads(line) for line in stream.getvalue().splitlines()]
