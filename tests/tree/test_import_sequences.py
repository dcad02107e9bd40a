"""Random files imported one after another leave exactly the tree that they say, compared with a plain model."""

import uuid
from decimal import Decimal

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from chalicelib.tree.export import CSV
from tests.examples import slow
from tests.stage import Stage
from tests.tree.conftest import Tree
from tests.tree.files import SHORT, text
from tests.tree.test_imports import company_of, exported, send
from tests.tree.work import finish

Row = tuple[str, str, str, str, str, str]
PLACES = [(place, "North", trade) for place in ("Quay", "Yard") for trade in ("Concrete", "Steel")]
NAMES, CODES = ["Pour", "Cure", "Strip"], ["=1", "-2", "03", "D"]


@st.composite
def files(draw: st.DrawFn) -> list[Row]:
    """Some activities, each with a code and a seat of its own."""
    codes = draw(st.lists(st.sampled_from(CODES), unique=True, min_size=1))
    seats = draw(
        st.lists(
            st.tuples(st.sampled_from(PLACES), st.sampled_from(NAMES)),
            unique=True,
            min_size=len(codes),
            max_size=len(codes),
        )
    )
    hours = st.integers(0, 300).map(lambda cents: f"{Decimal(cents) / 100:.2f}")
    return [(*place, name, code, draw(hours)) for code, (place, name) in zip(codes, seats, strict=True)]


def guarded(code: str) -> str:
    return f"'{code}" if code[0] in "=-" else code


def fits(model: dict[str, Row], file: list[Row]) -> bool:
    """Whether no activity outside the file has a seat that the file gives to another."""
    codes = {row[4] for row in file}
    left = {row[:4] for code, row in model.items() if code not in codes}
    return not left & {row[:4] for row in file}


def written(tree: Tree) -> dict[str, Row]:
    """The rows of an export by their codes."""
    lines = [line.split(",") for line in exported(tree).decode("utf-8-sig").splitlines()[1:]]
    rows = [(*line[:4], line[4].lstrip("'"), str(Decimal(line[5]).normalize())) for line in lines]
    return {row[4]: row for row in rows}


@pytest.mark.long
@given(st.lists(files(), min_size=2, max_size=4))
@settings(slow(4), phases=[Phase.generate])
def test_imports_one_after_another_leave_the_tree_that_the_files_say(stage: Stage, sequence: list[list[Row]]) -> None:
    tree, model = Tree(stage.owner), dict[str, Row]()
    company = company_of(tree)
    for file in sequence:
        rows = [(*row[:4], guarded(row[4]), row[5]) for row in file]
        reply = send(tree, text(*rows, header=SHORT), CSV, Idempotency_Key=uuid.uuid4().hex)
        if not fits(model, file):
            assert (reply.status, {path.split(".")[-1] for path in reply.body["errors"]}) == (400, {"activity"})
        else:
            told = {row[4]: row for row in file}
            assert reply.body["created"] == len(told.keys() - model.keys())
            assert reply.body["unchanged"] == sum(model.get(code) == row for code, row in told.items())
            model |= told
        finish(company)
        assert written(tree) == {code: (*row[:5], str(Decimal(row[5]).normalize())) for code, row in model.items()}
        assert sorted(tuple(node["path"]) for node in tree.nodes(level=4)) == sorted(row[:4] for row in model.values())
        assert {node["id"] for node in tree.nodes()} == {
            node["id"] for node in tree.nodes(updated_since="2020-01-01T00:00:00Z")
        }
