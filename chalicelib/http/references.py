"""Ids in a body that nothing has: named beside the other bad fields, so that a client learns of all at once."""

from collections.abc import Callable, Mapping

from chalicelib.errors import Invalid
from chalicelib.http.call import Call
from chalicelib.http.route import ID
from chalicelib.storage.store import Wanted

Place = Callable[[str, str], Wanted]  # where the row of a company's id is


def with_unknown(call: Call, references: Mapping[str, Place], body: object, refusal: Invalid) -> Invalid:
    """The refusal of a body, with those of its ids that the company does not have.

    A body that is right by itself needs none of this: what decides on it reads the rows anyway.
    """
    named, given = dict(refusal.errors or {}), body if isinstance(body, dict) else {}
    asked = {
        field: place(call.company, str(given[field]))
        for field, place in references.items()
        if field not in named and isinstance(given.get(field), str) and ID.fullmatch(given[field])
    }
    rows = call.store.get_many(*asked.values()) if asked else []
    missing = [field for field, row in zip(asked, rows, strict=True) if row is None]
    return Invalid(refusal.detail, errors={**named, **{name: [f"There is no such {name}."] for name in missing}})
