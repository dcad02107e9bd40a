"""Answers as JSON text: numbers with the digits they have, never through float."""

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number")


def encode(value: object) -> bytes:
    """A value as JSON; decimals as numbers."""
    return _encoder.encode(value)
