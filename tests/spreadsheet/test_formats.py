"""Number formats: which are dates, and what a number looks like under the others."""

import pytest

from chalicelib.spreadsheet.formats import BUILT_IN, is_date, is_percentage, is_time, shown


@pytest.mark.parametrize("code", ["yyyy-mm-dd", "dd/mm/yy", "mmm", "[$-409]d-mmm-yy;@", "d.m.yyyy h:mm", BUILT_IN[14]])
def test_dates(code: str) -> None:
    assert is_date(code)
    assert not is_time(code)


@pytest.mark.parametrize("code", ["h:mm", "[h]:mm", "mm:ss", BUILT_IN[20]])
def test_times(code: str) -> None:
    assert is_time(code)
    assert not is_date(code)


@pytest.mark.parametrize("code", ["General", "0", "#,##0.00", '0.0" days"', "[Red]0", "0.00E+00", '"my day" 0', "@"])
def test_numbers_are_neither(code: str) -> None:
    assert not is_date(code)
    assert not is_time(code)


def test_percentages() -> None:
    assert is_percentage("0.0%")
    assert not is_percentage('0"%"')


@pytest.mark.parametrize(
    ("digits", "code", "text"),
    [
        ("110", "00000", "00110"),
        ("123456", "00000", "123456"),
        ("1010", "00-000", "01-010"),
        ("1234567", "00-000", "1234-567"),
        ("7", '"A-"000', "A-007"),
        ("7", r"\A000", "A007"),
        ("1.1", "0.00", "1.10"),
        ("1.1", "General", "1.1"),
        ("402.90930000000003", "General", "402.9093"),
        ("110", "@", "110"),
        ("0", "General", "0"),
        ("12", "0.0", "12.0"),
        ("12", "##0", "12"),
        ("12", "#", "12"),
        ("-5", "General", "-5"),
        ("1E2", "General", "100"),
    ],
)
def test_a_number_is_read_as_it_is_shown(digits: str, code: str, text: str) -> None:
    assert shown(digits, code) == text


@pytest.mark.parametrize(
    ("digits", "code"),
    [
        ("110", "#,##0"),  # a thousands separator depends on the country
        ("110", "0;(0)"),
        ("1.25", "0.0"),  # shown with fewer digits than it has
        ("1.1", "0.##"),
        ("123456789012", "General"),  # shown with an exponent
        ("110", "0.00E+00"),
        ("110", "?00"),
        ("-5", "00000"),
        ("110", "_-0"),
    ],
)
def test_what_is_not_followed_is_not_guessed(digits: str, code: str) -> None:
    assert shown(digits, code) is None
