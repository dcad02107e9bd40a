"""The rows of clock events."""

from datetime import datetime
from typing import ClassVar

from pynamodb.attributes import UnicodeAttribute

from chalicelib.storage.attributes import DecimalAttribute, DocumentAttribute, IntegerAttribute, ListAttribute
from chalicelib.storage.changes import Change, Put, absent
from chalicelib.storage.rows import Row, Tracked, key
from chalicelib.storage.store import Wanted
from chalicelib.storage.tables import ORDER, UPDATED, List, Table
from chalicelib.times import stamp

EVENTS = List("company", "list_company", ORDER)
BY_STATUS = List("status", "list_status", ORDER)
BY_CLOCK_ID = List("clock_id", "list_clock_id", ORDER)
TABLE = Table("clock", (EVENTS, BY_STATUS, BY_CLOCK_ID, UPDATED))


class ClockEvent(Tracked):
    """A kept event: pk = "<company>#<clock id>", sk = "event#<time>#in" or "event#<time>#out".

    The time, which identifies it, is in UTC and ends in Z, or is the local time of an event that was sent without
    an offset. The clock ID in keys is in comparison form. ``sent_in`` and ``sent_out`` are the times as sent,
    ``clock_in`` and ``clock_out`` the instants that they are, a person's decision first.
    """

    table = "clock"
    clock_id = UnicodeAttribute()
    sent_in = UnicodeAttribute(null=True)
    sent_out = UnicodeAttribute(null=True)
    said = UnicodeAttribute()  # a digest of this version of it
    sent_at = UnicodeAttribute()  # when that came first
    project_code = UnicodeAttribute(null=True)
    device_id = UnicodeAttribute(null=True)
    break_minutes = DecimalAttribute(null=True)
    unreadable = ListAttribute(null=True)  # the fields that make no sense
    as_sent = UnicodeAttribute(null=True)  # the event's JSON, when there are some
    earlier = ListAttribute(null=True)  # digests of the versions that came before this one
    earlier_in = ListAttribute(null=True)  # digests of what an in alone may have said of them
    decision = DocumentAttribute(null=True)  # what people decided
    closed = UnicodeAttribute(null=True)
    closed_at = UnicodeAttribute(null=True)
    settled_by = UnicodeAttribute(null=True)
    history = ListAttribute(null=True)  # of people's decisions: {at, by, action, reason, ...}
    clock_in = UnicodeAttribute(null=True)
    clock_out = UnicodeAttribute(null=True)
    operative = UnicodeAttribute(null=True)
    project = UnicodeAttribute(null=True)
    partner = UnicodeAttribute(null=True)  # the sk of the event that it belongs to, or that belongs to it
    status = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    causes = ListAttribute(null=True)  # what it waits for
    labour_entry = UnicodeAttribute(null=True)  # of the out of a pair its in's
    applied = UnicodeAttribute(null=True)  # a digest of what the entry was made of
    version = IntegerAttribute()
    received_at = UnicodeAttribute()

    def list_keys(self) -> dict[str, str]:
        company = self.scope()
        return super().list_keys() | {
            EVENTS.hash: company,
            BY_STATUS.hash: key(company, self.status),
            BY_CLOCK_ID.hash: str(self.pk),
            ORDER: f"{self.clock_in or self.clock_out}#{self.id}",
        }


class ClockHead(Row):
    """Keeps apart transactions that change one clock ID's events: pk = "<company>#<clock id>", sk = "head".

    Whoever changes one of its events raises the version. It is read before the events, never beside them.
    """

    table = "clock"
    version = IntegerAttribute()


class Waiting(Row):
    """An event under what it waits for: pk = "<company>#WAITS#<cause>", sk = "<clock id>#<the event's sk>".

    It is put and removed with the event, so fixing a cause finds its events in one consistent query. No clock
    ID in comparison form has capitals, so no event is under such a key.
    """

    table = "clock"
    prefix: ClassVar[str] = "WAITS"
    form = UnicodeAttribute()
    event = UnicodeAttribute()


def event_place(company: str, form: str, name: str) -> Wanted:
    """Where an event is."""
    return ClockEvent, key(company, form), name


def head_place(company: str, form: str) -> Wanted:
    """Where the head of a clock ID is."""
    return ClockHead, key(company, form), "head"


def waiting_place(company: str, cause: str, form: str, name: str) -> Wanted:
    """Where it says that an event waits."""
    return Waiting, key(company, Waiting.prefix, cause), f"{form}#{name}"


def changed(row: ClockEvent, now: datetime) -> Change:
    """An event as it is now, on condition that it is still the version that was read."""
    before = row.version
    row.version, row.updated_at = before + 1, stamp(now)
    return Put(row, ClockEvent.version == before if before else absent(ClockEvent))
