"""What rows say in an edition of the tree, and what is staged beside them for a later one."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

from chalicelib.errors import InUse
from chalicelib.storage.attributes import DecimalAttribute
from chalicelib.storage.rows import Row
from chalicelib.tree.rows import Node, Outline, Place
from chalicelib.tree.standing import Standing

N = TypeVar("N", Node, Place)
EDITION, GONE = "edition", "gone"
BUSY = "An import or a large move is changing the tree. Try again in a few seconds."


def busy() -> InUse:
    """The refusal of a change that meets a larger one under way."""
    return InUse(BUSY, headers={"Retry-After": "2"})


def as_of(row: N | None, edition: int) -> N | None:
    """A row as it is in an edition; None where it is not there yet, or no more."""
    if row is None or (row.since or 0) > edition:
        return None
    staged = row.next
    if staged is None or staged[EDITION] > edition:
        return row
    if staged.get(GONE):
        return None
    values = {name: value for name, value in staged.items() if name != EDITION}
    return type(row)(**(row.plain() | _exact(type(row), values) | {"next": None}))


def from_document(document: Mapping[str, object]) -> Node:
    """A node out of a document that holds all of it."""
    return Node(**_exact(Node, document))


def _exact(model: type[Row], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a document as the attributes of a row have them: whole numbers are Decimals there, too."""
    exact = {name for name, attribute in model.get_attributes().items() if isinstance(attribute, DecimalAttribute)}
    return {name: Decimal(value) if name in exact and value is not None else value for name, value in values.items()}


def standing_of(place: Place) -> Standing:
    """A place as a value."""
    return Standing(place.order, tuple(place.children), place.last_rank)


def require_still(outline: Outline) -> None:
    """Raises :class:`InUse` while a large change is staged and does not show yet."""
    if outline.staged is not None and outline.staged > outline.edition:
        raise busy()


def require_own(*rows: Node | Place | None) -> None:
    """Raises :class:`InUse` where a large change has staged what one of the rows will be, or has not cleared it yet."""
    if any(row is not None and row.next is not None for row in rows):
        raise busy()


def staged(edition: int, values: Mapping[str, object]) -> dict[str, object]:
    """What a row will be from an edition on."""
    return {EDITION: edition, **values}
