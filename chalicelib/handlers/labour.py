"""Labour entries."""

from collections.abc import Mapping
from itertools import product
from math import prod
from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, UnsetType

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.errors import Invalid
from chalicelib.http.answers import Read, Written
from chalicelib.http.call import Call
from chalicelib.http.conditional import etag
from chalicelib.http.fields import (
    Answer,
    Body,
    Code,
    Date,
    Day,
    Hours,
    HoursFigure,
    Id,
    MoneyFigure,
    Note,
    Quantity,
    QuantityFigure,
    Reason,
    Stamp,
    dates_as_text,
    given,
    one_of,
)
from chalicelib.http.pagination import ChangesQuery, Listed, Rule, Source, Summed, changed, incremental, listed
from chalicelib.http.references import Place
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.ids import project_of
from chalicelib.labour import clashes, entries
from chalicelib.labour.rows import (
    BY_OPERATIVE,
    BY_PROJECT,
    BY_PROJECT_OPERATIVE,
    BY_PROJECT_STATUS,
    BY_STATUS,
    ENTRIES,
    Entry,
)
from chalicelib.operatives import operatives
from chalicelib.projects import projects
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.tree.ground import node_key
from chalicelib.tree.lists import activities_under, activities_with

routes = RouteSet("Labour", __name__)
Status = Literal["draft", "submitted", "approved", "rejected"]
Origin = Literal["manual", "clock", "import"]
Action = Literal["approve", "delete", "edit", "reject", "reopen", "submit"]


class EntryQuery(ChangesQuery, kw_only=True):
    """Filters of the labour list; newest date first."""

    ordered: ClassVar[tuple[tuple[str, str], ...]] = (("date_from", "date_to"),)
    project: Id | None = None
    operative: Id | None = None
    status: Status | None = None
    cost_code: Code | None = None
    wbs: Id | None = None
    date: Date | None = None
    date_from: Date | None = None
    date_to: Date | None = None
    source: Origin | None = None
    submitted_by: Id | None = None
    totals: bool | None = None


class EntryCreate(Body, kw_only=True):
    """Hours of one operative on one date."""

    references: ClassVar[Mapping[str, Place]] = {"project": projects.place, "operative": operatives.place}
    project: Id
    operative: Id
    date: Date
    hours: Hours
    cost_code: Code | None | UnsetType = UNSET
    quantity: Quantity | None | UnsetType = UNSET
    note: Note | None | UnsetType = UNSET
    status: Literal["draft", "submitted"] = "draft"


class EntryPatch(Body, kw_only=True):
    """Fields of an entry to change; the state stays."""

    references: ClassVar[Mapping[str, Place]] = {"project": projects.place, "operative": operatives.place}
    project: Id | UnsetType = UNSET
    operative: Id | UnsetType = UNSET
    date: Date | UnsetType = UNSET
    hours: Hours | UnsetType = UNSET
    cost_code: Code | None | UnsetType = UNSET
    quantity: Quantity | None | UnsetType = UNSET
    note: Note | None | UnsetType = UNSET


class Approve(Body, kw_only=True):
    """The activity the hours belong to, when the entry has none or another is right."""

    cost_code: Code | None = None


class Why(Body, kw_only=True):
    """A reason."""

    reason: Reason


class EntryAnswer(Answer, kw_only=True):
    """A labour entry; the kept rate only with the permission to view rates."""

    id: str
    project: str
    operative: str
    date: Day
    hours: HoursFigure
    cost_code: str | None
    wbs: str | None
    quantity: QuantityFigure | None
    note: str | None
    status: Annotated[str, one_of(Status)]
    source: Annotated[str, one_of(Origin)]
    submitted_by: str | None
    submitted_at: Stamp | None
    approved_by: str | None
    approved_at: Stamp | None
    rejection_reason: str | None
    clash: str | None
    allowed_actions: list[Annotated[str, one_of(Action)]]
    hourly_rate: MoneyFigure | None | UnsetType = UNSET
    created_at: Stamp
    updated_at: Stamp


def present(caller: Caller, row: Entry, cost_code: str | None, clash: bool) -> EntryAnswer:
    """An entry as the caller may see it."""
    rate: Any = row.hourly_rate if caller.may(Permission.VIEW_RATES, row.project) else UNSET
    plain = {
        name: getattr(row, name)
        for name in EntryAnswer.__struct_fields__
        if name not in {"cost_code", "clash", "allowed_actions", "hourly_rate"}
    }
    return EntryAnswer(
        **plain,
        cost_code=cost_code,
        hourly_rate=rate,
        clash=entries.clash_id(row.operative, row.date) if clash else None,
        allowed_actions=entries.allowed_actions(caller, row),
    )


def _done(call: Call, result: tuple[Any, Entry, entries.Surroundings], **extra: Any) -> Written:
    changes, row, around = result
    clash = clashes.is_open(around.day.clash)
    return Written(changes, present(call.user, row, around.cost_code, clash), etag=etag(row.version), **extra)


@routes.route("GET", f"{BASE}/labour", query=EntryQuery, answer=Summed[EntryAnswer])
def list_entries(call: Call) -> Listed[EntryAnswer]:
    """List labour entries, newest date first; engineers and operatives see their own."""
    sums = ("hours", "quantity") if call.query.totals else ()
    return listed(call, _source(call), lambda rows: _with_codes(call, rows), *sums)


def _with_codes(call: Call, rows: list[Entry]) -> list[EntryAnswer]:
    """Entries with the present cost codes and open clashes, read in one round."""
    company = call.user.company
    found = call.store.get_many(
        *(node_key(company, row.wbs or "") for row in rows),
        *(entries.day_place(company, row.operative, row.date) for row in rows),
    )
    nodes, days = found[: len(rows)], found[len(rows) :]
    return [
        present(call.user, row, node.cost_code if node else None, bool(day) and clashes.is_open(day.clash))
        for row, node, day in zip(rows, nodes, days, strict=True)
    ]


INDEXES = (
    (BY_PROJECT_OPERATIVE, ("project", "operative")),
    (BY_PROJECT_STATUS, ("project", "status")),
    (BY_OPERATIVE, ("operative",)),
    (BY_PROJECT, ("project",)),
    (BY_STATUS, ("status",)),
)
MOST_KEYS = 50


def _source(call: Call) -> Source:
    """The narrowest index that serves the filters; what it does not serve is dropped after reading.

    Each of ``wanted`` is what an attribute may be: one thing, or several whose rows are merged.
    """
    query, company = call.query, call.user.company
    plain = {name: getattr(query, name) for name in ("project", "operative", "status", "source", "submitted_by")}
    wanted: dict[str, tuple[str, ...]] = {name: (value,) for name, value in plain.items() if value is not None}
    view = "all"
    if not call.user.may(Permission.READ_ALL_LABOUR, query.project):
        own = tuple(sorted(call.user.operatives))
        wanted["operative"], view = (
            tuple(id for id in wanted.get("operative", own) if id in own),
            " ".join(("own", *own)),
        )
    activities = _activities(call)
    if activities is not None:
        projects = {project_of(id) for id in activities}
        wanted["wbs"] = tuple(activities)
        wanted["project"] = tuple(sorted(id for id in wanted.get("project", projects) if id in projects))
    if incremental(call):
        low, high = _dates(query) or (None, None)
        dated: tuple[Rule, ...] = (("date", lambda day: (low or "") <= day <= (high or "~")),) if low or high else ()
        filters, rules = _dropped(wanted)
        scope = company if all(wanted.values()) else ()
        return changed(call, Entry, scope, "entry", filters=filters, rules=(*rules, *dated), view=view)
    index, parts = next(((each, parts) for each, parts in INDEXES if _serves(parts, wanted)), (ENTRIES, ()))
    filters, rules = _dropped({name: values for name, values in wanted.items() if name not in parts})
    return Source(
        Entry,
        index,
        tuple(key(company, *values) for values in product(*(wanted[part] for part in parts))),
        between=_dates(query),
        forward=False,
        filters=filters,
        rules=rules,
        view=view,
        narrower=("project", "date_from"),
    )


def _serves(parts: tuple[str, ...], wanted: dict[str, tuple[str, ...]]) -> bool:
    """Whether a list by these parts holds the wanted rows under a number of keys that is fit to be read together."""
    return all(part in wanted for part in parts) and prod(len(wanted[part]) for part in parts) <= MOST_KEYS


def _dropped(wanted: dict[str, tuple[str, ...]]) -> tuple[tuple[tuple[str, Any], ...], tuple[Rule, ...]]:
    """Filters for DynamoDB where one value will do, rules for us where several do."""
    filters = tuple((name, {"S": values[0]}) for name, values in wanted.items() if len(values) == 1)
    rules = tuple((name, frozenset(values).__contains__) for name, values in wanted.items() if len(values) != 1)
    return filters, rules


def _activities(call: Call) -> frozenset[str] | None:
    """The activities that ``wbs`` and ``cost_code`` stand for as the tree is now; None without either."""
    query, company = call.query, call.user.company
    found: list[frozenset[str]] = []
    if query.wbs is not None:
        found.append(frozenset(activities_under(Reading(call.store), company, query.wbs)))
    if query.cost_code is not None:
        found.append(frozenset(activities_with(Reading(call.store), company, query.cost_code, query.project)))
    return frozenset.intersection(*found) if found else None


def _dates(query: EntryQuery) -> tuple[str, str] | None:
    low, high = query.date or query.date_from, query.date or query.date_to
    if low and high and high < low:
        raise Invalid(errors={"date_to": ["Must not be before date_from."]})
    if low is None and high is None:
        return None
    return (low.isoformat() if low else "0"), (f"{high.isoformat()}#~" if high else "~")


@routes.route("POST", f"{BASE}/labour", permission=Permission.LOG_OWN, body=EntryCreate, answer=EntryAnswer, status=201)
def create_entry(call: Call, body: EntryCreate) -> Written:
    """Log hours, as a draft or submitted."""
    result = entries.create(call.store, call.user, _values(body), call.now)
    return _done(call, result, location=f"{BASE}/labour/{result[1].id}/")


def _values(body: Body) -> dict[str, Any]:
    return dates_as_text(given(body))


@routes.route("GET", f"{BASE}/labour/{{id}}", answer=EntryAnswer)
def read_entry(call: Call, id: str) -> Read:
    """Read an entry."""
    row = entries.find(call.store, call.user, id)
    [shown] = _with_codes(call, [row])
    return Read(shown, etag=etag(row.version))


@routes.route("PATCH", f"{BASE}/labour/{{id}}", permission=Permission.LOG_OWN, body=EntryPatch, answer=EntryAnswer)
def change_entry(call: Call, id: str, body: EntryPatch) -> Written:
    """Change an entry that is not approved."""
    result = entries.change(call.store, call.user, id, _values(body), call.now)
    return _done(call, result, began=_began(result[1]))


@routes.route("DELETE", f"{BASE}/labour/{{id}}", permission=Permission.LOG_OWN, status=204)
def delete_entry(call: Call, id: str) -> Written:
    """Delete an entry that is not approved; its audit rows stay."""
    changes, row = entries.delete(call.store, call.user, id, call.now)
    return Written(changes, None, began=_began(row))


def _began(row: Entry) -> str:
    """The tag of an entry before the change that it has just got."""
    return etag(row.version - 1)


@routes.route("POST", f"{BASE}/labour/{{id}}/submit", permission=Permission.LOG_OWN, body=Body, answer=EntryAnswer)
def submit_entry(call: Call, id: str, body: Body) -> Written:
    """Submit a draft or corrected entry."""
    return _done(call, entries.submit(call.store, call.user, id, call.now))


@routes.route("POST", f"{BASE}/labour/{{id}}/approve", permission=Permission.APPROVE, body=Approve, answer=EntryAnswer)
def approve_entry(call: Call, id: str, body: Approve) -> Written:
    """Approve an entry: its hours count from now on."""
    return _done(call, entries.approve(call.store, call.user, id, body.cost_code, call.now))


@routes.route("POST", f"{BASE}/labour/{{id}}/reject", permission=Permission.APPROVE, body=Why, answer=EntryAnswer)
def reject_entry(call: Call, id: str, body: Why) -> Written:
    """Reject an entry with a reason; it goes back to be corrected."""
    return _done(call, entries.reject(call.store, call.user, id, body.reason, call.now))


@routes.route("POST", f"{BASE}/labour/{{id}}/reopen", permission=Permission.APPROVE, body=Why, answer=EntryAnswer)
def reopen_entry(call: Call, id: str, body: Why) -> Written:
    """Reopen an approved entry; its hours leave the numbers again."""
    return _done(call, entries.reopen(call.store, call.user, id, body.reason, call.now))
