"""The release before this one, as a tree of its own whose code is packaged, deployed and filled by its own runbook."""

import os
import subprocess
from pathlib import Path
from shutil import rmtree

from infra.rehearsal.runbook import PAGE, ROOT

BLOCKS = "### Package"  # a tree whose runbook has these lines can be deployed by them


def chosen(wanted: str | None = None, root: Path = ROOT) -> str | None:
    """The commit or tag of the release before: the one asked for, or the newest tag v… before this commit.

    As long as nothing is tagged it is the first commit whose runbook can be run. None where the history does not
    reach so far: an archive without one, or a shallow clone.
    """
    if wanted:
        return wanted
    here = _git(root, "rev-parse", "HEAD")
    tag = _git(root, "describe", "--tags", "--abbrev=0", "--match=v*", "HEAD^")
    if tag:
        return tag
    first = _git(root, "log", "--format=%H", "--reverse", f"-S{BLOCKS}", "--", str(PAGE)).partition("\n")[0]
    return first if first != here and _git(root, "rev-parse", "--is-shallow-repository") == "false" else None


def unpacked(release: str, place: Path, root: Path = ROOT) -> Path:
    """The tree of a release, in a place of its own.

    Raises:
        CalledProcessError: there is no such release.
    """
    rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", release], cwd=root, check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", place], input=archive.stdout, check=True)
    return place


def described(release: str, root: Path = ROOT) -> str:
    """The release and how far this one has gone from it."""
    name, date = _git(root, "log", "-1", "--format=%h %cs", release).split()
    number = _git(root, "rev-list", "--count", f"{release}..HEAD")
    return f"{name if name in release else f'{release} ({name})'} of {date}, {number} commits before this one"


def _git(root: Path, *arguments: str) -> str:
    """What git says; nothing where it has nothing to say, is no repository's, or is not installed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
