"""Which tests run a line, and how long each takes: measured once for a state of the tree."""

import os
import subprocess
import sys
import time
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

HOME = ".mutate"  # below the tree that is measured
OPTIONS = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
MARKS = OPTIONS["addopts"].split("'")[1].removeprefix("not long and ")
"""Which tests are asked: those of ``make test`` and ``make test-long``."""


class RedTests(Exception):
    """The tests fail without any change; the text says how."""


@dataclass(frozen=True)
class Covering:
    """The measured run of a tree: its coverage data, the seconds of each test, and those until the first one began."""

    tree: Path
    data: CoverageData
    seconds: dict[str, float]
    start: float

    def tests_of(self, path: Path, lines: Iterable[int]) -> list[str]:
        """The tests that run one of the lines of a module, the quickest first."""
        contexts = self.data.contexts_by_lineno(str((self.tree / path).resolve()))
        named = {context.partition("|")[0] for line in lines for context in contexts.get(line, ())} - {""}
        return sorted((name for name in named if name in self.seconds), key=lambda name: self.seconds[name])

    def takes(self, tests: Iterable[str]) -> float:
        """The seconds that some of the tests take in one process, without any change; rather too many than too few.

        Of each file the longest test counts too: the first one pays for what all share, and may not be among these.
        """
        asked = set(tests)
        files = {_file(name) for name in asked}
        longest = [max(each for name, each in self.seconds.items() if _file(name) == file) for file in files]
        return self.start + sum(self.seconds[name] for name in asked) + sum(longest)


def measured(tree: Path, tests: Iterable[str], workers: int = 2) -> Covering:
    """Run the tests in a tree, all of which must pass.

    Raises:
        RedTests: some fail.
    """
    home = tree / HOME
    home.mkdir(exist_ok=True)
    report, data = home / "tests.xml", home / "coverage"
    options = [
        "--cov=chalicelib",
        "--cov-context=test",
        "--cov-report=",
        f"--junitxml={report}",
        "-o",
        "junit_family=xunit1",
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-m", MARKS, "-n", str(workers), *options, *tests]
    environment = {**os.environ, "COVERAGE_FILE": str(data)}
    began = time.monotonic()
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    took = time.monotonic() - began
    if done.returncode:
        raise RedTests("\n".join(done.stdout.splitlines()[-15:]))
    found = CoverageData(str(data))
    found.read()
    seconds = dict(_seconds(report))
    return Covering(tree, found, seconds, max(took - sum(seconds.values()) / max(workers, 1), 0.0))


def _file(test: str) -> str:
    return test.partition("::")[0]


def _seconds(report: Path) -> Iterable[tuple[str, float]]:
    """The seconds of each test by its id, from a JUnit report."""
    for case in ElementTree.parse(report).iter("testcase"):
        yield f"{case.attrib['file']}::{_within(case)}", float(case.attrib["time"])


def _within(case: ElementTree.Element) -> str:
    """The test's place in its file; a class stands before its methods."""
    module = case.attrib["file"].removesuffix(".py").replace("/", ".")
    inner = case.attrib["classname"].removeprefix(module).strip(".")
    return f"{inner}::{case.attrib['name']}" if inner else case.attrib["name"]
