"""Which nodes above get what: every addition goes to a node and up the parents that the sums themselves name."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from chalicelib.rollups import sheets, sources
from chalicelib.rollups.books import Books, Contents
from chalicelib.rollups.generations import Generations
from chalicelib.rollups.sheets import Sheet
from chalicelib.rollups.steps import Addition

Spread = dict[tuple[int, str], Sheet]
"""What to add to the sums of each node in each generation."""


class Strange(Exception):
    """The sums name a node above that cannot be: something has been lost, and a check will find it."""


class Spreading(Struct):
    """Finds the nodes above in the books, and reads what of them is needed."""

    books: Books
    generations: Generations
    project: str

    def spread(self, additions: Iterable[Sequence[Addition]]) -> list[Spread]:
        """What each list of additions comes to; all half-years that it needs are read afterwards."""
        lists = [list(each) for each in additions]
        flat = [addition for each in lists for addition in each]
        self._read_ahead(flat)
        spreads = [self._one(each) for each in lists]
        needs: dict[tuple[str, int], set[str]] = {}
        for spread in spreads:
            for (number, node), sheet in spread.items():
                needs.setdefault((node, number), set()).update(sheets.by_half(sheet))
        self.books.read(needs, self.generations.live)
        return spreads

    def chain(self, addition: Addition) -> list[str]:
        """The node and those above it, the project last; a node without sums begins where it stands now."""
        chain, node = [], addition.node
        while node != self.project:
            chain.append(node)
            book = self.books.opened(node, addition.generation)
            if book.contents is None:
                book.contents = Contents(addition.generation.number, self._above(node, addition))
                book.is_new = True
            node = book.contents.parent or self.project
            if node in chain:
                raise Strange
        top = self.books.opened(node, addition.generation)
        if top.contents is None:
            top.contents, top.is_new = Contents(addition.generation.number), True
        return [*chain, node]

    def _above(self, node: str, addition: Addition) -> str:
        if node in addition.above[1:]:
            return addition.above[addition.above.index(node) - 1]
        return self._stands_below(node)

    def _stands_below(self, node: str) -> str:
        """What a node without sums stands below now, from which the activity has gone in a newer generation."""
        place = self.books.place
        rows = self.books.store.get_many(*sources.wanted(place, [node], {}))
        seen = sources.seen(place, [node], {}, rows, {})
        standing = seen.nodes[node] if seen else None
        if standing is None:
            raise Strange
        return standing.above[-1]

    def _one(self, additions: list[Addition]) -> Spread:
        """What they come to; a node that is new is among it though it gets nothing, as the sums below name it."""
        spread, new = Spread(), set[tuple[int, str]]()
        for addition in additions:
            for node in self.chain(addition):
                place = addition.generation.number, node
                sheets.add(spread.setdefault(place, {}), addition.sheet, addition.sign)
                new |= {place} if self.books.opened(node, addition.generation).is_new else set()
        return {place: sheet for place, sheet in spread.items() if sheet or place in new}

    def _read_ahead(self, additions: list[Addition]) -> None:
        """What will most likely be needed, in one round."""
        needs: dict[tuple[str, int], set[str]] = {}
        for addition in additions:
            for node in {addition.node, *addition.above, self.project}:
                needs.setdefault((node, addition.generation.number), set()).update(sheets.by_half(addition.sheet))
        self.books.read(needs, self.generations.live)
