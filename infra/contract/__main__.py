"""``make contract``: a fuzzer reads the served schema and looks for an answer that it does not describe.

Schemathesis runs in an environment of its own against the whole local service, with every check
on. ``hooks.py`` gives it what a schema cannot say: ids that exist and dates in order. A run in which
some operation never succeeded has not tested it, and fails too.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from infra.company import create
from infra.demo import Client
from infra.gates import python_with, saying, unwind_when_stopped
from infra.local.service import service
from infra.main_job import CODE, new_project, punch

HOME = Path(".contract").absolute()
HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
PHASES = ("examples", "coverage", "fuzzing", "stateful")
SHIFTS = 30
WAITING = 40  # events that wait for somebody to settle them
# a slow machine is no finding: speed is proven by benchmarks
SLOW_MACHINE = ("--request-timeout", "60", "--max-response-time", "60", "--suppress-health-check", "too_slow")
ANSWERS = HOME / "answers.json"
say = saying("contract")


def main() -> int:
    """Install, serve, fuzz; 0 when nothing was found and every operation has answered well at least once."""
    unwind_when_stopped()
    HOME.mkdir(exist_ok=True)
    say("installing schemathesis into its own environment")
    program = python_with(REQUIREMENTS, HOME / "venv").parent / "schemathesis"
    with service(0, "off", say) as (base_url, _, pump):
        company = create("Contract", "pro", "Europe/Dublin", "owner@contract.example")
        site = _site(base_url, company)
        pump.drain(60)
        say("fuzzing every route")
        found = _fuzz(program, base_url, company, site)
    return _counted(json.loads(ANSWERS.read_text())) or found


def _site(base_url: str, company: dict[str, Any]) -> dict[str, object]:
    """A company in which every operation can succeed: the ids by name, and what may be done with each entry."""
    owner = Client(base_url, company["token"])
    job = new_project(owner)
    for day in range(1, SHIFTS + 1):
        entry = punch(owner, company["ingest_secret"], f"2026-05-{day:02}")["labour_entry"]
        if day % 3 == 0:
            job.foreman.call("POST", f"/labour/{entry}/approve/", {"cost_code": "C-1"})
        if day % 3 == 1:
            job.foreman.call("POST", f"/labour/{entry}/reject/", {"reason": "Another day."})
    for minute in range(WAITING):
        waits = {"clock_id": "nobody yet", "clock_in": f"2026-05-01T07:{minute:02}:00Z"}
        owner.call("POST", "/clock-events/ingest/", waits, {"X-Inbound-Secret": company["ingest_secret"]})
    member = owner.call("POST", "/users/", {"name": "Mae", "email": "mae@contract.example", "role": "engineer"})
    owner.call("POST", f"/projects/{job.project}/memberships/", {"user": member["id"], "role": "engineer"})
    tokens = owner.call("GET", "/tokens/")["results"]
    clashing = [who.call("POST", "/labour/", job.hours(date(2026, 6, 2)))["id"] for who in (owner, job.foreman)]
    [clash] = owner.call("GET", "/clashes/")["results"]
    periods = {
        name: owner.call("POST", "/projects/", {"code": name, "name": name})["id"] for name in ("closing", "closed")
    }
    owner.call("POST", f"/projects/{periods['closed']}/periods/", {"closed_to": "2026-03-31"})
    owner.call("PATCH", f"/projects/{job.project}/", {"planned_rate": 40})
    return {
        **periods,
        "owner": company["owner"]["id"],
        "clashes": clash["id"],
        "clashing": clashing,
        "code": CODE,
        "token": tokens[0]["id"],
        "users": member["id"],
        "projects": job.project,
        "parent": job.path[-2],
        "wbs": job.activity,
        "operatives": job.operative,
        "events": [row["id"] for row in owner.call("GET", "/clock-events/?status=unmatched_operative")["results"]],
        "entries": {row["id"]: row["allowed_actions"] for row in owner.call("GET", "/labour/")["results"]},
    }


def _fuzz(program: Path, base_url: str, company: dict[str, Any], site: dict[str, object]) -> int:
    command: list[str | Path] = [
        program,
        "--config-file",
        HERE / "schemathesis.toml",
        "run",
        f"{base_url}/api/schema/",
        "--checks",
        "all",
        "--phases",
        ",".join(PHASES),
        "--max-examples",
        os.environ.get("CONTRACT_EXAMPLES", "3"),
        "--continue-on-failure",
        "--workers",
        "1",  # with more, CPython's ast.parse fails now and then in the fuzzer itself (recursion depth mismatch)
        *SLOW_MACHINE,
        "--seed",
        os.environ.get("CONTRACT_SEED", "1"),
    ]
    environment = {
        **os.environ,
        "WBSYNC_TOKEN": company["token"],
        "WBSYNC_SECRET": company["ingest_secret"],
        "WBSYNC_SITE": json.dumps(site),
        "WBSYNC_ANSWERS": str(ANSWERS),
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(HERE),
    }
    ANSWERS.unlink(missing_ok=True)
    return subprocess.run(command, env=environment, cwd=HOME, check=False).returncode


def _counted(answers: list[tuple[str, str, bool, int]]) -> int:
    """1 when a phase asked nothing, or an operation never answered a valid request with 2xx; says which."""
    from chalicelib.http.openapi import document  # here: the service's log level is read when it is first imported

    phases = Counter(phase for _, phase, _, _ in answers)
    good = {operation for operation, _, valid, status in answers if valid and 200 <= status < 300}
    asked = {f"{method.upper()} {path}" for path, methods in document()["paths"].items() for method in methods}
    asked -= {"GET /api/schema/", "GET /api/v1/jobs/{id}/"}  # read before the fuzzing; there only while work is long
    say("requests: " + ", ".join(f"{name} {phases[name]}" for name in PHASES))
    say(f"{len(asked & good)} of {len(asked)} operations answered a valid request with 2xx")
    for operation in sorted(asked - good):
        statuses = Counter(status for name, _, valid, status in answers if valid and name == operation)
        say(f"never well: {operation}: {dict(statuses)}")
    return int(bool(asked - good) or not all(phases[name] for name in PHASES))


if __name__ == "__main__":
    sys.exit(main())
