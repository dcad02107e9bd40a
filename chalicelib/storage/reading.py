"""Rows that a decision rests on, each read once however often it is asked for."""

from typing import Any

from chalicelib.storage.rows import Row
from chalicelib.storage.store import Store

Place = tuple[type[Row], str, str]


class Reading:
    """Reads ahead what will probably be wanted, together; what was not foreseen costs a call of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._rows: dict[Place, Any] = {}

    def rows(self, *wanted: Place) -> list[Any]:
        """The rows in the order asked, None where there is none."""
        missing = [place for place in dict.fromkeys(wanted) if place not in self._rows]
        self._rows |= zip(missing, self.store.get_many(*missing), strict=True)
        return [self._rows[place] for place in wanted]

    def row(self, *place: Any) -> Any:
        """One row, None when there is none."""
        return self.rows(place)[0]
