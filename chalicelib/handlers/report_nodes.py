"""Which nodes of a project a report lists, in tree order; shared by reports over nodes."""

from collections.abc import Sequence

from chalicelib.http.call import Call
from chalicelib.http.pagination import Source
from chalicelib.storage.reading import Reading
from chalicelib.storage.store import Wanted
from chalicelib.tree.ground import Ground, Known, find_ground, known, place_key
from chalicelib.tree.lists import Filters, Matching, matching, visible
from chalicelib.tree.order import last_step, node_of
from chalicelib.tree.rows import Line


def nodes_of(call: Call, filters: Filters, *ahead: Wanted) -> tuple[Reading, Ground, Source]:
    """The project asked for, and where the lines of its nodes are that match; ``ahead`` is read with the project."""
    reading, company, project = Reading(call.store), call.user.company, call.query.project
    parents = [place_key(company, filters.parent)] if filters.parent and filters.parent.startswith(project) else []
    ground = find_ground(reading, company, project, *parents, *ahead)
    found = matching(reading, company, project, ground.outline.edition, filters)
    return reading, ground, _source(ground, found)


def _source(ground: Ground, found: Matching) -> Source:
    return Source(
        Line,
        None,
        () if found.hash is None else found.hash,
        found.between,
        filters=(("level", {"N": str(found.level)}),) if found.level is not None else (),
        seldom=visible(ground.outline.edition),
    )


def ids_of(ground: Ground, orders: Sequence[str]) -> list[str]:
    """The ids of the nodes at some order keys."""
    return [node_of(last_step(order), ground.project.id) for order in orders]


def around(call: Call, ground: Ground, orders: Sequence[str]) -> Known:
    """Names and codes of a page's nodes."""
    return known(Reading(call.store), call.user.company, ground.project.id, ground.outline.edition, orders)
