"""`evm/` imports the standard library and itself only."""

import ast
import sys
from pathlib import Path

import pytest

import chalicelib.evm

MODULES = sorted(Path(chalicelib.evm.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_imports(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            assert all(alias.name.split(".")[0] in sys.stdlib_module_names for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            source = node.module or ""
            own = source.startswith("chalicelib.evm")
            assert own or source.split(".")[0] in sys.stdlib_module_names, source
