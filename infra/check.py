"""A synthetic check for a scheduler: signs in as a person does and reads a key figure.

WBSYNC_CHECK_EMAIL=… WBSYNC_CHECK_PASSWORD=… python -m infra.check URL PROJECT
"""

import argparse
import http.cookiejar
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable

VARIABLES = ("WBSYNC_CHECK_EMAIL", "WBSYNC_CHECK_PASSWORD")
SECONDS = 30  # as long as the gateway waits


class Failed(Exception):
    """A step did not give what it should."""


def check(url: str, project: str, email: str, password: str) -> dict[str, int]:
    """Health with tables and keys, signing in, a key figure, signing out by forgetting; milliseconds of each.

    Raises:
        Failed: a step did not work, which it names.
    """
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    base = url.rstrip("/")
    form = urllib.parse.urlencode({"email": email, "password": password}).encode()

    def get(path: str, wanted: str) -> None:
        answer = json.loads(_open(opener, f"{base}{path}"))
        if wanted not in answer:
            raise Failed(f"no {wanted} in it")

    steps: dict[str, Callable[[], object]] = {
        "health": lambda: get("/api/v1/health/?deep=true", "version"),
        "sign_in": lambda: _open(opener, f"{base}/login/?next=/settings/api/", form),
        "key_figures": lambda: get(f"/api/v1/projects/{project}/kpis/", "bac"),
    }
    return {name: _timed(name, step) for name, step in steps.items()}


def _timed(name: str, step: Callable[[], object]) -> int:
    began = time.monotonic()
    try:
        step()
    except (Failed, OSError, ValueError) as error:
        raise Failed(f"{name}: {error}") from error
    return round((time.monotonic() - began) * 1000)


def _open(opener: urllib.request.OpenerDirector, url: str, form: bytes | None = None) -> bytes:
    with opener.open(url, form, SECONDS) as answer:
        return bytes(answer.read())


def main(arguments: list[str] | None = None) -> int:
    """The command line: one line of JSON; 0 when all steps worked, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.check",
        description=f"Sign in and read a key figure. {' and '.join(VARIABLES)} name a user who may read the project.",
    )
    parser.add_argument("url", help="where the service is, without /api/v1")
    parser.add_argument("project", help="the id of a project that the user may read")
    chosen = parser.parse_args(arguments)
    email, password = (os.environ.get(name, "") for name in VARIABLES)
    if not email or not password:
        parser.error(f"{' and '.join(VARIABLES)} must be set")
    try:
        print(json.dumps({"ok": True, "milliseconds": check(chosen.url, chosen.project, email, password)}))
    except Failed as error:
        print(json.dumps({"ok": False, "failed": str(error)}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
