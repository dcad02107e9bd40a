"""Clashes of one operative's day, on plain values.

The clock counts as one submitter. Drafts and rejected entries are in the day and left out of its clash.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct

from chalicelib.errors import Invalid, InvalidTransition
from chalicelib.labour.actors import Actor

COUNTED = frozenset({"submitted", "approved"})
CLOCK = "clock"
DUPLICATE_SUBMITTER, OVER_DAILY_CAP = "duplicate_submitter", "over_daily_cap"
OPEN, RESOLVED, CLEARED = "open", "resolved", "cleared"


class DayEntry(Struct, frozen=True):
    """What a day knows of an entry; ``submitter`` is None until somebody has handed it in."""

    hours: Decimal
    submitter: str | None
    status: str
    project: str

    @property
    def fact(self) -> tuple[Decimal, str | None]:
        """What a resolution is about: another value is another entry."""
        return self.hours, self.submitter


class Known(Struct, frozen=True):
    """An entry as it was when the clash was resolved: kept as right, or set aside."""

    hours: Decimal
    submitter: str | None
    kept: bool


class Event(Struct, frozen=True):
    """A step in a clash's life; of a resolution also who chose which entries and why, and the token they used."""

    status: str
    at: str
    by: str | None
    kinds: tuple[str, ...]
    keep: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    note: str | None = None
    token: str | None = None
    makers: tuple[str, ...] = ()


class Clash(Struct, frozen=True):
    """An operative-day's clash since ``at``; while it is resolved, the resolution and the entries that it knew."""

    status: str
    kinds: tuple[str, ...]
    at: str
    known: Mapping[str, Known] = {}
    resolution: Event | None = None


class Evaluated(Struct, frozen=True):
    """The clash after a change, and what has happened to it, if anything."""

    clash: Clash | None
    event: Event | None = None


Day = Mapping[str, DayEntry]


def counted(day: Day) -> dict[str, DayEntry]:
    """The entries that can clash."""
    return {id: entry for id, entry in day.items() if entry.status in COUNTED}


def total_hours(day: Day) -> Decimal:
    """Hours of the day in all, drafts and rejected ones left out."""
    return sum((entry.hours for entry in counted(day).values()), Decimal(0))


def kinds(day: Day, daily_cap: Decimal) -> tuple[str, ...]:
    """Which rules the day breaks."""
    found = []
    if len({entry.submitter for entry in counted(day).values()}) > 1:
        found.append(DUPLICATE_SUBMITTER)
    if total_hours(day) > daily_cap:
        found.append(OVER_DAILY_CAP)
    return tuple(found)


def evaluate(day: Day, clash: Clash | None, daily_cap: Decimal, at: str, by: str | None) -> Evaluated:
    """The day's clash as the facts are now: open, still resolved, cleared by itself, or none.

    A resolution covers the entries it knew as they were. While there are no others the clash stays
    resolved; any other is a new question, which is open when the facts clash and cleared when not.
    """
    now = kinds(day, daily_cap)
    if clash is not None and clash.status == RESOLVED and covers(clash, day):
        return Evaluated(clash)
    status = OPEN if now else CLEARED
    if clash is None and not now:
        return Evaluated(None)
    if clash is not None and (clash.status, clash.kinds) == (status, now):
        return Evaluated(clash)
    return Evaluated(Clash(status, now, at), Event(status, at, by, now))


def covers(clash: Clash, day: Day) -> bool:
    """Whether every counted entry is one that the resolution knew, unchanged in hours and submitter."""
    return all(_knows(clash, id, entry) for id, entry in counted(day).items())


def _knows(clash: Clash, id: str, entry: DayEntry) -> bool:
    known = clash.known.get(id)
    return known is not None and (known.hours, known.submitter) == entry.fact


def holds_back(clash: Clash | None, id: str) -> bool:
    """Whether the clash keeps an entry from being approved: it is open, or was resolved without the entry."""
    if clash is None or clash.status == CLEARED:
        return False
    known = clash.known.get(id)
    return clash.status == OPEN or known is None or not known.kept


def is_over(clash: Clash | None, id: str) -> bool:
    """Whether an entry is told to be under the clash: an open one is over every entry that can clash."""
    return clash is not None and (clash.status == OPEN or holds_back(clash, id))


def set_aside(clash: Clash, day: Day) -> frozenset[str]:
    """Entries that the resolution neither kept nor rejected, still there."""
    return frozenset(id for id in counted(day) if clash.status == RESOLVED and holds_back(clash, id))


class Choice(Struct, frozen=True):
    """How a person resolves a clash: the entries that are right, and whether the rest is rejected."""

    keep: frozenset[str]
    reject_rest: bool
    note: str


def resolve(day: Day, clash: Clash, choice: Choice, at: str, by: Actor) -> tuple[Evaluated, tuple[str, ...]]:
    """The clash resolved, and the ids of the entries to reject with it.

    Raises:
        InvalidTransition: it is not open, or an approved entry would be rejected.
        Invalid: ``keep`` names an entry that is not under the clash.
    """
    if clash.status != OPEN and not set_aside(clash, day):
        raise InvalidTransition(f"The clash is {clash.status}: only an open one is resolved. Read it anew.")
    present = counted(day)
    _refuse_strangers(choice.keep, present)
    rest = tuple(sorted(present.keys() - choice.keep))
    approved = [id for id in rest if present[id].status == "approved"]
    if choice.reject_rest and approved:
        raise InvalidTransition(
            f"{', '.join(approved)} is approved: reopen it first, or keep it.", errors={"keep": approved}
        )
    rejected = rest if choice.reject_rest else ()
    known = {id: Known(*entry.fact, id in choice.keep) for id, entry in present.items() if id not in rejected}
    keep = tuple(sorted(choice.keep))
    event = Event(RESOLVED, at, by.user, clash.kinds, keep, rejected, choice.note, by.token, by.makers)
    return Evaluated(Clash(RESOLVED, clash.kinds, at, known, event), event), rejected


def _refuse_strangers(keep: Iterable[str], present: Day) -> None:
    strangers = sorted(set(keep) - present.keys())
    if strangers:
        raise Invalid(errors={"keep": [f"{id} is no entry of this clash." for id in strangers]})
