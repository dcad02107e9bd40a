"""The deployed package: its modules are compiled, and nothing else of it changes."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest

from infra import bytecode


def package(place: Path, files: dict[str, str]) -> Path:
    """A package with these files, the first of them executable."""
    path = place / "deployment.zip"
    with ZipFile(path, "w") as made:
        for number, (name, text) in enumerate(files.items()):
            entry = ZipInfo(name)
            entry.external_attr = (0o644 if number else 0o755) << 16
            made.writestr(entry, text)
    return path


def test_a_function_compiles_nothing_at_its_start(tmp_path: Path) -> None:
    path = package(tmp_path, {"tool.so": "", "app.py": "from lib import made", "lib/__init__.py": "made = 'compiled'"})
    bytecode.add(path)
    code = tmp_path / "code"
    with ZipFile(path) as made:
        made.extractall(code)
    for source in ("app.py", "lib/__init__.py"):  # whoever looked at the sources would stumble
        (code / source).write_text("no Python")
    run = [sys.executable, "-B", "-c", "import app; print(app.made)"]
    shown = subprocess.run(run, cwd=code, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True)
    assert shown.stdout == "compiled\n"


def test_a_package_keeps_its_files_and_loses_a_workstations_bytecode(tmp_path: Path) -> None:
    path = package(tmp_path, {"tool.so": "binary", "__pycache__/app.cpython-311.pyc": "stale", "app.py": ""})
    bytecode.add(path)
    with ZipFile(path) as made:
        [tag] = {name for name in made.namelist() if name.endswith(".pyc")}
        assert set(made.namelist()) == {"tool.so", "app.py", tag}
        assert made.read("tool.so") == b"binary"
        assert made.getinfo("tool.so").external_attr >> 16 == 0o755
        assert made.getinfo(tag).external_attr >> 16 == 0o644
        assert made.read(tag) != b"stale"


def test_packing_again_changes_nothing(tmp_path: Path) -> None:
    path = package(tmp_path, {"app.py": "answer = 42"})
    bytecode.add(path)
    first = path.read_bytes()
    bytecode.add(path)
    assert path.read_bytes() == first


def test_a_module_that_does_not_compile_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = package(tmp_path, {"app.py": "no Python"})
    before = path.read_bytes()
    with pytest.raises(ValueError, match="does not compile"):
        bytecode.add(path)
    assert path.read_bytes() == before
    assert "app.py" in capsys.readouterr().out
