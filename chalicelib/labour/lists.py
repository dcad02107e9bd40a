"""Which list serves which filters of entries and of clashes, and what is dropped after reading."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import Permission
from chalicelib.errors import Invalid
from chalicelib.ids import project_of
from chalicelib.labour import clashes, states
from chalicelib.labour.days import Days, Judged
from chalicelib.labour.rows import (
    BY_OPERATIVE,
    BY_PROJECT,
    BY_PROJECT_OPERATIVE,
    BY_PROJECT_STATUS,
    BY_STATUS,
    ENTRIES,
    Entry,
)
from chalicelib.labour.surroundings import around, facts, wants
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store, parse
from chalicelib.storage.tables import List
from chalicelib.tree.lists import activities_under, activities_with

Bounds = tuple[str, str]
Raw = dict[str, Any]
Sift = Callable[[Sequence[Raw]], list[Raw]]
LISTS = (
    (BY_PROJECT_OPERATIVE, ("project", "operative")),
    (BY_PROJECT_STATUS, ("project", "status")),
    (BY_OPERATIVE, ("operative",)),
    (BY_PROJECT, ("project",)),
    (BY_STATUS, ("status",)),
)
MOST_KEYS = 50  # that are read together


class Filters(Struct, frozen=True, kw_only=True):
    """What is asked for; None where anything is right."""

    project: str | None = None
    operative: str | None = None
    status: str | None = None
    cost_code: str | None = None
    wbs: str | None = None
    date_from: str | None = None
    date_to: str | None = None
    source: str | None = None
    submitted_by: str | None = None
    approvable: bool = False
    kind: str | None = None

    @property
    def between(self) -> Bounds | None:
        """The bounds of a list that is ordered by date."""
        if self.date_from is None and self.date_to is None:
            return None
        return self.date_from or "0", f"{self.date_to}#~" if self.date_to else "~"


class Selection(Struct, frozen=True):
    """Where the rows are, and how those that do not match are told: by DynamoDB (``filters``, ``tests``) or by us.

    ``wanted`` is what an attribute may be, ``sift`` keeps of many rows those that match. ``view`` says whose rows
    they are.
    """

    list: List
    hashes: tuple[str, ...]
    between: Bounds | None = None
    wanted: Mapping[str, tuple[str, ...]] = {}
    tests: tuple[tuple[str, str, Any], ...] = ()
    view: str = ""
    sift: Sift | None = None

    @property
    def filters(self) -> tuple[tuple[str, object], ...]:
        """Attributes that must be one thing."""
        return tuple((name, {"S": values[0]}) for name, values in self.wanted.items() if len(values) == 1)

    @property
    def rules(self) -> tuple[tuple[str, Callable[[str], bool]], ...]:
        """Attributes that may be one of several things."""
        several = {name: values for name, values in self.wanted.items() if len(values) != 1}
        return tuple((name, frozenset(values).__contains__) for name, values in several.items())


def entries(store: Store, caller: Caller, asked: Filters, judged: Judged) -> Selection:
    """The entries that a caller sees of those asked for, in the narrowest list that serves it."""
    wanted, view = _wanted(store, caller, asked)
    found = next(((each, parts) for each, parts in LISTS if _serves(parts, wanted)), (ENTRIES, ()))
    hashes = tuple(key(caller.company, *values) for values in product(*(wanted[part] for part in found[1])))
    rest = {name: values for name, values in wanted.items() if name not in found[1]}
    return Selection(found[0], hashes, asked.between, rest, view=view, sift=_approvable(store, caller, asked, judged))


def changed_entries(store: Store, caller: Caller, asked: Filters) -> Selection:
    """The same to be dropped from all that has changed in the company; no hash where nothing can match.

    Raises:
        Invalid: ``approvable`` is asked for, which changes without the entry.
    """
    if asked.approvable:
        raise Invalid(errors={"approvable": ["Not with updated_since."]})
    wanted, view = _wanted(store, caller, asked)
    return Selection(ENTRIES, (caller.company,) if all(wanted.values()) else (), asked.between, wanted, view=view)


def _wanted(store: Store, caller: Caller, asked: Filters) -> tuple[dict[str, tuple[str, ...]], str]:
    """Of each attribute what it may be, and whose rows these are."""
    plain = {name: getattr(asked, name) for name in ("project", "operative", "status", "source", "submitted_by")}
    wanted: dict[str, tuple[str, ...]] = {name: (value,) for name, value in plain.items() if value is not None}
    view, whole = "all", caller.may(Permission.READ_ALL_LABOUR, asked.project)
    if asked.approvable:
        wanted["status"] = tuple(each for each in wanted.get("status", ("submitted",)) if each == "submitted")
        if asked.project is None and not caller.may(Permission.APPROVE):
            wanted["project"] = tuple(sorted(caller.projects_with(Permission.APPROVE)))
            view, whole = " ".join(("approver", *wanted["project"])), True
    if not whole:
        own = tuple(sorted(caller.operatives))
        wanted["operative"] = tuple(id for id in wanted.get("operative", own) if id in own)
        view = " ".join(("own", *own))
    activities = _activities(store, caller.company, asked)
    if activities is not None:
        projects = {project_of(id) for id in activities}
        wanted["wbs"] = tuple(activities)
        wanted["project"] = tuple(sorted(id for id in wanted.get("project", projects) if id in projects))
    return wanted, view


def _serves(parts: tuple[str, ...], wanted: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a list by these parts holds the wanted rows under a number of keys that is fit to be read together."""
    return all(part in wanted for part in parts) and prod(len(wanted[part]) for part in parts) <= MOST_KEYS


def _activities(store: Store, company: str, asked: Filters) -> frozenset[str] | None:
    """The activities that ``wbs`` and ``cost_code`` stand for as the tree is now; None without either."""
    found: list[frozenset[str]] = []
    if asked.wbs is not None:
        found.append(frozenset(activities_under(Reading(store), company, asked.wbs)))
    if asked.cost_code is not None:
        found.append(frozenset(activities_with(Reading(store), company, asked.cost_code, asked.project)))
    return frozenset.intersection(*found) if found else None


def _approvable(store: Store, caller: Caller, asked: Filters, judged: Judged) -> Sift | None:
    """Keeps the entries that the caller may approve now, perhaps with a cost code."""
    if not asked.approvable:
        return None

    def sift(rows: Sequence[Raw]) -> list[Raw]:
        reading = Reading(store)
        listed = [parse(Entry, row) for row in rows]
        reading.rows(*(place for entry in listed for place in wants(entry).places(caller.company)))
        days = Days(reading, judged)
        return [
            row for row, entry in zip(rows, listed, strict=True) if "approve" in _actions(caller, entry, reading, days)
        ]

    return sift


def _actions(caller: Caller, entry: Entry, reading: Reading, days: Days) -> list[str]:
    near = around(reading, caller.company, wants(entry))
    return states.allowed_actions(facts(caller, entry, near, days.of(entry.operative, entry.date)))


def clashes_of(caller: Caller, asked: Filters) -> Selection:
    """The clashes that a caller sees of those asked for, by operative or status where one is named."""
    found = changed_clashes(caller, asked)
    [company], wanted = found.hashes, dict(found.wanted)
    served, parts = ENTRIES, tuple[str, ...]()
    if "operative" in wanted:
        served, parts = BY_OPERATIVE, wanted.pop("operative")
    elif "status" in wanted:
        served, parts = BY_STATUS, wanted.pop("status")
    return replace(found, list=served, hashes=(key(company, *parts),), wanted=wanted)


def changed_clashes(caller: Caller, asked: Filters) -> Selection:
    """The same to be dropped from all that has changed in the company."""
    wanted = {name: (value,) for name in ("operative", "status") if (value := getattr(asked, name)) is not None}
    listed = {"projects": asked.project, "kinds": asked.kind}
    tests = tuple(("contains", name, {"S": value}) for name, value in listed.items() if value is not None)
    view, sift = "all", None
    if not caller.may(Permission.READ_ALL_LABOUR):
        view = " ".join(sorted((*caller.operatives, *caller.projects_with(Permission.READ_ALL_LABOUR))))
        sift = _seen_by(caller)
    return Selection(ENTRIES, (key(caller.company, "clashes"),), asked.between, wanted, tests, view, sift)


def _seen_by(caller: Caller) -> Sift:
    def sees(row: Raw) -> bool:
        return clashes.sees(caller, row["operative"]["S"], [each["S"] for each in row["projects"]["L"]])

    return lambda rows: [row for row in rows if sees(row)]
