"""Many events at once: each answered for itself, many of them kept in one transaction, none held back by another.

Punches of one clock ID that lie close together are settled together, in the order in which they were sent; a
transaction holds as many such groups as it takes. Where one fails, its groups are kept one by one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import ClientError
from msgspec import Struct

from chalicelib.clock import ingest, payloads
from chalicelib.clock.ingest import Arrival
from chalicelib.clock.payloads import Punch
from chalicelib.clock.surroundings import Active
from chalicelib.clock.writing import written_places
from chalicelib.errors import Unavailable, WbsyncError
from chalicelib.storage.changes import Change
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import ConditionFailed, Store, Wanted
from chalicelib.storage.work import AlsoFailed, Decided, commit

MOST_ITEMS = 98  # of 100 in a transaction: two are the answer's
MOST_TOGETHER = 12  # punches of one clock ID settled together
APART = timedelta(days=3)  # punches of one clock ID so far from each other have nothing to do with each other
WAVE = 100  # groups that are read together
Answer = Arrival | WbsyncError
Along = Callable[[Mapping[int, Answer]], Sequence[Change]]


class Sent(Struct, frozen=True):
    """One event of a batch that can be read: its place in it, as it was sent, and as it was read."""

    place: int
    event: Any
    punch: Punch


class Batch:
    """The events of one request. ``along`` are changes that each transaction adds for what it answers."""

    def __init__(self, store: Store, company: str, now: datetime, along: Along) -> None:
        self.store, self.company, self.now, self.along = store, company, now, along
        self.answers: dict[int, Answer] = {}
        self._kept = False  # something of it is

    def _require_time(self) -> None:
        """Whoever has kept something leaves the rest to the retry while there is time to say so."""
        if self._kept:
            self.store.require_time()

    def keep(self, events: Mapping[int, object]) -> dict[int, Answer]:
        """What became of each event.

        Raises:
            Unavailable: the function's time is too short for the rest, or storage fails; what is kept stays so.
            AlsoFailed: a change of ``along`` does not hold.
        """
        for groups in _rounds(self._read(events)):
            for start in range(0, len(groups), WAVE):
                self._require_time()
                self._wave(groups[start : start + WAVE])
        return self.answers

    def _read(self, events: Mapping[int, object]) -> list[Sent]:
        found = []
        for place, event in events.items():
            try:
                found.append(Sent(place, event, payloads.read(event)))
            except WbsyncError as error:
                self.answers[place] = error
        return found

    def _wave(self, groups: Sequence[list[Sent]]) -> None:
        """Groups of different clock IDs: read together, decided one after the other, kept many at once."""
        try:
            ready = self._ready(groups)
        except (Unavailable, AlsoFailed):
            raise
        except Exception:  # one of them cannot be read: which one, shows when each is tried by itself
            self._each_alone(groups)
            return
        pending = _Pending()
        for group, of in ready:
            decided = self._decided(group, partial(ingest.decided, *of))
            if decided is not None and not pending.takes(decided.changes):
                self._commit(pending)
                pending = _Pending()
            if decided is not None:
                pending.add(group, decided)
        self._commit(pending)

    def _ready(self, groups: Sequence[list[Sent]]) -> list[tuple[list[Sent], Any]]:
        """What the groups are decided on, read in three rounds."""
        reading = Reading(self.store)
        active = Active(reading, self.company)
        punches = [[sent.punch for sent in group] for group in groups]
        lines = [ingest.timeline(reading, active, each, self.now) for each in punches]
        ingest.read_first(reading, lines, punches)
        ready = []
        for line, group, each in zip(lines, groups, punches, strict=True):
            focus = self._decided(group, partial(ingest.receive, line, each, self.now))
            if focus is not None:
                ready.append((group, (line, each, focus)))
        reading.rows(*(place for _, (line, _, focus) in ready for place in line.second(focus)))
        return ready

    def _decided(self, group: list[Sent], decide: Callable[[], object]) -> Any:
        """A decision; None where it failed, and its events have been kept one by one."""
        try:
            return decide()
        except (Unavailable, AlsoFailed):
            raise
        except Exception:  # each is tried by itself, where what goes wrong is seen to
            self._each_alone([group])
            return None

    def _commit(self, pending: "_Pending") -> None:
        answers = pending.answers
        if not pending.changes:
            self.answers |= answers
            return
        self._require_time()
        try:
            self.store.transact([*pending.changes, *self.along(answers)])
            self.answers |= answers
            self._kept = True
        except ConditionFailed as error:
            if any(place >= len(pending.changes) for place in error.failed):
                raise AlsoFailed from error
            self._each_alone(pending.groups)
        except ClientError:  # storage refuses something of it: not the others' fault
            self._each_alone(pending.groups)

    def _each_alone(self, groups: Sequence[list[Sent]]) -> None:
        for group in groups:
            for sent in group:
                if sent.place not in self.answers:
                    self._require_time()
                    self.answers[sent.place] = self._alone(sent)
                    self._kept = True

    def _alone(self, sent: Sent) -> Answer:
        def along(decided: Decided[list[Arrival]]) -> Sequence[Change]:
            return self.along({sent.place: decided.answer[0]}) if decided.changes else ()

        def accept(reading: Reading) -> Decided[list[Arrival]]:
            return ingest.accept(reading, self.company, sent.punch, sent.event, self.now)

        try:
            return commit(self.store, accept, along).answer[0]
        except Unavailable:
            raise
        except WbsyncError as error:
            return error


class _Pending:
    """Groups that are to be kept in one transaction."""

    def __init__(self) -> None:
        self.groups: list[list[Sent]] = []
        self.changes: list[Change] = []
        self.answers: dict[int, Answer] = {}
        self._written: set[Wanted] = set()

    def takes(self, changes: Sequence[Change]) -> bool:
        """Whether there is room for these changes, and none of their rows is written already."""
        return len(self.changes) + len(changes) <= MOST_ITEMS and not self._written & written_places(changes)

    def add(self, group: list[Sent], decided: Decided[list[Arrival]]) -> None:
        self.groups.append(group)
        self.changes += decided.changes
        self._written |= written_places(decided.changes)
        self.answers |= {sent.place: arrival for sent, arrival in zip(group, decided.answer, strict=True)}


def _rounds(events: Sequence[Sent]) -> Iterator[list[list[Sent]]]:
    """Groups of different clock IDs, a round after the other: the second group of a clock ID is in the second round."""
    by_clock_id: dict[str, list[Sent]] = defaultdict(list)
    for sent in events:
        by_clock_id[sent.punch.form].append(sent)
    groups = [_close_together(each) for each in by_clock_id.values()]
    for place in range(max(map(len, groups), default=0)):
        yield [each[place] for each in groups if place < len(each)]


def _close_together(events: list[Sent]) -> list[list[Sent]]:
    """One clock ID's events in groups by time; what was sent of one event stays in the order in which it was sent."""
    found: list[list[Sent]] = []
    for sent in sorted(events, key=lambda each: each.punch.identity.moment.time):
        time = sent.punch.identity.moment.time
        if not found or len(found[-1]) >= MOST_TOGETHER or time - found[-1][-1].punch.identity.moment.time > APART:
            found.append([])
        found[-1].append(sent)
    return [sorted(each, key=lambda sent: sent.place) for each in found]
