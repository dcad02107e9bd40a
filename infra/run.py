"""``make run``: the whole service on this machine with a demo company; Ctrl-C stops all of it."""

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra import demo
from infra.gates import saying
from infra.local import kept
from infra.local.pump import StreamPump
from infra.local.service import service

RUN_FILE, KEPT_FILE = Path(".run/demo.json"), Path(".run/kept.json")
SAVE_SECONDS = 60
say = saying("wbsync")


def main() -> int:
    """Start everything, say where it is, and wait for Ctrl-C; 1 when it cannot begin or the storage dies."""
    port = os.environ.get("PORT", "8000")
    if not _free(port):
        say(f"port {port} is not free: PORT=9000 make run takes another")
        return 1
    stop, died = threading.Event(), threading.Event()

    def storage_ended() -> None:
        died.set()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        _run(int(port), stop, storage_ended)
    finally:
        RUN_FILE.unlink(missing_ok=True)
    if died.is_set():
        say("the local AWS has ended by itself, and all data with it: start again")
        return 1
    say("stopped")
    return 0


def _free(port: str) -> bool:
    """Whether it is a port that nobody listens at."""
    if not port.isdecimal() or int(port) > 65_535:
        return False
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", int(port)))
        except OSError:
            return False
    return True


def _run(port: int, stop: threading.Event, storage_ended: Callable[[], None]) -> None:
    keep, company = os.environ.get("KEEP", "0") not in {"", "0"}, dict[str, Any]()

    def restore() -> None:
        if keep and KEPT_FILE.exists():
            say(f"loading what {KEPT_FILE} kept")
            company.update(kept.load(KEPT_FILE))

    with service(port, os.environ.get("RATE_LIMITS", "on"), say, storage_ended, restore) as (base_url, variables, pump):
        if not company:
            company.update(demo.make(base_url, say))
        say("the key figures")
        pump.drain(120)
        _report(company | {"base_url": base_url, "env": variables}, keep)
        _wait(stop, pump, company if keep else None)


def _wait(stop: threading.Event, pump: StreamPump, company: dict[str, Any] | None) -> None:
    """Until the end; what is kept is saved every minute and then."""
    while not stop.wait(SAVE_SECONDS if company else None):
        kept.save(KEPT_FILE, company)
    if company:
        say(f"saving everything in {KEPT_FILE}")
        pump.drain(30)
        kept.save(KEPT_FILE, company)


def _report(demo: dict[str, Any], keep: bool) -> None:
    RUN_FILE.parent.mkdir(exist_ok=True)
    RUN_FILE.write_text(json.dumps(demo, indent=2))
    RUN_FILE.chmod(0o600)
    base, project = demo["base_url"], demo["project"]
    say(f"ready: {base}   (details in {RUN_FILE})")
    say(f"sign in: {base}/login/   {demo['owner']['email']}   {demo['owner']['password']}")
    say(f"the manager's and the foreman's passwords are in {RUN_FILE}")
    say(
        f"try: curl -s -H 'Authorization: Bearer {demo['tokens']['project_manager']}' "
        f"{base}/api/v1/projects/{project}/kpis/"
    )
    if keep:
        say(f"Ctrl-C stops everything. KEEP=1 saves the tables each minute in {KEPT_FILE}: for trials only")
    else:
        say("Ctrl-C stops everything, and nothing is kept; KEEP=1 make run keeps the tables")


if __name__ == "__main__":
    sys.exit(main())
