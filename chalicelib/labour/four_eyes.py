"""Four eyes: nobody approves hours that they submitted, were the last to change, or worked.

Behind a token stands whoever made it for its user, and those behind the token that they used. A maker counts as the
user does, on either side: who made the token in use, and who made the token by which hours were handed in. Two
users are not one person merely because one admin has made the tokens of both.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

WATCHED = ("hours", "date", "operative", "quantity")


class Hand(Struct, frozen=True):
    """Who did something: a user, and the makers of the token that they used."""

    user: str
    makers: tuple[str, ...] = ()

    def is_also(self, other: "Hand") -> bool:
        """Whether one of the two, in their own name, stands behind the other or is the other."""
        return self.user == other.user or self.user in other.makers or other.user in self.makers


Changers = Mapping[str, Hand]  # of each watched field: who last really changed it


def changed_fields(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """The fields whose value differs, with the value before and after; 8 and 8.00 are one value."""
    return {name: (before.get(name), value) for name, value in after.items() if before.get(name) != value}


def first_changers(hand: Hand, values: Mapping[str, object]) -> Changers:
    """Whoever creates an entry is the last to have set each field that it has."""
    return {name: hand for name in WATCHED if values.get(name) is not None}


def changers_after(changers: Changers, hand: Hand | None, changed: Iterable[str]) -> Changers:
    """Each watched field that was really changed is now this hand's; without one, nobody's (the clock)."""
    fields = set(changed)
    kept = {name: by for name, by in changers.items() if name not in fields}
    return kept | {name: hand for name in WATCHED if name in fields and hand is not None}


def is_own(hand: Hand, submitters: Iterable[Hand], changers: Changers, workers: Iterable[str | None]) -> bool:
    """Whether they ever submitted the entry, last changed one of its fields, or are or were its operative."""
    worked = not {hand.user, *hand.makers}.isdisjoint(workers)
    return worked or any(hand.is_also(other) for other in (*submitters, *changers.values()))
