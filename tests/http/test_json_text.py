"""A body is bounded while it is read; in a batch what breaks a bound costs its item alone."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.errors import InvalidJson
from chalicelib.http.json_text import MAX_DEPTH, MAX_DIGITS, MAX_KEYS, Huge, Unreadable, parse_json

SENSIBLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**MAX_DIGITS) + 1, 10**MAX_DIGITS - 1),
    st.text(st.characters(exclude_characters="\ufffd", exclude_categories=["Cs"])),
)
DOCUMENTS = st.recursive(
    SENSIBLE,
    lambda each: st.lists(each, max_size=4) | st.dictionaries(st.text(max_size=5), each, max_size=4),
    max_leaves=12,
)


def faults(text: str | bytes) -> dict[str, list[str]]:
    """What a body is refused for."""
    with pytest.raises(InvalidJson) as refused:
        parse_json(text.encode() if isinstance(text, str) else text)
    assert refused.value.errors is not None
    return {name: list(messages) for name, messages in refused.value.errors.items()}


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS)
def test_what_is_within_the_bounds_comes_through_as_it_is(document: Any) -> None:
    assert parse_json(json.dumps(document).encode()) == document


@pytest.mark.parametrize(
    "number",
    ["9" * 31, "-" + "9" * 31, "0." + "1" * 30, "1e11", "1E-11", "1e1000000", "-1e1000000", "1e" + "0" * 99, "1e-4300"],
)
def test_a_number_past_30_digits_or_an_exponent_past_10_stays_text_and_is_never_computed(number: str) -> None:
    read = parse_json(f'{{"hours": {number}}}'.encode())
    assert type(read["hours"]) is Huge and read["hours"] == number


@pytest.mark.parametrize("number", ["9" * 30, "-" + "9" * 30, "0." + "1" * 29, "1e10", "1E-10", "0", "-0.0"])
def test_a_number_within_the_bounds_keeps_its_digits(number: str) -> None:
    assert str(Decimal(parse_json(number.encode()))) == str(Decimal(number))


def test_a_key_that_appears_twice_is_named_with_its_path() -> None:
    assert faults('{"a": [{"b": {"twice": 1, "twice": 2}}]}') == {"a.0.b.twice": ["Appears twice."]}


def test_a_body_may_have_1000_keys_over_all_its_levels() -> None:
    inner = {str(number): number for number in range(MAX_KEYS - 1)}
    assert parse_json(json.dumps({"a": inner}).encode()) == {"a": inner}
    assert faults(json.dumps({"a": inner, "b": 1})) == {"body": ["More than 1000 keys."]}
    assert faults(json.dumps({"a": inner | {"x": 1, "y": 2}})) == {"body": ["More than 1000 keys."]}


def test_a_body_may_be_20_levels_deep() -> None:
    deep = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert parse_json(f'{{"a": {deep}}}'.encode())
    assert faults(f'{{"a": [{deep}]}}') == {"a": ["Nested more than 20 levels deep."]}
    assert faults("[" * 100_000) == {"body": ["Nested more than 20 levels deep."]}


@pytest.mark.parametrize("name", ["events", "entries"])
@pytest.mark.parametrize(
    ("item", "errors"),
    [
        ('{"a": 1, "a": 2}', {"a": ["Appears twice."]}),
        ('{"x": [{"a": 1, "a": 2}]}', {"x.0.a": ["Appears twice."]}),
        ("[" * 21 + "]" * 21, {"0": ["Nested more than 20 levels deep."]}),
        (json.dumps({str(n): n for n in range(1001)}), {"body": ["More than 1000 keys."]}),
        (json.dumps([{str(n): n for n in range(600)}] * 2), {"body": ["More than 1000 keys."]}),
        ('{"a": NaN}', {"a": ["Must be a number."]}),
    ],
)
def test_in_a_batch_keys_and_depth_count_per_item_and_a_fault_costs_its_item_alone(
    name: str, item: str, errors: dict[str, list[str]]
) -> None:
    many = json.dumps({str(number): number for number in range(MAX_KEYS)})
    read = parse_json(f'{{"{name}": [{many}, {item}, {many}, 1e999]}}'.encode())[name]
    assert isinstance(read[1], Unreadable) and read[1] == errors
    assert read[0] == read[2] == json.loads(many) and read[3] == "1e999"


def test_a_byte_order_mark_is_ignored_and_no_message_names_a_codec() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    for broken in (b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf{", b"\xff", b"\xed\xa0\x80", b'{"a": \x00}', b"{} {}"):
        with pytest.raises(InvalidJson) as refused:
            parse_json(broken)
        assert not {"utf-8", "codec", "sig", "bom", "surrogate"} & set(refused.value.detail.lower().split())


@given(st.binary(max_size=60))
def test_whatever_comes_is_read_or_refused(raw: bytes) -> None:
    try:
        parse_json(raw)
    except InvalidJson as refused:
        assert refused.status == 400
