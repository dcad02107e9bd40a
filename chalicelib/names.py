"""How names and codes are compared: Unicode NFC, trimmed, single-spaced, case-folded."""

import unicodedata


def comparison_form(text: str) -> str:
    """Two names are the same when their comparison forms are."""
    return unicodedata.normalize("NFC", " ".join(unicodedata.normalize("NFC", text).split()).casefold())
