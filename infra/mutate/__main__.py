"""Make the code wrong in one place at a time, and see whether its tests notice.

    python -m infra.mutate [--count 40] [--seed 1] [PACKAGE ...]

A sample of each package's mutants, drawn from the seed, is tried in a copy of the tree with the tests that
belong to the package. A mutant that no test notices survives, and is printed: it is either no fault at all
(it changes nothing that anybody could see) or a promise without a test.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.mutate.mutants import Mutant, mutants

ROOT = Path(__file__).parent.parent.parent
EVERYWHERE = ("tests/handlers/test_main_job.py", "tests/http/test_conventions.py")
TESTS: dict[str, tuple[str, ...]] = {
    "access": ("tests/access", "tests/security"),
    "clock": ("tests/clock",),
    "evm": ("tests/evm",),
    "http": ("tests/http/test_requests.py", "tests/http/test_lists.py", "tests/faults/test_idempotency.py"),
    "labour": ("tests/labour", "tests/access/test_own_hours.py"),
    "operatives": ("tests/operatives",),
    "people": ("tests/people",),
    "projects": ("tests/tree", "tests/http/test_lists.py"),
    "rollups": ("tests/rollups",),
    "spreadsheet": ("tests/spreadsheet",),
    "storage": ("tests/faults",),
    "tree": ("tests/tree",),
    "work": ("tests/work",),
}
SECONDS = 600  # a mutant that takes longer hangs, and so is noticed


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.mutate", description=__doc__)
    parser.add_argument("package", nargs="*", help=f"any of: {', '.join(TESTS)}")
    parser.add_argument("--count", type=int, default=40, help="how many mutants of each package")
    parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same mutants")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        ignored = shutil.ignore_patterns(".git", ".venv", ".run", ".build", ".bench", ".rehearsal", ".*_cache")
        shutil.copytree(ROOT, copy, ignore=ignored)
        for package in chosen.package or TESTS:
            _try_package(copy, package, chosen.count, chosen.seed)


def _try_package(copy: Path, package: str, count: int, seed: int) -> None:
    places = [
        (path.relative_to(copy), mutant)
        for path in sorted((copy / "chalicelib" / package).glob("*.py"))
        for mutant in mutants(path.read_text())
    ]
    drawn = random.Random(f"{seed} {package}").sample(places, min(count, len(places)))
    if not drawn:
        return
    if not _passes(copy, package):
        sys.exit(f"the tests of {package} fail without any change")
    killed = sum(_killed(copy, package, path, mutant) for path, mutant in drawn)
    print(f"{package}: {killed} of {len(drawn)} killed (seed {seed}, of {len(places)} in all)", flush=True)


def _killed(copy: Path, package: str, path: Path, mutant: Mutant) -> bool:
    source = (copy / path).read_text()
    (copy / path).write_text(mutant.applied(source))
    try:
        noticed = not _passes(copy, package)
    finally:
        (copy / path).write_text(source)
    if not noticed:
        print(f"survived: {path}:{mutant.line}: {mutant.before!r} as {mutant.after!r}", flush=True)
    return noticed


def _passes(copy: Path, package: str) -> bool:
    tests = [name for name in (*TESTS[package], *(() if package == "evm" else EVERYWHERE)) if (copy / name).exists()]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "2", *tests]
    try:
        return subprocess.run(command, cwd=copy, capture_output=True, timeout=SECONDS, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


if __name__ == "__main__":
    main()
