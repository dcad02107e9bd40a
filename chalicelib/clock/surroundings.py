"""What is around some events of a clock ID: the events near them, and everything that they are judged by.

It is read in three rounds: what the events name and the clock ID's head, then the events around, then the rows behind
the names. The head comes before the events: one that was as young as its last transaction, beside events that were
older, would guard nothing.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from chalicelib.access.rows import Company
from chalicelib.clock import booking, records
from chalicelib.clock.event_ids import PREFIX
from chalicelib.clock.moments import Moment
from chalicelib.clock.pairing import LONGEST
from chalicelib.clock.payloads import code_form
from chalicelib.clock.rows import ClockEvent, head_place
from chalicelib.clock.values import Event, Facts, Site, Worker
from chalicelib.labour import days, entries
from chalicelib.operatives import operatives
from chalicelib.operatives.rows import ClockIdClaim, Operative
from chalicelib.projects import projects
from chalicelib.projects.projects import code_key
from chalicelib.projects.rows import BY_STATUS, Project, ProjectCodeClaim
from chalicelib.storage.changes import Change, Put
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Wanted, parse

ZONES = timedelta(hours=14)  # how far a local time may lie from the same time in UTC
AROUND = 2 * LONGEST + ZONES
SETTLED = (
    "clock_in", "clock_out", "operative", "project", "partner", "status", "reason", "causes", "labour_entry", "applied",
    "closed", "closed_at",
)  # fmt: skip


def code_place(company: str, code: str) -> Wanted:
    """Where it says whose a project code is, by its comparison form."""
    return ProjectCodeClaim, key(company, "codes"), code_key(code)


def named(company: str, form: str, codes: Iterable[str] = ()) -> list[Wanted]:
    """What the punches of a clock ID name: their company, whose it is, its head, and whose the project codes are."""
    return [
        (Company, company, "company"),
        operatives.clock_place(company, form),
        head_place(company, form),
        *(code_place(company, code) for code in codes if code),
    ]


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


class Surroundings:
    """The events of a clock ID around some of them, and what they name."""

    def __init__(self, reading: Reading, active: Active, form: str, around: Iterable[Moment], now: datetime) -> None:
        self.reading, self.active, self.form, self.now = reading, active, form, now
        self.company = active.company
        self.rows: dict[str, ClockEvent] = {}
        self.before: dict[str, dict[str, Any]] = {}
        self.changed: set[str] = set()  # events that say something new, whatever comes of it
        self.made_operative: list[Change] = []
        times = [each.time for each in around]
        self._between = (self._edge(min(times) - AROUND), self._edge(max(times) + AROUND))

    @staticmethod
    def _edge(time: datetime) -> str:
        return PREFIX + Moment(time, False).text

    def read_events(self) -> None:
        """The events around, younger than the head: what the clock ID names is read before them."""
        self.reading.rows(*named(self.company, self.form))
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
        booked = {row.labour_entry for row in rows} - {None}
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
        code = code_form(row.project_code)
        return self._holder(code) if code else None, self._chosen(row, "project")

    def _days(self, worker: str, focus: Collection[str]) -> list[Wanted]:
        """The operative's days and the time held there, on every date that a shift of the focus can touch."""
        found: list[Wanted] = []
        for name in focus:
            row = self.rows[name]
            times = [each.time for each in (records.moment(row.sent_in), records.moment(row.sent_out)) if each]
            local = {(time + shift).date().isoformat() for time in times[:1] for shift in (timedelta(hours=-12), ZONES)}
            found += [days.place(self.company, worker, date) for date in sorted(local)]
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

    def facts_of(self, events: Iterable[Event]) -> Facts:
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
