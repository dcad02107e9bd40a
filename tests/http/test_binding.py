"""Every bad field is named at once, in words for people; 100 are named at most."""

from typing import Annotated, ClassVar

import pytest
from msgspec import UNSET, Meta, UnsetType

import app  # noqa: F401 - declares the routes
from chalicelib.errors import FieldErrors, Invalid
from chalicelib.http.binding import _members, _stripped, bind, bind_query, types_of
from chalicelib.http.faults import MOST_NAMED
from chalicelib.http.fields import Body, Code, Date, Hours, Loose, Weekday
from chalicelib.http.json_text import parse_json
from chalicelib.http.routes import ROUTES


class Line(Body, kw_only=True):
    hours: Hours
    day: Date | None = None


class Sheet(Body, kw_only=True):
    code: Code
    force: bool = False
    days: Annotated[list[Weekday], Meta(min_length=1, max_length=7)] | UnsetType = UNSET
    entries: Annotated[list[Line], Meta(max_length=500)] | UnsetType = UNSET


class Device(Loose, kw_only=True):
    clock_id: Code | int
    minutes: Annotated[int, Meta(ge=0)] | None = None


class Filters(Body, kw_only=True):
    level: Annotated[int, Meta(ge=1, le=4)] | None = None
    active: bool | None = None


def errors(body: str) -> FieldErrors:
    with pytest.raises(Invalid) as refused:
        bind(Sheet, parse_json(body.encode()))
    assert refused.value.errors is not None
    return refused.value.errors


def test_every_bad_field_is_named_at_once_whatever_its_depth() -> None:
    body = '{"cod": 1, "force": 0, "days": [0, 1.5, true], "entries": [{"hours": 25}, 3, {"day": "2026-02-30"}]}'
    assert errors(body) == {
        "cod": ["Unknown field."],
        "code": ["This field is required."],
        "force": ["Must be true or false."],
        "days.0": ["Must be at least 1."],
        "days.1": ["Must be a whole number."],
        "days.2": ["Must be a whole number."],
        "entries.0.hours": ["Must be at most 24."],
        "entries.1": ["Must be an object."],
        "entries.2.hours": ["This field is required."],
        "entries.2.day": ["There is no such date."],
    }


def test_what_breaks_a_bound_in_an_item_is_named_beside_the_faults_of_others() -> None:
    body = '{"code": "c", "entries": [{"hours": 1, "hours": 2}, {"hours": 1e99}, {"hours": 7.5}, [[]]]}'
    huge = "Must be a number of at most 30 digits, with an exponent of at most 10."
    assert errors(body) == {
        "entries.0.hours": ["Appears twice."],
        "entries.1.hours": [huge],
        "entries.3": ["Must be an object."],
    }


def test_100_fields_are_named_and_the_detail_says_so() -> None:
    unknown = ", ".join(f'"u{number}": 1' for number in range(900))
    with pytest.raises(Invalid) as refused:
        bind(Sheet, parse_json(f'{{"code": "c", {unknown}}}'.encode()))
    assert list(refused.value.errors or {}) == [f"u{number}" for number in range(MOST_NAMED)]
    assert "first 100" in refused.value.detail


def test_lists_are_bounded_and_the_message_counts_right() -> None:
    assert errors('{"code": "c", "days": []}') == {"days": ["Must have at least 1 item."]}
    assert errors('{"code": "c", "days": [1,1,1,1,1,1,1,1]}') == {"days": ["Must have at most 7 items."]}


@pytest.mark.parametrize("number", ["1e1000000", "1e4300", "9" * 5000])
def test_no_number_is_computed_before_it_is_bounded(number: str) -> None:
    with pytest.raises(Invalid):
        bind(Sheet, parse_json(f'{{"code": "c", "days": [{number}]}}'.encode()))


def test_a_device_is_read_leniently_a_huge_number_is_its_text() -> None:
    assert bind(Device, parse_json(b'{"clock_id": 1e4300}')).clock_id == "1e4300"


def test_a_device_may_give_text_or_a_whole_number() -> None:
    for text, read in (("77", 77), ("77.0", 77), ('"77-A"', "77-A")):
        assert bind(Device, parse_json(f'{{"clock_id": {text}, "other": [1]}}'.encode())).clock_id == read
    for text in ("true", "null", "[]", "7.5"):
        with pytest.raises(Invalid):
            bind(Device, parse_json(f'{{"clock_id": {text}}}'.encode()))


def test_a_query_has_parameters_and_a_body_fields() -> None:
    with pytest.raises(Invalid) as refused:
        bind_query(Filters, {"level": ["9"], "levle": ["1"], "active": ["true", "false"]})
    assert refused.value.errors == {
        "active": ["Given more than once."],
        "levle": ["Unknown parameter."],
        "level": ["Must be at most 4."],
    }
    assert bind_query(Filters, {"level": ["3"], "active": ["true"]}) == Filters(level=3, active=True)


class Plan(Body, kw_only=True):
    ordered: ClassVar[tuple[tuple[str, str], ...]] = (("start", "finish"),)
    start: Date | None = None
    finish: Date | None | UnsetType = UNSET
    hours: Hours | None = None


def test_a_rule_between_fields_is_told_beside_the_faults_of_single_ones() -> None:
    with pytest.raises(Invalid) as refused:
        bind(Plan, {"start": "2026-06-09", "finish": "2026-06-08", "hours": -5})
    assert refused.value.errors == {"hours": ["Must be more than 0."], "finish": ["Must not be before start."]}
    for fine in ({"start": "2026-06-09"}, {"finish": "2026-06-08"}, {"start": "2026-06-08", "finish": "2026-06-08"}):
        bind(Plan, fine)
    with pytest.raises(Invalid) as refused:
        bind(Plan, {"start": "2026-02-30", "finish": "2026-02-01"})
    assert set(refused.value.errors or {}) == {"start"}


def test_what_the_schema_says_of_a_text_is_what_is_checked() -> None:
    """A form or length that is declared without a rule would be documented and let through."""
    models = [model for route in ROUTES for model in (route.body, route.query) if model is not None]
    texts = [(model, name, *_stripped(hint)) for model in models for name, hint in types_of(model).items()]
    loose = [
        (model.__name__, name)
        for model, name, base, metas in texts
        for base, metas in [(base, metas), *map(_stripped, _members(base))]
        if base is str and any(_bounded(meta) for meta in metas)
    ]
    assert not loose and len(texts) > 100


def _bounded(meta: Meta) -> bool:
    """Whether a text is bounded by what msgspec knows alone."""
    return "rule" not in (meta.extra or {}) and (meta.pattern, meta.min_length, meta.max_length) != (None, None, None)
