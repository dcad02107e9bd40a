"""The runbook's own lines, taken from docs/operations.md by their headings and run in a shell as they stand there."""

import os
import subprocess
import sys
from pathlib import Path

from infra.gates import python_with
from infra.rehearsal.ministack import HOME

ROOT = Path(__file__).parent.parent.parent
PAGE = Path("docs") / "operations.md"
REQUIREMENTS = Path(__file__).parent / "requirements-aws.txt"
SECONDS = 300


class Failed(RuntimeError):
    """A line of the runbook did not do what it should."""


class Runbook:
    """Runs sections of a release's page, in its tree, with names of our own in place of the page's."""

    def __init__(self, root: Path = ROOT, /, **names: str) -> None:
        self.root = root
        tools = (Path(sys.executable).parent, python_with(REQUIREMENTS, HOME / "aws").parent)
        self.names = names | {"PATH": ":".join([*map(str, tools), os.environ["PATH"]])}

    def run(self, heading: str, **names: str) -> str:
        """What the lines below a heading print.

        Raises:
            Failed: one of them ended with an error.
        """
        lines = section((self.root / PAGE).read_text(), heading)
        environment = os.environ | self.names | names
        command = ["bash", "-euo", "pipefail", "-c", lines]
        done = subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        if done.returncode:
            said = "\n".join([done.stdout[-1500:], done.stderr[-1500:]])
            raise Failed(f"the lines below {heading!r} ended with {done.returncode}: {said}")
        return done.stdout


def section(page: str, heading: str) -> str:
    """The indented lines between a heading and the next one.

    Raises:
        Failed: there is no such heading, or no line below it.
    """
    text = page.partition(f"# {heading}\n")[2].partition("\n#")[0]
    lines = [line[4:] for line in text.splitlines() if line.startswith("    ")]
    if not lines:
        raise Failed(f"the runbook has no lines below {heading!r}")
    return "\n".join(lines)
