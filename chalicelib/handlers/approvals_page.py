"""Approvals: what waits, and a crew-day at a time, with its clashes and the cost codes that clock entries need."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from chalicelib.access.permissions import Permission
from chalicelib.errors import Invalid, NotFound
from chalicelib.handlers.clashes import ClashAnswer, list_clashes, resolve_clash
from chalicelib.handlers.labour import (
    EntryAnswer,
    approve_entry,
    list_entries,
    reject_entry,
    reopen_entry,
)
from chalicelib.handlers.labour_bulk import ApprovedAnswer, RejectedAnswer, approve_entries, reject_entries
from chalicelib.handlers.page_parts import (
    Act,
    Fields,
    Left,
    Outcome,
    acted,
    new_key,
    operative_names,
    project_names,
    user_names,
    writes,
)
from chalicelib.handlers.sign_in import AnyAnswer
from chalicelib.handlers.wbs_lists import CostCodeAnswer, list_cost_codes
from chalicelib.http.call import Call
from chalicelib.http.fields import Body
from chalicelib.http.own_api import read, turned, write
from chalicelib.http.pages import Page, page
from chalicelib.http.pagination import Listed, Summed
from chalicelib.http.routes import Guard, RouteSet
from chalicelib.http.shown import day

routes = RouteSet("Pages", __name__, pages=True)
ENTRIES_SHOWN = 200
CODES_OFFERED = 200
CLASHES_SHOWN = 50
TICK, KEEP = "tick.", "keep."


class DayAsked(Body, kw_only=True):
    """Which crew-day, or which page of what waits; ``find`` narrows the cost codes that are offered."""

    project: str | None = None
    date: str | None = None
    find: str | None = None
    page: str | None = None
    cursor: str | None = None


class CrewDay(Struct):
    """The entries of one project and date that wait for the person."""

    project: str
    date: str
    entries: list[EntryAnswer]

    @property
    def hours(self) -> Any:
        return sum(each.hours for each in self.entries)


@routes.route("GET", "/approvals", query=DayAsked, answer=AnyAnswer, guard=Guard.SIGNED_IN)
def approvals_page(call: Call) -> Page:
    """What waits for the person by crew-day, or one of these days."""
    return _shown(call, Outcome())


@routes.route("POST", "/approvals", query=DayAsked, answer=AnyAnswer, guard=Guard.SIGNED_IN, every_plan=True)
def approve_on_page(call: Call) -> Page:
    """Approve, reject, reopen, or resolve a clash; the answer is the day as it is now."""
    return _shown(call, acted(call, ACTS))


def _shown(call: Call, outcome: Outcome) -> Page:
    return _day(call, outcome) if call.query.project and call.query.date else _waiting(call, outcome)


def _waiting(call: Call, outcome: Outcome) -> Page:
    place = {name: value for name in ("page", "cursor") if (value := getattr(call.query, name))}
    may = call.user.may_somewhere(Permission.APPROVE)
    query: dict[str, Any] = {"approvable": "true", "page_size": ENTRIES_SHOWN, **place}
    found = read(call, list_entries, Summed[EntryAnswer], **query) if may else None
    clashes = (
        read(call, list_clashes, Listed[ClashAnswer], status="open", page_size=CLASHES_SHOWN).results if may else []
    )
    placed = [(each, project) for each in clashes if (project := _place(each))]
    days: dict[tuple[str, str], CrewDay] = {}
    for each in found.results if found else ():
        days.setdefault((each.date, each.project), CrewDay(each.project, each.date, [])).entries.append(each)
    return page(
        call,
        "Approvals",
        "approvals.html",
        outcome.status,
        outcome=outcome,
        may=may,
        days=list(days.values()),
        clashes=placed,
        names=project_names(call, [*(each.project for each in days.values()), *(project for _, project in placed)]),
        hands=operative_names(call, (each.operative for each in clashes)),
        next=turned(call, found.next if found else None),
        previous=turned(call, found.previous if found else None),
    )


def _place(clash: ClashAnswer) -> str | None:
    """A project on which the person sees an entry of a clash."""
    return next((each.project for each in clash.entries if isinstance(each.project, str)), None)


def _day(call: Call, outcome: Outcome) -> Page:
    project, date = call.query.project, call.query.date
    names = project_names(call, [project])
    if not names:
        raise NotFound
    query = {"project": project, "date": date, "page_size": ENTRIES_SHOWN}
    waits = read(call, list_entries, Summed[EntryAnswer], status="submitted", **query)
    entries = read(call, list_entries, Summed[EntryAnswer], **query).results
    query = {"project": project, "date_from": date, "date_to": date, "status": "open", "page_size": CLASHES_SHOWN}
    clashes = read(call, list_clashes, Listed[ClashAnswer], **query).results
    query = {"page_size": CODES_OFFERED, "search": call.query.find}
    codes = read(call, list_cost_codes, Listed[CostCodeAnswer], project, **query)
    others = [each for each in entries if each.status != "submitted"]
    shown = [*waits.results, *others]
    return page(
        call,
        f"Approvals for {day(date)}",
        "crew_day.html",
        outcome.status,
        outcome=outcome,
        project=project,
        project_name=names[project],
        date=date,
        waiting=waits.results,
        count=waits.count,
        ready=[each.id for each in waits.results if _is_ready(each)],
        others=others,
        more=waits.next is not None,
        clashes=clashes,
        codes=codes.results,
        some_codes=codes.next is not None or bool(call.query.find),
        find=call.query.find or "",
        names=operative_names(call, [*(each.operative for each in shown), *(each.operative for each in clashes)]),
        users=user_names(call, _submitters(shown, clashes)),
        projects=project_names(call, (one.project for each in clashes for one in each.entries if one.project)),
        key=new_key(),
        writes=writes(call),
    )


def _is_ready(entry: EntryAnswer) -> bool:
    """Whether approving it needs nothing but the button."""
    return "approve" in entry.allowed_actions and entry.cost_code is not None


def _submitters(entries: Sequence[EntryAnswer], clashes: Sequence[ClashAnswer]) -> list[str | None]:
    under = [one.submitted_by for each in clashes for one in each.entries]
    return [*(each.submitted_by for each in entries), *(each if isinstance(each, str) else None for each in under)]


def _approve(call: Call, fields: Fields) -> Outcome:
    body = {"cost_code": code} if (code := fields.get("cost_code", "").strip()) else {}
    done = write(call, approve_entry, EntryAnswer, _row(fields), body=body, key=fields["key"])
    return Outcome(f"Approved: {done.hours} h of {_name(call, done)}, {done.cost_code}.")


def _reject(call: Call, fields: Fields) -> Outcome:
    body = {"reason": fields.get("reason", "")}
    done = write(call, reject_entry, EntryAnswer, _row(fields), body=body, key=fields["key"])
    return Outcome(f"Rejected: {done.hours} h of {_name(call, done)}.")


def _reopen(call: Call, fields: Fields) -> Outcome:
    body = {"reason": fields.get("reason", "")}
    done = write(call, reopen_entry, EntryAnswer, _row(fields), body=body, key=fields["key"])
    return Outcome(f"Reopened: {done.hours} h of {_name(call, done)}. They count again when they are approved again.")


def _approve_ticked(call: Call, fields: Fields) -> Outcome:
    done = write(call, approve_entries, ApprovedAnswer, body={"ids": _ticked(fields)}, key=fields["key"])
    left = _left(call, {each.id: each.detail for each in done.skipped})
    return Outcome(f"{_entries(len(done.approved))} approved.", left=left)


def _reject_ticked(call: Call, fields: Fields) -> Outcome:
    body = {"ids": _ticked(fields), "reason": fields.get("reason", "")}
    done = write(call, reject_entries, RejectedAnswer, body=body, key=fields["key"])
    left = _left(call, {each.id: each.detail for each in done.skipped})
    return Outcome(f"{_entries(len(done.rejected))} rejected.", left=left)


def _resolve(call: Call, fields: Fields) -> Outcome:
    keep = [name.removeprefix(KEEP) for name in fields if name.startswith(KEEP)]
    body = {"keep": keep, "reject_rest": fields.get("reject_rest") == "yes", "note": fields.get("note", "")}
    write(call, resolve_clash, ClashAnswer, _row(fields), body=body, key=fields["key"])
    return Outcome("The clash is resolved. What you kept can be approved now.")


ACTS: Mapping[str, Act] = {
    "approve": _approve,
    "reject": _reject,
    "reopen": _reopen,
    "approve-ticked": _approve_ticked,
    "reject-ticked": _reject_ticked,
    "resolve": _resolve,
}


def _row(fields: Fields) -> str:
    return fields.get("row", "")


def _ticked(fields: Fields) -> list[str]:
    ids = [name.removeprefix(TICK) for name in fields if name.startswith(TICK)]
    if not ids:
        raise Invalid("Tick at least one entry.")
    return ids


def _left(call: Call, why: Mapping[str, str]) -> list[Left]:
    """The entries that were skipped, by their operative's name."""
    query = {"project": call.query.project, "date": call.query.date, "page_size": ENTRIES_SHOWN}
    found = {each.id: each for each in read(call, list_entries, Summed[EntryAnswer], **query).results}
    names = operative_names(call, (each.operative for each in found.values()))

    def name(id: str) -> str:
        entry = found.get(id)
        return f"{names.get(entry.operative, entry.operative)}, {entry.hours} h" if entry else id

    return [Left(name(id), detail) for id, detail in why.items()]


def _name(call: Call, entry: EntryAnswer) -> str:
    return operative_names(call, [entry.operative]).get(entry.operative, entry.operative)


def _entries(count: int) -> str:
    return f"{count} {'entry' if count == 1 else 'entries'}"
