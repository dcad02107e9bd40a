"""The page on limits says what the code says, and names every bound of the code."""

import ast
import importlib
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.http import fields
from chalicelib.http.texts import Text

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "limits.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]
BOUNDS = {row[-1].strip("`"): row[1] for row in ROWS if row[-1].startswith("`")}
TYPES = {row[0].strip("`"): row[1:] for row in ROWS if row[0].startswith("`")}
NAME = re.compile("(MOST|MAX|LONGEST)(_[A-Z_]+)?")


def bounds_of_the_code() -> Iterator[str]:
    """The module constants whose names say that they are a bound."""
    for path in sorted((ROOT / "chalicelib").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT / "chalicelib").with_suffix("").parts)
        for statement in ast.parse(path.read_text()).body:
            if isinstance(statement, ast.Assign):
                names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
                yield from (f"{module}.{name}" for name in names if NAME.fullmatch(name))


def shown(value: object) -> str:
    """A bound as the page writes it."""
    return f"{value / timedelta(hours=1):g}" if isinstance(value, timedelta) else f"{value:,}"


@pytest.mark.parametrize("name", BOUNDS)
def test_a_bound_on_the_page_is_that_of_the_code(name: str) -> None:
    module, _, constant = name.rpartition(".")
    assert shown(getattr(importlib.import_module(f"chalicelib.{module}"), constant)) == BOUNDS[name]


def test_every_bound_of_the_code_is_on_the_page() -> None:
    """A new constant MOST_…, MAX_… or LONGEST_… needs a line in docs/limits.md."""
    assert set(bounds_of_the_code()) == BOUNDS.keys()


@pytest.mark.parametrize("name", TYPES)
def test_the_bounds_of_a_text_on_the_page_are_those_of_its_type(name: str) -> None:
    [meta] = getattr(fields, name).__metadata__
    rule = meta.extra["rule"]
    assert isinstance(rule, Text)
    bytes = "" if rule.lines else f"{rule.most_bytes:,}"
    assert TYPES[name] == [f"{rule.shortest} to {rule.longest:,}", bytes]


def test_every_text_type_is_on_the_page() -> None:
    texts = {
        name
        for name, declared in vars(fields).items()
        if (metas := getattr(declared, "__metadata__", None)) and isinstance((metas[0].extra or {}).get("rule"), Text)
    }
    assert texts - {"Currency"} == TYPES.keys()
