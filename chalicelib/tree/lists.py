"""Which lines of a project's tree serve which filters, and the activities below a node or with a cost code."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from chalicelib.ids import project_of
from chalicelib.projects.rows import LISTED, Project
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.tree.claims import claim_key, code_key
from chalicelib.tree.editions import as_of
from chalicelib.tree.ground import outline_key, place_key
from chalicelib.tree.order import LEVELS, TOP, ancestors_of, below, last_step, level_of, node_of
from chalicelib.tree.rows import ALL_LEVELS, Line, Outline, Place

Test = tuple[str, str, dict[str, Any]]


class Filters(Struct, frozen=True):
    """What of a tree is wanted: of a level, the children of one node, what lies under another."""

    level: int | None = None
    parent: str | None = None
    under: str | None = None


class Matching(Struct, frozen=True):
    """Where the wanted lines are: their key, or none; bounds of order keys; and whether other levels are among them."""

    hash: str | None
    between: tuple[str, str] | None = None
    level: int | None = None


def visible(edition: int) -> tuple[Test, ...]:
    """What lines must pass to be seen in an edition; nearly all do."""
    number = {"N": str(edition)}
    return ("<=", "since", number), (">", "until", number)


def matching(reading: Reading, company: str, project: str, edition: int, filters: Filters) -> Matching:
    """Where the lines are that filters ask for; nowhere, when they name no node of the project."""
    bounds, level = [below(TOP)], filters.level
    for id, apart in ((filters.parent, 1), (filters.under, None)):
        if id is None:
            continue
        place = _place(reading, company, project, edition, id)
        if place is None:
            return Matching(None)
        bounds.append(below(place.order))
        if apart and level not in {None, level_of(place.order) + apart}:
            return Matching(None)
        level = level_of(place.order) + apart if apart else level
    low, high = max(low for low, _ in bounds), min(high for _, high in bounds)
    if low > high or (level or 1) > LEVELS:
        return Matching(None)
    return _group(company, project, level, (low, high))


MOST_STRETCHES = 8  # counted at the same time


def stretches(holder: Place | None, between: tuple[str, str] | None) -> tuple[tuple[str, str], ...]:
    """Bounds side by side that make up those of a list, cut between children of the node that it is below of."""
    if holder is None or between is None:
        return ()
    starts = [holder.order + step for step in holder.children]
    width = -(-len(starts) // MOST_STRETCHES) or 1
    cuts = [start for start in starts[::width] if between[0] < start < between[1]][1:]
    lows, highs = [between[0], *cuts], [*(cut[:-1] for cut in cuts), between[1]]
    return tuple(zip(lows, highs, strict=True))


def _group(company: str, project: str, level: int | None, between: tuple[str, str]) -> Matching:
    """Levels above the activities have lines of their own; below a node of level 3 there are activities only."""
    if level is not None and level < LEVELS:
        return Matching(key(company, project, str(level)), between)
    alone = level is None or level_of(between[0][:-1]) == LEVELS - 1
    return Matching(key(company, project, ALL_LEVELS), between, None if alone else level)


def _place(reading: Reading, company: str, project: str, edition: int, id: str) -> Place | None:
    if project_of(id) != project:
        return None
    return as_of(reading.rows(place_key(company, id))[0], edition)


def orders_below(
    reading: Reading, company: str, project: str, outline: Outline, order: str, level: int | None
) -> list[str]:
    """The order keys of everything below one, or of one level of it, in tree order."""
    found = _group(company, project, level, below(order))
    filters = {"level": {"N": str(found.level)}} if found.level else {}
    query = Query(
        model=Line,
        hash=found.hash or "",
        between=found.between,
        filters=filters,
        tests=visible(outline.edition),
        attributes=("sk",),
    )
    return [item["sk"]["S"] for item in reading.store.items(query)]


def count_between(reading: Reading, company: str, project: str, between: tuple[str, str], edition: int) -> int:
    """How many nodes a stretch of the tree has."""
    return reading.store.count(_lines_between(company, project, between, edition))


def orders_between(reading: Reading, company: str, project: str, first: str, last: str, edition: int) -> list[str]:
    """The order keys from one to everything below another, in tree order."""
    query = _lines_between(company, project, (first, last + "~"), edition)
    return [item["sk"]["S"] for item in reading.store.items(query)]


def _lines_between(company: str, project: str, between: tuple[str, str], edition: int) -> Query[Line]:
    return Query(
        model=Line,
        hash=key(company, project, ALL_LEVELS),
        between=between,
        tests=visible(edition),
        attributes=("sk",),
    )


Rule = tuple[str, Callable[[str], bool]]


def changed_below(
    reading: Reading, company: str, project: str, outline: Outline, parent: str | None, under: str | None
) -> tuple[Rule, ...] | None:
    """Tests of nodes and deleted nodes by ``sk`` and ``order``; None where a filter names no node of the project.

    A node is tested by where it stands now, a deleted one by where it stood.
    """
    rules: list[Rule] = []
    for id, direct in ((parent, True), (under, False)):
        if id is None:
            continue
        place = _place(reading, company, project, outline.edition, id)
        if place is None:
            return None
        orders = orders_below(
            reading, company, project, outline, place.order, level_of(place.order) + 1 if direct else None
        )
        live = {f"node#{node_of(last_step(order), project)}" for order in orders}
        rules += _standing_below(live, project, id, direct)
    return tuple(rules)


def _standing_below(live: set[str], project: str, id: str, direct: bool) -> tuple[Rule, Rule]:
    def stood(order: str) -> bool:
        above = ancestors_of(order, project)
        return not order or (id in above[-1:] if direct else id in above)

    return ("sk", lambda sk: sk in live or sk.startswith("deleted#")), ("order", stood)


def activities_under(reading: Reading, company: str, id: str) -> set[str]:
    """The ids of the activities in a node's subtree, itself included, as the tree is now; none of an unknown node."""
    project = project_of(id)
    outline, row = reading.rows(outline_key(company, project), place_key(company, id))
    place: Place | None = as_of(row, outline.edition) if outline else None
    if place is None:
        return set()
    if level_of(place.order) == LEVELS:
        return {id}
    orders = orders_below(reading, company, project, outline, place.order, LEVELS)
    return {node_of(last_step(order), project) for order in orders}


def activities_with(reading: Reading, company: str, cost_code: str, project: str | None) -> set[str]:
    """The activities that have a cost code now, in one project or in all of them."""
    projects = [project] if project is not None else project_ids(reading, company)
    claims = reading.rows(*(claim_key(company, id, code_key(cost_code)) for id in projects))
    return {claim.holder for claim in claims if claim}


def project_ids(reading: Reading, company: str) -> list[str]:
    """The ids of a company's projects, in the order of their codes."""
    query = Query(model=Project, hash=company, list=LISTED, keys_only=True)
    return [item["pk"]["S"].partition("#")[2] for item in reading.store.items(query)]
