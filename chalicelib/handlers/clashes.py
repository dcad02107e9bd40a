"""Clashes: listed, read, resolved."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta
from msgspec.structs import asdict

from chalicelib.access.permissions import Permission
from chalicelib.handlers.labour import source_of
from chalicelib.http.answers import Read, Written
from chalicelib.http.call import Call
from chalicelib.http.conditional import etag
from chalicelib.http.fields import Answer, Body, Date, Day, HoursFigure, Id, Reason, Stamp, one_of
from chalicelib.http.openapi.problems import ClashEntryAnswer
from chalicelib.http.pagination import Changes, ChangesQuery, Listed, Rule, Source, changed, incremental, listed
from chalicelib.http.routes import BASE, RouteSet
from chalicelib.labour import clashes, lists
from chalicelib.labour.clash_rules import Choice, Event
from chalicelib.labour.clashes import ShownClash
from chalicelib.labour.days import MOST_ENTRIES
from chalicelib.labour.lists import Filters
from chalicelib.labour.rows import ClashRow
from chalicelib.labour.surroundings import ClashEntry

routes = RouteSet("Clashes", __name__)
ClashStatus = Literal["open", "resolved", "cleared"]


class ClashQuery(ChangesQuery, kw_only=True):
    """Filters of the clash list; newest date first."""

    ordered: ClassVar[tuple[tuple[str, str], ...]] = (("date_from", "date_to"),)
    project: Id | None = None
    operative: Id | None = None
    status: ClashStatus | None = None
    kind: Literal["duplicate_submitter", "over_daily_cap"] | None = None
    date_from: Date | None = None
    date_to: Date | None = None


class Resolve(Body, kw_only=True):
    """Which entries are right, whether the others are rejected, and why."""

    keep: Annotated[list[Id], Meta(max_length=MOST_ENTRIES)]
    reject_rest: bool
    note: Reason


class ClashEventAnswer(Answer, kw_only=True):
    """A step in a clash's life; of a resolution also what was chosen."""

    status: Annotated[str, one_of(ClashStatus)]
    at: Stamp
    by: str | None
    kinds: list[str]
    keep: list[str]
    rejected: list[str]
    note: str | None
    token: str | None
    token_made_by: list[str]


class ClashAnswer(Answer, kw_only=True):
    """A clash; ``history`` begins with the oldest step, in lists with the tenth newest."""

    id: str
    operative: str
    date: Day
    kinds: list[str]
    entries: list[ClashEntryAnswer]
    total_hours: HoursFigure
    status: Annotated[str, one_of(ClashStatus)]
    resolution: ClashEventAnswer | None
    history: list[ClashEventAnswer]
    updated_at: Stamp


def present(shown: ShownClash) -> ClashAnswer:
    """A clash as the caller may see it."""
    return ClashAnswer(
        id=shown.id,
        operative=shown.operative,
        date=shown.date,
        kinds=list(shown.kinds),
        entries=[_entry(each) for each in shown.entries],
        total_hours=shown.total_hours,
        status=shown.status,
        resolution=_event(shown.resolution) if shown.resolution else None,
        history=[_event(each) for each in shown.history],
        updated_at=shown.updated_at,
    )


def _entry(each: ClashEntry) -> ClashEntryAnswer:
    return ClashEntryAnswer(**asdict(each))


def _event(event: Event) -> ClashEventAnswer:
    lists_of = {name: list(getattr(event, name)) for name in ("kinds", "keep", "rejected")}
    plain = {name: value for name, value in asdict(event).items() if name != "makers"}
    return ClashEventAnswer(**{**plain, **lists_of}, token_made_by=list(event.makers))


@routes.route("GET", f"{BASE}/clashes", query=ClashQuery, answer=Changes[ClashAnswer])
def list_clashes(call: Call) -> Listed[ClashAnswer]:
    """List clashes, newest date first: those of which the caller may see an entry."""
    return listed(call, _source(call), lambda rows: [present(clashes.listed(call.user, row)) for row in rows])


def _source(call: Call) -> Source:
    query = call.query
    low, high = (day.isoformat() if day else None for day in (query.date_from, query.date_to))
    plain = {name: getattr(query, name) for name in ("project", "operative", "status", "kind")}
    asked = Filters(**plain, date_from=low, date_to=high)
    if not incremental(call):
        return source_of(ClashRow, lists.clashes_of(call.user, asked))
    found = lists.changed_clashes(call.user, asked)
    dated: tuple[Rule, ...] = (("date", lambda day: (low or "") <= day <= (high or "~")),) if low or high else ()
    return changed(
        call,
        ClashRow,
        found.hashes,
        "clash",
        filters=found.filters,
        tests=found.tests,
        rules=(*found.rules, *dated),
        view=found.view,
        sift=found.sift,
    )


@routes.route("GET", f"{BASE}/clashes/{{id}}", answer=ClashAnswer)
def read_clash(call: Call, id: str) -> Read:
    """Read a clash with its whole history."""
    shown = clashes.read(call.decision, call.user, id, call.now)
    return Read(present(shown), etag=etag(shown.before))


@routes.route("POST", f"{BASE}/clashes/{{id}}/resolve", permission=Permission.APPROVE, body=Resolve, answer=ClashAnswer)
def resolve_clash(call: Call, id: str, body: Resolve) -> Written:
    """Resolve a clash: choose the entries that are right, and perhaps reject the rest."""
    choice = Choice(frozenset(body.keep), body.reject_rest, body.note)
    decided = clashes.resolve(call.decision, call.user, id, choice, call.now)
    return Written(decided.changes, present(decided.answer), etag=etag(decided.answer.before + 1))
