"""Numbers as people write them in files: decimal marks, thousands, and how many decimals a field keeps."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal

import msgspec

DIGITS = 15  # a spreadsheet keeps no more; what follows is noise of its binary numbers
_FIFTEEN = Context(prec=DIGITS, rounding=ROUND_HALF_UP)
_SPACES = "[ \u00a0\u2009\u202f'’]"  # noqa: RUF001 (typographic thousands separators)
_PLAIN = re.compile(r"\d{1,30}", re.ASCII)
_ONE_MARK = re.compile(r"(\d{0,30})([.,])(\d{1,30})", re.ASCII)
_TWO_READINGS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_GROUPED = re.compile(rf"[1-9]\d{{0,2}}(?:(?P<group>[.,]|{_SPACES})\d{{3}})(?:(?P=group)\d{{3}})*", re.ASCII)
_GROUPED_WITH_MARK = re.compile(rf"(?P<whole>{_GROUPED.pattern})(?P<mark>[.,])(?P<decimals>\d{{1,30}})", re.ASCII)
_SHORTENED = re.compile(r"[+-]?\d[\d.,]*[eE][+-]?\d+", re.ASCII)
_KNOWN_SIZE = 60


class Marks(msgspec.Struct, frozen=True):
    """Which decimal marks the numbers of a file show beyond doubt."""

    found: frozenset[str]

    @property
    def one(self) -> str | None:
        """The mark for numbers that have two readings, such as ``1.250``; None when the file does not tell."""
        return next(iter(self.found)) if len(self.found) == 1 else None


def marks(texts: Iterable[str], delimiter: str) -> Marks:
    """The marks of a file's numbers; a file parted by commas writes points, unless its numbers show otherwise."""
    found = {mark for text in texts if (mark := _shown(text)) is not None}
    return Marks(frozenset(found or ({"."} if delimiter == "," else ())))


def _shown(text: str) -> str | None:
    """The decimal mark that a number shows beyond doubt."""
    text = _unsigned(text)[1]
    if _TWO_READINGS.fullmatch(text):
        return None
    if found := _GROUPED.fullmatch(text):
        return {".": ",", ",": "."}.get(found["group"])
    if found := _GROUPED_WITH_MARK.fullmatch(text):
        return found["mark"] if found["mark"] != found["group"] else None
    found = _ONE_MARK.fullmatch(text)
    return found[2] if found else None


def _unsigned(text: str) -> tuple[str, str]:
    text = text.strip()[:_KNOWN_SIZE].replace("\u2212", "-")
    return (text[0], text[1:].lstrip()) if text[:1] in {"+", "-"} else ("", text)


def number(text: str, known: Marks) -> Decimal:
    """The number that a text is.

    Raises:
        ValueError: it is none, or may be one of two.
    """
    if len(text.strip()) > _KNOWN_SIZE:
        raise ValueError("Is not a number.")
    sign, digits = _unsigned(text)
    if _TWO_READINGS.fullmatch(digits):
        if known.one is None:
            raise ValueError(f"“{text.strip()}” has two readings; write it without a thousands separator.")
        whole, decimals = digits.split(digits[-4])
        return Decimal(f"{sign}{whole}.{decimals}" if digits[-4] == known.one else f"{sign}{whole}{decimals}")
    if _PLAIN.fullmatch(digits):
        return Decimal(sign + digits)
    return _marked(text, sign, digits)


def _marked(text: str, sign: str, digits: str) -> Decimal:
    if (found := _GROUPED_WITH_MARK.fullmatch(digits)) and found["mark"] != found["group"]:
        return Decimal(f"{sign}{re.sub('[^0-9]', '', found['whole'])}.{found['decimals']}")
    if _GROUPED.fullmatch(digits):
        return Decimal(sign + re.sub("[^0-9]", "", digits))
    if found := _ONE_MARK.fullmatch(digits):
        return Decimal(f"{sign}{found[1] or 0}.{found[3]}")
    if _SHORTENED.fullmatch(digits):
        raise ValueError(f"“{text.strip()}” has been shortened by a spreadsheet program; give it in full.")
    raise ValueError(f"“{text.strip()[:40]}” is not a number.")


def stored(digits: str) -> Decimal:
    """A workbook's number to fifteen digits: ``402.90930000000003`` is 402.9093."""
    return _FIFTEEN.create_decimal(digits)


def rounded(value: Decimal, places: int) -> Decimal:
    """Half-up to a field's decimals."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) + 0  # never minus zero
