"""Ids in a body that nothing has: named beside the other bad fields, so that a client learns of all at once."""

from collections.abc import Callable, Mapping

from chalicelib.errors import Invalid
from chalicelib.http.call import Call
from chalicelib.http.route import ID
from chalicelib.storage.store import Wanted

MOST_IDS = 50  # of one field; more would not be a body that is nearly right
Place = Callable[[str, str], Wanted]  # where the row of a company's id is


def with_unknown(call: Call, references: Mapping[str, Place], body: object, refusal: Invalid) -> Invalid:
    """The refusal of a body, with those of its ids that the company does not have.

    A body that is right by itself needs none of this: what decides on it reads the rows anyway.
    """
    named, given = dict(refusal.errors or {}), body if isinstance(body, dict) else {}
    asked = [
        (field, place(call.company, id))
        for field, place in references.items()
        if field not in named
        for id in _ids(given.get(field))
    ]
    rows = call.store.get_many(*(place for _, place in asked)) if asked else []
    missing = {field for (field, _), row in zip(asked, rows, strict=True) if row is None}
    unknown = {field: [f"There is no such {field.removesuffix('s')}."] for field in references if field in missing}
    return Invalid(refusal.detail, errors={**named, **unknown})


def _ids(value: object) -> list[str]:
    """What may be an id in a field that holds one, or a list of them."""
    values = value[:MOST_IDS] if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str) and ID.fullmatch(each)]
