"""Random ids, and what an id says by itself."""

import base64
import secrets

ID_LENGTH = 12


def new_id() -> str:
    """A random id of 60 bits, twelve letters and digits."""
    return base32(secrets.token_bytes(8))[:ID_LENGTH]


def base32(raw: bytes) -> str:
    """Bytes as lower-case letters and digits."""
    return base64.b32encode(raw).decode().rstrip("=").lower()


def project_of(node: str) -> str:
    """The project that a node's id names: it begins with the project's."""
    return node[:ID_LENGTH]
