"""What is wrong with the rows of a file: every fault, by the file's own row number and column."""

from collections.abc import Iterator

from chalicelib.errors import Invalid
from chalicelib.tree.columns import BY_FIELD

MOST_NAMED = 15_000  # in one answer, which ends at 6 MB; beyond that it says how many more there are


class Faults:
    """The faults found so far. Those of a row stand together, whoever finds them first."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, str], list[str]] = {}

    def copy(self) -> "Faults":
        """The same faults, for more to be found beside them."""
        other = Faults()
        other._found = {cell: list(texts) for cell, texts in self._found.items()}
        return other

    def __bool__(self) -> bool:
        return bool(self._found)

    def __contains__(self, cell: tuple[int, str]) -> bool:
        return cell in self._found

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return iter(self._found)

    def add(self, row: int, field: str | None, message: str) -> None:
        """A fault of one cell, or of the whole row when there is no field; said once, whoever finds it."""
        found = self._found.setdefault((row, field or ""), [])
        if message not in found:
            found.append(message)

    def refuse(self) -> None:
        """Raises :class:`Invalid` naming all of them; nothing when there are none."""
        if self._found:
            raise Invalid(self._summary(), errors=self.named())

    def named(self) -> dict[str, list[str]]:
        """The messages under ``rows.<row>.<field>``, in the file's order."""
        order = {field: place for place, field in enumerate(["", *BY_FIELD])}
        cells = sorted(self._found, key=lambda cell: (cell[0], order[cell[1]]))
        named = {_path(*cell): [_where(*cell) + text for text in self._found[cell]] for cell in cells[:MOST_NAMED]}
        if more := len(cells) - MOST_NAMED:
            named |= {"file": [f"{more} more cells are wrong."]} if more > 0 else {}
        return named

    def _summary(self) -> str:
        rows = len({row for row, _ in self._found})
        return f"{rows} {'row is' if rows == 1 else 'rows are'} not valid; nothing was written."


def _path(row: int, field: str) -> str:
    return f"rows.{row}.{field}" if field else f"rows.{row}"


def _where(row: int, field: str) -> str:
    return f"Row {row}, {BY_FIELD[field].title}: " if field else f"Row {row}: "
