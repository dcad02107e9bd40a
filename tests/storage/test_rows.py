"""Rows are read from DynamoDB's form as PynamoDB reads them, and know by which keys lists hold them."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pynamodb.attributes import Attribute

from chalicelib.storage.attributes import to_wire
from chalicelib.storage.rows import Row, Tracked
from chalicelib.storage.store import parse
from chalicelib.storage.tables import UPDATED
from chalicelib.tables import TABLES

LEAF = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=5)
PLAIN = LEAF | st.lists(LEAF, max_size=2) | st.dictionaries(st.text(max_size=3), LEAF, max_size=2)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "S": st.text(max_size=20),
    "N": st.decimals(allow_nan=False, allow_infinity=False, places=4).map(lambda number: format(number, "f")),
    "BOOL": st.booleans(),
    "B": st.binary(max_size=9),
    "M": st.dictionaries(st.text(max_size=3), PLAIN.map(to_wire), max_size=3),
    "L": st.lists(PLAIN.map(to_wire), max_size=3),
}


def models(of: type[Row] = Row) -> Iterator[type[Row]]:
    """Every kind of row that some table holds."""
    for model in of.__subclasses__():
        if hasattr(model, "table") and model.__module__.startswith("chalicelib."):
            yield model
        yield from models(model)


MODELS = sorted(models(), key=lambda model: model.__name__)


def wire_of(attribute: Attribute[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A value of the attribute as DynamoDB gives it; whole numbers where it holds whole ones."""
    values = VALUES[attribute.attr_type]
    if type(attribute).__name__ == "IntegerAttribute":
        values = st.integers(-(10**12), 10**12).map(str)
    return values.map(lambda value: {attribute.attr_type: value})


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_a_row_is_read_as_pynamodb_reads_it(model: type[Row], data: st.DataObject) -> None:
    attributes = model.get_attributes()
    given_ = data.draw(st.sets(st.sampled_from(sorted(attributes))))
    item = {name: data.draw(wire_of(attributes[name]) | st.just({"NULL": True})) for name in sorted(given_)}
    assert parse(model, item).plain() == model.from_raw_data(dict(item)).plain()


def test_every_table_of_a_row_is_declared_and_incremental_rows_are_in_a_list_of_changes() -> None:
    declared = {table.name: table for table in TABLES}
    assert {model.table for model in MODELS} <= declared.keys()
    assert all(UPDATED in declared[model.table].lists for model in MODELS if issubclass(model, Tracked))
