"""The comparators' own virtual environments, made when first needed."""

from __future__ import annotations

from pathlib import Path

from infra.gates import python_with

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".bench"


def python_of(name: str) -> Path:
    """The interpreter of .bench/venv-`name`, holding bench/requirements-`name`.txt exactly."""
    return python_with(ROOT / "bench" / f"requirements-{name}.txt", PLACE / f"venv-{name}")
