"""The life of a labour entry: draft -> submitted -> approved, and the ways back.

Every change is one transaction over the entry's own rows: the entry, its operative-day (which
holds the clash and gates approval), its audit row and, when approved, its booking. Rows that many
requests share (project, operative, node) are read and never written or checked here.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission as P
from chalicelib.errors import (
    ClashUnresolved,
    CostCodeRequired,
    Denied,
    Inactive,
    Invalid,
    InvalidTransition,
    NotFound,
    OwnEntry,
    PeriodClosed,
)
from chalicelib.ids import new_id, project_of
from chalicelib.labour import clashes, shifts
from chalicelib.labour.rows import Audit, Booking, DeletedEntry, Entry, OperativeDay
from chalicelib.operatives import operatives
from chalicelib.operatives.rows import Operative
from chalicelib.projects.projects import TAKES_HOURS
from chalicelib.projects.rows import Project
from chalicelib.storage.changes import Change, Delete, Put, absent
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store
from chalicelib.times import stamp
from chalicelib.tree.claims import code_key
from chalicelib.tree.ground import node_key
from chalicelib.tree.rows import Node, NodeClaim

EDITABLE = frozenset({"draft", "submitted", "rejected"})


class Surroundings(Struct):
    """What an entry depends on, read together as it is now."""

    project: Project
    operative: Operative
    day: OperativeDay
    claim: NodeClaim | None = None
    node: Node | None = None

    @property
    def cost_code(self) -> str | None:
        """The activity's present code."""
        if self.claim is not None:
            return self.claim.label
        return self.node.cost_code if self.node else None


def day_place(company: str, operative: str, date: str) -> tuple[type[OperativeDay], str, str]:
    """Where an operative's day is."""
    return OperativeDay, key(company, operative, date), "day"


def new_day(company: str, operative: str, date: str) -> OperativeDay:
    """An operative's day before its first entry."""
    _, pk, sk = day_place(company, operative, date)
    return OperativeDay(pk=pk, sk=sk, operative=operative, date=date, entries={}, version=0)


def read_around(
    store: Store,
    company: str,
    project: str,
    operative: str,
    date: str,
    cost_code: str | None = None,
    wbs: str | None = None,
) -> Surroundings:
    """Project, operative, operative-day and activity in one round; unknown ones name their field."""
    wanted: list[tuple[Any, str, str]] = [
        (Project, key(company, project), "project"),
        operatives.place(company, operative),
        day_place(company, operative, date),
    ]
    if cost_code is not None:
        wanted.append((NodeClaim, key(company, project), code_key(cost_code)))
    elif wbs is not None:
        wanted.append(node_key(company, wbs))
    rows = store.get_many(*wanted)
    _refuse_unknown(rows, cost_code)
    day = rows[2] or new_day(company, operative, date)
    return Surroundings(
        rows[0],
        rows[1],
        day,
        rows[3] if cost_code is not None else None,
        rows[3] if cost_code is None and wbs is not None else None,
    )


def _refuse_unknown(rows: list[Any], cost_code: str | None) -> None:
    errors = {}
    if rows[0] is None:
        errors["project"] = ["There is no such project."]
    if rows[1] is None:
        errors["operative"] = ["There is no such operative."]
    if cost_code is not None and rows[3] is None:
        errors["cost_code"] = ["The project has no activity with this code."]
    if errors:
        raise Invalid(errors=errors)


def refuse_closed(around: Surroundings, date: str) -> None:
    """Inactive operatives and projects and closed periods take no entries."""
    if not around.operative.active:
        raise Inactive("The operative is not active.", errors={"operative": ["Not active."]})
    if around.project.status not in TAKES_HOURS:
        raise Inactive(f"The project is {around.project.status}.", errors={"project": ["Takes no entries."]})
    refuse_period(around.project, date)


def refuse_period(project: Project, date: str) -> None:
    """Nothing inside a closed period changes."""
    if project.closed_to and date <= project.closed_to:
        raise PeriodClosed(f"The project is closed up to {project.closed_to}.")


def require_log(caller: Caller, project: str, operative: str) -> None:
    """Raises :class:`Denied` for whoever may not log this operative's hours on the project."""
    if not may_log(caller, project, operative):
        raise Denied("You may log only your own hours.")


def may_log(caller: Caller, project: str, operative: str) -> bool:
    """The crew's hours by those who log for it, else only those of the operatives the caller is."""
    held = caller.permissions(project)
    return P.LOG_CREW in held or (P.LOG_OWN in held and operative in caller.operatives)


def create(
    store: Store,
    caller: Caller,
    values: dict[str, Any],
    now: datetime,
) -> tuple[list[Change], Entry, Surroundings]:
    """A new entry, draft or submitted, by a person."""
    around = read_around(
        store, caller.company, values["project"], values["operative"], values["date"], values.get("cost_code")
    )
    require_log(caller, around.project.id, around.operative.id)
    refuse_closed(around, values["date"])
    entry = new_entry(caller.company, around, values, now)
    entry.changed_by = caller.user
    if entry.status == "submitted":
        entry.submitted_by, entry.submitted_at = caller.user, stamp(now)
    cap = caller.tenant.daily_cap_hours
    changes = commit(entry, None, around.day, cap, audit(entry, caller.user, "create", None, now))
    return changes, entry, around


def new_entry(
    company: str, around: Surroundings, values: dict[str, Any], now: datetime, id: str | None = None
) -> Entry:
    """An entry's row before anyone has submitted it."""
    id, at = id or new_id(), stamp(now)
    return Entry(
        pk=key(company, id),
        sk="entry",
        id=id,
        project=around.project.id,
        operative=around.operative.id,
        date=values["date"],
        hours=values["hours"],
        wbs=around.claim.holder if around.claim else None,
        quantity=values.get("quantity"),
        note=values.get("note"),
        status=values["status"],
        source=values.get("source", "manual"),
        version=1,
        created_at=at,
        updated_at=at,
    )


def commit(entry: Entry, before: int | None, day: OperativeDay, cap: Decimal, trail: Audit) -> list[Change]:
    """The entry, its day with the clash worked out anew, and the audit row, in one transaction."""
    condition = absent(Entry) if before is None else Entry.version == before
    return [Put(entry, condition), _day_with(day, entry, cap), Put(trail, absent(Audit))]


def _day_with(day: OperativeDay, entry: Entry, cap: Decimal) -> Put:
    entries = _without(day, entry)
    if entry.status in clashes.COUNTED:
        submitter = clashes.CLOCK if entry.source == "clock" else entry.submitted_by
        entries[entry.id] = {
            "hours": entry.hours,
            "submitter": submitter,
            "status": entry.status,
            "project": entry.project,
        }
    return _day(day, entries, cap)


def _day(day: OperativeDay, entries: dict[str, Any], cap: Decimal) -> Put:
    before = day.version
    day.entries, day.clash, day.version = entries, clashes.evaluate(entries, day.clash, cap), before + 1
    return Put(day, OperativeDay.version == before if before else absent(OperativeDay))


def audit(
    entry: Entry, by: str | None, action: str, before: str | None, now: datetime, reason: str | None = None
) -> Audit:
    """The row that says who did what, when and why."""
    return Audit(
        pk=entry.pk,
        sk=f"audit#{entry.version:08d}",
        at=stamp(now),
        by=by,
        action=action,
        before=before,
        after=entry.status,
        reason=reason,
    )


def place(company: str, id: str) -> tuple[type[Entry], str, str]:
    """Where an entry is."""
    return Entry, key(company, id), "entry"


def find(store: Store, caller: Caller, id: str) -> Entry:
    """An entry the caller may see, else :class:`NotFound`."""
    entry = store.get(*place(caller.company, id))
    if entry is None or not sees(caller, entry):
        raise NotFound
    return entry


def sees(caller: Caller, entry: Entry) -> bool:
    """All labour, or one's own rows."""
    return caller.may(P.READ_ALL_LABOUR, entry.project) or entry.operative in caller.operatives


def approve(
    store: Store,
    caller: Caller,
    id: str,
    cost_code: str | None,
    now: datetime,
) -> tuple[list[Change], Entry, Surroundings]:
    """Make hours count: the rate is kept, the booking written, all on condition that no clash is open."""
    entry = find(store, caller, id)
    around = read_around(store, caller.company, entry.project, entry.operative, entry.date, cost_code, entry.wbs)
    caller.require(P.APPROVE, entry.project)
    _expect(entry, "submitted")
    refuse_period(around.project, entry.date)
    _refuse_own(caller, entry, around.operative)
    _refuse_clash(around.day)
    before = _move(entry, "approved", now)
    if around.claim is not None:
        entry.wbs = around.claim.holder
    if entry.wbs is None:
        raise CostCodeRequired(errors={"cost_code": ["Pick the activity these hours belong to."]})
    entry.approved_by, entry.approved_at = caller.user, stamp(now)
    entry.hourly_rate = operatives.rate_on(around.operative, entry.date)
    cap = caller.tenant.daily_cap_hours
    changes = commit(entry, before, around.day, cap, audit(entry, caller.user, "approve", "submitted", now))
    return [*changes, Put(_booking(caller.company, entry), absent(Booking))], entry, around


def _booking(company: str, entry: Entry) -> Booking:
    assert entry.wbs is not None
    return Booking(
        pk=key(company, entry.wbs),
        sk=f"{entry.date}#{entry.id}",
        project=project_of(entry.wbs),
        activity=entry.wbs,
        date=entry.date,
        hours=entry.hours,
        rate=entry.hourly_rate,
        quantity=entry.quantity,
    )


def _expect(entry: Entry, *statuses: str) -> None:
    if entry.status not in statuses:
        raise InvalidTransition(f"The entry is {entry.status}.")


def _refuse_own(caller: Caller, entry: Entry, operative: Operative) -> None:
    themselves = {operative.user, *(operative.former_users or {})}  # who unlinks themselves is still the one who worked
    if caller.user in {entry.submitted_by, entry.changed_by} | themselves:
        raise OwnEntry("Nobody approves an entry that they submitted, changed, or worked.")


def _refuse_clash(day: OperativeDay) -> None:
    if clashes.is_open(day.clash):
        id = clash_id(day.operative, day.date)
        raise ClashUnresolved(clash={"id": id, "link": f"/api/v1/clashes/{id}/"})


def clash_id(operative: str, date: str) -> str:
    """The id of an operative-day's clash."""
    return f"{operative}{date.replace('-', '')}"


def _move(entry: Entry, status: str, now: datetime) -> int:
    before = entry.version
    entry.status, entry.version, entry.updated_at = status, before + 1, stamp(now)
    return before


def submit(store: Store, caller: Caller, id: str, now: datetime) -> tuple[list[Change], Entry, Surroundings]:
    """Hand a draft or corrected entry in."""
    entry, around = _own_or_crew(store, caller, id)
    _expect(entry, "draft", "rejected")
    refuse_closed(around, entry.date)
    was, before = entry.status, _move(entry, "submitted", now)
    entry.submitted_by, entry.submitted_at, entry.rejection_reason = caller.user, stamp(now), None
    return _finish(caller, entry, before, around, "submit", was, now)


def reject(
    store: Store,
    caller: Caller,
    id: str,
    reason: str,
    now: datetime,
) -> tuple[list[Change], Entry, Surroundings]:
    """Send an entry back to be corrected."""
    entry, around = _for_approver(store, caller, id)
    _expect(entry, "submitted")
    before = _move(entry, "rejected", now)
    entry.rejection_reason = reason
    return _finish(caller, entry, before, around, "reject", "submitted", now, reason)


def reopen(
    store: Store,
    caller: Caller,
    id: str,
    reason: str,
    now: datetime,
) -> tuple[list[Change], Entry, Surroundings]:
    """Take an approved entry's hours out of the numbers again."""
    entry, around = _for_approver(store, caller, id)
    _expect(entry, "approved")
    booking = _booking(caller.company, entry)
    before = _move(entry, "submitted", now)
    entry.approved_by = entry.approved_at = entry.hourly_rate = None
    changes, entry, around = _finish(caller, entry, before, around, "reopen", "approved", now, reason)
    return [*changes, Delete(Booking, (booking.pk, booking.sk), Booking.pk.exists())], entry, around


def delete(store: Store, caller: Caller, id: str, now: datetime) -> tuple[list[Change], Entry]:
    """Remove an entry that does not count; its audit rows stay."""
    entry, around = _own_or_crew(store, caller, id)
    _expect(entry, *EDITABLE)
    was, before = entry.status, _move(entry, "deleted", now)
    changes, *_ = _finish(caller, entry, before, around, "delete", was, now)
    entry.status = was
    return [
        Delete(Entry, (entry.pk, entry.sk), Entry.version == before),
        Put(DeletedEntry.of(entry, "deleted", stamp(now))),
        *changes[1:],
        *(shifts.free(entry, stamp(now)) if entry.shift else []),
    ], entry


def _own_or_crew(store: Store, caller: Caller, id: str) -> tuple[Entry, Surroundings]:
    entry = find(store, caller, id)
    around = read_around(store, caller.company, entry.project, entry.operative, entry.date, wbs=entry.wbs)
    require_log(caller, entry.project, entry.operative)
    refuse_period(around.project, entry.date)
    return entry, around


def _for_approver(store: Store, caller: Caller, id: str) -> tuple[Entry, Surroundings]:
    entry = find(store, caller, id)
    around = read_around(store, caller.company, entry.project, entry.operative, entry.date, wbs=entry.wbs)
    caller.require(P.APPROVE, entry.project)
    refuse_period(around.project, entry.date)
    return entry, around


def _finish(
    caller: Caller,
    entry: Entry,
    before: int,
    around: Surroundings,
    action: str,
    was: str,
    now: datetime,
    reason: str | None = None,
) -> tuple[list[Change], Entry, Surroundings]:
    cap = caller.tenant.daily_cap_hours
    trail = audit(entry, caller.user, action, was, now, reason)
    return commit(entry, before, around.day, cap, trail), entry, around


def change(
    store: Store,
    caller: Caller,
    id: str,
    values: dict[str, Any],
    now: datetime,
) -> tuple[list[Change], Entry, Surroundings]:
    """Edit an entry that does not count yet; the state stays. Both days are worked out on a move."""
    entry, around = _own_or_crew(store, caller, id)
    _expect(entry, *EDITABLE)
    project, operative = values.get("project", entry.project), values.get("operative", entry.operative)
    day, moved = values.get("date", entry.date), (entry.operative, entry.date)
    wbs = entry.wbs if project == entry.project and "cost_code" not in values else None
    old_day = around.day
    around = read_around(store, caller.company, project, operative, day, values.get("cost_code"), wbs)
    require_log(caller, project, operative)
    refuse_closed(around, day)
    _apply(entry, caller, values, around, wbs)
    entry.project, entry.operative, entry.date = project, operative, day
    before = _move(entry, entry.status, now)
    changes, entry, around = _finish(caller, entry, before, around, "edit", entry.status, now)
    if (operative, day) != moved:
        changes.append(_day(old_day, _without(old_day, entry), caller.tenant.daily_cap_hours))
    return changes, entry, around


def _apply(entry: Entry, caller: Caller, values: dict[str, Any], around: Surroundings, wbs: str | None) -> None:
    entry.wbs = around.claim.holder if around.claim else wbs
    for name in ("hours", "quantity", "note"):
        if name in values:
            setattr(entry, name, values[name])
    if {"hours", "date", "operative", "quantity"} & values.keys():
        entry.changed_by = caller.user


def correct(
    entry: Entry, values: dict[str, Any], days: list[OperativeDay], cap: Decimal, now: datetime
) -> list[Change]:
    """What the clock says otherwise of its own entry; the state stays. ``days`` are its day then and the one it leaves.

    Whoever changed it before is the last to have changed it only while something of theirs is left.
    """
    if "project" in values and values["project"] != entry.project:
        entry.wbs = None
    for name, value in values.items():
        setattr(entry, name, value)
    if values and entry.quantity is None and all(getattr(entry, name) == entry.shift[name] for name in _CLOCKED):
        entry.changed_by = None
    before = _move(entry, entry.status, now)
    changes = commit(entry, before, days[0], cap, audit(entry, None, "correct", entry.status, now))
    return changes + [_day(day, _without(day, entry), cap) for day in days[1:]]


def withdraw(entry: Entry, day: OperativeDay, cap: Decimal, now: datetime) -> list[Change]:
    """The clock takes its own entry back; its audit rows stay."""
    was, before = entry.status, _move(entry, "deleted", now)
    trail = audit(entry, None, "withdraw", was, now)
    entry.status = was
    return [
        Delete(Entry, (entry.pk, entry.sk), Entry.version == before),
        Put(DeletedEntry.of(entry, "deleted", stamp(now))),
        _day(day, _without(day, entry), cap),
        Put(trail, absent(Audit)),
    ]


_CLOCKED = ("hours", "date", "operative")


def _without(day: OperativeDay, entry: Entry) -> dict[str, Any]:
    return {id: kept for id, kept in day.entries.items() if id != entry.id}


def allowed_actions(caller: Caller, entry: Entry) -> list[str]:
    """What the caller may do with the entry as it is."""
    crew = may_log(caller, entry.project, entry.operative)
    approver = caller.may(P.APPROVE, entry.project)
    own = caller.user in {entry.submitted_by, entry.changed_by} or entry.operative in caller.operatives
    found = []
    if crew and entry.status in EDITABLE:
        found += ["edit", "delete"] + (["submit"] if entry.status != "submitted" else [])
    if approver and entry.status == "submitted":
        found += ["reject"] + ([] if own else ["approve"])
    if approver and entry.status == "approved":
        found.append("reopen")
    return sorted(found)
