"""What every row has in common, as PynamoDB models. Every key begins with the company.

A table holds the rows of one resource group, told apart by the form of their keys: ``pk`` and ``sk``. The
rows themselves are declared by the packages that own them, in their ``rows.py``.
"""

from typing import Any, ClassVar

from pynamodb.attributes import UnicodeAttribute
from pynamodb.models import Model

from chalicelib.names import comparison_form
from chalicelib.storage.tables import UPDATED


def key(*parts: str) -> str:
    """A key of several parts; the first is the company."""
    return "#".join(parts)


class Row(Model):
    """A row of some table; ``table`` names it."""

    table: ClassVar[str]
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)

    def list_keys(self) -> dict[str, str]:
        """The values by which lists hold the row, by attribute; worked out whenever the row is put.

        They are no attributes of the model: nothing reads them back, and nothing can forget to set them.
        """
        return {}

    def serialize(self, null_check: bool = True) -> dict[str, dict[str, object]]:
        listed = {name: {"S": value} for name, value in self.list_keys().items()}
        return super().serialize(null_check) | listed

    def plain(self) -> dict[str, Any]:
        """The row's attributes as a dict, for comparing and for tests."""
        return {name: getattr(self, name) for name in self.get_attributes()}


class Claim(Row):
    """A value that one holder has within a scope: the key says which value, ``holder`` whose it is.

    It is put on condition that it is not there, in the transaction that gives the holder the value.
    """

    holder = UnicodeAttribute()


class Tracked(Row):
    """A row that incremental reads find by the time of its last change.

    Whoever changes it puts the whole row, so that its lists know: an Update may touch the ``unseen``
    attributes alone, which no answer shows.
    """

    unseen: ClassVar[frozenset[str]] = frozenset()
    id = UnicodeAttribute()
    updated_at = UnicodeAttribute()

    def scope(self) -> str:
        """Whose changes are read together: the company's."""
        return str(self.pk).partition("#")[0]

    def list_keys(self) -> dict[str, str]:
        return changed_at(self.scope(), self.updated_at, self.id)


class Searchable(Tracked):
    """A row that ``search=`` finds by the beginnings of the words in some of its attributes."""

    searched: ClassVar[tuple[str, ...]]
    search_text = UnicodeAttribute()

    def serialize(self, null_check: bool = True) -> dict[str, dict[str, Any]]:
        self.search_text = self.searchable()
        return super().serialize(null_check)

    def searchable(self) -> str:
        """The words in comparison form, each after a space."""
        return " " + comparison_form(" ".join(getattr(self, name) or "" for name in self.searched))


class Tombstone(Row):
    """What incremental reads know of a deleted row: its filters' attributes, for those who might see it.

    It is put in the transaction that deletes the row. It belongs to the list ``updated`` alone, so no
    other list shows it, and it stays for good.
    """

    id = UnicodeAttribute()
    deleted_at = UnicodeAttribute()
    scope = UnicodeAttribute()

    def list_keys(self) -> dict[str, str]:
        return changed_at(self.scope, self.deleted_at, self.id)

    @classmethod
    def of(cls, row: Tracked, sk: str, at: str) -> "Tombstone":
        """The tombstone of a row that is deleted now."""
        kept = {name: value for name, value in row.plain().items() if name in cls.get_attributes()}
        kept |= {"search_text": row.searchable()} if isinstance(row, Searchable) else {}
        return cls(**kept | {"sk": sk, "deleted_at": at, "scope": row.scope()})


def changed_at(scope: str, at: str, id: str) -> dict[str, str]:
    """The keys by which the list of changes holds a row."""
    return {UPDATED.hash: scope, UPDATED.range: f"{at}#{id}"}
