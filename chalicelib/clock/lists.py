"""Lists of clock events: which index serves which filters, and what is dropped after reading."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.clock import moments
from chalicelib.clock.payloads import clean
from chalicelib.clock.rows import BY_CLOCK_ID, BY_STATUS, EVENTS, ClockEvent
from chalicelib.errors import Invalid
from chalicelib.names import comparison_form
from chalicelib.storage.queries import Bounds, Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store
from chalicelib.storage.tables import List
from chalicelib.zones import zone

STATUSES = ("open", "matched", "unmatched_operative", "unmatched_project", "needs_review", "dismissed")
Rule = tuple[str, Callable[[str], bool]]


class Wanted(Struct, frozen=True):
    """The filters of a request."""

    status: str | None = None
    clock_id: str | None = None
    date_from: date | None = None
    date_to: date | None = None


class Listing(Struct, frozen=True):
    """Where the rows of a list are, and which of those are dropped."""

    list: List
    hash: str
    between: Bounds | None
    filters: tuple[tuple[str, Any], ...]
    rules: tuple[Rule, ...]
    view: str


def listing(caller: Caller, wanted: Wanted) -> Listing:
    """The narrowest list that serves the filters."""
    filters: dict[str, object] = {}
    company, of, hash = caller.company, EVENTS, caller.company
    if wanted.clock_id is not None:
        of, hash = BY_CLOCK_ID, key(company, comparison_form(clean(wanted.clock_id)))
        filters = {"status": {"S": wanted.status}} if wanted.status else {}
    elif wanted.status is not None:
        of, hash = BY_STATUS, key(company, wanted.status)
    rules, view = _seen_by(caller)
    return Listing(of, hash, between(caller, wanted), tuple(filters.items()), rules, view)


def changes_of(caller: Caller, wanted: Wanted) -> tuple[dict[str, Any], tuple[Rule, ...], str]:
    """What an incremental read drops: its list has every event of the company."""
    rules, view = _seen_by(caller)
    filters = {"status": {"S": wanted.status}} if wanted.status else {}
    if wanted.clock_id is not None:
        place = key(caller.company, comparison_form(clean(wanted.clock_id)))
        filters["pk"] = {"S": place}
    low, high = between(caller, wanted) or (None, None)
    if low or high:
        rules = (*rules, ("list_order", lambda order: (low or "") <= order <= (high or "~")))
    return filters, rules, view


def _seen_by(caller: Caller) -> tuple[tuple[Rule, ...], str]:
    """All events, those of the projects whose labour the caller sees, or the caller's own."""
    if caller.may(Permission.READ_ALL_LABOUR):
        return (), "all"
    projects = caller.projects_with(Permission.READ_ALL_LABOUR)
    if projects:
        return (("project", projects.__contains__),), " ".join(("of", *sorted(projects)))
    return (("operative", caller.operatives.__contains__),), " ".join(("own", *sorted(caller.operatives)))


def between(caller: Caller, wanted: Wanted) -> Bounds | None:
    """The instants of the dates in the company's time zone.

    Raises:
        Invalid: the last date lies before the first.
    """
    first, last = wanted.date_from, wanted.date_to
    if first is None and last is None:
        return None
    if first and last and last < first:
        raise Invalid(errors={"date_to": ["Must not be before date_from."]})
    zone_name = str(caller.tenant.timezone)
    return _midnight(first, 0, zone_name) or "0", _midnight(last, 1, zone_name) or "~"


def _midnight(day: date | None, later: int, zone_name: str) -> str | None:
    """The instant at which a day, or the one after it, begins; None at the edges of the calendar."""
    if day is None:
        return None
    try:
        local = datetime.combine(day + timedelta(days=later), time(), zone(zone_name))
        return moments.written(local.astimezone(UTC))
    except OverflowError:
        return None


def by_status(store: Store, caller: Caller, wanted: Wanted) -> dict[str, int]:
    """How many events of each status there are that match the other filters."""
    found = store.together(*(lambda status=status: _count(store, caller, wanted, status) for status in STATUSES))
    return dict(zip(STATUSES, found, strict=True))


def _count(store: Store, caller: Caller, wanted: Wanted, status: str) -> int:
    source = listing(caller, replace(wanted, status=status))
    query: Query[ClockEvent] = Query(
        model=ClockEvent, hash=source.hash, list=source.list, between=source.between, filters=dict(source.filters)
    )
    if not source.rules:
        return store.count(query if source.filters else replace(query, keys_only=True))
    return sum(_matches(item, source.rules) for item in store.items(query))


def _matches(item: Mapping[str, Any], rules: tuple[Rule, ...]) -> bool:
    return all(rule(item[name]["S"] if name in item else "") for name, rule in rules)
