"""Labour entries: listed, read, logged, edited, and led through their states."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Struct, UnsetType

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
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
from chalicelib.http.pagination import (
    Listed,
    PageQuery,
    Rule,
    Since,
    Source,
    Summed,
    changed,
    incremental,
    listed,
)
from chalicelib.http.references import Place
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.labour import approvals, audit, entries, lists
from chalicelib.labour.lists import Filters, Selection
from chalicelib.labour.rows import Audit, Entry
from chalicelib.labour.surroundings import Shown, show_all
from chalicelib.operatives import operatives
from chalicelib.projects import projects
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.work import Decided

routes = RouteSet("Labour", __name__)
Status = Literal["draft", "submitted", "approved", "rejected"]
Origin = Literal["manual", "clock", "import"]
Action = Literal["approve", "delete", "edit", "reject", "reopen", "submit"]


class EntryFilters(PageQuery, kw_only=True):
    """Filters of labour."""

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
    approvable: bool | None = None


class EntryQuery(EntryFilters, kw_only=True):
    """Filters of the labour list; newest date first."""

    updated_since: Since | None = None
    include_deleted: bool | None = None
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
    status: Literal["draft", "submitted"] = "submitted"


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


class ChangedField(Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """What a field was and became."""

    before: Any
    after: Any


class HistoryAnswer(Answer, kw_only=True, rename={"before": "from", "after": "to"}):
    """A step in the life of an entry; nobody's where a clock took it."""

    at: str
    by: str | None
    action: str
    before: str | None
    after: str | None
    reason: str | None
    changes: dict[str, ChangedField]
    token: str | None
    token_made_by: list[str]


SHOWN_APART = frozenset({"cost_code", "clash", "allowed_actions", "hourly_rate"})


def present(caller: Caller, shown: Shown) -> EntryAnswer:
    """An entry as the caller may see it."""
    row = shown.entry
    rate: Any = row.hourly_rate if caller.may(Permission.VIEW_RATES, row.project) else UNSET
    plain = {name: getattr(row, name) for name in EntryAnswer.__struct_fields__ if name not in SHOWN_APART}
    return EntryAnswer(
        **plain, cost_code=shown.cost_code, clash=shown.clash, allowed_actions=shown.actions, hourly_rate=rate
    )


def _written(call: Call, decided: Decided[Shown], **extra: Any) -> Written:
    shown = decided.answer
    return Written(
        decided.changes,
        present(call.user, shown),
        began=etag(shown.before),
        refusal=decided.refusal,
        etag=etag(shown.entry.version),
        **extra,
    )


def filters(query: EntryFilters) -> Filters:
    """The filters of a query, dates as the tables keep them."""
    low, high = query.date or query.date_from, query.date or query.date_to
    names = ("project", "operative", "status", "cost_code", "wbs", "source", "submitted_by")
    return Filters(
        **{name: getattr(query, name) for name in names},
        date_from=_text(low),
        date_to=_text(high),
        approvable=bool(query.approvable),
    )


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def source(call: Call) -> Source:
    """The rows that a request for labour asks for."""
    asked = filters(call.query)
    if isinstance(call.query, EntryQuery) and incremental(call):
        found = lists.changed_entries(call.store, call.user, asked)
        low, high = found.between or (None, None)
        dated: tuple[Rule, ...] = (("date", lambda day: (low or "") <= day <= (high or "~")),) if low or high else ()
        return changed(
            call, Entry, found.hashes, "entry", filters=found.filters, rules=(*found.rules, *dated), view=found.view
        )
    return source_of(Entry, lists.entries(call.store, call.user, asked, entries.judged(call.user, call.now)))


def source_of(model: Any, found: Selection) -> Source:
    """A selection as a list to walk, the newest date first."""
    return Source(
        model,
        found.list,
        found.hashes,
        between=found.between,
        forward=False,
        filters=found.filters,
        tests=found.tests,
        rules=found.rules,
        view=found.view,
        narrower=("project", "date_from"),
        sift=found.sift,
    )


@routes.route("GET", f"{BASE}/labour", query=EntryQuery, answer=Summed[EntryAnswer])
def list_entries(call: Call) -> Listed[EntryAnswer]:
    """List labour entries, newest date first; engineers and operatives see their own."""
    sums = ("hours", "quantity") if call.query.totals else ()
    return listed(call, source(call), lambda rows: presented(call, rows), *sums)


def presented(call: Call, rows: list[Entry]) -> list[EntryAnswer]:
    """Entries with what they depend on as it is now, read in one round."""
    shown = show_all(Reading(call.store), call.user, rows, entries.judged(call.user, call.now))
    return [present(call.user, each) for each in shown]


@routes.route("POST", f"{BASE}/labour", permission=Permission.LOG_OWN, body=EntryCreate, answer=EntryAnswer, status=201)
def create_entry(call: Call, body: EntryCreate) -> Written:
    """Log hours, submitted or as a draft."""
    decided = entries.create(call.decision, call.user, _values(body), call.now)
    return _written(call, decided, location=f"{BASE}/labour/{decided.answer.entry.id}/")


def _values(body: Body) -> dict[str, object]:
    return dates_as_text(given(body))


@routes.route("GET", f"{BASE}/labour/{{id}}", answer=EntryAnswer)
def read_entry(call: Call, id: str) -> Read:
    """Read an entry."""
    shown = entries.read(call.decision, call.user, id, call.now)
    return Read(present(call.user, shown), etag=etag(shown.entry.version))


@routes.route("PATCH", f"{BASE}/labour/{{id}}", permission=Permission.LOG_OWN, body=EntryPatch, answer=EntryAnswer)
def change_entry(call: Call, id: str, body: EntryPatch) -> Written:
    """Change an entry that is not approved; its state stays."""
    return _written(call, entries.change(call.decision, call.user, id, _values(body), call.now))


@routes.route("DELETE", f"{BASE}/labour/{{id}}", permission=Permission.LOG_OWN, status=204)
def delete_entry(call: Call, id: str) -> Written:
    """Delete an entry that is not approved; its audit rows stay."""
    decided = entries.delete(call.decision, call.user, id, call.now)
    return Written(decided.changes, None, began=etag(decided.answer))


@routes.route("POST", f"{BASE}/labour/{{id}}/submit", permission=Permission.LOG_OWN, body=Body, answer=EntryAnswer)
def submit_entry(call: Call, id: str, body: Body) -> Written:
    """Submit a draft or corrected entry."""
    return _written(call, entries.submit(call.decision, call.user, id, call.now))


@routes.route("POST", f"{BASE}/labour/{{id}}/approve", permission=Permission.APPROVE, body=Approve, answer=EntryAnswer)
def approve_entry(call: Call, id: str, body: Approve) -> Written:
    """Approve an entry: its hours count from now on."""
    return _written(call, approvals.approve(call.decision, call.user, id, body.cost_code, call.now))


@routes.route("POST", f"{BASE}/labour/{{id}}/reject", permission=Permission.APPROVE, body=Why, answer=EntryAnswer)
def reject_entry(call: Call, id: str, body: Why) -> Written:
    """Reject an entry with a reason; it goes back to be corrected."""
    return _written(call, approvals.reject(call.decision, call.user, id, body.reason, call.now))


@routes.route("POST", f"{BASE}/labour/{{id}}/reopen", permission=Permission.APPROVE, body=Why, answer=EntryAnswer)
def reopen_entry(call: Call, id: str, body: Why) -> Written:
    """Reopen an approved entry; its hours leave the numbers again."""
    return _written(call, approvals.reopen(call.decision, call.user, id, body.reason, call.now))


@routes.route("GET", f"{BASE}/labour/{{id}}/history", query=PageQuery, answer=Listed[HistoryAnswer])
def read_history(call: Call, id: str) -> Listed[HistoryAnswer]:
    """Read who did what to an entry, when and why; of a deleted entry too, for those who approve."""
    audit.require_reader(call.decision, call.user, id)
    trail = Source(Audit, None, key(call.company, id), between=("audit#", "audit#~"))
    return listed(call, trail, lambda rows: [_step(row) for row in rows])


def _step(row: Audit) -> HistoryAnswer:
    return HistoryAnswer(
        at=row.at,
        by=row.by,
        action=row.action,
        before=row.before,
        after=row.after,
        reason=row.reason,
        changes={name: ChangedField(*pair) for name, pair in (row.changes or {}).items()},
        token=row.token,
        token_made_by=row.makers or [],
    )
