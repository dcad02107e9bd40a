"""A node that goes to another parent or position: what that makes of the tree, as a plain decision."""

from collections.abc import Sequence

from msgspec import Struct

from chalicelib.errors import Invalid
from chalicelib.ids import project_of
from chalicelib.storage.changes import Change, Update
from chalicelib.storage.reading import Reading
from chalicelib.tree.carrying import Carry
from chalicelib.tree.editions import as_of, require_own, require_still, standing_of
from chalicelib.tree.ground import EditionChanged, Found, node_key, place_key
from chalicelib.tree.order import last_step, level_of
from chalicelib.tree.rows import Place
from chalicelib.tree.standing import Edited, Standing, insert, remove, reorder

NO_SUCH = "There is no such node in this project."


class Movement(Struct, frozen=True):
    """Which subtrees go where (that of the node first), and the parents whose children that changes."""

    carries: Sequence[Carry]
    parents: Sequence[tuple[Place, Standing]]

    @property
    def order(self) -> str:
        """The order key that the node comes to."""
        return self.carries[0].new

    def parents_now(self) -> list[Change]:
        """The parents as they are afterwards, on condition that nothing has come to them since."""
        return [with_children(place, standing) for place, standing in self.parents]


def with_children(place: Place, standing: Standing) -> Change:
    """A parent with other children, on condition that nothing has come to it since it was read."""
    actions = (
        Place.children.set(list(standing.children)),
        Place.last_rank.set(standing.last_rank),
        Place.version.set(place.version + 1),
    )
    return Update(Place, (place.pk, place.sk), actions, Place.version == place.version)


def plan(reading: Reading, company: str, found: Found, parent: str | None, position: int | None) -> Movement | None:
    """How a node goes under a parent (None is the top), to a position or last; None where it stays as it is.

    Raises:
        EditionChanged: the node has left its parent while both were read.
        Invalid: there is no such parent, or it has another level.
        InUse: the parent is full, or a large change is under way.
    """
    project = found.node.project
    stays = parent == found.parent
    if stays and position is None:
        return None
    old, new = (place_key(company, id or project) for id in (found.parent, parent))
    reading.rows(old, new)
    holder, other = reading.rows(old)[0], _right_parent(reading, company, found, parent)
    require_still(found.outline)
    own = node_key(company, found.node.id), place_key(company, found.node.id)
    require_own(*reading.rows(*own, old, new))
    if holder is None or last_step(found.order) not in holder.children:
        raise EditionChanged
    return _reordered(found, holder, position or 0) if stays else _moved(found, holder, other, position)


def _right_parent(reading: Reading, company: str, found: Found, parent: str | None) -> Place:
    """The place of the parent that a node is to have."""
    project, level = found.node.project, found.node.level
    if parent is not None and project_of(parent) != project:
        raise Invalid(errors={"parent": [NO_SUCH]})
    row: Place | None = reading.rows(place_key(company, parent or project))[0]
    place = as_of(row, found.outline.edition)
    if place is None:
        raise Invalid(errors={"parent": [NO_SUCH]})
    if level_of(place.order) != level - 1:
        right = f"a node of level {level - 1}" if level > 1 else "none"
        raise Invalid(errors={"parent": [f"The parent of a node of level {level} is {right}."]})
    return place


def _reordered(found: Found, holder: Place, position: int) -> Movement | None:
    edited = reorder(standing_of(holder), last_step(found.order), position)
    return _movement(found, holder, edited, []) if edited.moved else None


def _moved(found: Found, holder: Place, other: Place, position: int | None) -> Movement:
    left = remove(standing_of(holder), last_step(found.order))
    edited = insert(standing_of(other), found.node.id, position)
    return _movement(found, other, edited, [(holder, left)])


def _movement(found: Found, place: Place, edited: Edited, left: Sequence[tuple[Place, Standing]]) -> Movement:
    """The node's own subtree, then those of neighbours that were set apart."""
    own = Carry(found.order, place.order + edited.step)
    others = [
        Carry(place.order + old, place.order + new)
        for old, new in sorted(edited.moved.items())
        if place.order + old != found.order
    ]
    return Movement([own, *others], [*left, (place, edited.standing)])
