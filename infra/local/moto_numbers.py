"""Arithmetic of update expressions with DynamoDB's precision.

Moto adds at Python's default of 28 digits, where DynamoDB has 38, and fails on ``1E+2``.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal

from moto.dynamodb.exceptions import IncorrectDataType
from moto.dynamodb.models.dynamo_type import DynamoType

DIGITS = 38

Arithmetic = Callable[[DynamoType, DynamoType], DynamoType]


def on_numbers(operation: Callable[[Context, Decimal, Decimal], Decimal]) -> Arithmetic:
    """Make an operator of moto's values from one of decimals."""

    def apply(left: DynamoType, right: DynamoType) -> DynamoType:
        if not (left.is_number() and right.is_number()):
            raise IncorrectDataType
        result = operation(Context(prec=DIGITS), Decimal(left.value), Decimal(right.value))
        return DynamoType({"N": plain(result)})

    return apply


def plain(number: Decimal) -> str:
    """Write a number as DynamoDB returns it: no exponent, no zeros at the end of a fraction."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def install_arithmetic() -> None:
    """Put the exact operators in the place of moto's."""
    DynamoType.__add__ = on_numbers(Context.add)  # type: ignore[method-assign]  # replacing it is the point
    DynamoType.__sub__ = on_numbers(Context.subtract)  # type: ignore[method-assign]  # replacing it is the point
