"""The release before this one: the one asked for, the newest tag, or the first whose runbook can be run."""

import subprocess
from pathlib import Path

from infra.rehearsal.previous import chosen, described, unpacked


def git(root: Path, *arguments: str) -> str:
    who = ("-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def history(root: Path) -> list[str]:
    """Four commits: without a runbook, with one, and two later ones."""
    git(root, "init", "-q")
    page, commits = root / "docs" / "operations.md", []
    page.parent.mkdir()
    for text in (
        "# Operations\n",
        "# Operations\n\n### Package\n\n    one\n",
        "### Package\n\n    two\n",
        "### Package\n",
    ):
        page.write_text(text)
        git(root, "add", "-A")
        git(root, "commit", "-qm", text[:5])
        commits.append(git(root, "rev-parse", "HEAD"))
    return commits


def test_a_tag_is_the_release_before_and_without_one_the_first_runbook(tmp_path: Path) -> None:
    first, runnable, later, last = history(tmp_path)
    assert chosen(root=tmp_path) == runnable
    assert chosen("asked", root=tmp_path) == "asked"
    git(tmp_path, "tag", "v1.0", later)
    git(tmp_path, "tag", "other", later)
    assert chosen(root=tmp_path) == "v1.0"
    git(tmp_path, "tag", "v1.1", last)
    assert chosen(root=tmp_path) == "v1.0", "the release being made is not the one before"
    assert described("v1.0", tmp_path).startswith(f"v1.0 ({later[:7]}")
    assert described("v1.0", tmp_path).endswith(" 1 commits before this one")
    tree = unpacked("v1.0", tmp_path / "kept", tmp_path)
    assert (tree / "docs" / "operations.md").read_text() == "### Package\n\n    two\n"
    assert (tmp_path / "docs" / "operations.md").read_text() == "### Package\n"
    assert first != runnable


def test_without_a_history_there_is_no_release_before(tmp_path: Path) -> None:
    whole, archive, shallow = (tmp_path / name for name in ("whole", "archive", "shallow"))
    whole.mkdir()
    history(whole)
    archive.mkdir()
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{whole}", "shallow")
    assert chosen(root=archive) is None
    assert chosen(root=shallow) is None
