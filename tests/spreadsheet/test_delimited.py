"""CSV as people have it: every encoding read or refused by name, rows by their own number, texts that stay inert."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Invalid
from chalicelib.spreadsheet.cells import Cell, Kind, Sheet
from chalicelib.spreadsheet.delimited import guarded, read, written


def columns(sheet: Sheet) -> int:
    """Fits best where the first row has the most cells."""
    return max((len(row.cells) for row in sheet.rows[:1]), default=0)


def texts(content: str | bytes) -> list[list[str]]:
    sheet = read(content.encode() if isinstance(content, str) else content, columns, 1000)
    return [[cell.text for cell in row.cells.values()] for row in sheet.rows]


class TestForms:
    @pytest.mark.parametrize("mark", [",", ";", "\t"])
    def test_the_delimiter_is_found(self, mark: str) -> None:
        assert texts(f"a{mark}b\r\n1{mark}2\r\n") == [["a", "b"], ["1", "2"]]

    def test_a_line_that_names_the_delimiter_is_followed(self) -> None:
        assert texts("sep=;\na,x,y;b\n")[1] == ["a,x,y", "b"]

    def test_a_quoted_line_break_begins_no_new_row(self) -> None:
        sheet = read(b'a,b\n"North\nquay",1\nx,2\n', columns, 1000)
        assert [row.number for row in sheet.rows] == [1, 2, 3]
        assert sheet.rows[1].cells[0].text == "North\nquay"

    def test_a_blank_line_is_a_row(self) -> None:
        assert [row.number for row in read(b"a\n\nb\n", columns, 1000).rows if row.cells] == [1, 3]

    @pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
    def test_lines_end_as_they_like(self, ends: str) -> None:
        assert texts(f"a,b{ends}c,d") == [["a", "b"], ["c", "d"]]

    @pytest.mark.parametrize("content", ['a,b\n"x,1\ny,2\n', 'a,b\n"x"y,1\n'])
    def test_quotation_marks_that_do_not_fit_are_refused_by_row(self, content: str) -> None:
        with pytest.raises(Invalid) as refused:
            read(content.encode(), columns, 1000)
        assert list(refused.value.errors or ()) == ["rows.2"]

    def test_more_rows_than_are_read_are_refused(self) -> None:
        with pytest.raises(Invalid, match="at most 1000 rows"):
            read(b"a\n" * 1001, columns, 1000)

    def test_a_cell_longer_than_any_text_is_refused_by_row(self) -> None:
        with pytest.raises(Invalid):
            read(b"a\n" + b"x" * 200_000, columns, 1000)


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    def test_unicode_is_read(self, encoding: str) -> None:
        assert texts("Участок,رصيف,Größe\n".encode(encoding)) == [["Участок", "رصيف", "Größe"]]

    @pytest.mark.parametrize(
        ("encoding", "text", "name"),
        [
            ("cp1251", "Участок,Наружные сети,Бетон\n", "Windows-1251"),
            ("cp1251", "да и,не,он\n", "Windows-1251"),
            ("cp1251", "1,да,и,не,он\n", "Windows-1251"),
            ("cp1252", "Größe,Façade,Béton armé\n", "Windows-1252"),
            ("cp1256", "الرصيف الشمالي,خرسانة\n", "Windows-1256"),
            ("utf-16-le", "Location,Quay\n", "UTF-16 without a byte order mark"),
            ("utf-16-be", "Location,Quay\n", "UTF-16 without a byte order mark"),
        ],
    )
    def test_other_encodings_are_refused_by_name(self, encoding: str, text: str, name: str) -> None:
        with pytest.raises(Invalid, match=re.escape(name)) as refused:
            texts(text.encode(encoding))
        assert list(refused.value.errors or ()) == ["file"]


class TestInertTexts:
    @pytest.mark.parametrize("code", ["=1+1", "-A", "@A", "+1", "\t=1", "\uff1d1", "1E+05", "1.25E+05"])
    def test_a_text_that_a_program_would_calculate_is_guarded(self, code: str) -> None:
        assert guarded(code) == f"'{code}"

    @pytest.mark.parametrize("code", ["01-010", "A-1", "1.10", "O'Brien", "'quoted'"])
    def test_other_texts_are_written_as_they_are(self, code: str) -> None:
        assert guarded(code) == code

    def test_a_number_that_a_program_has_shortened_is_a_fault(self) -> None:
        cell = read(b"a\n1.23E+11\n", columns, 10).rows[1].cells[0]
        assert cell.kind is Kind.FAULT
        assert "shortened" in cell.reason

    @given(st.text(st.sampled_from("'=+-@1.E+A ,;\"\n"), min_size=1).filter(str.strip))
    def test_reading_what_was_written_gives_the_text_again(self, text: str) -> None:
        [record] = list(csv.reader(io.StringIO(written([[text, "x"]]).removeprefix("\ufeff"), newline="")))
        assert not re.match(r"[=+\-@]", record[0])
        sheet = read(written([[text, "x"]]).encode(), lambda sheet: sheet.delimiter == ",", 1000)
        assert sheet.rows[0].cells[0] == Cell(Kind.TEXT, text)
