"""Four eyes: nobody approves hours that they submitted, were the last to change, or worked.

A *person* is a user, or whoever stands behind the token in use: its maker, and theirs in turn. All
of them count wherever one of them acts.
"""

from collections.abc import Iterable, Mapping
from typing import Any

WATCHED = ("hours", "date", "operative", "quantity")
Changers = Mapping[str, tuple[str, ...]]  # of each watched field: the persons who last really changed it


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields whose value differs, with the value before and after; 8 and 8.00 are one value."""
    return {name: (before.get(name), value) for name, value in after.items() if before.get(name) != value}


def first_changers(persons: Iterable[str], values: Mapping[str, Any]) -> Changers:
    """Whoever creates an entry is the last to have set each field that it has."""
    who = tuple(sorted(persons))
    return {name: who for name in WATCHED if values.get(name) is not None and who}


def changers_after(changers: Changers, persons: Iterable[str], changed: Iterable[str]) -> Changers:
    """Each watched field that was really changed is now these persons'; without a person, nobody's (the clock)."""
    who, fields = tuple(sorted(persons)), set(changed)
    kept = {name: by for name, by in changers.items() if name not in fields}
    return kept | {name: who for name in WATCHED if name in fields and who}


def is_own(
    persons: Iterable[str], submitters: Iterable[str], changers: Changers, workers: Iterable[str | None]
) -> bool:
    """Whether one of the persons ever submitted it, last changed one of its fields, or is or was its operative."""
    barred = {*submitters, *workers, *(person for by in changers.values() for person in by)}
    return not barred.isdisjoint(persons)
