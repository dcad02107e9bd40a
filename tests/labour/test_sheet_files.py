"""Hours as CSV, in and out."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.errors import Invalid
from chalicelib.labour.sheets import COLUMNS, MORE, MOST_COLUMNS, MOST_ROWS, SheetRow, read, write

HEADING = "operative,date,project,cost code,hours,quantity,note\n"


def one(hours: str, separator: str = ",") -> Decimal:
    heading = HEADING.replace(",", separator)
    line = separator.join(("77", "2026-06-08", "P-1", "C-1", hours, "", ""))
    [row] = read((heading + line).encode())
    return row.hours


def refused(text: str | bytes) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as error:
        read(text if isinstance(text, bytes) else text.encode())
    assert error.value.errors is not None
    return {name: list(why) for name, why in error.value.errors.items()}


def test_a_row_is_read_with_all_its_columns() -> None:
    [row] = read((HEADING + '77,2026-06-08,P-1,C-1,12.5,-3.25,"rain, until ten"\r\n').encode())
    assert row == SheetRow("77", "2026-06-08", "P-1", "C-1", Decimal("12.50"), Decimal("-3.25"), "rain, until ten", 2)


def test_a_heading_of_more_columns_than_any_table_has_is_refused_whole() -> None:
    """Each column was looked for among all others: three hundred thousand of them took an hour."""
    assert refused("," * MOST_COLUMNS) == {"file": [f"At most {MOST_COLUMNS} columns."]}
    assert refused("," * 1_000_000) == {"file": [f"At most {MOST_COLUMNS} columns."]}


def test_hours_are_read_with_a_point_and_with_a_comma_where_semicolons_separate() -> None:
    assert one("12.5") == one("12,5", ";") == one("12.5", ";") == one("12,5", "\t") == Decimal("12.50")


@pytest.mark.parametrize("hours", ["18:25", "0.3333333", "-2", "0", "24.01", "1e1", "\uff11", "8 h", "NaN", "9" * 40])
def test_hours_that_are_none_are_refused_by_row(hours: str) -> None:
    assert list(refused(f"{HEADING}77,2026-06-08,P-1,C-1,8,,\n77,2026-06-08,P-1,C-1,{hours},,")) == ["rows.3.hours"]


@pytest.mark.parametrize("date", ["08/06/2026", "2026-02-30", "8.6.2026", "2026-6-8"])
def test_dates_are_taken_in_one_form_only(date: str) -> None:
    assert refused(f"{HEADING}77,{date},P-1,C-1,8,,") == {"rows.2.date": ["Must be a date such as 2026-06-30."]}


def test_every_bad_cell_is_named_at_once() -> None:
    long = "n" * 2001
    found = refused(f"{HEADING}\n,2026-06-08,P-1,C-1,8,,\n77,x,,C-1,9.999,a,{long}\n77,2026-06-08,P-1,C-1,8,,,,\n")
    assert list(found) == ["rows.3.operative", *(f"rows.4.{name}" for name in ("project", "note", "date", "hours",
                           "quantity")), "rows.5.row"]  # fmt: skip


def test_headings_are_read_by_name_in_any_order_and_an_exports_own_columns_are_passed_over() -> None:
    [row] = read("\ufeffHours;Project;DATE;Operative;status;id\r\n7,5;P-1;2026-06-08;77;approved;x\r\n".encode())
    assert row == SheetRow("77", "2026-06-08", "P-1", None, Decimal("7.50"), None, None, 2)


def test_a_heading_that_is_none_is_refused_by_column() -> None:
    assert set(refused("operative,date,hours,colour,hours\n")) == {
        "columns.project",
        "columns.colour",
        "columns.hours",
    }


@pytest.mark.parametrize("raw", [b"", HEADING.encode(), b"\xff\xfe", b"a\0b", (HEADING + '"open').encode()])
def test_what_is_no_file_of_hours_is_refused(raw: bytes) -> None:
    assert refused(raw)


def test_the_rows_of_a_file_are_bounded() -> None:
    row = "77,2026-06-08,P-1,C-1,8,,\n"
    assert len(read((HEADING + row * MOST_ROWS).encode())) == MOST_ROWS
    assert refused(HEADING + row * (MOST_ROWS + 1)) == {"file": [f"At most {MOST_ROWS} rows."]}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@sum", "'=1", "=HYPERLINK(1)"])
def test_an_export_is_inert_in_a_spreadsheet_and_an_import_gets_the_text_back(cell: str) -> None:
    line: dict[str, Any] = {"operative": cell, "date": "2026-06-08", "project": cell, "hours": Decimal(8), "note": cell}
    made = write([line], COLUMNS)
    assert f"'{cell}" in made
    [row] = read(made.encode())
    assert (row.operative, row.project, row.note) == (cell, cell, cell)


def test_negative_quantities_stay_numbers() -> None:
    made = write([{"operative": "7", "date": "2026-06-08", "project": "P", "hours": Decimal("8.00"),
                   "quantity": Decimal("-1.5")}], COLUMNS)  # fmt: skip
    assert ",-1.5," in made and read(made.encode())[0].quantity == Decimal("-1.5")


texts = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=20)


@given(
    st.lists(
        st.builds(
            SheetRow,
            texts,
            st.dates().map(lambda day: day.isoformat()),
            texts,
            st.none() | texts,
            st.decimals("0.01", "24", places=2),
            st.none() | st.decimals("-1000", "1000", places=4),
            st.none() | texts,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_exported_is_imported_alike(rows: list[SheetRow]) -> None:
    """An overnight entry too: its date is that of the clock-in, its hours go past midnight."""
    plain: list[dict[str, Any]] = [{name: getattr(row, name) for name in COLUMNS} for row in rows]
    made = write((each | {"id": "x", "status": "approved"} for each in plain), (*COLUMNS, *MORE))
    assert [replace(row, line=0) for row in read(made.encode())] == rows
