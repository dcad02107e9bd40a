"""``make contract``: a fuzzer reads the served schema and looks for an answer that it does not describe.

Schemathesis runs in an environment of its own against the whole local service, with every check
on. ``hooks.py`` gives it what a schema cannot say: ids that exist and dates in order.
"""

import os
import subprocess
import sys
from pathlib import Path

from infra.company import create
from infra.demo import Client
from infra.local.service import service
from infra.main_job import new_project, punch

HOME = Path(".contract").absolute()
REQUIREMENT = "schemathesis==4.32.5"
HERE = Path(__file__).parent
PHASES = "examples,coverage,fuzzing,stateful"


def main() -> int:
    """Install, serve, fuzz; the fuzzer's exit code."""
    HOME.mkdir(exist_ok=True)
    _say("installing schemathesis into its own environment")
    program = _install()
    with service(0, "off", _say) as (base_url, _, pump):
        company = create("Contract", "pro", "Europe/Dublin", "owner@contract.example")
        owner = Client(base_url, company["token"])
        job = new_project(owner)
        punch(owner, company["ingest_secret"], "2026-06-08")
        pump.drain(60)
        known = {
            "WBSYNC_TOKEN": company["token"],
            "WBSYNC_SECRET": company["ingest_secret"],
            "WBSYNC_PROJECT": job.project,
            "WBSYNC_PARENT": job.path[-2],
            "WBSYNC_ACTIVITY": job.activity,
            "WBSYNC_OPERATIVE": job.operative,
            "WBSYNC_USER": company["owner"]["id"],
        }
        _say("fuzzing every route")
        return _fuzz(program, base_url, known)


def _fuzz(program: Path, base_url: str, known: dict[str, str]) -> int:
    command: list[str | Path] = [
        program,
        "--config-file",
        HERE / "schemathesis.toml",
        "run",
        f"{base_url}/api/schema/",
        "--checks",
        "all",
        "--phases",
        PHASES,
        "--max-examples",
        os.environ.get("CONTRACT_EXAMPLES", "20"),
        "--continue-on-failure",
        "--seed",
        os.environ.get("CONTRACT_SEED", "1"),
    ]
    environment = {**os.environ, **known, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}
    return subprocess.run(command, env=environment, cwd=HOME, check=False).returncode


def _install() -> Path:
    """The environment's program, made at first use."""
    home, ready = HOME / "venv", HOME / "venv" / ".ready"
    if not ready.exists() or ready.read_text() != REQUIREMENT:
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        pip: list[str | Path] = [
            home / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        subprocess.run([*pip, REQUIREMENT], check=True)
        ready.write_text(REQUIREMENT)
    return home / "bin" / "schemathesis"


def _say(text: str) -> None:
    print(f"[contract] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
