"""What is known of clock events and around them, as plain values: the ground on which events are settled."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from urllib.parse import quote

from msgspec import Struct

from chalicelib.clock.moments import Moment
from chalicelib.labour.actors import THE_CLOCK, Actor


class Shift(Struct, frozen=True):
    """What a pair makes of itself: whose hours, where, when and how many."""

    operative: str
    project: str
    date: str
    hours: Decimal
    start: datetime
    finish: datetime


class Booked(Struct, frozen=True):
    """An event's labour entry as it is now, and the shift that the clock last made of it."""

    id: str
    status: str
    shift: Shift
    operative: str
    project: str
    date: str
    hours: Decimal
    worked_on: bool = False  # a person has given it a cost code, a quantity or a note

    @property
    def changed(self) -> bool:
        """Whether a person has changed what the clock made of it."""
        now = (self.operative, self.project, self.date, self.hours)
        return now != (self.shift.operative, self.shift.project, self.shift.date, self.shift.hours)


class Decision(Struct, frozen=True):
    """What people decided about an event, taken together; ``at`` is the last time.

    ``by`` says who has changed the ``times`` (the break included), the ``operative`` and the ``project`` last, and who
    has said that what was hours and was deleted is hours ``again``.
    """

    at: datetime | None = None
    operative: str | None = None
    project: str | None = None
    clock_in: Moment | None = None
    clock_out: Moment | None = None
    break_minutes: Decimal | None = None
    by: Mapping[str, Actor] = {}

    def whose(self, what: str) -> Actor:
        """Who has decided that; the clock where nobody has."""
        return self.by.get(what, THE_CLOCK)

    @property
    def of_times(self) -> bool:
        """Whether a person has set an instant or the break."""
        return any(each is not None for each in (self.clock_in, self.clock_out, self.break_minutes))


class Event(Struct, frozen=True):
    """A kept event: what was sent last, what people decided, and what has become of it so far."""

    name: str  # its identity among those of its clock ID
    sent_at: datetime  # when this version of it was first sent
    clock_in: Moment | None = None
    clock_out: Moment | None = None
    project_code: str = ""  # in comparison form
    break_minutes: Decimal | None = None
    unreadable: tuple[str, ...] = ()
    decision: Decision = Decision()
    closed: str | None = None  # "dismissed" by a person, or "entry_deleted"
    closed_at: datetime | None = None
    partner: str | None = None
    entry: Booked | None = None
    applied: str | None = None  # the fingerprint of what its entry was made of
    blocked: bool = False  # another shift has held its time
    new_entry: str = ""  # the id that an entry made now would get

    @property
    def start(self) -> Moment | None:
        """When work began, as a person or else the device says."""
        return self.decision.clock_in or self.clock_in

    @property
    def finish(self) -> Moment | None:
        """When it ended, likewise."""
        return self.decision.clock_out or self.clock_out

    @property
    def is_pair(self) -> bool:
        return self.start is not None and self.finish is not None

    @property
    def fingerprint(self) -> str:
        """Differs when what the event says, or what was decided about it, does."""
        said = (*(each.text if each else "" for each in (self.start, self.finish)), quote(self.project_code))
        decided = (self.decision.operative or "", self.decision.project or "")
        return "|".join((*said, str(minutes(self) or 0), *self.unreadable, *decided))


def times_in(fingerprint: str | None) -> tuple[str, ...]:
    """What an event's fingerprint says of its instants and break."""
    start, finish, _, pause, *_ = (fingerprint or "|||").partition("&")[0].split("|")
    return start, finish, pause


def project_in(fingerprint: str | None) -> str:
    """The project that a person has decided on, by an event's fingerprint."""
    return (fingerprint or "").partition("&")[0].rpartition("|")[2]


def minutes(event: Event) -> Decimal | None:
    """The unpaid break of an event, where anyone has said one."""
    given = event.decision.break_minutes
    return event.break_minutes if given is None else given


class Worker(Struct, frozen=True):
    """An operative, as far as it decides on a shift."""

    id: str
    active: bool
    projects: tuple[str, ...] = ()


class Site(Struct, frozen=True):
    """A project, as far as it decides on a shift."""

    id: str
    zone: str
    status: str
    closed_to: str | None = None


class Held(Struct, frozen=True):
    """Time that a clock entry holds, from its start to just before its finish."""

    entry: str
    start: datetime
    finish: datetime


class Facts(Struct, frozen=True):
    """What events are judged by."""

    form: str  # the clock ID in comparison form
    zone: str  # the company's
    owner: Worker | None  # whose clock ID it is
    workers: Mapping[str, Worker] = {}
    sites: Mapping[str, Site] = {}
    codes: Mapping[str, str] = {}  # comparison form of a project code -> project
    active: tuple[str, ...] = ()  # the company's active projects; two are enough to know that there is not one
    held: Mapping[str, tuple[Held, ...]] = {}  # operative -> time held around the events


class Outcome(Struct, frozen=True):
    """What an event should be: its status, and the shift that its entry should be of."""

    name: str
    status: str
    reason: str | None = None
    causes: tuple[str, ...] = ()  # what it waits for
    operative: str | None = None
    project: str | None = None
    start: datetime | None = None
    finish: datetime | None = None
    partner: str | None = None
    shift: Shift | None = None  # set when the entry is to be made or corrected
    withdraw: bool = False  # the entry that it has goes
    applied: str | None = None
    of: str | None = None  # the event that has the entry, when it is another
    refused: bool = False  # its entry may not follow: approved, or changed by a person
