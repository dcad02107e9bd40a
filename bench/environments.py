"""The comparators' own virtual environments, made when first needed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".bench"


def python_of(name: str) -> Path:
    """The interpreter of .bench/venv-`name`, holding bench/requirements-`name`.txt exactly."""
    requirements = ROOT / "bench" / f"requirements-{name}.txt"
    place = PLACE / f"venv-{name}"
    installed = place / "installed.txt"
    if not installed.exists() or installed.read_text() != requirements.read_text():
        _create(place, requirements)
        installed.write_text(requirements.read_text())
    return place / "bin" / "python"


def _create(place: Path, requirements: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--requirement", str(requirements)], check=True)
