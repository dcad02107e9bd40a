"""Number formats of workbooks: whether a number is a date, and what it looks like.

The format codes are those of ECMA-376 part 1, 18.8.30 and 18.8.31.
"""

import re
from decimal import Decimal, DecimalException
from functools import lru_cache

from chalicelib.spreadsheet.cells import GENERAL

_DATES = dict.fromkeys([*range(14, 18), 22, *range(27, 32), 36, *range(50, 55), 57, 58], "yyyy-mm-dd")
_TIMES = dict.fromkeys([18, 19, 20, 21, *range(32, 36), 45, 46, 47, 55, 56], "hh:mm:ss")
BUILT_IN = {
    0: GENERAL,
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)",
    41: "#,##0",
    42: "#,##0",
    43: "#,##0.00",
    44: "#,##0.00",
    48: "##0.0E+0",
    49: "@",
    **_DATES,
    **_TIMES,
}
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.')
_BRACKET = re.compile(r"\[(?![hmsHMS]+\])[^\]]*\]")  # colours, currencies, conditions; not elapsed times
_TOKEN = re.compile(r'"([^"]*)"|\\(.)|([0#]+)|(\.)|([-/ ():_])')
MOST_GENERAL_DIGITS = 11  # longer numbers are shown with an exponent


def _bare(code: str) -> str:
    """The first section without what is shown literally."""
    return _BRACKET.sub("", _LITERAL.sub("", code)).split(";")[0].lower()


@lru_cache(4096)
def is_date(code: str) -> bool:
    """Whether a format shows a number as a date, with or without a time."""
    bare = _bare(code)
    if code == GENERAL:
        return False
    return bool(set("yd") & set(bare)) or ("m" in bare and not set("hs") & set(bare))


@lru_cache(4096)
def is_time(code: str) -> bool:
    """Whether a format shows a number as a time of day or an elapsed time."""
    return code != GENERAL and not is_date(code) and bool(set("hs") & set(_bare(code)))


@lru_cache(4096)
def is_percentage(code: str) -> bool:
    """Whether a format shows a number as hundredths."""
    return "%" in _bare(code)


def shown(digits: str, code: str) -> str | None:
    """What a number looks like under a format; None for a format that is not followed here.

    Followed are ``General``, and codes of digits, literal text and one decimal point, such as
    ``00000``, ``00-000``, ``0.00`` or ``"A-"000``.
    """
    try:
        number = Decimal(digits)
    except DecimalException:
        return None
    number = _fifteen(number)
    if code in {GENERAL, "@"}:
        return _general(number)
    tokens = _tokens(_BRACKET.sub("", code))
    if tokens is None or number < 0:
        return None
    return _filled(number, tokens)


def _fifteen(number: Decimal) -> Decimal:
    """A number to the fifteen digits that spreadsheet programs show."""
    excess = len(number.as_tuple().digits) - 15
    return round(number, 14 - number.adjusted()) if excess > 0 else number


def _general(number: Decimal) -> str | None:
    text = f"{number.normalize():f}" if abs(number.adjusted()) <= MOST_GENERAL_DIGITS else ""
    return text if text and len(text.lstrip("-").replace(".", "")) <= MOST_GENERAL_DIGITS else None


def _tokens(code: str) -> list[tuple[str, str]] | None:
    """The parts of a format of one section: literal text, runs of places for digits, one point."""
    found, at = [], 0
    while at < len(code):
        match = _TOKEN.match(code, at)
        if match is None:
            return None
        quoted, escaped, places, point, plain = match.groups()
        if places or point:
            found.append(("places" if places else "point", match[0]))
        elif plain == "_":
            return None
        else:
            found.append(("literal", quoted or escaped or plain or ""))
        at = match.end()
    return found if any(kind == "places" for kind, _ in found) else None


def _filled(number: Decimal, tokens: list[tuple[str, str]]) -> str | None:
    points = [place for place, (kind, _) in enumerate(tokens) if kind == "point"]
    if len(points) > 1:
        return None
    whole, fraction = (tokens[: points[0]], tokens[points[0] + 1 :]) if points else (tokens, [])
    decimals = "".join(text for kind, text in fraction if kind == "places")
    if set(decimals) - {"0"} or (points and not decimals):
        return None  # optional decimals leave a point behind or do not, as the program pleases
    if round(number, len(decimals)) != number:
        return None  # more than is shown: the code would lose digits
    digits = f"{number:.{len(decimals)}f}".partition(".")
    left = _whole(digits[0].lstrip("0"), whole)
    right, places = "", digits[2]
    for kind, text in fraction:
        taken = len(text) if kind == "places" else 0
        right += places[:taken] if kind == "places" else text
        places = places[taken:]
    return left + ("." if points else "") + right


def _whole(digits: str, tokens: list[tuple[str, str]]) -> str:
    """Digits from the right into the places; the first place takes all that is left."""
    first = next((place for place, (kind, _) in enumerate(tokens) if kind == "places"), None)
    parts: list[str] = []
    for place in range(len(tokens) - 1, -1, -1):
        kind, text = tokens[place]
        if kind == "literal":
            parts.append(text)
            continue
        taken = len(digits) if place == first else len(text)
        mine, digits = digits[max(len(digits) - taken, 0) :], digits[: max(len(digits) - taken, 0)]
        least = len(text) - len(text.lstrip("#")) if "0" in text else len(text)
        parts.append(mine.rjust(len(text) - least, "0"))
    return "".join(reversed(parts))
