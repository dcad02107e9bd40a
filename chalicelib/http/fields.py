"""The field types and bases of requests and answers.

The models are msgspec Structs; one declaration validates (``binding.py``), documents (``openapi.py``) and serialises.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, get_args

import msgspec
from msgspec import UNSET, Meta, Struct
from msgspec.structs import fields as struct_fields

from chalicelib import zones
from chalicelib.http.figures import figure, quanta, rounded
from chalicelib.http.moments import instant
from chalicelib.http.numbers import number
from chalicelib.http.texts import FORMATS, REFUSED, formed, text

Hours = Annotated[Decimal, number(7.5, 2, above="0", highest="24")]
Cap = Annotated[Decimal, number(16, 2, above="0", highest="24")]
Budget = Annotated[Decimal, number(320, 2, lowest="0", highest="100000000")]
Money = Annotated[Decimal, number(1250000, 2, lowest="0", highest="1000000000000")]
Rate = Annotated[Decimal, number(34.5, 2, lowest="0", highest="1000000")]
Quantity = Annotated[Decimal, number(12.5, 4, lowest="-1000000000", highest="1000000000")]
Amount = Annotated[Decimal, number(180, 4, lowest="0", highest="1000000000")]
Fraction = Annotated[Decimal, number(0.25, 4, lowest="0", highest="1")]
Figure = Annotated[
    Decimal,
    Meta(description="A number as it was given.", examples=[30], extra_json_schema={"type": "number", "format": None}),
]
HoursFigure = Annotated[Decimal, figure(7.5, 2, "Hours")]
TotalHours = Annotated[Decimal, figure(1204.5, 2, "Hours")]
AmountFigure = Annotated[Decimal, figure(320, 2, "Hours, or money with measure=cost")]
MoneyFigure = Annotated[Decimal, figure(34.5, 2, "Money")]
QuantityFigure = Annotated[Decimal, figure(12.5, 4, "Quantity in the unit of measure")]
Ratio = Annotated[Decimal, figure(0.9583, 4, "Index or fraction")]
Stamp = Annotated[str, Meta(examples=["2026-06-08T07:00:00.000000Z"], extra_json_schema={"format": "date-time"})]
Day = Annotated[str, Meta(examples=["2026-06-08"], extra_json_schema={"format": "date"})]
Moment = Annotated[datetime, instant()]
Name = Annotated[str, text("North quay", 1, 200)]
PersonName = Annotated[str, text("Fay Byrne", 1, 200)]
Label = Annotated[str, text("Kiosk at gate 2", 1, 64)]
ClockId = Annotated[str, text("1077", 1, 64, plain=True)]
Code = Annotated[str, text("C-101", 1, 64, plain=True)]
Note = Annotated[str, text("Rain until ten.", 0, 2000, lines=True)]
Reason = Annotated[str, text("Wrong activity.", 1, 2000, lines=True)]
Id = Annotated[
    str,
    formed(
        "k3x9mq2vh7ad", "^[a-z0-9]{1,64}$", 64, "an id as the API gives it, not a code, a name or an e-mail address"
    ),
]
Unit = Annotated[str, text("m3", 1, 32)]
Currency = Annotated[str, formed("EUR", "^[A-Z]{3}$", 8, "three capital letters, such as EUR")]
_MARKS = rf'\s@<>()\[\],;:"\\{REFUSED}{FORMATS}'  # JSON Schema reads no escape of a quotation mark
_LOCAL, _OTHERS = f"[^.{_MARKS}]+", "._!#$%&'*+/=?^`{|}~"
_LABEL = f"[^-{_OTHERS}{_MARKS}](?:[^{_OTHERS}{_MARKS}]*[^-{_OTHERS}{_MARKS}])?"  # letters, digits, inner hyphens
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


def one_of(choices: Any) -> Meta:
    """A text of an answer that is one of a Literal's or an Enum's values, as the tables keep it."""
    values = list(get_args(choices)) or [str(each) for each in choices]
    return Meta(examples=values[:1], extra_json_schema={"enum": values})


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

    ``schema_rules`` say in JSON Schema what holds between the fields. ``ordered`` are pairs of fields of which the
    second may not be before the first. ``references`` say of fields that hold an id where the row with that id is.
    """

    schema_rules: ClassVar[dict[str, Any]] = {}
    ordered: ClassVar[tuple[tuple[str, str], ...]] = ()
    references: ClassVar[Mapping[str, Callable[[str, str], Any]]] = {}


class Loose(msgspec.Struct, kw_only=True):
    """Base of bodies whose unknown fields are ignored (devices send what they like).

    A number past its bounds is read as its text. ``schema_parts`` are models that the schema of a field names.
    """

    schema_rules: ClassVar[dict[str, Any]] = {}
    schema_parts: ClassVar[tuple[type[msgspec.Struct], ...]] = ()


class Answer(msgspec.Struct, kw_only=True):
    """Base of answers; a field that is UNSET is left out, and a figure always has the decimals of its kind."""

    def __post_init__(self) -> None:
        for name, quantum in quanta(type(self)):
            setattr(self, name, rounded(getattr(self, name), quantum))


def given(body: msgspec.Struct) -> dict[str, Any]:
    """The fields of a body that the client sent."""
    return {item.name: value for item in struct_fields(type(body)) if (value := getattr(body, item.name)) is not UNSET}


def dates_as_text(values: dict[str, object]) -> dict[str, Any]:
    """Dates as the tables keep them."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
