"""How plain values become a model: field by field, so that every bad one is named at once.

A model's fields are compiled once into readers, functions of (value, path, faults).
"""

import re
import types
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct, UnsetType
from msgspec.structs import fields as struct_fields

from chalicelib.http.faults import Faults, counted, join
from chalicelib.http.json_text import Huge, Unreadable, printable
from chalicelib.http.numbers import whole

S = TypeVar("S", bound=Struct)
Reader = Callable[[Any, str, Faults], Any]
Check = Callable[[Any], Any]


_KINDS = {str: str, int: int, Decimal: int, Huge: int}  # of the values that text or a number may be


class Field(Struct, frozen=True):
    """A field of a model: the name that the client gives it, and how its value is read."""

    name: str
    key: str
    required: bool
    read: Reader


def bind(model: type[S], value: object) -> S:
    """A model from plain values; every bad field is named at once.

    Raises:
        Invalid: ``errors`` maps field paths to messages.
    """
    return _bound(model, value, Faults())


def bind_query(model: type[S], raw: Mapping[str, list[str]]) -> S:
    """A query model from query parameters; text becomes whole numbers and booleans where declared."""
    faults = Faults("Unknown parameter.")
    for name, values in raw.items():
        if len(values) > 1:
            faults.add(printable(name), "Given more than once.")
    hints = types_of(model)
    return _bound(model, {name: _typed(hints.get(name), values[0]) for name, values in raw.items()}, faults)


def _bound(model: type[S], value: object, faults: Faults) -> S:
    bound = _read_struct(model, value, "", faults)
    faults.check()
    return bound  # type: ignore[no-any-return]  # an instance when nothing is wrong


@cache
def types_of(model: type[Struct]) -> dict[str, object]:
    """The declared types of a model's fields."""
    return get_type_hints(model, include_extras=True)


@cache
def _fields(model: type[Struct]) -> dict[str, Field]:
    hints = types_of(model)
    return {
        item.encode_name: Field(item.name, item.encode_name, item.required, reader(hints[item.name]))
        for item in struct_fields(model)
    }


def _read_struct(model: type[Struct], value: object, path: str, faults: Faults) -> Any:
    if isinstance(value, Unreadable):
        for name, messages in value.items():
            faults.add(join(path, name) if name != "body" else path, messages[0])
        return None
    if not isinstance(value, dict):
        faults.add(path, "Must be an object.")
        return None
    known, before = _fields(model), faults.count
    if model.__struct_config__.forbid_unknown_fields:
        _refuse_unknown(value, known, path, faults)
    else:  # what a device sends: a number past its bounds is read as its text
        value = {name: str(item) if isinstance(item, Huge) else item for name, item in value.items()}
    values = _read_fields(known, value, path, faults)
    for first, last in getattr(model, "ordered", ()):
        if values.get(first) and values.get(last) and values[last] < values[first]:
            faults.add(join(path, last), f"Must not be before {first}.")
    return None if faults.count > before else model(**values)


def _read_fields(known: Mapping[str, Field], value: dict[str, object], path: str, faults: Faults) -> dict[str, Any]:
    """The fields that were given; None where one is not right."""
    values = {}
    for name, field in known.items():
        if name in value:
            values[field.name] = field.read(value[name], join(path, name), faults)
        elif field.required:
            faults.add(join(path, name), "This field is required.")
    return values


def _refuse_unknown(value: dict[str, Any], known: Mapping[str, Field], path: str, faults: Faults) -> None:
    for name in value:
        if faults.full:
            return
        if name not in known:
            faults.add(join(path, printable(name)), faults.unknown)


def reader(hint: object) -> Reader:
    """How a value of a declared type is read."""
    base, metas = _stripped(hint)
    if base is Any:
        return _as_it_is
    members = [item for item in _members(base) if item is not UnsetType]
    if type(None) in members:
        rest = tuple(item for item in members if item is not type(None))
        return partial(_or_null, reader(_either(rest)))
    if len(members) > 1:
        return _one_of(members)
    if members[0] is not base:
        return reader(members[0])
    if isinstance(base, type) and issubclass(base, Struct):
        return partial(_read_struct, base)
    if get_origin(base) is list:
        return partial(_read_list, reader(get_args(base)[0]), metas)
    return partial(_checked, _check(base, metas))


def _stripped(hint: object) -> tuple[object, tuple[Meta, ...]]:
    if get_origin(hint) is Annotated:
        base, *metas = get_args(hint)
        return base, tuple(meta for meta in metas if isinstance(meta, Meta))
    return hint, ()


def _members(base: object) -> tuple[object, ...]:
    return get_args(base) if get_origin(base) in {Union, types.UnionType} else (base,)


def _either(members: tuple[object, ...]) -> object:
    return Union[members] if len(members) > 1 else members[0]  # noqa: UP007 - the members are computed


def _as_it_is(value: object, path: str, faults: Faults) -> object:
    return value  # the handler's own matter


def _or_null(read: Reader, value: object, path: str, faults: Faults) -> object:
    return None if value is None else read(value, path, faults)


def _one_of(members: list[object]) -> Reader:
    """Text or a number: the member that the value is of decides."""
    readers = {_stripped(member)[0]: reader(member) for member in members}

    def read(value: object, path: str, faults: Faults) -> object:
        chosen = readers.get(_KINDS.get(type(value)))
        if chosen is None:
            faults.add(path, "Must be text or a whole number.")
            return None
        return chosen(value, path, faults)

    return read


def _read_list(item: Reader, metas: tuple[Meta, ...], value: object, path: str, faults: Faults) -> object:
    if not isinstance(value, list):
        faults.add(path, "Must be a list.")
        return None
    for meta in metas:
        if meta.max_length is not None and len(value) > meta.max_length:
            faults.add(path, f"Must have at most {counted(meta.max_length, 'item')}.")
            return None
        if meta.min_length is not None and len(value) < meta.min_length:
            faults.add(path, f"Must have at least {counted(meta.min_length, 'item')}.")
            return None
    found = []
    for place, each in enumerate(value):
        if faults.full:
            break
        found.append(item(each, join(path, str(place)), faults))
    return found


def _checked(check: Check, value: object, path: str, faults: Faults) -> object:
    try:
        return check(value)
    except ValueError as error:
        faults.add(path, str(error))
        return None


def check_of(hint: object) -> Check:
    """The check of a field by itself, such as a cell of a file: the value as it is kept, or ValueError."""
    return _check(*_stripped(hint))


def _check(base: Any, metas: tuple[Meta, ...]) -> Check:
    """The check of a single value, by its declared type."""
    rule = next((meta.extra["rule"] for meta in metas if meta.extra and "rule" in meta.extra), None)
    if rule is not None:
        return rule.check  # type: ignore[no-any-return]  # every rule has one
    if base is int:
        bounds = [meta for meta in metas if meta.ge is not None or meta.le is not None]
        low, high = (bounds[0].ge, bounds[0].le) if bounds else (None, None)
        return lambda value: whole(value, low, high)  # type: ignore[arg-type]  # of an int
    if choices := _choices(base):
        return partial(_chosen, base, choices)
    return {bool: _truth, date: _date, str: _text}[base]


def _choices(base: object) -> tuple[object, ...]:
    if get_origin(base) is Literal:
        return get_args(base)
    return tuple(base) if isinstance(base, type) and issubclass(base, Enum) else ()


def _chosen(base: object, choices: tuple[object, ...], value: object) -> object:
    try:
        return msgspec.convert(value, base, strict=True)
    except msgspec.ValidationError:
        raise ValueError(f"Must be one of {', '.join(map(str, choices))}.") from None


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("Must be true or false.")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or isinstance(value, Huge):
        raise ValueError("Must be text.")
    return value


def _date(value: object) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError("Must be a date such as 2026-06-30.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("There is no such date.") from None


def _typed(hint: object, text: str) -> object:
    kinds = {_stripped(item)[0] for item in _members(_stripped(hint)[0])}
    if bool in kinds and text in {"true", "false"}:
        return text == "true"
    if int in kinds and re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
        return int(text)
    return text
