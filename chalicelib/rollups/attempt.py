"""One attempt at recomputing: what was read, computed and written in transactions that follow one another."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from chalicelib.rollups import generations, sheets
from chalicelib.rollups.books import Books
from chalicelib.rollups.generations import Generation, Generations, first
from chalicelib.rollups.reads import Reads, Touched, read
from chalicelib.rollups.rows import Known, Root, Slices, Tip
from chalicelib.rollups.sheets import Sheet
from chalicelib.rollups.sources import Place, Standing
from chalicelib.rollups.spreads import Spread, Spreading
from chalicelib.rollups.steps import Addition, Step, counted, step
from chalicelib.storage.changes import Change, Delete, Put, absent
from chalicelib.storage.store import ConditionFailed, Store
from chalicelib.times import stamp

ITEMS = 96  # rows in one transaction, which takes 100
REPAIRS = "repairs"


class Outcome(Struct):
    """What must be looked at again, how many activities did not count as they are, and whether another was first."""

    again: Touched
    changed: int = 0
    lost: bool = False
    began: bool = False  # the next generation is to be built


class _Lost(Exception):
    """Another has written since the root was read."""


class _TooLarge(Exception):
    """A move takes more rows than a transaction; the next generation shows it."""


class Attempt:
    """The rows of one attempt; the root's version and the books go with every transaction."""

    def __init__(self, store: Store, place: Place, touched: Touched) -> None:
        self.store, self.place, self.touched = store, place, touched
        self.at = stamp(datetime.now(UTC))
        self.books = Books(store, place)
        self.version = 0
        self.generations: Generations
        self.bulk = 0
        self.changed = 0

    def run(self) -> Outcome:
        """Read, compute and write."""
        reads = read(self.store, self.place, self.touched)
        if reads.wanted is None:
            return Outcome(Touched())
        self.version, self.generations = reads.version, reads.generations or first(reads.wanted)
        self.bulk = reads.wanted.bulk
        again = Touched(dict(self.touched.activities), set(self.touched.uppers), self.touched.plans)
        try:
            if self.generations.newest.shows(reads.wanted):
                self._write(reads, again)
                again.plans = False
            else:
                return self._announced(again, reads.wanted)
        except _TooLarge:
            return self._announced(again, self.generations.newest)
        except _Lost:
            return Outcome(again, self.changed, lost=True)
        return Outcome(again, self.changed)

    def look(self) -> set[str]:
        """Which of the touched activities do not count as they are; nothing is written."""
        reads = read(self.store, self.place, self.touched)
        if reads.wanted is None:
            return set()
        if reads.generations is None:
            return set(self.touched.activities)
        return {each.activity for each in _steps(reads, reads.generations) if not each.is_idle}

    def _announced(self, again: Touched, wanted: Generation) -> Outcome:
        try:
            self._announce(wanted)
        except _Lost:
            return Outcome(again, self.changed, lost=True)
        again.plans = False
        return Outcome(again, self.changed, began=True)

    def _announce(self, wanted: Generation) -> None:
        """Begin the next generation, to be built in slices; what was touched is looked at again in it."""
        self.generations = self.generations.announced(wanted)
        self._commit([Put(slices_of(self.place, "generation", "activities", self.at))])

    def _write(self, reads: Reads, again: Touched) -> None:
        """All that was touched; what is done goes from ``again``."""
        newest = self.generations.newest
        self.books.read({(upper, newest.number): set() for upper in self.touched.uppers}, [newest])
        for upper in sorted(self.touched.uppers):
            self._move(upper, reads.standings[upper])
            again.uppers.discard(upper)
        steps = _steps(reads, self.generations)
        for group in self._groups([each for each in steps if not each.is_idle]):
            self._put(group)
            for each, _ in group:
                if not each.unfinished and each.activity not in reads.unfinished:
                    del again.activities[each.activity]
        if self.version == reads.version:
            # It has answered for what it read: who read something older must not commit after it.
            self._commit([])
        for each in steps:
            if each.is_idle:
                del again.activities[each.activity]

    def _commit(self, changes: Iterable[Change]) -> None:
        if self.books.bulk not in {None, self.bulk}:  # some nodes were read before a flip, others after it
            raise _Lost
        root = Root(pk=self.place.pk, sk="root", version=self.version + 1, content=generations.pack(self.generations))
        same = Root.version == self.version if self.version else absent(Root)
        try:
            self.store.transact([Put(root, same), *changes])
        except ConditionFailed as error:
            raise _Lost from error
        self.version += 1

    # -- activities

    def _groups(self, steps: list[Step]) -> Iterator[list[tuple[Step, Spread]]]:
        """Steps that each fit one transaction together; one that does not fit alone is cut."""
        spreading = Spreading(self.books, self.generations, self.place.project)
        spreads = spreading.spread(each.additions for each in steps)
        group: list[tuple[Step, Spread]] = []
        for each, spread in zip(steps, spreads, strict=True):
            if _rows([(each, spread)]) > ITEMS:
                each, spread = self._cut(each, spread)
            if group and _rows([*group, (each, spread)]) > ITEMS:
                yield group
                group = []
            group.append((each, spread))
        if group:
            yield group

    def _put(self, group: list[tuple[Step, Spread]]) -> None:
        for _, spread in group:
            self._add(spread)
        version = self.version + 1
        changes = [change for each, _ in group for change in each.changes(self.place, version, self.at)]
        self._commit([*changes, *self.books.changes(version, self.at)])
        self.changed += len(group)

    def _add(self, spread: Spread) -> None:
        numbered = {each.number: each for each in self.generations.live}
        for (number, node), sheet in spread.items():
            self.books.opened(node, numbered[number]).add(sheet)

    def _cut(self, whole: Step, spread: Spread) -> tuple[Step, Spread]:
        """As many half-years as fit, the activity's bookings and measurements as they were.

        The account keeps what is counted of it, so that the next attempt adds what is left.
        """
        parents = {addition.node for addition in whole.additions}
        if len(parents) > 1:
            raise _TooLarge
        halves = sorted({half for sheet in spread.values() for half in sheets.by_half(sheet)})
        room = (ITEMS - 2 - 2 * len(spread)) // len(spread)
        kept = {place: _only(sheet, set(halves[:room])) for place, sheet in spread.items()}
        account, there = whole.before.account, whole.before.version > 0
        partly = {}
        for generation in self.generations.live:
            sheet = counted(account, generation) if there else {}
            sheets.add(sheet, kept.get((generation.number, next(iter(parents))), {}))
            partly[generation.number] = sheets.pack(sheet)
        cut = msgspec.structs.replace(
            whole.account, work=account.work, measurements=account.measurements, counted=account.counted, partly=partly
        )
        return Step(whole.activity, whole.before, cut, [], whole.additions, unfinished=True), kept

    # -- nodes above activities

    def _move(self, node: str, standing: Standing | None) -> None:
        """Take a node's sums to where it stands now."""
        newest = self.generations.newest
        book = self.books.opened(node, newest)
        if book.contents is None or book.contents.parent is None:
            return
        self.books.read({(node, newest.number): set(book.contents.halves)}, [newest])
        sheet, old = book.whole(), book.contents.parent
        if standing is None:
            self._forget(node, sheet)
            return
        new = standing.above[-1]
        if old == new:
            return
        book.contents = msgspec.structs.replace(book.contents, parent=new)
        book.touched = book.is_new = True
        additions = [Addition(newest, old, (), sheet, -1), Addition(newest, new, standing.above, sheet)]
        [spread] = Spreading(self.books, self.generations, self.place.project).spread([additions])
        if _rows([(None, spread)]) + 2 > ITEMS:
            raise _TooLarge
        self._add(spread)
        self._commit(self.books.changes(self.version + 1, self.at))

    def _forget(self, node: str, sheet: Sheet) -> None:
        """A node that is gone; one that has sums stays until its activities are gone, too."""
        if sheet:
            return
        slot = self.generations.newest.slot
        self._commit(
            [
                Delete(Tip, (self.place.of(node), f"{slot}#tip")),
                Delete(Known, (self.place.pk, f"known#upper#{node}")),
            ]
        )


def _steps(reads: Reads, known: Generations) -> list[Step]:
    """What each activity that was read comes to."""
    return [
        step(
            id,
            before,
            reads.standings[id],
            reads.counts.get(id, []),
            reads.work.get(id),
            reads.measured.get(id),
            known,
        )
        for id, before in reads.before.items()
    ]


def slices_of(place: Place, reason: str, phase: str, at: str) -> Slices:
    """Long work that begins."""
    return Slices(pk=REPAIRS, sk=place.pk, reason=reason, since=at, phase=phase, after="", drift=0, steps=1)


def _rows(group: Iterable[tuple[Step | None, Spread]]) -> int:
    """How many rows a transaction of these takes, the root aside."""
    own, above = 0, set()
    for each, spread in group:
        own += 2 + len(each.counts) if each else 0
        for place, sheet in spread.items():
            above |= {(place, half) for half in [*sheets.by_half(sheet), "tip", "known"] if half}
    return own + len(above)


def _only(sheet: Sheet, halves: set[str]) -> Sheet:
    return sheets.total(part for half, part in sheets.by_half(sheet).items() if half in halves)
