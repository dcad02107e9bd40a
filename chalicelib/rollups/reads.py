"""What a recompute reads before it computes: first what is counted, then the sources as they are now."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from msgspec import Struct, field

from chalicelib.evm.earning import Measurement
from chalicelib.labour.rows import Booking
from chalicelib.rollups import accounts, generations, sources
from chalicelib.rollups.accounts import NOW, Account, Basis, Spent
from chalicelib.rollups.generations import Days, Generation, Generations
from chalicelib.rollups.rows import Counted, Head, Root
from chalicelib.rollups.sources import Place, Standing
from chalicelib.rollups.steps import Before, Counts, Touch, counts_of, work_of
from chalicelib.storage.queries import Query
from chalicelib.storage.store import Store, Wanted

AT_ONCE = 60  # bookings of one activity in one transaction
Booked = tuple[str, str]  # an activity and the sort key of a booking


class Touched(Struct):
    """Where to look in a project: activities, nodes above them that may have moved, its calendar and baselines."""

    activities: dict[str, Touch] = field(default_factory=dict)
    uppers: set[str] = field(default_factory=set)
    plans: bool = False

    def touch(self, activity: str, touch: Touch) -> None:
        """Look at an activity, too."""
        self.activities.setdefault(activity, Touch()).join(touch)

    def join(self, other: "Touched") -> None:
        """Look at what the other does, too."""
        for activity, touch in other.activities.items():
            self.touch(activity, touch)
        self.uppers |= other.uppers
        self.plans |= other.plans

    def __bool__(self) -> bool:
        return bool(self.activities or self.uppers or self.plans)


class Reads(Struct):
    """All that an attempt knows: the root (version 0: there is none yet), what is counted, and what is so now.

    ``wanted`` is what the newest generation has to show, None when there is no such project. ``unfinished`` are
    activities of which more bookings wait than one transaction takes; ``work`` is all of an activity's, where all
    of its bookings were read and fit.
    """

    version: int
    generations: Generations | None
    before: dict[str, Before]
    wanted: Generation | None = None
    standings: dict[str, Standing | None] = field(default_factory=dict)
    measured: dict[str, tuple[Measurement, ...]] = field(default_factory=dict)
    counts: dict[str, list[Counts]] = field(default_factory=dict)
    unfinished: set[str] = field(default_factory=set)
    work: dict[str, dict[date, Spent]] = field(default_factory=dict)

    def count(self, activity: str, counts: Iterable[Counts | None]) -> None:
        """Note how bookings count now."""
        waiting = [each for each in counts if each is not None]
        self.counts.setdefault(activity, []).extend(waiting)
        if len(self.counts[activity]) > AT_ONCE:
            del self.counts[activity][AT_ONCE:]
            self.unfinished.add(activity)


def read(store: Store, place: Place, touched: Touched) -> Reads:
    """Two rounds, one after the other, so that no source is older than what is counted."""
    booked = [(id, sk) for id, touch in touched.activities.items() for sk in sorted(touch.bookings or ())]
    reads, counted = _read_counted(store, place, list(touched.activities), booked)
    _read_sources(store, place, touched, reads, counted)
    return reads


def _read_counted(
    store: Store, place: Place, activities: list[str], booked: list[Booked]
) -> tuple[Reads, dict[Booked, Counted | None]]:
    wanted: list[Wanted] = [(Root, place.pk, "root")]
    wanted += [(Head, place.of(id), "head") for id in activities]
    wanted += [(Counted, place.of(id), f"work#{sk}") for id, sk in booked]
    root, *rows = store.get_many(*wanted)
    before = {
        id: Before(accounts.unpack(head.content), head.version, head.computed_at) if head else Before(Account(), 0)
        for id, head in zip(activities, rows, strict=False)
    }
    known = generations.unpack(root.content) if root else None
    counted = dict(zip(booked, rows[len(activities) :], strict=True))
    return Reads(root.version if root else 0, known, before), counted


def _read_sources(
    store: Store, place: Place, touched: Touched, reads: Reads, counted: dict[Booked, Counted | None]
) -> None:
    nodes = [*touched.activities, *sorted(touched.uppers)]
    whole = [id for id, touch in touched.activities.items() if touch.bookings is None]
    measured = [id for id, touch in touched.activities.items() if touch.measured]
    known = _known(reads)
    frozen = _frozen(reads, known)
    ground = sources.wanted(place, nodes, frozen)
    looks = touched.plans or reads.generations is None
    rows, plans, *others = store.together(
        lambda: store.get_many(*ground, *((Booking, place.of(id), sk) for id, sk in counted)),
        lambda: sources.baselines(store, place) if looks else _baselines(reads),
        *(lambda id=id: _all_bookings(store, place, id) for id in whole),
        *(lambda id=id: sources.measurements(store, place, id) for id in measured),
    )
    seen = sources.seen(place, nodes, frozen, rows[: len(ground)], known)
    if seen is None:
        return
    reads.wanted = sources.generation(seen.project, seen.bulk, plans)
    reads.standings = seen.nodes
    reads.measured = dict(zip(measured, others[len(whole) :], strict=True))
    for ((id, sk), row), booking in zip(counted.items(), rows[len(ground) :], strict=True):
        reads.count(id, [counts_of(sk, row, booking)])
    for id, (counts, work) in zip(whole, others, strict=False):
        reads.count(id, counts)
        if id not in reads.unfinished:
            reads.work[id] = work


def _known(reads: Reads) -> dict[str, Basis]:
    """What is counted of the plans of activities."""
    if reads.generations is None:
        return {}
    newest = reads.generations.newest.number
    bases = {id: before.account.basis(newest) for id, before in reads.before.items()}
    return {id: basis for id, basis in bases.items() if basis is not None}


def _frozen(reads: Reads, known: dict[str, Basis]) -> dict[str, list[str]]:
    """The baselines that nobody has looked up for an activity yet."""
    numbers = _baselines(reads)
    missing = {
        id: [number for number in numbers if id not in known or number not in known[id].baselines]
        for id in reads.before
    }
    return {id: numbers for id, numbers in missing.items() if numbers}


def _baselines(reads: Reads) -> dict[str, Days]:
    """The baselines of the newest generation."""
    days = reads.generations.newest.days if reads.generations else {}
    return {plan: each for plan, each in days.items() if plan != NOW}


def _all_bookings(store: Store, place: Place, activity: str) -> tuple[list[Counts | None], dict[date, Spent]]:
    """How every booking of an activity counts now, and what they come to; what is counted is read first."""
    counted: Any = Query(model=Counted, hash=place.of(activity), between=("work#", "work#~"))
    rows = {row.sk.partition("#")[2]: row for row in store.each(counted)}
    bookings = {row.sk: row for row in sources.bookings(store, place, activity)}
    counts = [counts_of(sk, rows.get(sk), bookings.get(sk)) for sk in sorted(rows.keys() | bookings.keys())]
    return counts, work_of(bookings.values())
