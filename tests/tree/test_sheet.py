"""Where the rows of a work breakdown are in a file, and what is said of how they were read."""

from typing import Any

import pytest
from openpyxl import Workbook

from chalicelib.errors import Invalid, UnsupportedMediaType
from tests.spreadsheet.workbooks import book, packed, parts, saved
from tests.tree.files import HEADER, SHORT, activity, only, read, text, workbook, wrong


class TestHeader:
    @pytest.mark.parametrize("row", [3, 7])
    def test_a_title_may_stand_above_the_header(self, row: int) -> None:
        above: list[list[Any]] = [["Harbour extension: budget 2026"], *([[None]] * (row - 2))]
        found, rows, faults = read(book([*above, HEADER, activity()]))
        assert (found.header_row, [each.row for each in rows.rows], faults) == (row, [row + 1], {})

    def test_titles_are_known_in_any_case_order_and_space(self) -> None:
        header = (" COST  CODE ", "activity", "Budget_Hours", "sub location", "LOCATION", "Discipline\n")
        row = only(book([header, ["C-1", "Pour", 10, "North", "Quay", "Concrete"]]))
        assert (row.parents, row.name, row.cost_code) == (("Quay", "North", "Concrete"), "Pour", "C-1")

    def test_columns_that_are_not_known_are_named_and_left_out(self) -> None:
        found, _, faults = read(book([[*SHORT, "Remarks", "Foreman"], [*activity(), "urgent", "Fay"]]))
        assert (found.ignored_columns, faults) == (("Remarks", "Foreman"), {})

    def test_a_file_without_the_titles_says_which_ones_it_lacks(self) -> None:
        faults = wrong(book([["WBS"], ["Location", "Discipline", "Activity"], ["Quay", "Concrete", "Pour"]]))
        assert faults["rows.2"] == ["Row 2 is closest; it lacks Sub-Location, Cost code, Budget hours."]

    @pytest.mark.parametrize("content", [b"", b"\n\n", b"hello", book([["hello"]]), book([])])
    def test_a_file_with_no_titles_at_all_is_refused(self, content: bytes) -> None:
        assert "file" in wrong(content)

    def test_a_title_that_stands_there_twice_is_refused(self) -> None:
        assert wrong(book([[*HEADER, "budget hours"], activity()])) == {"rows.1": ["Row 1 names Budget hours twice."]}

    def test_a_column_below_the_header_is_left_alone_when_the_file_has_none_for_it(self) -> None:
        row = only(book([SHORT, activity()]))
        assert repr(row.unit) == "UNSET"
        assert only(book([HEADER, activity()])).unit is None


class TestRows:
    def test_hidden_rows_are_read_and_named(self) -> None:
        def finish(sheet: Any) -> None:
            sheet.row_dimensions[3].hidden = True

        found, rows, _ = read(workbook(activity("C-1", "Pour"), activity("C-2", "Cure"), finish=finish))
        assert (found.hidden_rows, [row.row for row in rows.rows]) == ((3,), [2, 3])

    def test_merged_parent_cells_are_filled_down_and_named(self) -> None:
        rows = [activity("C-1", "Pour"), activity("C-2", "Cure"), activity("C-3", "Strip")]
        for row in rows[1:]:
            row[:3] = [None, None, None]

        def finish(sheet: Any) -> None:
            for column in "ABC":
                sheet.merge_cells(f"{column}2:{column}4")

        found, read_rows, faults = read(workbook(*rows, finish=finish))
        assert faults == {}
        assert {row.parents for row in read_rows.rows} == {("Quay", "North", "Concrete")}
        assert found.filled_rows == (3, 4)

    def test_a_merged_cell_that_is_no_parent_is_named(self) -> None:
        second = activity("C-2", "Cure", None)
        faults = wrong(workbook(activity(), second, finish=lambda sheet: sheet.merge_cells("F2:F3")))
        said = "Row 3, Budget hours: Is merged with row 2; give each row a cell of its own."
        assert faults == {"rows.3.budget_hours": [said]}

    def test_a_file_whose_merged_cells_overlap_is_refused(self) -> None:
        """Which of their values a row has is not to be told."""

        def finish(sheet: Any) -> None:
            sheet.merge_cells("A2:A4")
            sheet.merge_cells("A3:A5")

        rows = [activity(f"C-{number}", f"Pour {number}") for number in range(4)]
        assert "merged cells overlap" in wrong(workbook(*rows, finish=finish))["file"][0]

    def test_a_blank_parent_cell_that_is_not_merged_is_named(self) -> None:
        assert wrong(workbook(["Quay", None, "Concrete", "Pour", "C-1", 10])) == {
            "rows.2.sub_location": ["Row 2, Sub-Location: Must not be blank."]
        }

    def test_subtotal_rows_are_named(self) -> None:
        rows = [
            activity(),
            ["Quay", None, None, None, None, 10],
            ["Total Quay", None, None, "Subtotal", None, 10],
            [None, None, None, "Итого", None, 10],
        ]
        faults = wrong(workbook(*rows))
        assert list(faults) == ["rows.3", "rows.4", "rows.5"]
        assert all("subtotal" in messages[0] for messages in faults.values())

    def test_an_activity_with_a_code_is_no_subtotal_whatever_its_name(self) -> None:
        assert only(workbook(activity(name="Total station survey"))).name == "Total station survey"

    def test_blank_rows_are_left_out_wherever_they_are(self) -> None:
        blank: list[Any] = ["  ", None, "", None]
        _, rows, faults = read(workbook(activity(), blank, activity("C-2", "Cure"), *([blank] * 20)))
        assert ([row.row for row in rows.rows], faults) == ([2, 4], {})

    def test_rows_of_csv_are_counted_as_a_spreadsheet_program_does(self) -> None:
        assert list(wrong(text(activity(name="Pour\nslab"), activity("C-2", "Cure", "x")))) == ["rows.3.budget_hours"]

    def test_a_file_of_too_many_activities_is_refused_with_the_bound(self) -> None:
        lines = "\n".join(f"Quay,North,Concrete,A{number},C{number},1" for number in range(20_001))
        assert "at most 20000" in wrong(f"{','.join(SHORT)}\n{lines}".encode())["file"][0]


class TestSheets:
    def test_the_sheet_that_was_read_is_named_and_the_others_too(self) -> None:
        made = Workbook()
        for name, rows in {"Cover": [["Harbour"]], "Budget": [HEADER, activity()], "Old": [HEADER, activity()]}.items():
            tab = made.create_sheet(name)
            for row in rows:
                tab.append(row)
        del made["Sheet"]
        found, _, _ = read(saved(made))
        assert (found.name, found.other_sheets) == ("Budget", ("Cover", "Old"))

    def test_a_workbook_with_macros_is_read_as_any_other(self) -> None:
        files = parts(workbook(activity()))
        types = files["[Content_Types].xml"].replace(b"spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main")
        assert only(packed({**files, "[Content_Types].xml": types, "xl/vbaProject.bin": b"\0"})).cost_code == "C-1"


def test_a_pdf_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedMediaType, match="PDF"):
        read(b"%PDF-1.7 ...")


def test_garbage_is_refused() -> None:
    with pytest.raises(Invalid):
        read(bytes(range(256)) * 40)
