"""Numbers of answers: each kind always has the same decimals."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import get_args, get_type_hints

from msgspec import Meta, Struct


def figure(example: float, places: int, what: str) -> Meta:
    """A number of an answer, rounded half-up to so many decimals; ``what`` it is begins its description."""
    return Meta(
        description=f"{what}, to {Decimal(1).scaleb(-places)}.",
        examples=[example],
        extra={"quantum": Decimal(1).scaleb(-places)},
        extra_json_schema={"type": "number", "format": None},
    )


@cache
def quanta(model: type[Struct]) -> tuple[tuple[str, Decimal], ...]:
    """The fields of an answer that hold such numbers, with the unit of their last decimal."""
    hints = get_type_hints(model, include_extras=True)
    found = ((name, next(_metas(hint), None)) for name, hint in hints.items())
    return tuple((name, meta.extra["quantum"]) for name, meta in found if meta is not None and meta.extra)


def _metas(hint: object) -> Iterator[Meta]:
    """Those of a figure in a declared type, however deep in it."""
    yield from (each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Meta) and _is_figure(each))
    for inner in get_args(hint):
        yield from _metas(inner)


def _is_figure(meta: Meta) -> bool:
    return bool(meta.extra and "quantum" in meta.extra)


def rounded(value: object, quantum: Decimal) -> object:
    """A number with all its decimals and never minus zero; also every number of a dictionary."""
    if isinstance(value, dict):
        return {name: rounded(each, quantum) for name, each in value.items()}
    return value.quantize(quantum, ROUND_HALF_UP) + 0 if isinstance(value, Decimal) else value
