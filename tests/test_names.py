"""Names are compared in NFC, trimmed, single-spaced, case-folded, without default-ignorable characters."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.names import IGNORABLE, LONGEST, comparison_form

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
HIDDEN = st.sampled_from("\u200b\u00ad\ufeff\u2060\u034f\ufe0f\u3164\U000e0041")


@given(TEXT)
def test_the_comparison_form_is_its_own(text: str) -> None:
    form = comparison_form(text)
    assert comparison_form(form) == form
    assert form == unicodedata.normalize("NFC", form) == " ".join(form.split())


@given(TEXT)
def test_canonically_equal_names_are_one_name(text: str) -> None:
    forms = {comparison_form(unicodedata.normalize(kind, text)) for kind in ("NFC", "NFD")}
    assert forms == {comparison_form(text)}


@given(TEXT, TEXT, HIDDEN)
def test_a_character_that_nobody_sees_makes_no_other_name(before: str, after: str, hidden: str) -> None:
    assert comparison_form(before + hidden + after) == comparison_form(before + after)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Straße", "STRASSE"), (" North  Quay", "north quay "), ("e\u0301", "É"), ("a\u00a0b", "A B"), ("a\u200bb", "AB")],
)
def test_names_that_a_person_takes_for_one_are_one(one: str, other: str) -> None:
    assert comparison_form(one) == comparison_form(other)


def test_text_longer_than_any_name_is_not_normalised() -> None:
    marks = "\u0300\u0327" * LONGEST
    assert comparison_form(marks) == marks


def test_every_default_ignorable_character_of_unicode_that_python_can_tell_is_in_the_list() -> None:
    """Those of the category Cf, but for the visible ones that Unicode excepts (prepended signs, annotations)."""
    visible = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0xFFF9, 0xFFFA, 0xFFFB, 0x110BD, 0x110CD}
    visible |= set(range(0x13430, 0x13440))
    for point in range(0x110000):
        if unicodedata.category(chr(point)) == "Cf" and point not in visible:
            assert comparison_form(chr(point)) == "", hex(point)
    assert "a" not in IGNORABLE
