"""A clock ID's events kept in memory: what :func:`settle` says is written down at once."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from chalicelib.clock import moments
from chalicelib.clock.judging import OVERLAP
from chalicelib.clock.settlement import settle
from chalicelib.clock.values import Booked, Event, Facts, Held, Outcome, Site, Worker

ZONE = "Europe/Dublin"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ORIGIN = datetime(2026, 11, 2, tzinfo=UTC)


def facts(**changes: Any) -> Facts:
    """One operative and one active project."""
    usual = Facts(
        "7",
        ZONE,
        Worker("ann", True),
        {"ann": Worker("ann", True)},
        {"P": Site("P", ZONE, "active")},
        {"p": "P"},
        ("P",),
    )
    return replace(usual, **changes)


def at(minute: int) -> str:
    """A time as a device writes it: minutes after the origin."""
    return (ORIGIN + timedelta(minutes=minute)).isoformat()


@dataclass
class World:
    """Events and entries of one clock ID."""

    facts: Facts = field(default_factory=facts)
    events: dict[str, Event] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    seen: dict[str, set[str]] = field(default_factory=dict)
    made: int = 0
    sent: int = 0

    def send(self, clock_in: str | None = None, clock_out: str | None = None, **more: Any) -> Outcome:
        """A device sends an event, a new one, a repeat or a correction."""
        start, finish = (moments.parse(each) if each else None for each in (clock_in, clock_out))
        name = f"{start.text}#in" if start else f"{finish.text if finish else ''}#out"
        self.sent += 1
        event = Event(name, NOW + timedelta(seconds=self.sent), start, finish, **more)
        before = self.events.get(name)
        print_of = event.fingerprint
        if before is None:
            self.events[name] = event
        elif print_of not in self.seen[name] and not (before.clock_out and not event.clock_out):
            self.events[name] = replace(
                before,
                sent_at=event.sent_at,
                clock_in=start,
                clock_out=finish,
                **{"break_minutes": None, "project_code": "", **more},
            )
        self.seen.setdefault(name, set()).add(print_of)
        self.settle(name)
        return self.outcomes[name]

    def settle(self, *focus: str) -> None:
        """Work the events out and keep what comes of it."""
        given = [replace(event, new_entry=f"e{self.made}-{name}") for name, event in self.events.items()]
        self.made += 1
        held: dict[str, tuple[Held, ...]] = {}
        for event in self.events.values():
            if event.entry:
                shift = event.entry.shift
                held[shift.operative] = (
                    *held.get(shift.operative, ()),
                    Held(event.entry.id, shift.start, shift.finish),
                )
        found = settle(given, focus, replace(self.facts, held=held))
        for name, outcome in found.items():
            self.keep(name, outcome, f"e{self.made - 1}-{name}")
        self.outcomes |= found

    def keep(self, name: str, outcome: Outcome, new: str) -> None:
        event = self.events[name]
        entry = None if outcome.withdraw else event.entry
        if outcome.shift:
            shift = outcome.shift
            of = (shift.operative, shift.project, shift.date, shift.hours)
            entry = Booked(entry.id if entry else new, entry.status if entry else "submitted", shift, *of)
        blocked = outcome.reason == OVERLAP
        self.events[name] = replace(
            event, partner=outcome.partner, applied=outcome.applied, entry=entry, blocked=blocked
        )

    def change_entry(self, name: str, **values: Any) -> None:
        """A person changes an event's entry."""
        event = self.events[name]
        assert event.entry
        self.events[name] = replace(event, entry=replace(event.entry, **values))

    @property
    def entries(self) -> list[tuple[datetime, datetime, Decimal]]:
        """The shifts that are labour entries, in the order of time."""
        booked = [event.entry for event in self.events.values() if event.entry]
        return sorted((each.shift.start, each.shift.finish, each.hours) for each in booked)

    def told(self, name: str) -> tuple[str, str | None]:
        outcome = self.outcomes[name]
        return outcome.status, outcome.reason
