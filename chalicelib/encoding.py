"""Answers as JSON text: numbers with the digits they have, never through float."""

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number")


def encode(value: Any) -> bytes:
    """A value as JSON; decimals as numbers."""
    return _encoder.encode(value)
