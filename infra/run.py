"""``make run``: the whole service on this machine with a demo company; Ctrl-C stops all of it."""

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from infra import demo
from infra.gates import saying
from infra.local.service import service

RUN_FILE = Path(".run/demo.json")
say = saying("wbsync")


def main() -> int:
    """Start everything, say where it is, and wait for Ctrl-C; 1 when the storage has died before."""
    port = int(os.environ.get("PORT", "8000"))
    stop, died = threading.Event(), threading.Event()

    def storage_ended() -> None:
        died.set()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with service(port, os.environ.get("RATE_LIMITS", "on"), say, storage_ended) as (base_url, environment, pump):
        say("making the demo company through the API")
        company = demo.make(base_url)
        pump.drain(120)
        _report(company | {"base_url": base_url, "env": environment})
        stop.wait()
    if died.is_set():
        say("the local AWS has ended by itself, and all data with it: start again")
        return 1
    say("stopped")
    return 0


def _report(demo: dict[str, Any]) -> None:
    RUN_FILE.parent.mkdir(exist_ok=True)
    RUN_FILE.write_text(json.dumps(demo, indent=2))
    RUN_FILE.chmod(0o600)
    base, project = demo["base_url"], demo["project"]
    say(f"ready: {base}   (details in {RUN_FILE})")
    say(f"sign in: {base}/login/   {demo['owner']['email']}   {demo['owner']['password']}")
    say(
        f"try: curl -s -H 'Authorization: Bearer {demo['tokens']['project_manager']}' "
        f"{base}/api/v1/projects/{project}/kpis/"
    )
    say("Ctrl-C stops everything")


if __name__ == "__main__":
    sys.exit(main())
