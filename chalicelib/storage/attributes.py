"""Attributes of our own: exact numbers and documents.

PynamoDB's NumberAttribute goes through float and JSON; hours and money may not.
"""

from decimal import Decimal
from typing import Any

from pynamodb.attributes import Attribute
from pynamodb.constants import LIST, MAP, NUMBER
from pynamodb.expressions.operand import Value


class DecimalAttribute(Attribute[Decimal]):
    """A number stored and read with every digit it was given."""

    attr_type = NUMBER

    def serialize(self, value: Decimal) -> str:
        return format(value, "f")

    def deserialize(self, value: str) -> Decimal:
        return Decimal(value)


class IntegerAttribute(Attribute[int]):
    """A whole number of any size."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(value)

    def deserialize(self, value: str) -> int:
        return int(value)


def to_wire(value: object) -> dict[str, object]:
    """A plain value as a DynamoDB attribute value."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case Decimal():
            return {"N": format(value, "f")}
        case dict():
            return {"M": {key: to_wire(item) for key, item in value.items()}}
        case list() | tuple():
            return {"L": [to_wire(item) for item in value]}
    raise TypeError(f"cannot store {type(value).__name__}")


def from_wire(value: dict[str, Any]) -> Any:
    """The reverse of :func:`to_wire`; numbers come back as int where whole, else Decimal."""
    [(kind, content)] = value.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return int(content) if content.lstrip("-").isdigit() else Decimal(content)
        case "M":
            return {key: from_wire(item) for key, item in content.items()}
        case "L":
            return [from_wire(item) for item in content]
    return content


class DocumentAttribute(Attribute[dict[str, Any]]):
    """A nested document of text, numbers, lists and maps."""

    attr_type = MAP

    def serialize(self, value: dict[str, object]) -> object:
        return to_wire(value)["M"]

    def deserialize(self, value: Any) -> dict[str, Any]:
        return {key: from_wire(item) for key, item in value.items()}


class ListAttribute(Attribute[list[Any]]):
    """A list of text, numbers, lists and maps."""

    attr_type = LIST

    def serialize(self, value: list[object]) -> object:
        return to_wire(value)["L"]

    def deserialize(self, value: Any) -> list[Any]:
        return [from_wire(item) for item in value]


def document_value(value: dict[str, Any]) -> object:
    """A nested document as an operand, for one place inside a :class:`DocumentAttribute`."""
    return Value(value, attribute=DocumentAttribute())
