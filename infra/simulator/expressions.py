"""DynamoDB's expressions, as far as the product writes them: parsed once, then functions of an item.

Conditions and filters: comparisons, BETWEEN, IN, AND, OR, NOT, brackets, ``attribute_exists``,
``attribute_not_exists``, ``attribute_type``, ``begins_with``, ``contains``, ``size``. Updates: SET with ``+``, ``-``,
``if_not_exists`` and ``list_append``, REMOVE, ADD and DELETE. Paths reach into maps and lists. What is not known raises
``NotImplementedError``: a product that begins to use it must not be simulated wrongly.
"""

import marshal
import re
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")
Item = dict[str, Any]  # attribute -> {"S": ...} and so on
Names = Mapping[str, str]
Values = Mapping[str, Any]
Path = tuple[str | int, ...]
Test = Callable[[Item, Names, Values], bool]
Operand = Callable[[Item, Names, Values], Any]

TOKEN = re.compile(r"\s*(?:(<>|<=|>=|[=<>(),.+\-])|(\[\d+\])|([#:]?[A-Za-z0-9_]+))")
SUMS = Context(prec=38)


def tokens(text: str) -> list[str]:
    """The words and signs of an expression."""
    found, place = [], 0
    while place < len(text.rstrip()):
        match = TOKEN.match(text, place)
        if match is None:
            raise NotImplementedError(f"{text!r} at {place}")
        found.append(match[1] or match[2] or match[3])
        place = match.end()
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self.words, self.at = tokens(text), 0

    def peek(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def next(self) -> str:
        self.at += 1
        return self.words[self.at - 1]

    def take(self, word: str) -> bool:
        if self.peek().upper() == word:
            self.at += 1
            return True
        return False

    def need(self, word: str) -> None:
        if not self.take(word):
            raise NotImplementedError(f"{word} expected at {self.at} of {self.words}")

    # conditions

    def either(self) -> Test:
        tests = [self.all()]
        while self.take("OR"):
            tests.append(self.all())
        return tests[0] if len(tests) == 1 else lambda *given: any(test(*given) for test in tests)

    def all(self) -> Test:
        tests = [self.negated()]
        while self.take("AND"):
            tests.append(self.negated())
        return tests[0] if len(tests) == 1 else lambda *given: all(test(*given) for test in tests)

    def negated(self) -> Test:
        if self.take("NOT"):
            inner = self.negated()
            return lambda *given: not inner(*given)
        return self.test()

    def test(self) -> Test:
        word = self.peek()
        if word == "(":
            self.next()
            inner = self.either()
            self.need(")")
            return inner
        if word in ("attribute_exists", "attribute_not_exists"):
            self.next()
            self.need("(")
            path = self.path()
            self.need(")")
            there = word == "attribute_exists"
            return lambda item, names, _: (found(item, resolved(path, names)) is not None) is there
        if word in ("begins_with", "contains", "attribute_type"):
            self.next()
            self.need("(")
            first = self.operand()
            self.need(",")
            second = self.operand()
            self.need(")")
            test = {"begins_with": _begins, "contains": _contains, "attribute_type": _is_of_type}[word]
            return lambda *given: test(first(*given), second(*given))
        return self.comparison()

    def comparison(self) -> Test:
        left = self.operand()
        if self.take("BETWEEN"):
            low = self.operand()
            self.need("AND")
            high = self.operand()
            return lambda *given: (
                compared(left(*given), ">=", low(*given)) and compared(left(*given), "<=", high(*given))
            )
        if self.take("IN"):
            self.need("(")
            options = [self.operand()]
            while self.take(","):
                options.append(self.operand())
            self.need(")")
            return lambda *given: any(compared(left(*given), "=", option(*given)) for option in options)
        sign = self.next()
        right = self.operand()
        return lambda *given: compared(left(*given), sign, right(*given))

    # operands

    def operand(self) -> Operand:
        word = self.peek()
        if word.startswith(":"):
            self.next()
            return lambda _, __, values: values[word]
        if word == "size" and self.words[self.at + 1 : self.at + 2] == ["("]:
            self.next()
            self.need("(")
            measured = self.path()
            self.need(")")
            return lambda item, names, _: size(found(item, resolved(measured, names)))
        path = self.path()
        return lambda item, names, _: found(item, resolved(path, names))

    def path(self) -> list[str]:
        parts = [self.next()]
        while self.peek() == "." or self.peek().startswith("["):
            part = self.next()
            parts.append(self.next() if part == "." else part)
        return parts

    # updates

    def actions(self) -> "list[tuple[str, list[str], Operand | None]]":
        done: list[tuple[str, list[str], Operand | None]] = []
        kind = ""
        while self.peek():
            if self.peek().upper() in ("SET", "REMOVE", "ADD", "DELETE"):
                kind = self.next().upper()
            path = self.path()
            value: Operand | None = None
            if kind == "SET":
                self.need("=")
                value = self.sum()
            elif kind in ("ADD", "DELETE"):
                value = self.operand()
            done.append((kind, path, value))
            self.take(",")
        return done

    def sum(self) -> Operand:
        left = self.assigned()
        if self.peek() in ("+", "-"):
            sign, right = self.next(), self.assigned()
            return lambda *given: added(left(*given), right(*given), -1 if sign == "-" else 1)
        return left

    def assigned(self) -> Operand:
        word = self.peek()
        if word in ("if_not_exists", "list_append"):
            self.next()
            self.need("(")
            first = self.assigned()
            self.need(",")
            second = self.assigned()
            self.need(")")
            if word == "if_not_exists":
                return lambda *given: first(*given) if first(*given) is not None else second(*given)
            return lambda *given: {"L": [*first(*given)["L"], *second(*given)["L"]]}
        return self.operand()


@lru_cache(maxsize=4096)
def condition(text: str) -> Test:
    """A condition, filter or key condition as a test of an item."""
    parser = _Parser(text)
    test = parser.either()
    if parser.peek():
        raise NotImplementedError(f"{parser.peek()!r} is left of {text!r}")
    return test


@lru_cache(maxsize=4096)
def update(text: str) -> Callable[[Item, Names, Values], Item]:
    """An update as a function from an item to the changed one; every value is that of before."""
    actions = _Parser(text).actions()

    def apply(item: Item, names: Names, values: Values) -> Item:
        changed = copied(item)
        for kind, path, value in actions:
            place = resolved(path, names)
            if kind == "SET":
                assert value is not None
                put(changed, place, value(item, names, values))
            elif kind == "REMOVE":
                take_out(changed, place)
            else:
                assert value is not None
                _merge(changed, place, value(item, names, values), kind)
        return changed

    return apply


def _merge(changed: Item, place: Path, value: Any, kind: str) -> None:
    """ADD to a number or set, DELETE from a set."""
    was = found(changed, place)
    if "N" in value and kind == "ADD":
        put(changed, place, value if was is None else added(was, value, 1))
        return
    [(type_, members)] = value.items()
    if type_ not in ("SS", "NS", "BS"):
        raise NotImplementedError(f"{kind} of {type_}")
    held = set(was[type_]) if was else set()
    held = held | set(members) if kind == "ADD" else held - set(members)
    if held:
        put(changed, place, {type_: sorted(held)})
    else:
        take_out(changed, place)


def resolved(path: list[str], names: Names) -> Path:
    """A path with its names in place."""
    return tuple(
        int(part[1:-1]) if part[0] == "[" else names.get(part, part) if part[0] == "#" else part for part in path
    )


def found(item: Item, path: Path) -> Any:
    """The value at a path; None where nothing is."""
    value: Any = {"M": item}
    for part in path:
        if isinstance(part, int):
            rows = value.get("L")
            value = rows[part] if rows is not None and part < len(rows) else None
        else:
            value = value.get("M", {}).get(part)
        if value is None:
            return None
    return value


def put(item: Item, path: Path, value: Any) -> None:
    """Write at a path, whose parent must be there."""
    parent = found(item, path[:-1])
    last = path[-1]
    if parent is None or value is None:
        raise ValueError("The document path provided in the update expression is invalid for update")
    if isinstance(last, int):
        rows = parent["L"]
        rows[last : last + 1] = [value]
    else:
        parent["M"][last] = value


def take_out(item: Item, path: Path) -> None:
    """Remove what is at a path, if anything is."""
    parent = found(item, path[:-1])
    last = path[-1]
    if parent is None:
        raise ValueError("The document path provided in the update expression is invalid for update")
    if isinstance(last, int):
        del parent["L"][last : last + 1]
    else:
        parent["M"].pop(last, None)


def added(left: Any, right: Any, sign: int) -> Any:
    """The sum of two numbers."""
    if left is None or right is None or "N" not in left or "N" not in right:
        raise ValueError("An operand in the update expression has an incorrect data type")
    total = SUMS.add(Decimal(left["N"]), SUMS.multiply(Decimal(right["N"]), Decimal(sign)))
    return {"N": number(total)}


def number(value: Decimal) -> str:
    """A number as DynamoDB writes it: no exponent, no zeros at the end."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def compared(left: Any, sign: str, right: Any) -> bool:
    """Whether a comparison holds; values of different types are only ever unequal."""
    if left is None or right is None:
        return sign == "<>" and left is not right
    [(kind, first)], [(other, second)] = left.items(), right.items()
    if sign in ("=", "<>"):
        same = kind == other and (Decimal(first) == Decimal(second) if kind == "N" else first == second)
        return same is (sign == "=")
    if kind != other or kind not in ("S", "N", "B"):
        return False
    if kind == "N":
        first, second = Decimal(first), Decimal(second)
    elif kind == "S":
        first, second = first.encode(), second.encode()
    return bool({"<": first < second, "<=": first <= second, ">": first > second, ">=": first >= second}[sign])


def _begins(value: Any, prefix: Any) -> bool:
    return value is not None and "S" in value and value["S"].startswith(prefix["S"])


def _contains(value: Any, part: Any) -> bool:
    if value is None:
        return False
    [(kind, held)], [(other, sought)] = value.items(), part.items()
    if kind == "S":
        return other == "S" and sought in held
    if kind == "L":
        return part in held
    return kind == f"{other}S" and sought in held


def _is_of_type(value: Any, kind: Any) -> bool:
    return value is not None and kind["S"] in value


def size(value: Any) -> Any:
    """The length of a value as a number."""
    if value is None:
        return None
    [(_, held)] = value.items()
    return {"N": str(len(held))}


def copied(value: T) -> T:
    """A copy that shares nothing that can change."""
    whole: Any = value
    found: T = marshal.loads(marshal.dumps(whole))
    return found
