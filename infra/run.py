"""``make run``: the whole service on this machine with a demo company; Ctrl-C stops all of it."""

import json
import os
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3

from chalicelib.settings import settings
from infra.local.moto_server import MotoServer
from infra.local.pump import StreamPump

RUN_FILE = Path(".run/demo.json")
SHOWN = ("WBSYNC_STAGE", "WBSYNC_SECURE_COOKIES", "WBSYNC_RATE_LIMITS")


def main() -> int:
    """Start everything, say where it is, and wait for Ctrl-C."""
    port = int(os.environ.get("PORT", "8000"))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        environment = _settings() | _moto(stack)
        os.environ.update(environment)
        base_url = _serve(stack, port)
        _say("making the demo company through the API")
        from infra import demo  # needs the environment
        company = demo.make(base_url)
        _report(company | {"base_url": base_url, "env": environment})
        stop.wait()
    _say("stopped")
    return 0


def _settings() -> dict[str, str]:
    return {"WBSYNC_STAGE": "local", "WBSYNC_SECURE_COOKIES": "off",
            "WBSYNC_RATE_LIMITS": os.environ.get("RATE_LIMITS", "on")}


def _moto(stack: ExitStack) -> dict[str, str]:
    _say("starting a local AWS (moto)")
    server = MotoServer()
    stack.enter_context(server)
    return server.environment()


def _serve(stack: ExitStack, port: int) -> str:
    """Tables, secrets, stream functions and the gateway."""
    from app import app, labour_rollup, plan_rollup
    from infra import provision
    from infra.local.gateway import serve
    _say("making tables and secrets")
    provision.create_tables()
    provision.create_secrets()
    prefix = settings().table_prefix
    stack.enter_context(StreamPump(boto3.client("dynamodb"), boto3.client("dynamodbstreams"), [
        (prefix + "labour", labour_rollup), (prefix + "projects", plan_rollup)]))
    server = serve(app, "127.0.0.1", port)
    stack.enter_context(server.running())
    return f"http://127.0.0.1:{server.server_port}"


def _report(demo: dict[str, Any]) -> None:
    RUN_FILE.parent.mkdir(exist_ok=True)
    RUN_FILE.write_text(json.dumps(demo, indent=2))
    RUN_FILE.chmod(0o600)
    base, project = demo["base_url"], demo["project"]
    _say(f"ready: {base}   (details in {RUN_FILE})")
    _say(f"sign in: {base}/login/   {demo['owner']['email']}   {demo['owner']['password']}")
    _say(f"try: curl -s -H 'Authorization: Bearer {demo['tokens']['project_manager']}' "
         f"{base}/api/v1/projects/{project}/kpis/")
    _say("Ctrl-C stops everything")


def _say(text: str) -> None:
    print(f"[wbsync] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
