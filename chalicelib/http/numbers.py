"""Exact numbers: what a field takes, and the same said in the schema."""

from decimal import Decimal

from msgspec import Meta, Struct

from chalicelib.http.faults import counted
from chalicelib.http.json_text import MAX_DIGITS, MAX_EXPONENT, Huge

HUGE = f"Must be a number of at most {MAX_DIGITS} digits, with an exponent of at most {MAX_EXPONENT}."


class Number(Struct, frozen=True):
    """Bounds of an exact number: ``places`` decimals, lowest and highest value, ``above`` excludes."""

    places: int
    lowest: str | None = None
    highest: str | None = None
    above: str | None = None

    def check(self, value: object) -> Decimal:
        """The number with all of its decimals.

        Raises:
            ValueError: says what is taken.
        """
        if isinstance(value, Huge):
            raise ValueError(HUGE)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ValueError("Must be a number.")
        number = Decimal(value)
        if self.above is not None and number <= Decimal(self.above):
            raise ValueError(f"Must be more than {self.above}.")
        if self.lowest is not None and number < Decimal(self.lowest):
            raise ValueError(f"Must be at least {self.lowest}.")
        if self.highest is not None and number > Decimal(self.highest):
            raise ValueError(f"Must be at most {self.highest}.")
        if number != round(number, self.places):
            raise ValueError(f"Must have at most {counted(self.places, 'decimal')}.")
        return number.quantize(Decimal(1).scaleb(-self.places)) + 0  # never minus zero

    def meta(self, example: float) -> Meta:
        """The same in JSON Schema; decimals in words, as ``multipleOf`` of fractions is unsafe in validators."""
        bounds = {"minimum": self.lowest, "maximum": self.highest, "exclusiveMinimum": self.above}
        return Meta(
            description=f"At most {counted(self.places, 'decimal')}.",
            examples=[example],
            extra={"rule": self},
            extra_json_schema={
                "type": "number",
                "format": None,
                **{name: int(bound) for name, bound in bounds.items() if bound is not None},
            },
        )


def number(
    example: float, places: int, *, lowest: str | None = None, highest: str | None = None, above: str | None = None
) -> Meta:
    """What a field of exact numbers takes: see :class:`Number`."""
    return Number(places, lowest, highest, above).meta(example)


def whole(value: object, lowest: int | None = None, highest: int | None = None) -> int:
    """A whole number; JSON knows one kind of number, so 1.0 is one.

    Raises:
        ValueError: says what is taken.
    """
    if isinstance(value, Huge):
        raise ValueError(HUGE)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise ValueError("Must be a whole number.")
    if lowest is not None and value < lowest:
        raise ValueError(f"Must be at least {lowest}.")
    if highest is not None and value > highest:
        raise ValueError(f"Must be at most {highest}.")
    return int(value)
