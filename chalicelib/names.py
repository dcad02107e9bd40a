"""How names, codes, clock IDs and e-mails are compared.

Unicode NFC, trimmed, single-spaced, case-folded, without characters that nobody sees.
"""

import re
import unicodedata

# Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties: zero-width space, soft hyphen, byte order mark, …
IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
LONGEST = 4096  # more than any name that is kept
_IGNORABLE = re.compile(f"[{IGNORABLE}]+")


def comparison_form(text: str) -> str:
    """Two names are the same when their comparison forms are.

    Longer text than any that is kept is not normalised, which takes a time that grows by the square of a run of
    combining marks; it is no kept name all the same.
    """
    if text.isascii():
        return " ".join(text.split()).casefold()
    if len(text) > LONGEST:
        return " ".join(text.split())
    folded = unicodedata.normalize("NFD", _IGNORABLE.sub("", text)).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())
