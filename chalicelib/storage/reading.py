"""What one attempt at a decision has read: each row once, however often it is asked for."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from chalicelib.storage.queries import Page, Query
from chalicelib.storage.rows import Row
from chalicelib.storage.store import Store, Wanted

R = TypeVar("R", bound=Row)


class Reading:
    """Reads ahead what will probably be wanted, together; what was not foreseen costs a call of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._rows: dict[Wanted, Any] = {}

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

    def together(self, *calls: Callable[[], Any]) -> list[Any]:
        """Run reads at the same time; they cost one round."""
        return self.store.together(*calls)
