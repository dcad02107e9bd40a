"""``make docs``: does what the pages say, to the letter, and compares.

Starts ``make run`` as a newcomer would, and runs the README's main job and the guide's foreman's day in a shell:
have the hours spent grown by the shift, and did the day come to be approved and closed? Then asks every command that
a page names for its help, and the served schema for every path.
"""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.gates import saying
from infra.run import RUN_FILE

ROOT = Path(__file__).parent.parent
say = saying("docs")
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
BI = "docs/bi-in-five-minutes.md"
START_SECONDS = 300
SHIFT_HOURS = 8
PATH = re.compile(r"(?<![\w.])(/api/v1/[\w/{}-]*)")
COMMAND = re.compile(r"python -m (infra\.\w+)((?: [a-z]+(?![\w.]))?)")


def main() -> int:
    """The exit code is 1 when a page says something that is not so; each is printed."""
    with _directory() as place, _make_run(place) as base_url:
        say("running the main job of the README")
        wrong = [*main_job(place)]
        say("running the foreman's day of the API guide")
        wrong += [*foremans_day(place), *recipes(place), *commands(), *paths(place, base_url)]
    for each in wrong:
        say(f"WRONG: {each}")
    say(f"{len(wrong)} statements are wrong")
    return int(bool(wrong))


def main_job(place: Path) -> Iterator[str]:
    """What the README's shell lines print, beside what the README says of it."""
    done, operated = shell(place, "The main job by curl"), shell(place, "The operator's side")
    if operated.returncode:
        yield f"the operator's side ended with {operated.returncode}: {operated.stderr.strip()}"
    if done.returncode:
        yield f"the main job ended with {done.returncode}: {done.stderr.strip()}"
        return
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    before, *_, after = (answer["ac"] for answer in answers if "ac" in answer)
    if float(after) - float(before) != SHIFT_HOURS:
        yield f'"ac" went from {before} to {after}, not {SHIFT_HOURS} more'


def foremans_day(place: Path) -> Iterator[str]:
    """What the guide's shell lines print, beside what the guide says of them."""
    done = shell(place, "A foreman's day", "docs/api-guide.md")
    if done.returncode:
        yield f"the foreman's day ended with {done.returncode}: {done.stderr.strip()}"
        return
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    reviews = [
        (len(each["approved"]), [row["code"] for row in each["skipped"]]) for each in answers if "skipped" in each
    ]
    if reviews != [(1, ["clash_unresolved", "clash_unresolved"]), (1, [])]:
        yield f"the day was approved otherwise: {reviews}"
    if answers[-1]["status"] != "succeeded":
        yield f"the days were not closed: {answers[-1]}"


def recipes(place: Path) -> Iterator[str]:
    """Recipes and ways of reading that end with an error."""
    for heading, page in (("Recipes", "docs/api-guide.md"), ("With curl", BI)):
        done = shell(place, heading, page)
        if done.returncode:
            yield f"{heading} of {page} ended with {done.returncode}: {done.stderr.strip()}"
    command = [sys.executable, "-c", block(BI, "With Python")]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode or "S/E" not in done.stdout:
        yield f"With Python of {BI} ended with {done.returncode}: {done.stdout} {done.stderr}"


def shell(place: Path, heading: str, page: str = "README.md") -> subprocess.CompletedProcess[str]:
    """What the lines below a heading of a page do in a shell."""
    command = ["bash", "-euo", "pipefail", "-c", block(page, heading)]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=300, check=False)


def commands() -> Iterator[str]:
    """Commands that the pages name and that do not know themselves, and targets that make does not have."""
    named = {found for page in PAGES for found in COMMAND.findall(page.read_text())}
    for module, subcommand in sorted(named):
        command = [sys.executable, "-m", module, *subcommand.split(), "--help"]
        if _fails(command):
            yield shlex.join(command)
    for target in sorted({name for page in PAGES for name in re.findall(r"`make ([a-z]+)", page.read_text())}):
        if _fails(["make", "--dry-run", target]):
            yield f"make {target}"


def paths(place: Path, base_url: str) -> Iterator[str]:
    """Paths that a page names and the served schema does not have."""
    token = json.loads((place / RUN_FILE).read_text())["tokens"]["project_manager"]
    asked = urllib.request.Request(f"{base_url}/api/schema/", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked) as answer:
        served = {_shape(path) for path in json.load(answer)["paths"]}
    for page in PAGES:
        for path in sorted(set(PATH.findall(page.read_text()))):
            if _shape(path) not in served and path != "/api/v1/":
                yield f"{page.name} names {path}, which is not served"


def block(page: str, heading: str) -> str:
    """The indented lines below a heading of a page."""
    section = (ROOT / page).read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))


def _shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path).rstrip("/")


def _fails(command: list[str]) -> bool:
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode != 0


@contextmanager
def _directory() -> Iterator[Path]:
    """A directory that looks like this one and has a ``.run`` of its own: a service that runs here is left alone."""
    with TemporaryDirectory() as name:
        for each in ROOT.iterdir():
            if each.name != RUN_FILE.parent.name:
                (Path(name) / each.name).symlink_to(each)
        yield Path(name)


@contextmanager
def _make_run(place: Path) -> Iterator[str]:
    """``make run`` on a free port until the block ends; its base URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    say("make run")
    running = subprocess.Popen(
        ["make", "run"], cwd=place, env={**os.environ, "PORT": str(port)}, start_new_session=True
    )
    try:
        until = time.monotonic() + START_SECONDS
        while not (place / RUN_FILE).exists():
            if running.poll() is not None or time.monotonic() > until:
                raise SystemExit("[docs] make run did not come up")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGINT)
        running.wait(60)


if __name__ == "__main__":
    sys.exit(main())
