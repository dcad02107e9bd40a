"""JSON text to plain values: exact numbers, and bounds that hold while it is read.

What breaks a bound in an item of a batch is kept there as :class:`Unreadable`, so that it costs its item alone.
"""

import json
from decimal import Decimal
from typing import Any

from chalicelib.errors import InvalidJson

MAX_KEYS = 1000
MAX_DEPTH = 20
MAX_DIGITS = 30
MAX_EXPONENT = 10
LONGEST_NUMBER = MAX_DIGITS + len("-.e+10")
BATCHES = ("events", "entries")  # in each item of these, keys and depth are counted anew
LOST = "\ufffd"  # what the gateway has put in the place of each byte that is no UTF-8
NOT_UTF_8 = "The body is not UTF-8. (A replacement character that is meant is written \\ufffd.)"
TOO_DEEP = f"Nested more than {MAX_DEPTH} levels deep."
TOO_MANY_KEYS = f"More than {MAX_KEYS} keys."


class Huge(str):
    """A number past its bounds, as the text that it was: no number field takes it, and nothing computes with it."""

    __slots__ = ()


_PLAIN = frozenset({str, int, bool, type(None), Huge})


class Unreadable(dict[str, list[str]]):
    """An item of a batch that breaks a bound: what is wrong, by field."""


class _Flawed(dict[str, Any]):
    """An object that breaks a bound by itself; which one it is, only the walk from the top knows."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__()
        self.name, self.message = name, message


class _Fault(Exception):
    """A bound is broken; the path grows from the inside."""

    def __init__(self, message: str, *path: str) -> None:
        super().__init__(message)
        self.message, self.path = message, list(path)

    @property
    def errors(self) -> dict[str, list[str]]:
        named = {TOO_DEEP: 1, TOO_MANY_KEYS: 0}.get(self.message, MAX_DEPTH)  # the rest of the path says nothing
        return {".".join(self.path[:named]) or "body": [self.message]}


def parse_json(raw: bytes) -> object:
    """JSON text to plain values: exact numbers, no NaN, no repeated keys, bounded keys and depth.

    A byte order mark before it is ignored.

    Raises:
        InvalidJson: with what is wrong, and the field where there is one.
    """
    try:
        value = _parsed(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InvalidJson(NOT_UTF_8) from None
    try:
        return _checked(value)
    except _Fault as fault:
        raise InvalidJson("The body breaks a rule of JSON bodies.", errors=fault.errors) from None


def _parsed(text: str) -> object:
    if LOST in text:
        raise InvalidJson(NOT_UTF_8)
    try:
        return json.loads(
            text.lstrip("\ufeff"),
            parse_float=_number,
            parse_int=_whole,
            parse_constant=Decimal,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise InvalidJson("The body is nested too deeply.", errors={"body": [TOO_DEEP]}) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidJson(f"The body is not valid JSON: {error.msg} ({where}).") from None


def _whole(text: str) -> int | Huge:
    return int(text) if len(text) <= MAX_DIGITS or len(text.lstrip("-")) <= MAX_DIGITS else Huge(text)


def _number(text: str) -> Decimal | Huge:
    mantissa, _, exponent = text.lower().partition("e")
    digits = len(mantissa) - mantissa.count("-") - mantissa.count(".")
    if len(text) > LONGEST_NUMBER or digits > MAX_DIGITS or abs(int(exponent or 0)) > MAX_EXPONENT:
        return Huge(text)
    return Decimal(text)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(pairs) > MAX_KEYS:
        return _Flawed("", TOO_MANY_KEYS)
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen = set[str]()
    twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    return _Flawed(printable(twice), "Appears twice.")


def _checked(value: object) -> object:
    """The value, within its bounds; the items of a batch each for itself."""
    if not isinstance(value, dict) or isinstance(value, _Flawed):
        _check(value)
        return value
    batches = {name: items for name in BATCHES if isinstance(items := value.get(name), list)}
    _check({**value, **dict.fromkeys(batches)})
    return value | {name: [_apart(item) for item in items] for name, items in batches.items()}


def _apart(item: object) -> object:
    try:
        _check(item)
        return item
    except _Fault as fault:
        return Unreadable(fault.errors)


def _check(value: object) -> None:
    if not _sound(value):
        _Walk().check(value, 0)


def _sound(value: object) -> bool:
    """Whether all bounds hold, level by level: what most bodies are asked, so it is quick and gives no reason."""
    keys, level = 0, [value]
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        for each in level:
            if type(each) is dict:
                keys += len(each)
                below += [item for item in each.values() if type(item) not in _PLAIN]
            elif type(each) is list:
                below += [item for item in each if type(item) not in _PLAIN]
            elif type(each) is not Decimal or not each.is_finite():
                return False
        level = below
    return keys <= MAX_KEYS and not any(isinstance(each, dict | list) for each in level)


class _Walk:
    """Through a value from the top, for the path of the first fault: too many keys, too deep, no number of JSON's."""

    def __init__(self) -> None:
        self.keys = 0

    def check(self, value: object, depth: int) -> None:
        if isinstance(value, Decimal) and not value.is_finite():  # the parser makes decimals of NaN and Infinity
            raise _Fault("Must be a number.")
        if not isinstance(value, dict | list):
            return
        if isinstance(value, _Flawed):
            raise _Fault(value.message, *([value.name] if value.name else []))
        if depth == MAX_DEPTH:
            raise _Fault(TOO_DEEP)
        if isinstance(value, dict):
            self._count(len(value))
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            if type(item) not in _PLAIN:
                self._check_below(str(name), item, depth)

    def _count(self, keys: int) -> None:
        self.keys += keys
        if self.keys > MAX_KEYS:
            raise _Fault(TOO_MANY_KEYS)

    def _check_below(self, name: str, item: object, depth: int) -> None:
        try:
            self.check(item, depth + 1)
        except _Fault as fault:
            fault.path.insert(0, printable(name))
            raise


def printable(name: str) -> str:
    """A client's own name for a field, short and safe to show."""
    return name[:64].encode("utf-8", "replace").decode().replace("\0", "?")
