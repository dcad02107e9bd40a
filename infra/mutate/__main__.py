"""Make the code wrong in one place at a time, and see whether its tests notice.

    python -m infra.mutate [--count 15] [--seed 1] [--workers 2] [PACKAGE ...]

First the tests run once, to see that they pass and which of them runs which line. Then a sample of each package's
mutants, drawn from the seed, is tried in a copy of the tree, each with the tests that run its line, the quickest first.
A mutant that none of them notices survives, and is printed: it is either no fault at all (it changes nothing that
anybody could see, and stands in ``equivalent.py`` with its reason) or a promise without a test.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from infra.mutate.covering import MARKS, Covering, RedTests, measured
from infra.mutate.equivalent import EQUIVALENT
from infra.mutate.mutants import Mutant, mutants

ROOT = Path(__file__).parent.parent.parent
ELSEWHERE: dict[str, tuple[str, ...]] = {  # tests of a package that are not in the folder of its name
    "access": ("tests/security", "tests/people", "tests/pages", "tests/faults/test_unavailable.py"),
    "clock": ("tests/handlers",),
    "handlers": ("tests/http", "tests/labour", "tests/tree", "tests/people", "tests/clock", "tests/pages"),
    "http": ("tests/faults/test_idempotency.py", "tests/pages"),
    "labour": ("tests/access/test_own_hours.py",),
    "operatives": ("tests/access",),
    "people": ("tests/access",),
    "projects": ("tests/tree", "tests/people", "tests/labour/test_periods.py", "tests/http/test_lists.py"),
    "storage": (
        "tests/faults/test_unavailable.py",
        "tests/faults/test_versions.py",
        "tests/work",
        "tests/http/test_lists.py",
        "tests/labour/test_costs.py",
    ),
    "tree": ("tests/spreadsheet",),
    "work": ("tests/faults/test_work_of_labour.py", "tests/labour/test_bulk.py", "tests/tree/test_jobs.py"),
}
FIRST = 40  # tests that are asked together; the others only when these notice nothing
PATIENCE = 3.0  # what takes so many times as long as without the change hangs, and so is noticed
LEAST = 60.0  # seconds; never less, since other work on the machine comes and goes
WORKERS = 2
NOTICED = frozenset({1, 2})  # of pytest: a test has failed, or a module cannot be imported any more


def main() -> int:
    """The command line; 1 when the tests fail without any change."""
    parser = argparse.ArgumentParser(prog="python -m infra.mutate", description=__doc__)
    parser.add_argument("package", nargs="*", help=f"any of: {', '.join(packages())}")
    parser.add_argument("--count", type=int, default=15, help="how many mutants of each package")
    parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same mutants")
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes that run tests at once")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", ".*", "__pycache__"))
        for package in chosen.package or packages():
            try:
                _try_package(copy, package, chosen.count, chosen.seed, chosen.workers)
            except RedTests as error:
                print(f"the tests of {package} fail without any change:\n{error}", file=sys.stderr)
                return 1
    return 0


def packages() -> list[str]:
    """The packages of the product that hold code."""
    return sorted(path.parent.name for path in (ROOT / "chalicelib").glob("*/__init__.py"))


def tests_of(package: str) -> list[str]:
    """The folders and files whose tests belong to a package."""
    named = [f"tests/{package}", *ELSEWHERE.get(package, ())]
    return [name for name in named if (ROOT / name).exists()]


def drawn(tree: Path, package: str, count: int, seed: int) -> tuple[list[tuple[Path, Mutant]], int]:
    """A sample of the mutants of a package, and how many there are in all.

    Those that are no fault are drawn too: what is learnt of one changes the sample of no other.
    """
    places = [
        (path.relative_to(tree), mutant)
        for path in sorted((tree / "chalicelib" / package).rglob("*.py"))
        for mutant in mutants(path.read_text())
    ]
    return random.Random(f"{seed} {package}").sample(places, min(count, len(places))), len(places)


def _try_package(copy: Path, package: str, count: int, seed: int, workers: int) -> None:
    sample, all_of_them = drawn(copy, package, count, seed)
    faults = [(path, mutant) for path, mutant in sample if (str(path), *mutant.change) not in EQUIVALENT]
    covering = measured(copy, tests_of(package), workers)
    found = Counter(_outcome(copy, path, mutant, covering, workers) for path, mutant in faults)
    noticed = found["killed"] + found["hangs"]
    print(
        f"{package}: {noticed} of {len(faults)} noticed, {len(sample) - len(faults)} more are no fault "
        f"(seed {seed}, of {all_of_them} in all) {dict(found)}",
        flush=True,
    )


def _outcome(copy: Path, path: Path, mutant: Mutant, covering: Covering, workers: int) -> str:
    tests = covering.tests_of(path, range(mutant.line, mutant.end_line + 1))
    outcome = _tried(copy, path, mutant, covering, tests, workers) if tests else "not run by any test"
    if outcome != "killed":
        print(f"{outcome}: {path}:{mutant.line}: {mutant.before!r} as {mutant.after!r}", flush=True)
    return outcome


def _tried(copy: Path, path: Path, mutant: Mutant, covering: Covering, tests: Sequence[str], workers: int) -> str:
    source = (copy / path).read_text()
    (copy / path).write_text(mutant.applied(source))
    try:
        for asked in filter(None, (tests[:FIRST], tests[FIRST:])):
            outcome = run(copy, asked, limit(covering.takes(asked)), workers)
            if outcome != "survives":
                return outcome
        return "survives"
    finally:
        (copy / path).write_text(source)


def limit(seconds: float) -> float:
    """After how many seconds tests hang that take so many without any change on this machine."""
    return max(LEAST, PATIENCE * seconds)


def run(copy: Path, tests: Sequence[str], seconds: float, workers: int = WORKERS) -> str:
    """What tests say of the tree as it is: killed, survives or, after so many seconds, hangs."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", MARKS, "-n", str(workers), *tests]
    try:
        code = subprocess.run(command, cwd=copy, capture_output=True, timeout=seconds, check=False).returncode
    except subprocess.TimeoutExpired:
        return "hangs"
    if code not in {0, *NOTICED}:
        raise RedTests(f"pytest ended with {code}")
    return "killed" if code in NOTICED else "survives"


if __name__ == "__main__":
    sys.exit(main())
