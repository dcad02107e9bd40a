"""Mutants that are no fault: what they change nobody can see. Each with its reason."""

from collections.abc import Mapping

EQUIVALENT: Mapping[tuple[str, str, str], str] = {}
"""By module, the text that stands there, and what would stand there instead."""
