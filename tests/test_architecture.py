"""Imports go one way: handlers -> http -> domain (in ORDER) -> storage, and earned value stands alone."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = ("work", "access", "people", "projects", "operatives", "tree", "labour", "clock", "rollups")
DOMAIN = set(ORDER)
BELOW = {
    "handlers": {"http", "storage", "evm", "tables", *DOMAIN},
    "functions": set[str](),
    "tables": {"storage", *DOMAIN},
    "http": {"functions", "access", "storage", "work"},
    **{package: {"storage", "evm", "spreadsheet", *ORDER[:place]} for place, package in enumerate(ORDER)},
    "storage": set[str](),
    "spreadsheet": set[str](),
    "evm": set[str](),
}
EVERYWHERE = {"encoding", "errors", "ids", "names", "settings", "times", "version", "zones"}
MODULES = sorted((ROOT / "chalicelib").rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "absolute imports only"
            yield str(node.module)
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    package = path.relative_to(ROOT / "chalicelib").parts[0].removesuffix(".py")
    allowed = {package} | BELOW.get(package, set()) | (set() if package == "evm" else EVERYWHERE)
    ours = {parts[1] for name in imported(path) if (parts := name.split("."))[0] == "chalicelib" and len(parts) > 1}
    assert ours <= allowed, sorted(ours - allowed)
    assert not {"app", "infra", "tests", "bench"} & {name.split(".")[0] for name in imported(path)}
