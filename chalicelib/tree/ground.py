"""What the tree's verbs and lists read: a project with its outline, a node with its place, and what stands above."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from msgspec import Struct

from chalicelib.errors import NotFound, Unavailable
from chalicelib.ids import project_of
from chalicelib.projects.rows import Project
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import ConditionFailed, Wanted
from chalicelib.tree.editions import as_of, standing_of
from chalicelib.tree.order import ancestors_of, holder_order, last_step, node_of, nodes_of, parent_of
from chalicelib.tree.rows import Node, Outline, Place
from chalicelib.tree.standing import Standing, code, holders

T = TypeVar("T")
TRIES = 5


def project_key(company: str, project: str) -> Wanted:
    """Which row a project is."""
    return Project, key(company, project), "project"


def outline_key(company: str, project: str) -> Wanted:
    """Which row a project's outline is."""
    return Outline, key(company, project), "outline"


def node_key(company: str, node: str) -> Wanted:
    """Which row says what a node is."""
    return Node, key(company, project_of(node)), f"node#{node}"


def place_key(company: str, node: str) -> Wanted:
    """Which row says where a node stands; the top has the project's id."""
    return Place, key(company, project_of(node)), f"place#{node}"


def new_place(company: str, project: str, node: str, standing: Standing) -> Place:
    """The place of a node that was nowhere."""
    return Place(
        pk=key(company, project),
        sk=f"place#{node}",
        project=project,
        node=node,
        order=standing.order,
        children=list(standing.children),
        last_rank=standing.last_rank,
        version=1,
    )


class Ground(Struct, frozen=True):
    """A project and its outline."""

    project: Project
    outline: Outline


class Found(Struct, frozen=True):
    """A node of the current edition: what it is, where it stands."""

    project: Project
    outline: Outline
    node: Node
    place: Place

    @property
    def order(self) -> str:
        return str(self.place.order)

    @property
    def parent(self) -> str | None:
        """The parent's id; None at level 1."""
        return parent_of(self.place.order, self.node.project)

    @property
    def ancestors(self) -> list[str]:
        """The ids of the nodes above, the top one first."""
        return ancestors_of(self.place.order, self.node.project)


def find_ground(reading: Reading, company: str, project: str, *ahead: Wanted) -> Ground:
    """A project with its outline, or :class:`NotFound`; ``ahead`` is read in the same round."""
    row, outline, *_ = reading.rows(project_key(company, project), outline_key(company, project), *ahead)
    if row is None or outline is None:
        raise NotFound
    return Ground(row, outline)


def find(reading: Reading, company: str, node: str) -> Found:
    """A node with its place, or :class:`NotFound`."""
    found = look(reading, company, node)
    if found is None:
        raise NotFound
    return found


def found_keys(company: str, node: str) -> tuple[Wanted, Wanted, Wanted, Wanted]:
    """The rows that a node is found by: its project, the outline, what it is, where it stands."""
    project = project_of(node)
    of_project = project_key(company, project), outline_key(company, project)
    return (*of_project, node_key(company, node), place_key(company, node))


def look(reading: Reading, company: str, node: str) -> Found | None:
    """The same; None where there is no such node."""
    row, outline, node_row, place_row = reading.rows(*found_keys(company, node))
    if row is None or outline is None:
        return None
    seen, place = as_of(node_row, outline.edition), as_of(place_row, outline.edition)
    return Found(row, outline, seen, place) if seen and place else None


@contextmanager
def of_one_moment() -> Iterator[None]:
    """Rows that name each other belong together; where one is missing they were read before and after a write.

    Raises:
        ConditionFailed: so that everything is read anew.
    """
    try:
        yield
    except KeyError as error:
        raise ConditionFailed from error


class Known(Struct, frozen=True):
    """What codes and paths are made of: nodes by id, and places by order key, of one edition."""

    project: str
    nodes: Mapping[str, Node]
    places: Mapping[str, Standing]

    def node(self, order: str) -> Node:
        """The node at an order key."""
        with of_one_moment():
            return self.nodes[node_of(last_step(order), self.project)]

    def code(self, order: str) -> str:
        """``1.2.3.4`` by position."""
        with of_one_moment():
            return code(order, self.places)

    def position(self, order: str) -> int:
        """The position among the siblings, from 1."""
        with of_one_moment():
            return self.places[holder_order(order)].position(last_step(order))

    def path(self, order: str) -> list[str]:
        """Names from the top to the node."""
        with of_one_moment():
            return [self.nodes[each].name for each in nodes_of(order, self.project)]


class EditionChanged(ConditionFailed):
    """The tree has become another one between two rounds of reading; who reads again sees the one or the other."""


def steadily(read: Callable[[], T]) -> T:
    """What is read of one edition: a read that met another one is done again.

    Raises:
        Unavailable: the tree was changed at every attempt.
    """
    for _ in range(TRIES):
        try:
            return read()
        except EditionChanged:
            continue
    raise Unavailable("The tree is being changed. Try again shortly.")


def known(
    reading: Reading, company: str, project: str, edition: int, orders: Sequence[str], ahead: Sequence[Wanted] = ()
) -> Known:
    """Nodes at some order keys and those above them, read together; of an edition that is current still.

    The last round of a read takes a reading of its own, so that the outline is the one of now. ``ahead`` is read in
    the same round.

    Raises:
        EditionChanged: the tree is another one.
    """
    ids = list(dict.fromkeys(id for order in orders for id in nodes_of(order, project)))
    above = list(dict.fromkeys(place for order in orders for place in holders(order)))
    holding = [node_of(last_step(order), project) if order else project for order in above]
    outline, *rows = reading.rows(
        outline_key(company, project),
        *(node_key(company, id) for id in ids),
        *(place_key(company, id) for id in holding),
        *ahead,
    )
    if outline is None or outline.edition != edition:
        raise EditionChanged
    nodes = _as_of(ids, rows[: len(ids)], edition)
    places = _as_of(above, rows[len(ids) : len(ids) + len(above)], edition)
    if len(nodes) < len(ids) or any(order not in places or places[order].order != order for order in above):
        raise EditionChanged
    return Known(project, nodes, {order: standing_of(place) for order, place in places.items()})


def orders_of(reading: Reading, company: str, ids: Sequence[str], edition: int) -> list[str]:
    """The order keys of nodes that are there.

    Raises:
        EditionChanged: one is not there any more.
    """
    places: list[Place | None] = reading.rows(*(place_key(company, id) for id in ids))
    found = [as_of(place, edition) for place in places]
    standing = [place.order for place in found if place is not None]
    if len(standing) < len(found):
        raise EditionChanged
    return standing


def _as_of(keys: Iterable[str], rows: Iterable[Any], edition: int) -> dict[str, Any]:
    seen = {each: as_of(row, edition) for each, row in zip(keys, rows, strict=True)}
    return {each: row for each, row in seen.items() if row is not None}
