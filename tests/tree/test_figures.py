"""Numbers as people write them: read as they are meant, or refused; never a tenth or a thousandfold."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.tree.figures import Marks, marks, number, rounded, stored

POINT, COMMA, UNKNOWN = Marks(frozenset(".")), Marks(frozenset(",")), Marks(frozenset())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1250", "1250"),
        ("1250.50", "1250.50"),
        ("1.250,50", "1250.50"),
        ("1,250.50", "1250.50"),
        ("1 250,50", "1250.50"),
        ("1\u00a0250,50", "1250.50"),
        ("1\u202f250", "1250"),
        ("1'250.50", "1250.50"),
        ("1.250.000", "1250000"),
        ("1,250,000.5", "1250000.5"),
        ("12,5", "12.5"),
        ("0.250", "0.250"),
        ("0,250", "0.250"),
        (".5", "0.5"),
        ("+7", "7"),
        ("-7.5", "-7.5"),
        ("\u22127.5", "-7.5"),
        ("  7 ", "7"),
        ("1250.500", "1250.500"),
        ("12.3456", "12.3456"),
    ],
)
def test_a_number_with_one_reading_is_read(text: str, value: str) -> None:
    for known in (POINT, COMMA, UNKNOWN):
        assert number(text, known) == Decimal(value)


@pytest.mark.parametrize("text", ["1.250", "1,250", "402.909", "-1.250"])
def test_a_number_with_two_readings_is_refused_where_the_file_does_not_tell(text: str) -> None:
    with pytest.raises(ValueError, match="two readings"):
        number(text, UNKNOWN)
    with pytest.raises(ValueError, match="two readings"):
        number(text, Marks(frozenset(".,")))


def test_a_number_with_two_readings_is_read_as_the_other_numbers_of_the_file_show() -> None:
    assert number("1.250", marks(["12,5", "1.250"], ";")) == 1250
    assert number("1.250", marks(["12.5", "1.250"], ";")) == Decimal("1.25")
    assert number("1,250", marks(["1.000.000", "1,250"], ";")) == Decimal("1.25")


def test_a_file_parted_by_commas_writes_points_unless_its_numbers_show_otherwise() -> None:
    assert number("402.909", marks(["402.909"], ",")) == Decimal("402.909")
    assert number("1.250", marks(["1.250,50", "1.250"], ",")) == 1250


@pytest.mark.parametrize(
    "text",
    [
        "#N/A",
        "n/a",
        "320 h",
        "50%",
        "€120",
        "(120)",
        "1.2.3",
        "1,25,000",
        "12 50",
        "1.25E+05",
        "--1",
        "",
        "5.",
        "NaN",
        "Infinity",
        "١٢",
        "0x10",
        "1_000",
        "9" * 100,
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        number(text, POINT)


@given(st.decimals(-(10**9), 10**9, places=4))
def test_a_plain_number_is_never_read_as_another(value: Decimal) -> None:
    assert number(f"{value:f}", marks([f"{value:f}"], ",")) == value


@given(st.decimals(0, 10**9, places=2), st.sampled_from([("", "."), (",", "."), (".", ","), (" ", ","), ("'", ".")]))
def test_a_number_of_any_country_is_read_or_refused_and_never_another(value: Decimal, style: tuple[str, str]) -> None:
    group, mark = style
    whole, _, decimals = f"{value:,.2f}".partition(".")
    text = whole.replace(",", group) + mark + decimals
    assert number(text, UNKNOWN) == value


@given(st.integers(0, 10**15 - 1), st.integers(0, 8))
def test_a_number_of_a_workbook_is_what_was_typed(digits: int, places: int) -> None:
    typed = Decimal(digits).scaleb(-places)
    assume(len(typed.as_tuple().digits) <= 15)
    assert stored(f"{float(typed):.17g}") == typed


def test_noise_of_binary_numbers_is_no_rounding() -> None:
    assert stored("402.90930000000003") == Decimal("402.9093")
    assert stored("0.30000000000000004") == Decimal("0.3")
    assert rounded(stored("2.6749999999999998"), 2) == Decimal("2.68")


def test_rounding_is_half_up() -> None:
    assert [rounded(Decimal(text), 2) for text in ("0.005", "0.0049", "2.675", "1")] == [
        Decimal("0.01"),
        Decimal("0.00"),
        Decimal("2.68"),
        Decimal("1.00"),
    ]
