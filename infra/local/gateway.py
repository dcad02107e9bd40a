"""The REST gateway on this machine: HTTP in front, the Chalice app behind.

Chalice's own local server takes one request at a time, does not match ``/{proxy+}`` and leaves
most of the event out. This one answers each connection in a thread of its own and sends the app
the events the deployed gateway sends. Of the gateway's own answers (``infra.gateway_answers``) it
makes those a client can provoke: no route, a body that is too large or cannot be read, a function
that fails or is too slow (when it returns: a thread cannot be cut off).
"""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chalice.app import Chalice

from infra.local.gateway_body import RefusedBody, read_body
from infra.local.gateway_messages import (
    HttpAnswer,
    HttpRequest,
    MalformedAnswer,
    http_answer,
    lambda_event,
    refusal,
)
from infra.local.gateway_routes import RouteTable
from infra.local.lambda_context import LambdaContext

IDLE_SECONDS = 75
"""After this long without a byte a connection is closed."""

log = logging.getLogger(__name__)


def serve(app: Chalice, host: str, port: int, timeout_seconds: float = 29) -> GatewayServer:
    """Bind the gateway of an app to an address; port 0 takes a free one.

    The server does not answer yet: call ``serve_forever()``, or use ``running()``. The app's
    ``current_request`` and ``lambda_context`` become per thread.
    """
    return GatewayServer((host, port), Gateway(app, timeout_seconds))


class PerThread:
    """An attribute whose value each thread sets for itself."""

    def __init__(self) -> None:
        self._local = threading.local()

    def __get__(self, instance: object, owner: type) -> object:
        return getattr(self._local, "value", None)

    def __set__(self, instance: object, value: object) -> None:
        self._local.value = value


def use_in_threads(app: Chalice) -> None:
    """Give each thread its own current request: Chalice keeps it on the app, for one at a time."""
    kind = type(app)
    if isinstance(vars(kind).get("current_request"), PerThread):
        return
    attributes = {"current_request": PerThread(), "lambda_context": PerThread()}
    app.__class__ = type(f"Threaded{kind.__name__}", (kind,), attributes)


class Gateway:
    """Turns one HTTP request into one call of the app."""

    def __init__(
        self,
        app: Chalice,
        timeout_seconds: float = 29,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        use_in_threads(app)
        self._app = app
        self._timeout = timeout_seconds
        self._now = now
        self._routes = RouteTable(app.routes)

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request; never raises for what the app does."""
        context, request_id = LambdaContext(self._app.app_name, self._timeout, self._now), str(uuid.uuid4())
        match = self._routes.match(request.method, request.path)
        if match is None:
            return refusal("MISSING_AUTHENTICATION_TOKEN", request_id)
        answer = self._call(lambda_event(request, match, request_id, self._app.api.binary_types), context)
        if context.get_remaining_time_in_millis() <= 0:
            return refusal("INTEGRATION_TIMEOUT", request_id)
        return answer

    def _call(self, event: dict[str, Any], context: LambdaContext) -> HttpAnswer:
        """Call the app; a crash is logged here and told the client without its details."""
        request_id = event["requestContext"]["requestId"]
        try:
            return http_answer(self._app(event, context), context.aws_request_id)
        except MalformedAnswer as error:
            log.error("malformed answer to request %s: %s", request_id, error)
        except Exception:  # the app's crash must not end the connection's thread
            log.exception("the app failed on request %s", request_id)
        return refusal("INTEGRATION_FAILURE", request_id)


class GatewayServer(ThreadingHTTPServer):
    """The listening socket, with a thread for each connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], gateway: Gateway) -> None:
        self.gateway = gateway
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, GatewayConnection)

    @property
    def url(self) -> str:
        """The address to open, without a trailing slash."""
        host = f"[{self.server_address[0]!s}]" if self._is_ipv6 else self.server_address[0]
        return f"http://{host!s}:{self.server_port}"

    @property
    def _is_ipv6(self) -> bool:
        return self.address_family == socket.AF_INET6

    def server_bind(self) -> None:
        """Bind without the look-up of the host's name, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = (
            str(self.server_address[0]),
            int(self.server_address[1]),
        )

    def handle_error(self, request: Any, client_address: object) -> None:
        """Say what went wrong, unless the client has only gone away, as a browser does that leaves a page."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @contextmanager
    def running(self) -> Iterator[GatewayServer]:
        """Answer requests in a background thread inside the ``with`` block."""
        thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            thread.join()
            self.server_close()


class GatewayConnection(BaseHTTPRequestHandler):
    """One connection: its requests one after the other."""

    protocol_version = "HTTP/1.1"
    server_version = "gateway"
    sys_version = ""
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet
    server: GatewayServer

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Take any method: the standard library looks for ``do_GET`` and so on."""
        if name.startswith("do_"):
            return self._take_request
        raise AttributeError(name)

    def _take_request(self) -> None:
        try:
            body = read_body(self.headers, self.rfile)
        except RefusedBody as refused:
            self.close_connection = True
            return self._send(refusal(refused.kind, str(uuid.uuid4()), refused.detail))
        request = HttpRequest(
            self.command,
            self._target(),
            tuple((name, value.strip(" \t")) for name, value in self.headers.items()),
            body,
            self.client_address[0],
        )
        return self._send(self.server.gateway.answer(request))

    def _target(self) -> str:
        """Return path and query, also where the client sent a whole URL."""
        target = self.path.partition("#")[0]
        if not target.startswith("/"):
            rest = target.partition("://")[2].partition("/")[2]
            return f"/{rest}"
        return target

    def _send(self, answer: HttpAnswer) -> None:
        """Write an answer; HEAD, 204 and 304 have no body."""
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        bodiless = answer.status in (204, 304)
        if not bodiless:
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless and self.command != "HEAD":
            self.wfile.write(answer.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that is no HTTP as a problem, too."""
        self.close_connection = True
        self.request_version = "HTTP/1.1"  # a line without a version gets an answer with a head, too
        self._send(refusal("DEFAULT_4XX", str(uuid.uuid4()), message or explain or ""))

    def log_message(self, format: str, *args: object) -> None:
        """Leave the log of requests to the app."""
        log.debug(format, *args)
