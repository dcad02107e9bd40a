"""A server of the AWS APIs the service uses, in a child process.

A process of its own because moto holds Python's interpreter lock while it works: in one process
the application's threads would wait for the database's. By hand:
``python -m infra.local.moto_server --port 5000``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

REGION = "eu-west-1"
START_SECONDS = 60.0
STOP_SECONDS = 5.0


class MotoServer:
    """The server as a context manager: it answers inside the ``with`` block and is gone after it.

    ``port=0`` takes a free port. The child ends with this process, also when this process is
    killed: it watches a pipe that closes then.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._host = host
        self._port = port
        self._child: subprocess.Popen[str] | None = None

    @property
    def endpoint_url(self) -> str:
        """The address boto3 is to use."""
        if self._child is None:
            raise RuntimeError("the server is not running")
        return f"http://{self._host}:{self._port}"

    def environment(self) -> dict[str, str]:
        """Return the environment variables that point boto3 at the server and nowhere else."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_SESSION_TOKEN": "local",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            # Where a proxy is set, requests to this machine must not go through it.
            "NO_PROXY": f"{self._host},localhost",
            "no_proxy": f"{self._host},localhost",
        }

    def start(self) -> None:
        """Start the child and wait until it listens."""
        self._child = subprocess.Popen(
            child_command(self._host, self._port),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            start_new_session=True,  # Ctrl-C reaches the parent only, which stops the child
        )
        try:
            self._port = self._listening_port()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the child, by its pid."""
        child, self._child = self._child, None
        if child is None:
            return
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()

    def watch(self, ended: Callable[[], None]) -> None:
        """Call ``ended`` from a thread when the child ends before it is stopped: all data is gone with it."""
        child = self._child
        assert child is not None

        def wait() -> None:
            child.wait()
            if self._child is child:
                ended()

        threading.Thread(target=wait, name="moto-watch", daemon=True).start()

    def _listening_port(self) -> int:
        """Read the port the child reports once it listens; a child that hangs is ended."""
        assert self._child is not None and self._child.stdout is not None
        watchdog = threading.Timer(START_SECONDS, self._child.kill)
        watchdog.start()
        try:
            line = self._child.stdout.readline()
        finally:
            watchdog.cancel()
        if not line.strip().isdigit():
            raise RuntimeError(f"the local AWS server did not start on port {self._port}")
        return int(line)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


def child_command(host: str, port: int) -> list[str]:
    """Return the command line of the child process."""
    module = [sys.executable, "-m", "infra.local.moto_server"]
    return [*module, "--host", host, "--port", str(port), "--until-stdin-closes"]


def main(arguments: list[str] | None = None) -> None:
    """Serve until the process is ended; print the port once it listens."""
    options = parse(arguments)
    server = wsgi_server(options.host, options.port)
    if options.until_stdin_closes:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    print(server.port, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Local DynamoDB, streams and Parameter Store")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0: any free port")
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="end when the starting process is gone",
    )
    return parser.parse_args(arguments)


def wsgi_server(host: str, port: int) -> Any:
    """Make moto's threaded server, bound but not yet answering."""
    # Imported here because moto takes a second to import and only the child needs it.
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    from infra.local.moto_dynamodb import install

    class Handler(MotoRequestHandler):
        """Answers at once on connections that stay open, and logs no requests."""

        # Head and body are two writes: with Nagle's algorithm the second waits 40 ms.
        disable_nagle_algorithm = True

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    install()
    application = DomainDispatcherApplication(create_backend_app)
    return make_server(host, port, application, threaded=True, request_handler=Handler)


def _end_with_stdin() -> None:
    """End this process when the other end of its standard input is closed."""
    while os.read(0, 1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
