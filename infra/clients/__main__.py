"""``make clients``: a client that others generate from the served schema does the main job.

The generator runs in an environment of its own against the whole local service. ``job.py`` then uses what it has made,
and nothing of ours.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from infra.company import create
from infra.gates import python_with, saying, unwind_when_stopped
from infra.local.service import service

HOME = Path(".clients").absolute()
HERE = Path(__file__).parent
CONFIG = HERE / "generator.yml"
REQUIREMENTS = HERE / "requirements.txt"
PACKAGE = "wbsync_client"
say = saying("clients")
MOST_LINES = 60_000  # what a person would still look into; shared components keep it below


def main() -> int:
    """Install, serve, generate, run the job; 0 when all of it worked."""
    unwind_when_stopped()
    HOME.mkdir(exist_ok=True)
    say("installing openapi-python-client into its own environment")
    python = python_with(REQUIREMENTS, HOME / "venv")
    with service(0, "off", say) as (base_url, _, pump):
        company = create("Clients", "pro", "Europe/Dublin", "owner@clients.example")
        say("generating a client from the served schema")
        _fetch(python, base_url, company["token"])
        _generate(python)
        lines = sum(len(path.read_text().splitlines()) for path in (HOME / PACKAGE).rglob("*.py"))
        say(f"the generated client has {lines} lines; running the main job with it")
        job_of: list[str | Path] = [python, HERE / "job.py", base_url, company["token"], company["ingest_secret"]]
        job = subprocess.run(job_of, env={**os.environ, "PYTHONPATH": str(HOME)}, check=False)
        pump.drain(60)
    if lines > MOST_LINES:
        say(f"more than {MOST_LINES} lines: something that operations share is no component")
    return job.returncode or int(lines > MOST_LINES)


def _fetch(python: Path, base_url: str, token: str) -> None:
    """The schema as a client gets it."""
    code = "import httpx, sys; print(httpx.get(sys.argv[1], headers={'Authorization': sys.argv[2]}).text)"
    command: list[str | Path] = [python, "-c", code, f"{base_url}/api/schema/", f"Bearer {token}"]
    (HOME / "schema.json").write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)


def _generate(python: Path) -> None:
    """The client; a warning of the generator, such as an endpoint that it leaves out, fails."""
    shutil.rmtree(HOME / PACKAGE, ignore_errors=True)
    command: list[str | Path] = [python.parent / "openapi-python-client", "generate", "--path", HOME / "schema.json"]
    command += ["--output-path", HOME / PACKAGE, "--meta", "none", "--fail-on-warning"]
    command += ["--config", CONFIG]
    environment = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}  # it calls ruff
    subprocess.run(command, env=environment, check=True)


if __name__ == "__main__":
    sys.exit(main())
