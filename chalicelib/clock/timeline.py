"""One clock ID's events under one decision: read around what is in question, settled, and written where they differ."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, cast

from msgspec.structs import replace
from pynamodb.expressions.condition import Condition

from chalicelib.clock import booking, judging, moments, records
from chalicelib.clock.booking import Books
from chalicelib.clock.event_ids import PREFIX
from chalicelib.clock.judging import OVERLAP
from chalicelib.clock.moments import Moment
from chalicelib.clock.pairing import LONGEST
from chalicelib.clock.payloads import code_form
from chalicelib.clock.rows import ClockEvent, ClockHead, Waiting, changed, head_place, waiting_place
from chalicelib.clock.settlement import settle
from chalicelib.clock.values import Booked, Event, Facts, Outcome, Site, Worker
from chalicelib.identity.rows import Company
from chalicelib.ids import new_id
from chalicelib.labour import entries
from chalicelib.operatives import operatives
from chalicelib.operatives.rows import ClockIdClaim, Operative
from chalicelib.projects import projects
from chalicelib.projects.projects import code_key
from chalicelib.projects.rows import BY_STATUS, Project, ProjectCodeClaim
from chalicelib.storage.changes import Change, Check, Delete, Put, Raw, absent
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Wanted, parse
from chalicelib.times import stamp

ZONES = timedelta(hours=14)  # how far a local time may lie from the same time in UTC
AROUND = 2 * LONGEST + ZONES
SETTLED = (
    "clock_in", "clock_out", "operative", "project", "partner", "status", "reason", "causes", "labour_entry", "applied",
    "closed", "closed_at",
)  # fmt: skip


def code_place(company: str, code: str) -> Wanted:
    """Where it says whose a project code is, by its comparison form."""
    return ProjectCodeClaim, key(company, "codes"), code_key(code)


class Active:
    """The company's active projects, as far as it matters: none, one, or several. Read once, by whoever asks."""

    def __init__(self, reading: Reading, company: str) -> None:
        self._reading, self.company = reading, company
        self._found: tuple[str, ...] | None = None

    def ids(self) -> tuple[str, ...]:
        if self._found is None:
            query = Query(model=Project, hash=key(self.company, "active"), list=BY_STATUS)
            self._found = tuple(row["id"]["S"] for row in self._reading.page(query, limit=2).rows)
        return self._found


class Timeline:
    """The events of a clock ID around some of them. Read in two rounds, then changed and settled."""

    def __init__(self, reading: Reading, active: Active, form: str, around: Iterable[Moment], now: datetime) -> None:
        self.reading, self.active, self.form, self.now = reading, active, form, now
        self.company = active.company
        self.rows: dict[str, ClockEvent] = {}
        self.before: dict[str, dict[str, Any]] = {}
        self.books: Books | None = None
        self.facts: Facts | None = None
        self.changed: set[str] = set()  # events that say something new, whatever comes of it
        self.made_operative: list[Change] = []
        times = [each.time for each in around]
        self._between = (self._edge(min(times) - AROUND), self._edge(max(times) + AROUND))

    @staticmethod
    def _edge(time: datetime) -> str:
        return PREFIX + Moment(time, False).text

    # -- reading ---------------------------------------------------------------------------------

    def first(self, codes: Iterable[str] = ()) -> list[Wanted]:
        """Rows of the first round."""
        return [
            (Company, self.company, "company"),
            operatives.clock_place(self.company, self.form),
            head_place(self.company, self.form),
            *(code_place(self.company, code) for code in codes if code),
        ]

    def read_events(self) -> None:
        """The events around, as they are now."""
        query = Query(model=ClockEvent, hash=key(self.company, self.form), between=self._between)
        for item in self.reading.store.items(query):
            self._keep(parse(ClockEvent, item))

    def _keep(self, row: ClockEvent) -> None:
        self.rows[row.sk] = row
        self.before[row.sk] = {name: getattr(row, name) for name in SETTLED}

    @property
    def tenant(self) -> Company:
        [row] = self.reading.rows((Company, self.company, "company"))
        found: Company = row
        return found

    @property
    def owner(self) -> str | None:
        """The operative who has this clock ID."""
        claim: ClockIdClaim | None = self.reading.row(*operatives.clock_place(self.company, self.form))
        return claim.holder if claim else None

    def second(self, focus: Collection[str]) -> list[Wanted]:
        """Rows of the second round: whom and what the events name, their entries, and the days that they may touch."""
        rows = list(self.rows.values())
        workers = {id for id in (self.owner, *(self._chosen(row, "operative") for row in rows)) if id}
        sites = {id for row in rows for id in self._sites(row) if id}
        booked = {row.labour_entry for row in self.rows.values() if row.partner or row.sk in focus} - {None}
        wanted: list[Wanted] = [operatives.place(self.company, id) for id in workers]
        wanted += [projects.place(self.company, id) for id in (*sites, *self._active())]
        wanted += [entries.place(self.company, str(id)) for id in booked]
        for worker in workers:
            wanted += self._days(worker, focus)
        return wanted

    @staticmethod
    def _chosen(row: ClockEvent, name: str) -> str | None:
        """What a person, or the entry, has settled."""
        kept = (row.decision or {}).get(name) or getattr(row, name)
        return str(kept) if kept else None

    def _sites(self, row: ClockEvent) -> Iterable[str | None]:
        claim = self._claim(row)
        return claim, self._chosen(row, "project")

    def _claim(self, row: ClockEvent) -> str | None:
        code = code_form(row.project_code)
        if not code:
            return None
        claim: ProjectCodeClaim | None = self.reading.rows(code_place(self.company, code))[0]
        return claim.holder if claim else None

    def _days(self, worker: str, focus: Collection[str]) -> list[Wanted]:
        """The operative's days and the time held there, on every date that a shift of the focus can touch."""
        found: list[Wanted] = []
        for name in focus:
            row = self.rows[name]
            times = [each.time for each in (records.moment(row.sent_in), records.moment(row.sent_out)) if each]
            local = {(time + shift).date().isoformat() for time in times[:1] for shift in (timedelta(hours=-12), ZONES)}
            found += [entries.day_place(self.company, worker, date) for date in sorted(local)]
            touched = {time.date().isoformat() for time in times}
            found += [booking.shifts_place(self.company, worker, date) for date in sorted(touched)]
        return found

    def _active(self) -> tuple[str, ...]:
        """The company's active projects, where some event names none."""
        return self.active.ids() if any(map(self.names_no_project, self.rows.values())) else ()

    @staticmethod
    def names_no_project(row: ClockEvent) -> bool:
        """Whether neither the device nor a person nor the entry says which project an event is of."""
        return not (code_form(row.project_code) or (row.decision or {}).get("project") or row.applied)

    def add(self, row: ClockEvent) -> None:
        """An event that comes for the first time."""
        self.rows[row.sk] = row
        self.changed.add(row.sk)

    def add_operative(self, row: Operative, changes: Iterable[Change]) -> None:
        """An operative made for this clock ID."""
        self.made_operative = list(changes)
        self.reading.know(operatives.place(self.company, row.id), row)
        for change in changes:
            if isinstance(change, Put) and isinstance(change.row, ClockIdClaim):
                self.reading.know(operatives.clock_place(self.company, self.form), change.row)

    def lacks_project(self, row: ClockEvent) -> bool:
        """Whether it cannot be known which project an event is of that names none."""
        if not self.names_no_project(row) or row.status not in ("open", "unmatched_project", "needs_review"):
            return False
        assert self.facts is not None
        worker = self.facts.workers.get(row.operative or "") or Worker("", True)
        return isinstance(judging.site_of((), None, None, worker, self.facts), judging.Reason)

    # -- settling --------------------------------------------------------------------------------

    def settle(self, focus: Collection[str]) -> dict[str, Outcome]:
        """Work out the events in focus and what changes with them, and write it into the rows and books."""
        self.books = Books(self.reading, self.tenant, self.form, self.now)
        gone: set[str] = set()
        given = self._events()
        found = self._fitted(given, focus, gone)
        for outcome in found.values():
            self._write(given[outcome.name], outcome)
        return found

    def _fitted(self, given: dict[str, Event], focus: Collection[str], gone: set[str]) -> dict[str, Outcome]:
        """The outcomes with the time that other entries hold; first without, to know whose and when it is."""
        assert self.books is not None
        facts = self.facts = self._facts(given.values())
        free = settle(given.values(), focus, facts)
        spans = [each.shift for each in free.values() if each.shift]
        if not spans:
            return free
        over = {shift.operative: set[str]() for shift in spans}
        for shift in spans:
            over[shift.operative].update(booking.dates(shift.start, shift.finish))
        while True:
            held = {id: tuple(e for e in self.books.held(id, days) if e.entry not in gone) for id, days in over.items()}
            found = settle(given.values(), focus, facts_with(facts, held))
            blocking = {cause[6:] for each in found.values() if each.reason == OVERLAP for cause in each.causes}
            missing = {id for id in blocking if id not in self._planned(given) and self.books.entry(id) is None}
            if not missing:
                for id, days in over.items() if gone else ():
                    self.books.forget(id, days, gone)
                return found
            gone |= missing

    @staticmethod
    def _planned(given: dict[str, Event]) -> set[str]:
        return {event.new_entry for event in given.values()}

    def _events(self) -> dict[str, Event]:
        found = {}
        for name, row in self.rows.items():
            found[name] = records.event_of(row, self._booked(row), new_id())
        return found

    def _booked(self, row: ClockEvent) -> Booked | None:
        """An event's own entry. What a person has deleted is closed: no punch makes it again."""
        assert self.books is not None
        if not records.owns_entry(row):
            return None
        entry = self.books.entry(str(row.labour_entry))
        if entry is None:
            row.closed, row.closed_at = "entry_deleted", row.closed_at or stamp(self.now)
            row.labour_entry = row.applied = None
            return None
        return records.booked_of(entry)

    def _facts(self, events: Iterable[Event]) -> Facts:
        codes = {event.project_code: self._holder(event.project_code) for event in events if event.project_code}
        workers = self._workers(events)
        owner = self.owner
        return Facts(
            form=self.form,
            zone=str(self.tenant.timezone),
            owner=workers.get(owner) if owner else None,
            workers=workers,
            sites=self._known_sites(events, codes, workers),
            codes={code: holder for code, holder in codes.items() if holder},
            active=self._active(),
        )

    def _holder(self, code: str) -> str | None:
        claim: ProjectCodeClaim | None = self.reading.rows(code_place(self.company, code))[0]
        return claim.holder if claim else None

    def _workers(self, events: Iterable[Event]) -> dict[str, Worker]:
        named = {self.owner, *(each.decision.operative for each in events)}
        named |= {each.entry.shift.operative for each in events if each.entry}
        wanted = [operatives.place(self.company, id) for id in sorted(id for id in named if id)]
        rows: list[Operative | None] = self.reading.rows(*wanted)
        return {row.id: records.worker_of(row) for row in rows if row is not None}

    def _known_sites(
        self, events: Iterable[Event], codes: dict[str, str | None], workers: dict[str, Worker]
    ) -> dict[str, Site]:
        named = {*codes.values(), *self._active(), *(each.decision.project for each in events)}
        named |= {id for each in events if each.entry for id in (each.entry.shift.project, each.entry.project)}
        named |= {id for worker in workers.values() for id in worker.projects}
        wanted = [projects.place(self.company, id) for id in sorted(id for id in named if id)]
        rows: list[Project | None] = self.reading.rows(*wanted)
        return {row.id: records.site_of(row) for row in rows if row is not None}

    def _write(self, event: Event, outcome: Outcome) -> None:
        """The event's row and its entry as they should be."""
        assert self.books is not None
        row = self.rows[event.name]
        self._book(event, outcome)
        row.clock_in, row.clock_out = moments.written(outcome.start), moments.written(outcome.finish)
        row.operative, row.project, row.partner = outcome.operative, outcome.project, outcome.partner
        row.status, row.reason = outcome.status, outcome.reason
        row.causes = list(outcome.causes) or None
        row.as_sent = row.as_sent if row.unreadable else None  # what could not be processed once has been now
        leader = self.rows.get(outcome.of) if outcome.of else None
        row.labour_entry = leader.labour_entry if leader else self._entry_after(event, outcome)
        row.applied = None if leader or not row.labour_entry else outcome.applied

    @staticmethod
    def _entry_after(event: Event, outcome: Outcome) -> str | None:
        if outcome.shift:
            return event.entry.id if event.entry and not outcome.withdraw else event.new_entry
        return event.entry.id if event.entry and not outcome.withdraw else None

    def _book(self, event: Event, outcome: Outcome) -> None:
        assert self.books is not None
        entry = self.books.entry(event.entry.id) if event.entry else None
        if entry is not None and outcome.withdraw:
            self.books.withdraw(entry)
            entry = None
        if outcome.shift is None:
            return
        if entry is None:
            self.books.make(event.new_entry, outcome.shift, event.name)
        else:
            self.books.correct(entry, outcome.shift, event.name)

    # -- changes ---------------------------------------------------------------------------------

    def changes(self) -> list[Change]:
        """Everything that has become different."""
        differing = [row for row in self.rows.values() if row.sk in self.changed or self._differs(row)]
        found: list[Change] = []
        for row in differing:
            found.append(changed(row, self.now))
            found += self._waits(row)
        if differing and (self._head() or any(not (row.sent_in and row.sent_out) for row in differing)):
            found.append(self._raised())
        found += [*self.made_operative, *(self.books.changes() if self.books else ())]
        return [*found, *self._checks(differing, written_places(found))]

    def _differs(self, row: ClockEvent) -> bool:
        return {name: getattr(row, name) for name in SETTLED} != self.before.get(row.sk)

    def _waits(self, row: ClockEvent) -> list[Change]:
        """The event put under what it waits for, and taken from under what it does not."""
        was, now = ({*(each or ())} for each in (self.before.get(row.sk, {}).get("causes"), row.causes))
        found: list[Change] = []
        for cause in sorted(now - was):
            _, pk, sk = waiting_place(self.company, cause, self.form, row.sk)
            found.append(Put(Waiting(pk=pk, sk=sk, form=self.form, event=row.sk)))
        for cause in sorted(was - now):
            model, pk, sk = waiting_place(self.company, cause, self.form, row.sk)
            found.append(Delete(model, (pk, sk)))
        return found

    def _head(self) -> ClockHead | None:
        found: ClockHead | None = self.reading.rows(head_place(self.company, self.form))[0]
        return found

    def _raised(self) -> Change:
        head = self._head()
        _, pk, sk = head_place(self.company, self.form)
        before = head.version if head else 0
        condition: Condition = ClockHead.version == before if head else absent(ClockHead)
        return Put(ClockHead(pk=pk, sk=sk, version=before + 1), condition)

    def _checks(self, differing: Iterable[ClockEvent], written: Collection[Wanted]) -> list[Change]:
        """That what events wait for has not come meanwhile, where it is a row that nobody else's hours touch.

        A project is everybody's: whoever mends one looks again after the longest request.
        """
        found: dict[Wanted, Change] = {}
        for cause in {cause for row in differing for cause in row.causes or ()}:
            kind, _, id = cause.partition("#")
            place = self._place_of(kind, id)
            if place is None or place in written:
                continue
            model, row = cast(Any, place[0]), cast(Any, self.reading.row(*place))
            if row is None:
                found[place] = Check(model, place[1:], absent(model))
            else:
                same = model.holder == row.holder if kind == "clock" else model.version == row.version
                found[place] = Check(model, place[1:], same)
        return list(found.values())

    def _place_of(self, kind: str, id: str) -> Wanted | None:
        match kind:
            case "clock":
                return operatives.clock_place(self.company, id)
            case "operative":
                return operatives.place(self.company, id)
            case "entry":
                return entries.place(self.company, id)
        return None


def facts_with(facts: Facts, held: dict[str, Any]) -> Facts:
    """The facts with the time that entries hold."""
    return replace(facts, held=held)


def written_places(changes: Iterable[Change]) -> set[Wanted]:
    """Which rows changes write."""
    found: set[Wanted] = set()
    for change in changes:
        if isinstance(change, Put):
            found.add((type(change.row), str(change.row.pk), str(change.row.sk)))
        elif not isinstance(change, Raw):
            found.add((change.model, *change.key))
    return found
