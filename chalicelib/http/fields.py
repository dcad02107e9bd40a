"""Field types of requests and answers, and how a body or query becomes one of their models.

The models are msgspec Structs; one declaration validates, documents and serialises. Numbers keep
the digits of the JSON text: they are read as Decimal and never pass through float.
"""

import json
import re
import types
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import fields as struct_fields

from chalicelib.errors import Invalid, InvalidJson

S = TypeVar("S", bound=msgspec.Struct)
MAX_DEPTH = 32
# Character classes of regular expressions, as Python and JSON Schema both read them.
_REFUSED = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
_BREAKS = r"\t\n\r\u2028\u2029"
_BLANK = r"\s\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2065\u206a-\u206f\ufeff\u3164\uffa0"
_ONE_LINE, _SEVERAL_LINES = re.compile(f"[^{_REFUSED}{_BREAKS}]*"), re.compile(f"[^{_REFUSED}]*")
_VISIBLE = re.compile(f"[^{_REFUSED}{_BLANK}]")
LOST = "\ufffd"  # what the gateway has put in the place of each byte that is no UTF-8
NOT_UTF_8 = "The body is not UTF-8. (A replacement character that is meant is written \\ufffd.)"
TOO_DEEP = f"Nested more than {MAX_DEPTH} levels deep."


class Number(Struct, frozen=True):
    """Bounds of an exact number: ``places`` decimals, lowest and highest value, ``above`` excludes."""

    places: int
    lowest: str | None = None
    highest: str | None = None
    above: str | None = None

    def check(self, value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ValueError("Must be a number.")
        number = Decimal(value)
        if not number.is_finite() or abs(number.adjusted()) > 30:
            raise ValueError("Must be a number of a sensible size.")
        if self.above is not None and number <= Decimal(self.above):
            raise ValueError(f"Must be more than {self.above}.")
        if self.lowest is not None and number < Decimal(self.lowest):
            raise ValueError(f"Must be at least {self.lowest}.")
        if self.highest is not None and number > Decimal(self.highest):
            raise ValueError(f"Must be at most {self.highest}.")
        if number != round(number, self.places):
            raise ValueError(f"Must have at most {self.places} decimals.")
        return number.quantize(Decimal(1).scaleb(-self.places)) + 0  # never minus zero

    def meta(self, example: float) -> Meta:
        """The same in JSON Schema; decimals in words, as ``multipleOf`` of fractions is unsafe in validators."""
        bounds = {"minimum": self.lowest, "maximum": self.highest, "exclusiveMinimum": self.above}
        return Meta(
            description=f"At most {self.places} decimals.",
            examples=[example],
            extra_json_schema={
                "type": "number",
                "format": None,
                **{name: int(bound) for name, bound in bounds.items() if bound is not None},
            },
        )


def text(example: str, shortest: int, longest: int, *, lines: bool = False, description: str | None = None) -> Meta:
    """Text of one line, or of several: what :func:`_check_text` takes, said in the schema."""
    taken = f"[^{_REFUSED}{'' if lines else _BREAKS}]*"
    pattern = f"^{taken}[^{_REFUSED}{_BLANK}]{taken}$" if shortest else f"^{taken}$"
    return Meta(
        min_length=shortest,
        max_length=longest,
        description=description,
        examples=[example],
        extra_json_schema={"pattern": pattern},
    )


_HOURS = Number(2, above="0", highest="24")
_BUDGET = Number(2, lowest="0", highest="100000000")
_MONEY = Number(2, lowest="0", highest="1000000000000")
_RATE = Number(2, lowest="0", highest="1000000")
_QUANTITY = Number(4, lowest="-1000000000", highest="1000000000")
_AMOUNT = Number(4, lowest="0", highest="1000000000")
_FRACTION = Number(4, lowest="0", highest="1")
_FIGURE = Number(6)
Hours = Annotated[Decimal, _HOURS, _HOURS.meta(7.5)]
Cap = Annotated[Decimal, _HOURS, _HOURS.meta(16)]
Budget = Annotated[Decimal, _BUDGET, _BUDGET.meta(320)]
Money = Annotated[Decimal, _MONEY, _MONEY.meta(1250000)]
Rate = Annotated[Decimal, _RATE, _RATE.meta(34.5)]
Quantity = Annotated[Decimal, _QUANTITY, _QUANTITY.meta(12.5)]
Amount = Annotated[Decimal, _AMOUNT, _AMOUNT.meta(180)]
Fraction = Annotated[Decimal, _FRACTION, _FRACTION.meta(0.25)]
Figure = Annotated[Decimal, _FIGURE, _FIGURE.meta(1.0417)]
LINES = "may have several lines"
Name = Annotated[str, text("North quay", 1, 200)]
Code = Annotated[str, text("C-101", 1, 64)]
Note = Annotated[str, LINES, text("Rain until ten.", 0, 2000, lines=True)]
Reason = Annotated[str, LINES, text("Wrong activity.", 1, 2000, lines=True)]
Id = Annotated[str, text("k3x9mq2vh7ad", 1, 64)]
Unit = Annotated[str, text("m3", 1, 32)]
Currency = Annotated[
    str, Meta(pattern="^[A-Z]{3}$", description="three capital letters, such as EUR", examples=["EUR"])
]
Email = Annotated[
    str,
    Meta(
        pattern=f"^[^@\\s{_REFUSED}]+@[^@\\s{_REFUSED}]+\\.[^@\\s{_REFUSED}]+$",
        max_length=254,
        description="an e-mail address",
        examples=["fay@example.com"],
    ),
]


class TimeZone(Struct, frozen=True):
    """A name of the IANA time zone database."""

    def check(self, value: Any) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
            raise ValueError("Must be a time zone such as Europe/Dublin.") from None
        return str(value)


Zone = Annotated[
    str,
    TimeZone(),
    Meta(
        max_length=64,
        description="a name of the IANA time zone database",
        examples=["Europe/Dublin"],
        extra_json_schema={"format": "iana-time-zone"},
    ),
]
Date = Annotated[date, Meta(examples=["2026-06-08"])]
Weekday = Annotated[int, Meta(ge=1, le=7)]


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of request bodies and queries; unknown fields are refused by name.

    ``schema_rules`` say in JSON Schema what holds between the fields.
    """

    schema_rules: ClassVar[dict[str, Any]] = {}


class Loose(msgspec.Struct, kw_only=True):
    """Base of bodies whose unknown fields are ignored (devices send what they like).

    ``schema_parts`` are models that the schema of a field names.
    """

    schema_rules: ClassVar[dict[str, Any]] = {}
    schema_parts: ClassVar[tuple[type[msgspec.Struct], ...]] = ()


class Answer(msgspec.Struct, kw_only=True):
    """Base of answers; a field that is UNSET is left out."""


def parse_json(raw: bytes) -> Any:
    """JSON text to plain values: exact numbers, no NaN, no duplicate keys, bounded depth.

    Raises:
        InvalidJson: with what is wrong, and the field where there is one.
    """
    try:
        text = raw.decode("utf-8")
        if LOST in text:
            raise InvalidJson(NOT_UTF_8)
        value = json.loads(
            text,
            parse_float=Decimal,
            parse_int=_whole,
            parse_constant=Decimal,
            object_pairs_hook=_no_duplicates,
        )
    except RecursionError:
        raise InvalidJson("The body is nested too deeply.", errors={"body": [TOO_DEEP]}) from None
    except UnicodeDecodeError:
        raise InvalidJson(NOT_UTF_8) from None
    except (ValueError, ArithmeticError) as error:
        raise InvalidJson(f"The body is not valid JSON: {error}"[:300]) from None
    _check_tree(value, "", 0)
    return value


def _whole(digits: str) -> int | Decimal:
    """A whole number; one of absurd length as a decimal, which no field takes."""
    return int(digits) if len(digits) <= 40 else Decimal(digits)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = printable(next(name for name in names if names.count(name) > 1))
        raise InvalidJson("A key appears twice.", errors={twice: ["Appears twice."]})
    return found


def _check_tree(value: Any, path: str, depth: int) -> None:
    """Bounded depth, and none of the constants that JSON does not have (the parser makes them decimals)."""
    if depth > MAX_DEPTH:
        raise InvalidJson("The body is nested too deeply.", errors={path.split(".")[0]: [TOO_DEEP]})
    if isinstance(value, Decimal) and not value.is_finite():
        raise InvalidJson(f"{value} is not a JSON number.", errors={path or "body": ["Must be a number."]})
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            _check_tree(item, _join(path, printable(str(name))), depth + 1)


def printable(name: str) -> str:
    """A client's own name for a field, short and safe to show."""
    return name[:64].encode("utf-8", "replace").decode().replace("\0", "?")


def bind(model: type[S], value: Any) -> S:
    """A model from plain values; every bad field is named at once.

    Raises:
        Invalid: ``errors`` maps field paths to messages.
    """
    errors: dict[str, list[str]] = {}
    bound = _bind_struct(model, value, "", errors)
    if errors:
        raise Invalid("Some fields are not valid.", errors=errors)
    return bound  # type: ignore[no-any-return]  # _bind_struct gives an instance when there are no errors


@cache
def _types(model: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(model, include_extras=True)


def _bind_struct(model: type[msgspec.Struct], value: Any, path: str, errors: dict[str, list[str]]) -> Any:
    if not isinstance(value, dict):
        errors.setdefault(path or "body", []).append("Must be an object.")
        return None
    known = {item.encode_name: item for item in struct_fields(model)}
    hints = _types(model)
    if model.__struct_config__.forbid_unknown_fields:
        for name in value.keys() - known.keys():
            errors.setdefault(_join(path, printable(name)), []).append("Unknown field.")
    values = {}
    for name, item in known.items():
        if name in value:
            values[item.name] = _bind_value(hints[item.name], value[name], _join(path, name), errors)
        elif item.required:
            errors.setdefault(_join(path, name), []).append("This field is required.")
    return None if errors else model(**values)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _bind_value(hint: Any, value: Any, path: str, errors: dict[str, list[str]]) -> Any:
    base, rules = _strip(hint)
    if base is Any:
        return value  # the handler's own matter
    members = [item for item in _members(base) if item is not UnsetType]
    if value is None and type(None) in members:
        return None
    members = [item for item in members if item is not type(None)]
    if len(members) == 1 and members[0] is not base:
        return _bind_value(members[0], value, path, errors)
    if isinstance(base, type) and issubclass(base, msgspec.Struct):
        return _bind_struct(base, value, path, errors)
    if get_origin(base) is list and isinstance(value, list):
        return _bind_list(hint, base, rules, value, path, errors)
    try:
        return _scalar(hint, base, rules, value)
    except (ValueError, msgspec.ValidationError) as error:
        errors.setdefault(path, []).append(_message(error, rules, base))
        return None


def _bind_list(
    hint: Any, base: Any, rules: tuple[Any, ...], value: list[Any], path: str, errors: dict[str, list[str]]
) -> Any:
    for rule in rules:
        if isinstance(rule, Meta) and rule.max_length is not None and len(value) > rule.max_length:
            errors.setdefault(path, []).append(f"At most {rule.max_length} items.")
            return None
        if isinstance(rule, Meta) and rule.min_length is not None and len(value) < rule.min_length:
            errors.setdefault(path, []).append(f"At least {rule.min_length} items.")
            return None
    [item_type] = get_args(base)
    return [_bind_value(item_type, item, _join(path, str(place)), errors) for place, item in enumerate(value)]


def _strip(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    if get_origin(hint) is Annotated:
        base, *rules = get_args(hint)
        return base, tuple(rules)
    return hint, ()


def _members(base: Any) -> tuple[Any, ...]:
    return get_args(base) if get_origin(base) in {Union, types.UnionType} else (base,)


def _scalar(hint: Any, base: Any, rules: tuple[Any, ...], value: Any) -> Any:
    if isinstance(value, str):
        _check_text(value, LINES in rules)
    for rule in rules:
        if isinstance(rule, Number | TimeZone):
            return rule.check(value)
    if base is date:
        return _date(value)
    if isinstance(value, Decimal) and int in _members(base) and value == value.to_integral_value():
        value = int(value)  # JSON knows one kind of number: 1.0 is a whole one
    if base is str and isinstance(value, str):
        value = value.strip()
        if any(isinstance(rule, Meta) and rule.min_length for rule in rules) and not _VISIBLE.search(value):
            raise ValueError("Must not be empty.")
    return msgspec.convert(value, hint, strict=True)


def _date(value: Any) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError("Must be a date such as 2026-06-30.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("There is no such date.") from None


def _check_text(value: str, lines: bool) -> None:
    taken = _SEVERAL_LINES if lines else _ONE_LINE
    if not taken.fullmatch(value) or any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError(
            "Must be text without control characters, marks that reverse the direction of writing, or lone surrogates."
        )


def _message(error: Exception, rules: tuple[Any, ...], base: Any) -> str:
    """What a person should give instead; msgspec's own wording speaks of Python types."""
    if not isinstance(error, msgspec.ValidationError):
        return str(error)
    choices = [str(choice) for member in _members(base) for choice in _choices(member)]
    if choices:
        return f"Must be one of {', '.join(choices)}."
    for pattern, message in _MESSAGES:
        if found := re.match(pattern, str(error)):
            shown = [rule.description for rule in rules if isinstance(rule, Meta) and rule.description]
            return message.format(*found.groups(), kind=shown[0] if shown else "of the right form")
    return "Not valid."


def _choices(member: Any) -> tuple[Any, ...]:
    if get_origin(member) is Literal:
        return get_args(member)
    return tuple(member) if isinstance(member, type) and issubclass(member, Enum) else ()


_MESSAGES = (
    (r"Expected `str` of length >= (\d+)", "Must have at least {0} characters."),
    (r"Expected `str` of length <= (\d+)", "Must have at most {0} characters."),
    (r"Expected `str` matching", "Must be {kind}."),
    (r"Expected `int` >= (-?\d+)", "Must be at least {0}."),
    (r"Expected `int` <= (-?\d+)", "Must be at most {0}."),
    (r"Expected `int \| str", "Must be text or a whole number."),
    (r"Expected `int", "Must be a whole number."),
    (r"Expected `bool", "Must be true or false."),
    (r"Expected `array", "Must be a list."),
    (r"Expected `object", "Must be an object."),
    (r"Expected `str", "Must be text."),
)


def bind_query(model: type[S], raw: dict[str, list[str]]) -> S:
    """A query model from query parameters; text becomes whole numbers and booleans where declared."""
    repeated = {printable(name): ["Given more than once."] for name, values in raw.items() if len(values) > 1}
    if repeated:
        raise Invalid("Some query parameters are not valid.", errors=repeated)
    hints = _types(model)
    return bind(model, {name: _typed(hints.get(name), values[0]) for name, values in raw.items()})


def _typed(hint: Any, text: str) -> Any:
    kinds = {_strip(item)[0] for item in _members(_strip(hint)[0])}
    if bool in kinds and text in {"true", "false"}:
        return text == "true"
    if int in kinds and re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
        return int(text)
    return text


def given(body: msgspec.Struct) -> dict[str, Any]:
    """The fields of a body that the client sent."""
    return {item.name: value for item in struct_fields(type(body)) if (value := getattr(body, item.name)) is not UNSET}


def dates_as_text(values: dict[str, Any]) -> dict[str, Any]:
    """Dates as the tables keep them."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
