"""XLSX as programs write it: values as they were stored, nothing evaluated, nothing unpacked beyond its bounds."""

import io
import tracemalloc
import zipfile
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from chalicelib.errors import Invalid, PayloadTooLarge, UnsupportedMediaType, WbsyncError
from chalicelib.spreadsheet.cells import Cell, Kind, Merge, Sheet
from chalicelib.spreadsheet.package import Bounds, Package
from chalicelib.spreadsheet.reading import read
from tests.spreadsheet.workbooks import SHEET1, book, packed, parts, patched, saved, with_data


def sheet(content: bytes) -> Sheet:
    return read(content, lambda _: 1, 1, 20_000).sheet


def first(content: bytes) -> Cell:
    return sheet(content).rows[0].cells[0]


def read_part(opened: Package, name: str) -> None:
    opened.parse(name, lambda tag, attributes: None, lambda tag: None, lambda text: None)


def serial(number: str, **settings: object) -> Cell:
    """A cell with a date format that holds a number."""
    made = book([[datetime(2026, 1, 5)]], **settings)
    stored = parts(made)[SHEET1].decode().split("<v>")[1].split("</v>")[0]
    return first(patched(made, SHEET1, f"<v>{stored}</v>", f"<v>{number}</v>"))


class TestCells:
    def test_a_number_keeps_the_digits_that_the_file_stores(self) -> None:
        made = with_data(book([["x"]]), '<row r="1"><c r="A1"><v>402.90930000000003</v></c></row>')
        assert first(made) == Cell(Kind.NUMBER, "402.90930000000003")

    def test_a_number_keeps_its_format(self) -> None:
        def finish(sheet) -> None:  # type: ignore[no-untyped-def]
            sheet["A1"].number_format = "00000"

        assert first(book([[110]], finish)) == Cell(Kind.NUMBER, "110", "00000")

    @pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#REF!", "#VALUE!"])
    def test_an_error_is_a_fault_that_names_it(self, error: str) -> None:
        assert first(book([[error]])) == Cell(Kind.FAULT, error, reason=f"holds the error {error}")

    def test_a_logical_value_is_a_fault(self) -> None:
        assert first(book([[True]])).kind is Kind.FAULT

    def test_pieces_of_one_text_are_joined_and_its_reading_aloud_is_left_out(self) -> None:
        made = with_data(
            book([["x"]]),
            '<row r="1"><c r="A1" t="inlineStr"><is><r><t>Nor</t></r><r><rPr><b/></rPr><t>th</t></r>'
            "<rPh><t>nosu</t></rPh></is></c></row>",
        )
        assert first(made) == Cell(Kind.TEXT, "North")

    def test_shared_texts_are_joined_and_their_reading_aloud_is_left_out(self) -> None:
        out = io.BytesIO()
        with xlsxwriter.Workbook(out) as made:
            made.add_worksheet().write_rich_string(0, 0, "Nor", made.add_format({"bold": True}), "th")
        spoken = patched(out.getvalue(), "xl/sharedStrings.xml", "</si>", "<rPh><t>nosu</t></rPh></si>")
        assert first(spoken) == Cell(Kind.TEXT, "North")

    def test_escaped_characters_are_read(self) -> None:
        made = with_data(book([["x"]]), '<row><c t="inlineStr"><is><t>a_x000A_b_x005F_x0041_</t></is></c></row>')
        assert first(made) == Cell(Kind.TEXT, "a\nb_x0041_")

    def test_cells_and_rows_without_references_stand_one_after_the_other(self) -> None:
        made = with_data(book([["x"]]), "<row><c><v>1</v></c><c/><c><v>3</v></c></row><row><c><v>4</v></c></row>")
        assert [(row.number, list(row.cells)) for row in sheet(made).rows] == [(1, [0, 2]), (2, [0])]

    def test_blank_texts_are_no_cells(self) -> None:
        assert sheet(book([["  ", None], ["x"]])).rows[0].number == 2


class TestFormulas:
    def test_the_stored_result_is_read(self) -> None:
        out = io.BytesIO()
        with xlsxwriter.Workbook(out) as made:
            made.add_worksheet().write_formula("A1", "=SUM(1,2)", None, 3)
        assert first(out.getvalue()) == Cell(Kind.NUMBER, "3")

    def test_a_formula_without_a_stored_result_is_a_fault(self) -> None:
        cell = first(book([["=1+1"]]))
        assert cell.kind is Kind.FAULT
        assert "without a stored result" in cell.reason

    def test_macros_are_never_unpacked(self) -> None:
        files = parts(book([["x"]]))
        assert first(packed({**files, "xl/vbaProject.bin": b"\0" * 100_000_000})) == Cell(Kind.TEXT, "x")


class TestDates:
    def test_a_date_cell_is_a_date(self) -> None:
        assert first(book([[date(2026, 1, 5)]])) == Cell(Kind.DATE, "2026-01-05")

    def test_the_time_of_day_is_left_out(self) -> None:
        assert first(book([[datetime(2026, 1, 5, 8, 30)]])) == Cell(Kind.DATE, "2026-01-05")

    def test_the_1904_calendar_is_followed(self) -> None:
        assert first(book([[date(2026, 1, 5)]], epoch=CALENDAR_MAC_1904)) == Cell(Kind.DATE, "2026-01-05")

    @pytest.mark.parametrize(("number", "day"), [("1", "1900-01-01"), ("59", "1900-02-28"), ("61", "1900-03-01")])
    def test_the_days_around_the_29_february_1900_that_never_was(self, number: str, day: str) -> None:
        assert serial(number) == Cell(Kind.DATE, day)

    @pytest.mark.parametrize("number", ["0", "0.5", "60", "60.75", "-1", "2958466", "1E+300"])
    def test_numbers_that_are_no_day_are_faults(self, number: str) -> None:
        assert serial(number).kind is Kind.FAULT

    def test_a_time_is_a_fault(self) -> None:
        assert first(book([[time(8, 30)]])).reason == "holds a time"

    def test_a_date_as_text_of_the_standard_is_text(self) -> None:
        made = with_data(book([["x"]]), '<row r="1"><c r="A1" t="d"><v>2026-01-05T00:00:00</v></c></row>')
        assert first(made) == Cell(Kind.TEXT, "2026-01-05T00:00:00")


class TestSheets:
    def test_hidden_rows_are_marked(self) -> None:
        def finish(sheet) -> None:  # type: ignore[no-untyped-def]
            sheet.row_dimensions[2].hidden = True

        assert [row.hidden for row in sheet(book([["a"], ["b"], ["c"]], finish)).rows] == [False, True, False]

    def test_merged_ranges_are_known(self) -> None:
        made = book([["a"], [None], ["b"]], lambda sheet: sheet.merge_cells("A1:A2"))
        assert sheet(made).merges == (Merge(1, 2, 0, 0),)

    def test_the_first_sheet_that_fits_is_read_and_the_others_are_named(self) -> None:
        made = Workbook()
        for name in ("Notes", "WBS", "Old WBS"):
            made.create_sheet(name).append([name])
        del made["Sheet"]
        found = read(saved(made), lambda sheet: int("WBS" in sheet.rows[0].cells[0].text), 1, 20_000)
        assert (found.sheet.name, found.others) == ("WBS", ("Notes", "Old WBS"))

    def test_a_sheet_that_is_shown_comes_before_one_that_is_hidden(self) -> None:
        made = Workbook()
        made.create_sheet("Hidden").append(["WBS"])
        made.create_sheet("Shown").append(["WBS"])
        del made["Sheet"]
        made["Hidden"].sheet_state = "hidden"
        made.active = made["Shown"]
        assert read(saved(made), lambda _: 1, 1, 20_000).sheet.name == "Shown"

    def test_a_long_sheet_that_is_not_wanted_is_read_no_further_than_its_beginning(self) -> None:
        made = Workbook()
        data, wanted = made.create_sheet("Data"), made.create_sheet("WBS")
        del made["Sheet"]
        for number in range(300):
            data.append([number])
        wanted.append(["WBS"])
        found = read(saved(made), lambda sheet: int(sheet.rows[0].cells[0].text == "WBS"), 1, 100)
        assert found.sheet.name == "WBS"

    def test_more_rows_than_are_read_are_refused(self) -> None:
        with pytest.raises(Invalid, match="at most 100 rows"):
            read(book([[number] for number in range(101)]), lambda _: 1, 1, 100)


class TestBounds:
    def test_a_zip_bomb_is_refused_before_it_is_unpacked(self) -> None:
        bomb = packed({**parts(book([["x"]])), SHEET1: b"<worksheet><sheetData>" + b" " * 200_000_000})
        assert len(bomb) < 500_000
        tracemalloc.start()
        with pytest.raises(PayloadTooLarge, match="unpacks to more than 64 MB"):
            sheet(bomb)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 20_000_000

    @pytest.mark.parametrize("bounds", [Bounds(unpacked=1_500), Bounds(elements=30)])
    def test_what_its_parts_unpack_to_is_counted_together(self, bounds: Bounds) -> None:
        opened = Package(book([["x"]] * 50), bounds)
        read_part(opened, "xl/workbook.xml")
        with pytest.raises(PayloadTooLarge):
            read_part(opened, SHEET1)

    def test_the_beginning_of_one_element_is_bounded(self) -> None:
        attributes = " ".join(f'a{number}=""' for number in range(300_000))
        with pytest.raises(PayloadTooLarge, match="element of more than 1 MB"):
            sheet(with_data(book([["x"]]), f"<row><c {attributes}/></row>"))

    def test_nesting_is_bounded(self) -> None:
        with pytest.raises(Invalid, match="nested too deeply"):
            sheet(with_data(book([["x"]]), "<row>" + "<c>" * 200 + "</c>" * 200 + "</row>"))

    def test_parts_are_bounded(self) -> None:
        with pytest.raises(PayloadTooLarge, match="5 parts"):
            Package(book([["x"]]), Bounds(parts=5))

    @pytest.mark.parametrize("declared", ['<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>', "<!DOCTYPE x>"])
    def test_xml_with_a_document_type_is_refused(self, declared: str) -> None:
        made = with_data(book([["x"]]), "<row><c><v>1</v></c></row>")
        files = parts(made)
        with pytest.raises(Invalid, match="document type"):
            sheet(packed({**files, SHEET1: declared.encode() + b"<worksheet/>"}))


class TestOtherFiles:
    def test_an_old_workbook_is_refused_by_name(self) -> None:
        with pytest.raises(UnsupportedMediaType, match=r"\.xls"):
            sheet(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512)

    @pytest.mark.parametrize(
        "files",
        [
            {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"},
            {"readme.txt": b"hello"},
        ],
    )
    def test_another_zip_is_refused_by_name(self, files: dict[str, bytes]) -> None:
        with pytest.raises(UnsupportedMediaType, match=r"\.xlsx"):
            sheet(packed(files))

    def test_a_binary_workbook_is_refused_by_name(self) -> None:
        relations = parts(book([["x"]]))["_rels/.rels"].replace(b"xl/workbook.xml", b"xl/workbook.bin")
        with pytest.raises(UnsupportedMediaType, match="binary"):
            sheet(packed({"_rels/.rels": relations, "xl/workbook.bin": b"\0"}))

    def test_a_part_with_a_password_is_refused(self) -> None:
        content = bytearray(book([["x"]]))
        for place in range(len(content) - 4):
            if content[place : place + 4] == b"PK\x01\x02":
                content[place + 8] |= 1  # the flag of encryption
        with pytest.raises(Invalid, match="unpacked"):
            sheet(bytes(content))


GOOD = book([["Location", 1.5, date(2026, 1, 5)], ["x", None, "#N/A"]], lambda sheet: sheet.merge_cells("A1:A2"))


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=20))
@settings(max_examples=150, deadline=None)
def test_a_damaged_workbook_is_read_or_refused_in_our_words(changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(GOOD)
    for place, byte in changes:
        damaged[place] = byte
    with suppress(WbsyncError):
        sheet(bytes(damaged))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_xml_is_read_or_refused_in_our_words(data: st.DataObject) -> None:
    files = parts(GOOD)
    name = data.draw(st.sampled_from(sorted(name for name in files if name.endswith((".xml", ".rels")))))
    text = files[name].decode()
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(len(text), start + 12)))
    pieces = st.sampled_from(["", "9", "-1", "zz", '"', "&", "<c/>", "A0", "B9999999", "\u00e9", "1e999999"])
    text = text[:start] + data.draw(pieces) + text[stop:]
    with suppress(WbsyncError):
        sheet(packed({**files, name: text.encode()}))


@pytest.mark.parametrize("constant_memory", [True, False], ids=["texts in cells", "texts shared"])
def test_a_workbook_of_another_maker_is_read(constant_memory: bool) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": constant_memory}) as made:
        tab = made.add_worksheet("WBS")
        tab.write_row(0, 0, ["Location", "Hours"])
        tab.write_row(1, 0, ["Quay", 1.1])
        tab.write_datetime(1, 2, datetime(2026, 1, 5), made.add_format({"num_format": "dd.mm.yyyy"}))
    cells = sheet(out.getvalue()).rows[1].cells
    assert cells == {0: Cell(Kind.TEXT, "Quay"), 1: Cell(Kind.NUMBER, "1.1"), 2: Cell(Kind.DATE, "2026-01-05")}
    assert Decimal(cells[1].text) == Decimal("1.1")
    assert zipfile.is_zipfile(io.BytesIO(out.getvalue()))
