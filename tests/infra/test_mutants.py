"""A mutant is a small wrong change of code that runs, and the tests that should notice it are there."""

import ast
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.mutate.__main__ import ROOT, TESTS
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


@settings(deadline=None)
@given(st.data())
def test_every_mutant_of_the_product_is_another_program_that_compiles(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(MODULES))
    source = path.read_text()
    changed = data.draw(st.sampled_from(mutants(source))).applied(source)
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source))


def test_every_package_names_the_tests_that_should_notice() -> None:
    packages = {path.parent.name for path in Path(ROOT / "chalicelib").glob("*/*.py")} - {"handlers", "assets"}
    assert packages - TESTS.keys() <= {"identity"}
