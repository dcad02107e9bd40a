"""Readable means kept: whatever else a device sends beside a clock ID and an instant."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.clock import payloads
from chalicelib.clock.event_ids import Identity, identity
from chalicelib.clock.payloads import MOST_BYTES, read
from chalicelib.errors import Invalid

GOOD = {"clock_id": "1042", "clock_in": "2026-03-02T07:00:00Z", "clock_out": "2026-03-02T15:30:00Z"}


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("clock_id", 1042, "1042"),
        ("clock_id", Decimal("1042.0"), "1042"),
        ("clock_id", "  1042 ", "1042"),
        ("clock_id", "10\u200b42\x00", "1042"),
        ("clock_id", Decimal("1E+4300"), "1E+4300"),
        ("project_code", "", None),
        ("project_code", "  ", None),
        ("project_code", None, None),
        ("project_code", 2024, "2024"),
        ("project_code", "P-1\t", "P-1"),
        ("project_code", Decimal("30.50"), "30.50"),
        ("project_code", "\u200b", None),
        ("device_id", 7, "7"),
        ("device_id", "", None),
        ("break_minutes", "30", Decimal(30)),
        ("break_minutes", " 30 ", Decimal(30)),
        ("break_minutes", "", None),
        ("break_minutes", Decimal("30.5"), Decimal("30.5")),
        ("break_minutes", "30.0", Decimal(30)),
        ("break_minutes", 0, Decimal(0)),
        ("clock_out", "", None),
        ("clock_out", None, None),
    ],
)
def test_an_odd_way_of_writing_a_value_is_read(field: str, value: Any, expected: Any) -> None:
    punch = read({**GOOD, field: value})
    assert (getattr(punch, field), punch.unreadable, punch.as_sent) == (expected, (), None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("project_code", "x" * 65),
        ("project_code", True),
        ("project_code", ["P"]),
        ("project_code", {"a": 1}),
        ("project_code", "\ud800"),
        ("device_id", "x" * 201),
        ("device_id", False),
        ("break_minutes", -5),
        ("break_minutes", 9999),
        ("break_minutes", "half an hour"),
        ("break_minutes", True),
        ("break_minutes", "1e3"),
        ("break_minutes", Decimal("1E+1000000")),
        ("break_minutes", Decimal("1E-1000000")),
        ("break_minutes", [30]),
        ("break_minutes", "NaN"),
        ("clock_out", "null"),
        ("clock_out", "0000-00-00 00:00:00"),
        ("clock_out", "2026-03-02"),
        ("clock_out", 1772465400),
        ("clock_out", {}),
        ("clock_in", "null"),
        ("clock_in", "2026-03-02"),
    ],
)
def test_a_value_that_makes_no_sense_is_kept_as_sent_and_its_field_named(field: str, value: Any) -> None:
    punch = read({**GOOD, field: value})
    assert (punch.unreadable, getattr(punch, field)) == ((field,), None)
    assert field in json.loads(punch.as_sent or "")


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        ({}, {"clock_id", "clock_in"}),
        ({**GOOD, "clock_id": None}, {"clock_id"}),
        ({**GOOD, "clock_id": ""}, {"clock_id"}),
        ({**GOOD, "clock_id": "\u200b"}, {"clock_id"}),
        ({**GOOD, "clock_id": Decimal("1.5")}, {"clock_id"}),
        ({**GOOD, "clock_id": True}, {"clock_id"}),
        ({**GOOD, "clock_id": "x" * 65}, {"clock_id"}),
        ({**GOOD, "clock_id": "\udc00"}, {"clock_id"}),
        ({"clock_id": "7", "clock_in": "2026-03-02"}, {"clock_in"}),
        ({"clock_id": "7", "clock_in": "", "clock_out": "null"}, {"clock_out"}),
        ({"clock_id": "7", "clock_in": "x", "clock_out": "y"}, {"clock_in", "clock_out"}),
        ({**GOOD, "note": "x" * MOST_BYTES}, {"body"}),
        ([], {"body"}),
        (None, {"body"}),
        ("1042", {"body"}),
    ],
)
def test_an_event_without_a_clock_id_or_an_instant_is_refused_and_each_field_named(
    event: Any, fields: set[str]
) -> None:
    with pytest.raises(Invalid) as refused:
        read(event)
    assert refused.value.errors.keys() == fields


def test_clock_ids_and_codes_are_compared_without_what_nobody_sees() -> None:
    ways = [
        {**GOOD, "clock_id": clock_id, "project_code": clock_id}
        for clock_id in ("É 1", "e\u0301  1", " É\u200b 1\ufeff", "É\u00ad 1")
    ]
    assert {read(event).form for event in ways} == {"é 1"}
    assert {payloads.code_form(read(event).project_code) for event in ways} == {"é 1"}


NUMBERS = st.one_of(
    st.integers(-(10**40), 10**40),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.sampled_from([Decimal("1E+1000000"), Decimal("1E-99999")]),
)
ODD = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        NUMBERS,
        st.text(max_size=300),
        st.sampled_from(["", "null", "30", "2026-03-02", "\ud800", "\x00"]),
    ),
    lambda each: st.one_of(st.lists(each, max_size=3), st.dictionaries(st.text(max_size=5), each, max_size=3)),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("clock_out", "project_code", "device_id", "break_minutes", "more"), ODD)
    )
)
@settings(max_examples=300, deadline=None)
def test_an_event_with_a_clock_id_and_an_instant_is_read_whatever_its_other_fields_hold(other: dict[str, Any]) -> None:
    event = {"clock_id": "1042", "clock_in": "2026-03-02T07:00:00Z", **other}
    if payloads.size(event) > MOST_BYTES:
        return
    punch = read(event)
    assert punch.identity.name == "event#2026-03-02T07:00:00Z#in"
    assert set(punch.unreadable) <= other.keys()
    assert (punch.as_sent is None) is (not punch.unreadable)
    for field in punch.unreadable:
        assert getattr(punch, field) is None


@given(ODD, ODD, ODD)
@settings(max_examples=300, deadline=None)
def test_any_event_is_a_punch_or_a_refusal_that_names_its_fields(clock_id: Any, clock_in: Any, clock_out: Any) -> None:
    try:
        punch = read({"clock_id": clock_id, "clock_in": clock_in, "clock_out": clock_out})
    except Invalid as refused:
        assert refused.errors.keys() & {"clock_id", "clock_in", "clock_out", "body"}
        return
    assert identity(punch.identity.id) == punch.identity


@given(
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=64),
    st.sampled_from(("in", "out")),
    st.datetimes(
        payloads.moments.stored("0002-01-01T00:00:00").time, payloads.moments.stored("9998-01-01T00:00:00").time
    ),
    st.booleans(),
)
def test_an_id_carries_the_clock_id_and_the_time(form: str, kind: str, time: Any, fixed: bool) -> None:
    wanted = Identity(form, kind, payloads.Moment(time.replace(microsecond=0), fixed))
    assert identity(wanted.id) == wanted
    assert wanted.id.isascii() and wanted.id.isalnum() and wanted.id == wanted.id.lower()


@given(st.text(max_size=40))
def test_an_id_that_no_event_has_leads_nowhere(id: str) -> None:
    found = identity(id)
    assert found is None or found.id == id
