"""Operative-days: what a decision changes of them, each read once and written once with its clash worked out.

The day is the gate: every change of an entry writes it on condition of its version, so no approval passes
beside a change that would have made a clash.
"""

from collections.abc import Iterable, Mapping
from datetime import date as Date
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from chalicelib.errors import InUse
from chalicelib.labour import clash_rules
from chalicelib.labour.clash_rules import CLOCK, Clash, DayEntry, Evaluated, Event, Known
from chalicelib.labour.rows import ClashEvent, ClashRow, Entry, OperativeDay
from chalicelib.storage.changes import Change, Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Wanted

MOST_ENTRIES = 200  # of one operative and day, drafts and rejected ones too
LATEST = 10  # events of a clash that its day and its list show; all of them are rows of their own


class Judged(Struct, frozen=True):
    """As of when, by whom and with which daily cap days are judged."""

    company: str
    cap: Decimal
    at: str
    by: str | None


def place(company: str, operative: str, date: str) -> tuple[type[OperativeDay], str, str]:
    """Where an operative's day is."""
    return OperativeDay, key(company, operative, date), "day"


def clash_id(operative: str, date: str) -> str:
    """The id of an operative-day's clash."""
    return f"{operative}{date.replace('-', '')}"


def day_of_clash(id: str) -> tuple[str, str] | None:
    """The operative and date that a clash's id names; None when it is no such id."""
    try:
        return id[:-8], Date.fromisoformat(f"{id[-8:-4]}-{id[-4:-2]}-{id[-2:]}").isoformat()
    except ValueError:
        return None


def day_entry(entry: Entry) -> DayEntry:
    """What the day knows of an entry."""
    submitter = CLOCK if entry.source == "clock" else entry.submitted_by
    return DayEntry(Decimal(entry.hours), submitter, entry.status, entry.project)


class Day:
    """One operative-day under a decision: its entries and clash as they were read, and as they become."""

    def __init__(self, row: OperativeDay | None, wanted: Wanted, judged: Judged) -> None:
        _, self._pk, self._sk = wanted
        _, self.operative, self.date = self._pk.split("#")
        self._judged, self.before = judged, row.version if row else 0
        self.entries = {id: _entry(each) for id, each in row.entries.items()} if row else {}
        self.stored = _clash(row.clash) if row and row.clash else None
        self.latest: list[object] = list(row.clash["latest"]) if row and row.clash else []
        self.since: str = row.clash["since"] if row and row.clash else judged.at
        self._projects: list[str] = list(row.clash["projects"]) if row and row.clash else []
        self._chosen: Evaluated | None = None
        self.touched = False

    @property
    def id(self) -> str:
        """The id of its clash."""
        return clash_id(self.operative, self.date)

    def judged(self) -> Evaluated:
        """The clash as the entries are now, by the cap of this moment."""
        if self._chosen is not None:
            return self._chosen
        return clash_rules.evaluate(self.entries, self.stored, self._judged.cap, self._judged.at, self._judged.by)

    @property
    def clash(self) -> Clash | None:
        """The clash as the entries are now."""
        return self.judged().clash

    def put(self, entry: Entry) -> None:
        """The entry as it becomes; what was there may stay and shrink, however many there are.

        Raises:
            InUse: it is one more than a day holds.
        """
        if entry.id not in self.entries and len(self.entries) >= MOST_ENTRIES:
            raise InUse(
                f"An operative's day holds at most {MOST_ENTRIES} entries; delete or move some.",
                errors={"date": [f"At most {MOST_ENTRIES} entries of one operative and day."]},
            )
        self.accept(entry)

    def accept(self, entry: Entry) -> None:
        """The entry as it becomes; the bound was looked at before."""
        self.entries[entry.id] = day_entry(entry)
        self.touched = True

    def drop(self, id: str) -> None:
        """An entry leaves the day."""
        self.entries.pop(id, None)
        self.touched = True

    def choose(self, found: Evaluated) -> None:
        """What a person has decided about the clash, instead of what the facts say."""
        self._chosen, self.touched = found, True

    def changes(self) -> list[Change]:
        """The day on condition of its version; with its clash, and what has happened to that, when there is one."""
        found, version = self.judged(), self.before + 1
        if found.event is not None:
            self.latest = [*self.latest, event_document(found.event)][-LATEST:]
        counted = clash_rules.counted(self.entries)
        self._projects = sorted({each.project for each in counted.values()}) or self._projects
        row = OperativeDay(
            pk=self._pk,
            sk=self._sk,
            operative=self.operative,
            date=self.date,
            entries={id: asdict(each) for id, each in self.entries.items()},
            clash=self._document(found.clash) if found.clash else None,
            version=version,
        )
        changes: list[Change] = [Put(row, OperativeDay.version == self.before if self.before else absent(OperativeDay))]
        if found.clash is not None:
            changes.append(Put(self.listed(found.clash)))
        if found.event is not None:
            kept = ClashEvent(pk=self._pk, sk=f"clash#{version:08d}", event=event_document(found.event))
            changes.append(Put(kept, absent(ClashEvent)))
        return changes

    def _document(self, clash: Clash) -> dict[str, object]:
        return {
            "status": clash.status,
            "kinds": list(clash.kinds),
            "at": clash.at,
            "known": {id: asdict(each) for id, each in clash.known.items()},
            "resolution": event_document(clash.resolution) if clash.resolution else None,
            "latest": self.latest,
            "since": self.since,
            "projects": self._projects,
        }

    def listed(self, clash: Clash) -> ClashRow:
        """The clash as it is listed."""
        counted = clash_rules.counted(self.entries)
        return ClashRow(
            pk=self._pk,
            sk="clash",
            id=self.id,
            operative=self.operative,
            date=self.date,
            status=clash.status,
            kinds=list(clash.kinds),
            projects=sorted({each.project for each in counted.values()}) or self._projects,
            entries={id: asdict(each) for id, each in counted.items()},
            resolution=event_document(clash.resolution) if clash.resolution else None,
            events=self.latest,
            created_at=self.since,
            updated_at=self._judged.at,
        )


class Days:
    """The operative-days that a decision touches."""

    def __init__(self, reading: Reading, judged: Judged) -> None:
        self._reading, self.by = reading, judged
        self._days: dict[Wanted, Day] = {}

    def of(self, operative: str, date: str) -> Day:
        """An operative's day, read at most once."""
        wanted = place(self.by.company, operative, date)
        if wanted not in self._days:
            self._days[wanted] = Day(self._reading.row(*wanted), wanted, self.by)
        return self._days[wanted]

    def put(self, entry: Entry, before: tuple[str, str] | None = None) -> None:
        """An entry as it becomes; ``before`` is the operative and date that it had, when it had others."""
        if before is not None and before != (entry.operative, entry.date):
            self.of(*before).drop(entry.id)
        self.of(entry.operative, entry.date).put(entry)

    def accept(self, entry: Entry) -> None:
        """An entry whose day was seen to have room for it."""
        self.of(entry.operative, entry.date).accept(entry)

    def items(self) -> int:
        """How many rows the changes are at most."""
        return sum(3 if day.clash else 1 for day in self._days.values() if day.touched)

    def changes(self) -> list[Change]:
        """Those that something changed in, in one transaction."""
        return [change for day in self._days.values() if day.touched for change in day.changes()]


def event_document(event: Event) -> dict[str, object]:
    """An event as rows keep it."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(event).items()}


def event_of(document: Mapping[str, Any]) -> Event:
    """An event that a row keeps."""
    lists = {name: tuple(document[name]) for name in ("kinds", "keep", "rejected", "makers")}
    return Event(**{**document, **lists})


def _entry(document: Mapping[str, Any]) -> DayEntry:
    return DayEntry(**{**document, "hours": Decimal(document["hours"])})


def _clash(document: Mapping[str, Any]) -> Clash:
    known = {id: Known(Decimal(each["hours"]), each["submitter"], each["kept"]) for id, each in _items(document)}
    resolution = event_of(document["resolution"]) if document["resolution"] else None
    return Clash(document["status"], tuple(document["kinds"]), document["at"], known, resolution)


def _items(document: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    found: Mapping[str, Any] = document["known"]
    return found.items()
