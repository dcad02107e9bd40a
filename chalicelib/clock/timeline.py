"""One clock ID's events under one decision: settled, with the time that other entries hold, and their entries made."""

from collections.abc import Collection, Iterable
from datetime import datetime

from msgspec.structs import replace

from chalicelib.clock import booking, judging, moments, records
from chalicelib.clock.booking import Books
from chalicelib.clock.moments import Moment
from chalicelib.clock.rows import ClockEvent
from chalicelib.clock.settlement import settle
from chalicelib.clock.surroundings import Active, Surroundings
from chalicelib.clock.values import Booked, Decision, Event, Facts, Outcome, Worker, project_in, times_in
from chalicelib.clock.versions import decided_at
from chalicelib.errors import InUse
from chalicelib.ids import new_id
from chalicelib.labour import entries
from chalicelib.labour.actors import THE_CLOCK
from chalicelib.labour.clock_entries import Doers
from chalicelib.storage.reading import Reading


class Timeline(Surroundings):
    """The events around some of them, with what becomes of them."""

    def __init__(self, reading: Reading, active: Active, form: str, around: Iterable[Moment], now: datetime) -> None:
        super().__init__(reading, active, form, around, now)
        self.books: Books | None = None
        self.booked: set[str] = set()  # events from which an entry is made, corrected or withdrawn
        self.facts: Facts | None = None

    def settle(self, focus: Collection[str]) -> dict[str, Outcome]:
        """Work out the events in focus and what changes with them, and write it into the rows and books."""
        self.books = Books(self.reading, self.tenant, self.form, self.now)
        given = self._events()
        found = self._fitted(given, focus)
        for outcome in found.values():
            self._write(given[outcome.name], outcome)
        return found

    def _fitted(self, given: dict[str, Event], focus: Collection[str]) -> dict[str, Outcome]:
        """The outcomes with the time that other entries hold; first without, to know whose and when it is."""
        assert self.books is not None
        facts = self.facts = self.facts_of(given.values())
        free = settle(given.values(), focus, facts)
        spans = [each.shift for each in free.values() if each.shift]
        if not spans:
            return free
        over = {shift.operative: set[str]() for shift in spans}
        for shift in spans:
            over[shift.operative].update(booking.dates(shift.start, shift.finish))
        held = {id: self.books.held(id, days) for id, days in over.items()}
        return settle(given.values(), focus, replace(facts, held=held))

    def _events(self) -> dict[str, Event]:
        found = {}
        for name, row in self.rows.items():
            found[name] = records.event_of(row, self.booked_by(row), new_id())
        return found

    def booked_by(self, row: ClockEvent) -> Booked | None:
        """An event's own entry. What a person has deleted is closed: no punch makes it again."""
        if not records.owns_entry(row):
            return None
        entry = self.reading.row(*entries.place(self.company, str(row.labour_entry)))
        if entry is None:
            row.closed, row.closed_at = "entry_deleted", row.closed_at or decided_at(row, self.now)
            row.decision = {**(row.decision or {}), "was_hours": True}
            row.labour_entry = row.applied = None
            return None
        return records.booked_of(entry)

    def _write(self, event: Event, outcome: Outcome) -> None:
        """The event's row and its entry as they should be."""
        assert self.books is not None
        row = self.rows[event.name]
        outcome = self._booked_as(event, outcome)
        row.clock_in, row.clock_out = moments.written(outcome.start), moments.written(outcome.finish)
        row.operative, row.project, row.partner = outcome.operative, outcome.project, outcome.partner
        row.status, row.reason = outcome.status, outcome.reason
        row.causes = list(outcome.causes) or None
        row.as_sent = row.as_sent if row.unreadable else None  # what could not be processed once has been now
        leader = self.rows.get(outcome.of) if outcome.of else None
        row.labour_entry = leader.labour_entry if leader else self._entry_after(event, outcome)
        row.applied = None if leader or not row.labour_entry else outcome.applied
        if leader:
            row.status, row.reason = leader.status, leader.reason

    @staticmethod
    def _entry_after(event: Event, outcome: Outcome) -> str | None:
        if outcome.shift:
            return event.entry.id if event.entry and not outcome.withdraw else event.new_entry
        return event.entry.id if event.entry and not outcome.withdraw else None

    def _booked_as(self, event: Event, outcome: Outcome) -> Outcome:
        """The outcome with its entry made; one that the operative's day has no room for waits for a person."""
        try:
            self._book(event, outcome)
            return outcome
        except InUse:
            kept = event.applied if event.entry and not outcome.withdraw else None
            return replace(outcome, status="needs_review", reason=judging.DAY_FULL, shift=None, applied=kept)

    def _book(self, event: Event, outcome: Outcome) -> None:
        assert self.books is not None
        entry = self.books.entry(event.entry.id) if event.entry else None
        if entry is not None and outcome.withdraw:
            self.booked.add(event.name)
            self.books.withdraw(entry)
            entry = None
        if outcome.shift is None:
            return
        self.booked |= {event.name, outcome.partner or event.name}
        if entry is None:
            self.books.make(event.new_entry, outcome.shift, event.name, _makers(event.decision))
        else:
            self.books.correct(entry, outcome.shift, event.name, _doers(event))

    def lacks_project(self, row: ClockEvent) -> bool:
        """Whether it cannot be known which project an event is of that names none."""
        if not self.names_no_project(row) or row.status not in ("open", "unmatched_project", "needs_review"):
            return False
        assert self.facts is not None
        worker = self.facts.workers.get(row.operative or "") or Worker("", True)
        return isinstance(judging.site_of((), None, None, worker, self.facts), judging.Reason)


def _makers(decision: Decision) -> Doers:
    """Whose an entry is that somebody wants again after it was deleted; of one made for the first time nobody's."""
    again = decision.whose("again")
    if again == THE_CLOCK:
        return {}
    return {"operative": again, "hours": decision.whose("times") if decision.of_times else again}


def _doers(event: Event) -> Doers:
    """Whose doing it is, field by field, that an entry is to be otherwise than when it was made of its event.

    Who set other times has changed date and hours; else who chose the project, as it has a time zone of its own.
    """
    decision, was, now = event.decision, event.applied, event.fingerprint
    place = decision.whose("project") if project_in(was) != project_in(now) else THE_CLOCK
    times = decision.whose("times") if times_in(was) != times_in(now) else place
    return {"operative": decision.whose("operative"), "project": place, "date": times, "hours": times}
