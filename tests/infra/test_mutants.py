"""A mutant is a small wrong change of code that runs, and the tests that should notice it are there."""

import ast
from pathlib import Path

import pytest
from coverage import CoverageData
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.mutate import __main__ as tool
from infra.mutate.__main__ import ROOT, limit, run
from infra.mutate.covering import Covering, measured
from infra.mutate.equivalent import EQUIVALENT
from infra.mutate.mutants import mutants

SOURCE = '''
LIMIT = 3


def allowed(used: int, more: bool) -> bool:
    """Whether there is room; 3 at most."""
    if used < 0:
        raise ValueError("below 0")
    return used + 1 <= LIMIT and not more
'''


def test_each_kind_of_place_in_a_function_is_changed_and_nothing_outside() -> None:
    changed = {(each.line, each.before, each.after) for each in mutants(SOURCE)}
    assert changed == {
        (7, "used < 0", "(used <= 0)"),
        (7, "0", "1"),
        (8, 'raise ValueError("below 0")', "pass"),
        (9, "used + 1 <= LIMIT and not more", "(used + 1 <= LIMIT or not more)"),
        (9, "used + 1 <= LIMIT", "(used + 1 < LIMIT)"),
        (9, "used + 1", "(used - 1)"),
        (9, "1", "2"),
        (9, "not more", "(more)"),
    }


MODULES = sorted(path for path in (ROOT / "chalicelib").rglob("*.py") if mutants(path.read_text()))


@pytest.mark.long
@settings(deadline=None)
@given(st.data())
def test_every_mutant_of_the_product_is_another_program_that_compiles(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(MODULES))
    source = path.read_text()
    changed = data.draw(st.sampled_from(mutants(source))).applied(source)
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source))


def test_every_package_has_tests_that_should_notice() -> None:
    assert {"http", "labour", "storage", "handlers"} <= set(tool.packages())
    assert [package for package in tool.packages() if not tool.tests_of(package)] == []


def test_subpackages_are_made_wrong_too() -> None:
    sample, _ = tool.drawn(ROOT, "http", 10_000, 1)
    assert {"chalicelib/http/pagination", "chalicelib/http/openapi"} <= {str(path.parent) for path, _ in sample}


def test_what_is_said_to_be_no_fault_is_still_there() -> None:
    for path, *change in EQUIVALENT:
        assert tuple(change) in {each.change for each in mutants((ROOT / path).read_text())}, (path, change)


def test_what_is_said_to_be_no_fault_changes_the_sample_of_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    before = tool.drawn(ROOT, "people", 5, 1)
    monkeypatch.setattr(tool, "EQUIVALENT", {(str(path), *mutant.change): "none" for path, mutant in before[0][:2]})
    assert tool.drawn(ROOT, "people", 5, 1) == before


TREE = {
    "chalicelib/__init__.py": "",
    "chalicelib/pay/__init__.py": "",
    "chalicelib/pay/hours.py": "def over(hours):\n    return hours > 8\n\n\ndef unused():\n    return 1\n",
    "tests/pay/test_hours.py": "from chalicelib.pay.hours import over\n\n\ndef test_over():\n    assert over(9)\n",
}


@pytest.mark.long
def test_a_fault_is_noticed_survives_or_is_run_by_no_test(tmp_path: Path) -> None:
    """On a tree of one module, whose only test does not look at the bound."""
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    covering = measured(tmp_path, ["tests/pay"])
    module = Path("chalicelib/pay/hours.py")
    assert covering.tests_of(module, [2]) == ["tests/pay/test_hours.py::test_over"]
    assert covering.tests_of(module, [6]) == []
    unhurried = limit(covering.takes(["tests/pay/test_hours.py::test_over"]))
    (tmp_path / module).write_text(TREE[str(module)].replace("> 8", ">= 8"))
    assert run(tmp_path, ["tests/pay"], unhurried) == "survives"
    (tmp_path / module).write_text(TREE[str(module)].replace("> 8", "> 9"))
    assert run(tmp_path, ["tests/pay"], unhurried) == "killed"
    (tmp_path / module).write_text("while True:\n    pass\n")
    assert run(tmp_path, ["tests/pay"], 0.5) == "hangs"


def test_tests_hang_after_longer_where_they_take_longer_without_any_change() -> None:
    """A slow machine has more time; what a file's tests share may be paid for by one that is not asked."""
    seconds = {"a.py::first": 30.0, "a.py::next": 1.0, "a.py::last": 2.0, "b.py::only": 4.0, "c.py::other": 100.0}
    covering = Covering(Path(), CoverageData(no_disk=True), seconds, start=3.0)
    assert covering.takes(["a.py::next", "a.py::last", "b.py::only"]) == 3 + (1 + 2 + 4) + (30 + 4)
    assert limit(2 * 44) == 2 * limit(44) > 2 * 44
    assert limit(0.1) == limit(0.2) >= 60  # other work on the machine comes and goes
