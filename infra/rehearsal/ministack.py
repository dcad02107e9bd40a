"""MiniStack in an environment of its own: an AWS on loopback for the deploy rehearsal."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.gates import python_with

HOME = Path(".rehearsal").absolute()
REQUIREMENTS = Path(__file__).parent / "requirements.txt"
REGION = "eu-west-1"


def install() -> Path:
    """The environment's Python, made at first use."""
    return python_with(REQUIREMENTS, HOME / "venv")


@contextmanager
def running(python: Path) -> Iterator[str]:
    """MiniStack on a free port; it and its Lambda workers are gone after the block."""
    port = _free_port()
    # It leaves every unpacked function (60 MB each) in its temporary directory.
    with TemporaryDirectory(prefix="functions-", dir=HOME, ignore_cleanup_errors=True) as scratch:
        server = _start(python, port, scratch)
        try:
            _wait(f"http://127.0.0.1:{port}/_ministack/health", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            _stop(server)


def _start(python: Path, port: int, scratch: str) -> subprocess.Popen[bytes]:
    settings = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "AUTH": "true",  # without it no IAM policy is looked at, and the functions' own is not rehearsed
        "TMPDIR": scratch,
        "PYTHONUNBUFFERED": "1",
        "MINISTACK_REGION": REGION,
    }
    with (HOME / "ministack.log").open("w") as log:
        return subprocess.Popen(
            [python, "-m", "ministack"],
            env=_foreign_free() | environment(f"http://127.0.0.1:{port}") | settings,
            stdout=log,
            stderr=log,
            cwd=HOME,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )


def point_here(endpoint: str) -> None:
    """This process speaks to MiniStack alone, whatever account or endpoint the shell names."""
    kept = _foreign_free() | environment(endpoint)
    os.environ.clear()
    os.environ.update(kept)


def _foreign_free() -> dict[str, str]:
    """The shell's variables without those that name an account, an endpoint or a stage; functions inherit them."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "WBSYNC_"))}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        if server.poll() is not None:
            raise RuntimeError(f"MiniStack ended with {server.returncode}; see {HOME / 'ministack.log'}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.25)
    raise RuntimeError("MiniStack did not answer within a minute")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the process group that was started, politely first."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, number)
            server.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def environment(endpoint: str) -> dict[str, str]:
    """What points boto3 and the deployment at it and nowhere else."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "WBSYNC_STAGE": "rehearsal",
        "NO_PROXY": "*",
        "no_proxy": "*",
    }
