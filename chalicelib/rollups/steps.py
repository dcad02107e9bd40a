"""One step of a recompute: an activity's account anew from its sources, and what that changes above it."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

import msgspec
from msgspec import Struct, field

from chalicelib.evm.earning import Measurement
from chalicelib.labour.rows import Booking
from chalicelib.rollups import accounts, sheets
from chalicelib.rollups.accounts import Account, Spent, contributions
from chalicelib.rollups.generations import Generation, Generations
from chalicelib.rollups.rows import Counted, Head, Known
from chalicelib.rollups.sheets import Sheet
from chalicelib.rollups.sources import Place, Standing
from chalicelib.storage.changes import Change, Delete, Put, absent


class Touch(Struct):
    """What of an activity may have changed: bookings by their sort key (None: any of them), and measurements."""

    bookings: set[str] | None = field(default_factory=set)
    measured: bool = False

    def join(self, other: "Touch") -> None:
        """What the other knows, too."""
        if self.bookings is not None:
            self.bookings = None if other.bookings is None else self.bookings | other.bookings
        self.measured |= other.measured


class Counts(Struct, frozen=True):
    """A booking that counts otherwise than before: what its row said (and at which version), and what is booked."""

    sk: str
    version: int
    was: Spent
    now: Spent | None


class Before(Struct, frozen=True):
    """What was read of an activity's own rows; version 0 where there is no head."""

    account: Account
    version: int
    computed_at: str | None = None


class Addition(Struct, frozen=True):
    """What to add in a generation to a node and to everything above it; ``above`` is its chain, if it is known."""

    generation: Generation
    node: str
    above: tuple[str, ...]
    sheet: Sheet
    sign: int = 1


class Step(Struct):
    """An activity's new account, and what it adds above."""

    activity: str
    before: Before
    account: Account
    counts: list[Counts]
    additions: list[Addition]
    unfinished: bool = False  # more bookings wait than one transaction takes

    @property
    def says_more(self) -> bool:
        """Whether the activity's own figures change, not only the generations that hold it."""
        was, now = self.before.account, self.account
        newest = max(now.bases, default=0)
        return (was.basis(newest), was.work, was.measurements) != (now.basis(newest), now.work, now.measurements)

    @property
    def is_idle(self) -> bool:
        """Whether everything was counted before."""
        was, now = self.before.account, self.account
        same = (was.counted, was.partly) == (now.counted, now.partly) or (not self.before.version and not now.bases)
        return same and not self.says_more and not self.counts and not self.additions

    def changes(self, place: Place, version: int, at: str) -> list[Change]:
        """The activity's own rows, each on condition that it is as it was read."""
        pk = place.of(self.activity)
        return [*self._head(place, pk, version, at), *(_counted(pk, each, version) for each in self.counts)]

    def _head(self, place: Place, pk: str, version: int, at: str) -> list[Change]:
        known = f"known#4#{self.activity}"
        same = Head.version == self.before.version if self.before.version else absent(Head)
        basis = self.account.basis(max(self.account.bases, default=0))
        empty = not self.account.work and not self.account.measurements  # neither is told again of what comes back
        if basis is None and empty and not any(self.account.bases.values()):
            gone = [Delete(Head, (pk, "head"), same), Delete(Known, (place.pk, known))]
            return list(gone) if self.before.version else []
        content = accounts.pack(self.account)
        at = at if self.says_more else self.before.computed_at or at
        head = Head(pk=pk, sk="head", version=version, content=content, computed_at=at)
        row = Known(pk=place.pk, sk=known, parent=basis.parent if basis else place.project)
        if basis is not None:
            begins, done = basis.plans[accounts.NOW].start, accounts.done_on(self.account, basis)
            row.begins = begins.isoformat() if begins else None
            row.done_on = done.isoformat() if done else None
        return [Put(head, same), Put(row)]


def step(
    activity: str,
    before: Before,
    standing: Standing | None,
    counts: list[Counts],
    work: dict[date, Spent] | None,
    measured: tuple[Measurement, ...] | None,
    generations: Generations,
) -> Step:
    """The account with what is booked, measured and planned now, and what it adds above in each live generation.

    ``work`` and ``measured`` are None where the account is right but for ``counts``.
    """
    old, newest = before.account, generations.newest
    account = old.with_basis(standing.basis if standing else None, newest.number, generations.current.number)
    account = msgspec.structs.replace(
        account,
        work=_work(old.work, counts) if work is None else work,
        measurements=old.measurements if measured is None else measured,
        counted=newest.number,
        partly={},
    )
    additions = []
    for generation in generations.live:
        additions += _additions(old, account, generation, standing, before.version > 0)
    return Step(activity, before, account, counts, additions)


def _work(old: Mapping[date, Spent], counts: Iterable[Counts]) -> dict[date, Spent]:
    work = dict(old)
    for each in counts:
        day = date.fromisoformat(each.sk.split("#")[1])
        cell = work.get(day, Spent()).plus(each.was, -1).plus(each.now or Spent())
        work[day] = cell
    return {day: cell for day, cell in sorted(work.items()) if cell != Spent()}


def work_of(bookings: Iterable[Booking]) -> dict[date, Spent]:
    """What bookings come to on each date."""
    work: dict[date, Spent] = {}
    for row in bookings:
        day = date.fromisoformat(row.date)
        work[day] = work.get(day, Spent()).plus(accounts.spent(row.hours, row.rate, row.quantity))
    return {day: cell for day, cell in sorted(work.items()) if cell != Spent()}


def _additions(
    old: Account, new: Account, generation: Generation, standing: Standing | None, there: bool
) -> list[Addition]:
    was = counted(old, generation) if there else {}
    now = contributions(new, generation.number, generation.calendars())
    left, right = old.basis(generation.number), new.basis(generation.number)
    above = standing.above if standing else ()
    if left and right and left.parent == right.parent:
        both = sheets.difference(now, was)
        return [Addition(generation, right.parent, above, both)] if both else []
    found = []
    if left and was:
        found.append(Addition(generation, left.parent, above, was, -1))
    if right and now:
        found.append(Addition(generation, right.parent, above, now))
    return found


def counted(account: Account, generation: Generation) -> Sheet:
    """What the sums of a generation hold of an activity."""
    if generation.number in account.partly:
        return sheets.unpack(account.partly[generation.number])
    if account.counted < generation.number:
        return {}
    return contributions(account, generation.number, generation.calendars())


def counts_of(sk: str, row: Counted | None, booking: Booking | None) -> Counts | None:
    """How a booking counts now; None when it counts as before."""
    was = Spent(row.hours, row.cost, row.unrated, row.quantity) if row else Spent()
    now = accounts.spent(booking.hours, booking.rate, booking.quantity) if booking else None
    if (row is None and now is None) or (row is not None and was == now):
        return None
    return Counts(f"work#{sk}", row.version if row else 0, was, now)


def _counted(pk: str, each: Counts, version: int) -> Change:
    same = Counted.version == each.version if each.version else absent(Counted)
    if each.now is None:
        return Delete(Counted, (pk, each.sk), same)
    now = each.now
    row = Counted(
        pk=pk,
        sk=each.sk,
        version=version,
        hours=now.hours,
        cost=now.cost,
        unrated=now.unrated,
        quantity=now.quantity or Decimal(0),
    )
    return Put(row, same)
