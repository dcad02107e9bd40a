"""The field types and bases of requests and answers.

The models are msgspec Structs; one declaration validates (``binding.py``), documents (``openapi.py``) and serialises.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import UNSET, Meta, Struct
from msgspec.structs import fields as struct_fields

from chalicelib import zones
from chalicelib.http.numbers import Number, number
from chalicelib.http.texts import FORMATS, REFUSED, formed, text

Hours = Annotated[Decimal, number(7.5, 2, above="0", highest="24")]
Cap = Annotated[Decimal, number(16, 2, above="0", highest="24")]
Budget = Annotated[Decimal, number(320, 2, lowest="0", highest="100000000")]
Money = Annotated[Decimal, number(1250000, 2, lowest="0", highest="1000000000000")]
Rate = Annotated[Decimal, number(34.5, 2, lowest="0", highest="1000000")]
Quantity = Annotated[Decimal, number(12.5, 4, lowest="-1000000000", highest="1000000000")]
Amount = Annotated[Decimal, number(180, 4, lowest="0", highest="1000000000")]
Fraction = Annotated[Decimal, number(0.25, 4, lowest="0", highest="1")]
Figure = Annotated[Decimal, Number(6).meta(1.0417)]
Name = Annotated[str, text("North quay", 1, 200)]
Code = Annotated[str, text("C-101", 1, 64, plain=True)]
Note = Annotated[str, text("Rain until ten.", 0, 2000, lines=True)]
Reason = Annotated[str, text("Wrong activity.", 1, 2000, lines=True)]
Id = Annotated[str, text("k3x9mq2vh7ad", 1, 64)]
Unit = Annotated[str, text("m3", 1, 32)]
Currency = Annotated[str, formed("EUR", "^[A-Z]{3}$", 8, "three capital letters, such as EUR")]
_MARKS = rf"\s@<>()\[\],;:\"\\{REFUSED}{FORMATS}"
_LOCAL, _LABEL = f"[^.{_MARKS}]+", f"[^.{_MARKS}]+"
Email = Annotated[
    str,
    formed(
        "fay@example.com",
        rf"^{_LOCAL}(?:\.{_LOCAL})*@{_LABEL}(?:\.{_LABEL})+$",
        254,
        "an e-mail address such as fay@example.com",
        plain=True,
    ),
]


class TimeZone(Struct, frozen=True):
    """A name of the IANA time zone database that ships with the service."""

    def check(self, value: Any) -> str:
        """The name as it is.

        Raises:
            ValueError: there is no such zone.
        """
        if not isinstance(value, str) or value not in zones.names():
            raise ValueError("Must be a time zone such as Europe/Dublin.")
        return value


Zone = Annotated[
    str,
    Meta(
        max_length=64,
        description="a name of the IANA time zone database",
        examples=["Europe/Dublin"],
        extra={"rule": TimeZone()},
        extra_json_schema={"format": "iana-time-zone"},
    ),
]
Date = Annotated[date, Meta(examples=["2026-06-08"])]
Weekday = Annotated[int, Meta(ge=1, le=7)]


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of request bodies and queries; unknown fields are refused by name.

    ``schema_rules`` say in JSON Schema what holds between the fields.
    """

    schema_rules: ClassVar[dict[str, Any]] = {}


class Loose(msgspec.Struct, kw_only=True):
    """Base of bodies whose unknown fields are ignored (devices send what they like).

    A number past its bounds is read as its text. ``schema_parts`` are models that the schema of a field names.
    """

    schema_rules: ClassVar[dict[str, Any]] = {}
    schema_parts: ClassVar[tuple[type[msgspec.Struct], ...]] = ()


class Answer(msgspec.Struct, kw_only=True):
    """Base of answers; a field that is UNSET is left out."""


def given(body: msgspec.Struct) -> dict[str, Any]:
    """The fields of a body that the client sent."""
    return {item.name: value for item in struct_fields(type(body)) if (value := getattr(body, item.name)) is not UNSET}


def dates_as_text(values: dict[str, Any]) -> dict[str, Any]:
    """Dates as the tables keep them."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
