"""Callers and decisions that tests make by hand, between others' reads and writes; and what the rows say afterwards."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from chalicelib.access.callers import Caller
from chalicelib.access.rows import Access, Company
from chalicelib.errors import WbsyncError
from chalicelib.labour import approvals, clash_rules, clashes, entries
from chalicelib.labour.clash_rules import Choice
from chalicelib.labour.days import Days, clash_id
from chalicelib.labour.rows import BY_OPERATIVE, Audit, Booking, ClashEvent, ClashRow, Entry
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from chalicelib.storage.work import Decided, commit

CAP = Decimal(16)
Verb = Callable[[Reading, Caller, datetime], Decided[Any]]


def caller_of(company: str, user: str) -> Caller:
    """A user as a request of theirs would know them."""
    access, tenant = store().get_many((Access, key(company, user), "access"), (Company, company, "company"))
    return Caller(company, user, access, tenant, datetime.now(UTC))


def done(caller: Caller, verb: Verb) -> str:
    """What a verb came to, committed: "ok", or the code of its refusal."""
    now = datetime.now(UTC)
    try:
        commit(store(), lambda reading: verb(reading, caller, now))
    except WbsyncError as error:
        return error.code
    return "ok"


def create(values: dict[str, Any]) -> Verb:
    return lambda reading, caller, now: entries.create(reading, caller, values, now)


def edit(id: str, values: dict[str, Any]) -> Verb:
    return lambda reading, caller, now: entries.change(reading, caller, id, values, now)


def act(id: str, action: str) -> Verb:
    """One of the actions that need no body, or a reason."""
    verbs: dict[str, Verb] = {
        "submit": lambda reading, caller, now: entries.submit(reading, caller, id, now),
        "delete": lambda reading, caller, now: entries.delete(reading, caller, id, now),
        "approve": lambda reading, caller, now: approvals.approve(reading, caller, id, None, now),
        "reject": lambda reading, caller, now: approvals.reject(reading, caller, id, "no", now),
        "reopen": lambda reading, caller, now: approvals.reopen(reading, caller, id, "again", now),
    }
    return verbs[action]


def resolve(operative: str, date: str, keep: frozenset[str], reject: bool) -> Verb:
    clash = clash_id(operative, date)
    return lambda reading, caller, now: clashes.resolve(reading, caller, clash, Choice(keep, reject, "why"), now)


def entries_of(company: str, operative: str) -> dict[str, Entry]:
    """All entries of an operative."""
    listed = store().each(Query(model=Entry, hash=key(company, operative), list=BY_OPERATIVE))
    return {row.id: row for row in listed}


def check_day(company: str, operative: str, date: str) -> None:
    """The day, its clash, the bookings and the trails say the same as the entries, and no approval passed a clash."""
    caller = Days(Reading(store()), _judged(company))
    day = caller.of(operative, date)
    rows = {id: row for id, row in entries_of(company, operative).items() if row.date == date}
    assert {id: (each.status, each.hours) for id, each in day.entries.items()} == {
        id: (row.status, row.hours) for id, row in rows.items()
    }
    _check_clash(company, operative, date, day)
    for id, row in rows.items():
        _check_trail(company, id, row)


def _judged(company: str) -> Any:
    from chalicelib.labour.days import Judged

    return Judged(company, CAP, "2026-01-01T00:00:00.000000Z", None)


def _check_clash(company: str, operative: str, date: str, day: Any) -> None:
    assert day.judged().event is None, "the clash that is kept is the one that the entries make"
    listed = store().get(ClashRow, key(company, operative, date), "clash")
    assert (listed is None) == (day.stored is None)
    if listed is None:
        assert clash_rules.kinds(day.entries, CAP) == ()
        return
    assert (listed.status, listed.entries.keys()) == (day.stored.status, clash_rules.counted(day.entries).keys())
    events = list(
        store().each(Query(model=ClashEvent, hash=key(company, operative, date), between=("clash#", "clash#~")))
    )
    statuses = [row.event["status"] for row in events]
    assert statuses[-1] == listed.status and listed.events == [row.event for row in events][-10:]


def _check_trail(company: str, id: str, row: Entry) -> None:
    trail = list(store().each(Query(model=Audit, hash=key(company, id), between=("audit#", "audit#~"))))
    assert [int(each.sk.partition("#")[2]) for each in trail] == list(range(1, row.version + 1)), "one row a change"
    states = [each.after for each in trail]
    assert states[-1] == row.status
    assert all(each.before == before for each, before in zip(trail[1:], states, strict=False)), "no step is lost"
    booked = store().get(Booking, key(company, row.wbs or ""), f"{row.date}#{id}")
    assert (booked is not None) == (row.status == "approved")
    assert booked is None or booked.hours == row.hours
