"""``make browser``: a real browser on the pages of the whole local service.

The service runs in this process. The tests of ``tests/browser`` run in an environment of their own,
which has the browser's driver and nothing of the service: they know what a visitor knows.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from infra import demo
from infra.browser import chromium
from infra.company import add_person, create
from infra.demo import Client
from infra.gates import python_with, saying, unwind_when_stopped
from infra.local.service import service
from infra.main_job import new_project, punch

HOME = Path(".browser").absolute()
REQUIREMENTS = Path(__file__).parent / "requirements.txt"
TESTS = Path("tests/browser").absolute()


def main() -> int:
    """Find a browser, install its driver, serve, test; the tests' exit code."""
    say = saying("browser")
    unwind_when_stopped()
    try:
        program = chromium.found_or_installed(say)
    except chromium.NoChromium as error:
        say(str(error))
        return 1
    HOME.mkdir(exist_ok=True)
    say("installing the browser's driver into its own environment (once; a minute)")
    python = python_with(REQUIREMENTS, HOME / "venv", "--no-deps")
    with service(0, "off", say) as (base_url, _, pump):
        say("making two companies and their people, and the demo")
        stage = _stage(base_url) | {"demo": demo.make(base_url)}
        pump.drain(60)
        say(f"opening the pages in {program}")
        code = _test(python, program, stage)
    say(f"what the pages look like is in {HOME / 'screens'}")
    return code


def _stage(base_url: str) -> dict[str, object]:
    """A company with the API and some hours, one on a plan without, and who can sign in."""
    pro = create("Browser & Sons", "pro", "Europe/Dublin", "owner@browser.example", owner_name="Olive Owner")
    field = create("Field Only", "field", "Europe/Dublin", "owner@field.example", owner_name="Fred Field")
    owner = Client(base_url, pro["token"])
    job = new_project(owner)
    punch(owner, pro["ingest_secret"], "2026-06-08")
    people = {"owner": pro["owner"], "field": field["owner"]}
    for role in ("admin", "project_manager", "operative"):
        name = role.replace("_", " ").title()
        people[role] = add_person(pro["company"]["id"], name, f"{role}@browser.example", role)["user"]
    people["both"] = add_person(field["company"]["id"], "Both", "both@browser.example", "operative")["user"]
    return {"base_url": base_url, "token": pro["token"], "project": job.project, "people": people}


def _test(python: Path, program: str, stage: dict[str, object]) -> int:
    known = {"BROWSER_STAGE": json.dumps(stage), "BROWSER_PROGRAM": program, "BROWSER_HOME": str(HOME)}
    command: list[str | Path] = [python, "-m", "pytest", "-c", TESTS / "pytest.ini", TESTS, *sys.argv[1:]]
    return subprocess.run(command, env={**os.environ, **known}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
