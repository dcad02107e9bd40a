"""Text is bounded in characters before it is normalised and in bytes after; what nobody sees is refused by name."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from chalicelib.errors import Invalid
from chalicelib.http.binding import bind
from chalicelib.http.fields import Code, Email, Name, Note
from chalicelib.http.json_text import Huge
from chalicelib.names import comparison_form

GROWS = "\U0001d160"  # three characters of four bytes each in NFC
KEY_BYTES = 1024


class Sample(Struct, forbid_unknown_fields=True, kw_only=True):
    name: Name = "n"
    code: Code = "c"
    email: Email = "a@b.example"
    note: Note = ""


def refusal(**values: object) -> str:
    """Why a field is refused; it is the only one that is named."""
    with pytest.raises(Invalid) as refused:
        bind(Sample, values)
    assert refused.value.errors is not None
    [(name, [message])] = refused.value.errors.items()
    assert [name] == list(values)
    return str(message)


def test_85_characters_that_grow_when_normalised_are_refused_by_the_field() -> None:
    assert refusal(name=GROWS * 85) == "Must have at most 800 bytes in UTF-8, once it is normalised."
    assert bind(Sample, {"name": GROWS * 66}).name == GROWS * 66


def test_a_text_is_as_long_as_its_bound_at_most() -> None:
    assert bind(Sample, {"name": f" {'n' * 200} "}).name == "n" * 200
    assert refusal(name="n" * 201) == "Must have at most 200 characters."


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=210))
def test_no_name_that_is_taken_makes_a_key_of_more_bytes_than_a_table_takes(name: str) -> None:
    try:
        taken = bind(Sample, {"name": name}).name
    except Invalid:
        return
    for form in (taken, unicodedata.normalize("NFC", taken), comparison_form(taken)):
        assert len(form.encode()) <= KEY_BYTES - 200


@pytest.mark.parametrize("field", ["code", "email"])
@pytest.mark.parametrize("hidden", ["\u200b", "\u00ad", "\ufeff", "\u2060", "\u200d", "\U000e0041", "\u061c"])
def test_codes_and_emails_with_format_characters_are_refused_by_name(field: str, hidden: str) -> None:
    message = refusal(**{field: f"a{hidden}b@c.example"})
    if field == "code":
        assert f"U+{ord(hidden):04X} {unicodedata.name(hidden)}" in message
    assert bind(Sample, {"name": f"a{hidden}b"}).name == f"a{hidden}b"


@pytest.mark.parametrize("field", ["name", "code", "note"])
@pytest.mark.parametrize("control", ["\0", "\x1b", "\x7f", "\x85", "\u202e", "\u2067", "\ud800"])
def test_control_characters_and_lone_surrogates_are_refused_everywhere(field: str, control: str) -> None:
    assert "control characters" in refusal(**{field: f"a{control}b"})


@pytest.mark.parametrize("empty", ["", " ", "\u200b", "\u3164", "\u00ad \ufeff", "\ufe0f", "\U000e0041", "\u180b"])
def test_text_that_nobody_sees_is_empty(empty: str) -> None:
    assert refusal(name=empty) == "Must not be empty."


@pytest.mark.parametrize(
    "wrong",
    [
        "mailto:a@b.example",
        "<a@b.example>",
        "a@b..c",
        "a@-b.ie",
        "a@b-.ie",
        "a@b_c.ie",
        "a@b!.ie",
        "a@b.",
        "a@.b",
        "a..b@c.example",
        ".a@c.example",
        "a@b",
        "a@b@c.example",
        "A <a@b.example>",
        "a b@c.example",
        "a@b.example,c@d.example",
        "",
    ],
)
def test_what_looks_like_an_email_and_is_none_is_refused(wrong: str) -> None:
    assert refusal(email=wrong) == "Must be an e-mail address such as fay@example.com."


@pytest.mark.parametrize("right", ["a@b.example", "fay.o'hara+site@mail.b-c.example", "ünal@bücher.example"])
def test_an_email_is_taken(right: str) -> None:
    assert bind(Sample, {"email": f" {right} "}).email == right


def test_long_text_is_refused_before_anything_is_computed_with_it() -> None:
    marks = "".join(chr(0x300 + place % 2 * 0x17) for place in range(60_000))  # classes that have to be sorted
    for field in ("email", "name", "code", "note"):
        assert "at most" in refusal(**{field: f"a{marks}"})


def test_a_number_past_its_bounds_is_no_text() -> None:
    assert refusal(name=Huge("1e999")) == "Must be text."
