"""The cells of a file as values of their fields, or as faults by the file's own row number and column."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.spreadsheet.workbooks import book, with_data
from tests.tree.files import HEADER, SHORT, activity, only, read, text, workbook, wrong


def formatted(value: Any, code: str, column: str = "E") -> bytes:
    """A workbook of one activity with a value and its number format in a column."""

    def finish(sheet: Any) -> None:
        sheet[f"{column}2"].value = value
        sheet[f"{column}2"].number_format = code

    return workbook(activity(), finish=finish)


class TestFigures:
    def test_hours_are_rounded_half_up_and_counted(self) -> None:
        _, rows, _ = read(
            workbook(activity("A", "a", 0.125), activity("B", "b", 7.5), activity("C", "c", 1.005, "m", 2.00005))
        )
        assert [row.budget_hours for row in rows.rows] == [Decimal("0.13"), Decimal("7.50"), Decimal("1.01")]
        assert rows.rows[2].quantity == Decimal("2.0001")
        assert rows.rounded == 3

    def test_noise_of_the_workbook_is_no_rounding(self) -> None:
        cells = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in ("Q", "N", "C", "Pour", "C-1"))
        titles = "".join(f'<c t="inlineStr"><is><t>{title}</t></is></c>' for title in HEADER[:8])
        data = (
            f"<row>{titles}</row><row>{cells}<c><v>402.90930000000003</v></c><c/><c><v>402.90930000000003</v></c></row>"
        )
        _, rows, faults = read(with_data(book([["x"]]), data))
        assert faults == {}
        assert (rows.rows[0].budget_hours, rows.rows[0].quantity) == (Decimal("402.91"), Decimal("402.9093"))
        assert rows.rounded == 1

    def test_a_decimal_comma_is_read_or_refused_and_never_a_thousandth(self) -> None:
        assert only(text(activity(hours="1.250,50"), mark=";")).budget_hours == Decimal("1250.50")
        assert only(text(activity(hours="1.250,50"))).budget_hours == Decimal("1250.50")
        assert "two readings" in wrong(text(activity(hours="1.250"), mark=";"))["rows.2.budget_hours"][0]

    @pytest.mark.parametrize("hours", ["#N/A", "tbc", "", "-1", "-0.001", "1e400", "100000000.01", "TRUE"])
    def test_what_is_no_budget_is_named_by_row_and_column(self, hours: str) -> None:
        assert list(wrong(text(activity(hours=hours)))) == ["rows.2.budget_hours"]

    @pytest.mark.parametrize(
        "hours", ["#N/A", "tbc", None, -1, -0.001, 1e300, 100000000.01, True, date(2026, 1, 5), "=1+1"]
    )
    def test_what_is_no_budget_is_named_in_a_workbook_too(self, hours: Any) -> None:
        assert list(wrong(workbook(activity(hours=hours)))) == ["rows.2.budget_hours"]

    def test_a_number_kept_as_text_is_a_number(self) -> None:
        assert only(workbook(activity(hours="1250.5"))).budget_hours == Decimal("1250.50")

    def test_a_percentage_is_no_number_of_hours(self) -> None:
        assert "percentage" in wrong(formatted(0.5, "0%", "F"))["rows.2.budget_hours"][0]

    def test_a_time_is_no_number_of_hours(self) -> None:
        assert "time" in wrong(formatted(0.5, "[h]:mm", "F"))["rows.2.budget_hours"][0]


class TestCodes:
    def test_a_text_stays_as_it_is(self) -> None:
        assert [only(workbook(activity(code))).cost_code for code in ("01-010", "1.10", "00110")] == [
            "01-010",
            "1.10",
            "00110",
        ]
        assert [only(text(activity(code))).cost_code for code in ("01-010", "1.10", "00110")] == [
            "01-010",
            "1.10",
            "00110",
        ]

    @pytest.mark.parametrize(
        ("value", "code", "shown"),
        [(110, "00000", "00110"), (1.1, "0.00", "1.10"), (110, "General", "110"), (1010, "00-000", "01-010")],
    )
    def test_a_number_is_read_as_it_is_shown(self, value: float, code: str, shown: str) -> None:
        assert only(formatted(value, code)).cost_code == shown

    @pytest.mark.parametrize(
        ("value", "code"), [(110, "#,##0"), (1234567890123, "General"), (date(2026, 10, 1), "d-mmm")]
    )
    def test_what_is_shown_otherwise_is_refused_by_row(self, value: Any, code: str) -> None:
        assert "format the cell as text" in wrong(formatted(value, code))["rows.2.cost_code"][0]

    @pytest.mark.parametrize("code", ["C\n1", "x" * 65, "C\ufffd1"])
    def test_a_code_with_control_characters_or_too_long_is_refused(self, code: str) -> None:
        assert list(wrong(workbook(activity(code)))) == ["rows.2.cost_code"]

    def test_two_rows_with_one_code_are_both_named(self) -> None:
        assert wrong(workbook(activity("c-1", "Pour"), activity("C-1 ", "Cure"))) == {
            "rows.2.cost_code": ["Row 2, Cost code: Row 3 has the same cost code."],
            "rows.3.cost_code": ["Row 3, Cost code: Row 2 has the same cost code."],
        }

    def test_two_rows_with_one_place_are_both_named(self) -> None:
        assert list(wrong(workbook(activity("C-1"), activity("C-2", " pour ")))) == [
            "rows.2.activity",
            "rows.3.activity",
        ]


class TestDates:
    def dated(self, start: Any, finish: Any) -> bytes:
        return workbook(activity("C-1", "Pour", 10, None, None, start, finish))

    @pytest.mark.parametrize("make", [date, datetime])
    def test_date_cells_are_read(self, make: Any) -> None:
        row = only(self.dated(make(2026, 1, 5), make(2026, 1, 9)))
        assert (row.baseline_start, row.baseline_finish) == (date(2026, 1, 5), date(2026, 1, 9))

    def test_texts_of_the_standard_are_read(self) -> None:
        row = only(self.dated("2026-01-05", "2026-01-09T17:00:00"))
        assert (row.baseline_start, row.baseline_finish) == (date(2026, 1, 5), date(2026, 1, 9))

    def test_the_1904_calendar_is_followed(self) -> None:
        row = activity("C-1", "Pour", 10, None, None, date(2026, 1, 5), date(2026, 1, 9))
        assert only(book([HEADER, row], epoch=CALENDAR_MAC_1904)).baseline_start == date(2026, 1, 5)

    def test_empty_date_cells_are_no_dates(self) -> None:
        def finish(sheet: Any) -> None:
            for column in "IJ":
                sheet[f"{column}2"].number_format = "dd.mm.yyyy"

        assert only(workbook(activity(), finish=finish)).baseline_start is None

    @pytest.mark.parametrize("number", [0, 60])
    def test_numbers_that_are_no_day_are_refused_by_row(self, number: int) -> None:
        assert "rows.2.baseline_start" in wrong(formatted(number, "dd.mm.yyyy", "I"))

    @pytest.mark.parametrize("given", ["05/01/2026", "05.01.2026", "2026-02-30", "soon", 46027, "#N/A", "2026-1-5"])
    def test_what_is_no_date_is_refused_by_row(self, given: Any) -> None:
        assert list(wrong(self.dated(given, date(2026, 1, 9)))) == ["rows.2.baseline_start"]

    def test_both_dates_or_none(self) -> None:
        assert list(wrong(self.dated(date(2026, 1, 5), None))) == ["rows.2.baseline_finish"]
        assert list(wrong(self.dated(None, date(2026, 1, 5)))) == ["rows.2.baseline_start"]

    def test_the_finish_is_not_before_the_start(self) -> None:
        assert list(wrong(self.dated(date(2026, 1, 5), date(2026, 1, 4)))) == ["rows.2.baseline_finish"]


class TestNames:
    def test_line_breaks_within_a_name_are_spaces(self) -> None:
        assert only(text(activity(name="Pour\r\n slab"))).name == "Pour slab"
        assert only(workbook(activity(name="Pour\nslab "))).name == "Pour slab"

    @pytest.mark.parametrize("name", ["x" * 201, "a\u202eb", "caf\ufffd"])
    def test_what_is_no_name_is_refused(self, name: str) -> None:
        assert list(wrong(workbook(activity(name=name)))) == ["rows.2.activity"]


class TestReport:
    def test_every_bad_row_is_named_with_the_files_own_number_and_column(self) -> None:
        rows: list[list[Any]] = [activity(f"C-{number}", f"A {number}") for number in range(2, 2101)]
        rows[1983 - 2][5] = "x"
        rows[2100 - 2][1] = None
        for content in (book([SHORT, *rows]), text(*([cell or "" for cell in row] for row in rows), header=SHORT)):
            faults = wrong(content)
            assert list(faults) == ["rows.1983.budget_hours", "rows.2100.sub_location"]
            assert faults["rows.1983.budget_hours"] == ["Row 1983, Budget hours: “x” is not a number."]

    def test_every_bad_cell_of_a_row_is_named_at_once(self) -> None:
        row = ["", "North", "Concrete", "x" * 201, "C-1", "-1", "", "#N/A", "2026-01-09", "2026-01-05"]
        assert [path.removeprefix("rows.2.") for path in wrong(text(row))] == [
            "location",
            "activity",
            "budget_hours",
            "quantity",
            "baseline_finish",
        ]
