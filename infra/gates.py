"""What the gates share: they say what they do, unwind when they are stopped, and keep tools in environments apart."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

Say = Callable[[str], None]


def saying(name: str) -> Say:
    """What prints the steps of a program, each with the seconds since it began."""
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[{name} {time.monotonic() - began:6.1f} s] {text}", flush=True)

    return say


def unwind_when_stopped() -> None:
    """Let a signal that ends the program end its blocks first, so that all that it started is stopped."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))


def python_with(requirements: Path, place: Path, *options: str) -> Path:
    """The interpreter of an environment that holds exactly what a requirements file names, made at first use."""
    python, ready, wanted = place / "bin" / "python", place / ".ready", requirements.read_text()
    if not ready.exists() or ready.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *options]
        subprocess.run([*pip, "-r", requirements], check=True)
        ready.write_text(wanted)
    return python
