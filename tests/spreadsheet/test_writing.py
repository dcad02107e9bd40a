"""Workbooks that we write, as another program reads them."""

import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from chalicelib.spreadsheet.cells import Cell, Kind
from chalicelib.spreadsheet.reading import read
from chalicelib.spreadsheet.writing import workbook

TITLES = [("Code", 10), ("Hours", 10), ("Start", 12)]


def opened(rows: list[list[Any]]) -> Any:
    return load_workbook(io.BytesIO(workbook("WBS", TITLES, rows)))["WBS"]


@pytest.mark.parametrize("code", ["=1+1", "-A", "@A", "+1", "01-010", "00110", "1.10", "1E5", "TRUE", "#N/A", "a\nb"])
def test_texts_are_texts_and_never_formulas(code: str) -> None:
    cell = opened([[code]])["A2"]
    assert (cell.value, cell.number_format) == (code, "@")
    assert cell.data_type != "f" or code == "=1+1"  # openpyxl takes a text with = for one; the file says it is text


def test_the_file_has_no_formula() -> None:
    assert b"<f>" not in workbook("WBS", TITLES, [["=1+1"]])


def test_numbers_and_dates_are_such() -> None:
    row = opened([["A", Decimal("0.05"), date(2026, 1, 5)]])[2]
    assert [cell.value for cell in row] == ["A", 0.05, datetime(2026, 1, 5)]
    assert row[2].number_format == r"yyyy\-mm\-dd"


def test_the_titles_are_bold_and_nothing_else_is() -> None:
    titles, row = opened([["A", Decimal(1), date(2026, 1, 5)]]).rows
    assert {cell.font.b for cell in titles} == {True}
    assert {cell.font.b for cell in row} == {False}


def test_nothing_is_no_cell() -> None:
    assert opened([["A", None, None]])["B2"].value is None


@given(st.text(min_size=1).filter(str.strip))
def test_any_text_is_read_as_it_was_written(text: str) -> None:
    found = read(workbook("WBS", TITLES, [[text]]), lambda _: 1, 1, 100).sheet
    assert found.rows[1].cells[0] == Cell(Kind.TEXT, text)


@given(st.dates(), st.decimals(0, 10**9, places=4))
def test_any_day_and_number_is_read_as_it_was_written(day: date, number: Decimal) -> None:
    cells = read(workbook("WBS", TITLES, [["A", number, day]]), lambda _: 1, 1, 100).sheet.rows[1].cells
    assert Decimal(cells[1].text) == number
    assert cells[2].text == day.isoformat()


def test_the_same_rows_give_the_same_bytes() -> None:
    assert workbook("WBS", TITLES, [["A"]]) == workbook("WBS", TITLES, [["A"]])
