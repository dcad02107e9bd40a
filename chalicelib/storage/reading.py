"""What one attempt at a decision has read: each row once, however often it is asked for."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from chalicelib.storage.changes import Change, Delete, Put, Update
from chalicelib.storage.queries import Page, Query
from chalicelib.storage.rows import Row
from chalicelib.storage.store import Store, Wanted

R = TypeVar("R", bound=Row)


class Reading:
    """Reads ahead what will probably be wanted, together; what was not foreseen costs a call of its own."""

    def __init__(self, store: Store, known: Mapping[Wanted, object] | None = None) -> None:
        self.store = store
        self._rows: dict[Wanted, object] = dict(known or {})

    def after(self, changes: Iterable[Change]) -> "Reading":
        """What is known once the changes are in: the rows that were put as they are now, the others as they were read.

        Only where every row that is decided on is written on condition of its version: it may have changed meanwhile.
        """
        known = dict(self._rows)
        for change in changes:
            match change:
                case Put(row=row):
                    known[type(row), row.pk, row.sk] = row
                case Update() | Delete():
                    known.pop((change.model, *change.key), None)
        return Reading(self.store, known)

    def rows(self, *wanted: Wanted) -> list[Any]:
        """The rows as they are now, in the order asked, None where there is none."""
        missing = [each for each in dict.fromkeys(wanted) if each not in self._rows]
        self._rows |= zip(missing, self.store.get_many(*missing), strict=True)
        return [self._rows[each] for each in wanted]

    def row(self, model: type[R], pk: str, sk: str) -> R | None:
        """One row, None when there is none."""
        found: R | None = self.rows((model, pk, sk))[0]
        return found

    def know(self, wanted: Wanted, row: Row) -> None:
        """A row as this decision makes it: whoever asks for it later in the same decision finds it so."""
        self._rows[wanted] = row

    def page(self, query: Query[Any], *, limit: int | None = None) -> Page:
        """The first page of a query."""
        return self.store.page(query, limit=limit)

    def each(self, query: Query[R]) -> Iterator[R]:
        """Every row that a query finds."""
        return self.store.each(query)

    def together(self, *calls: Callable[[], object]) -> list[Any]:
        """Run reads at the same time; they cost one round."""
        return self.store.together(*calls)
