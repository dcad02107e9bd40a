"""The count of a list: one pass over the matching rows of a key, with their sums and the first of their places."""

from decimal import Decimal

from msgspec import Struct, field

from chalicelib.http.call import Call
from chalicelib.http.pagination.allowance import Allowance
from chalicelib.http.pagination.source import Source


class Survey(Struct):
    """One pass over the matching rows of a key: how many, their sums, and the first of their places."""

    count: int = 0
    places: list[str] = field(default_factory=list)
    sums: dict[str, Decimal] = field(default_factory=dict)


def survey(call: Call, source: Source, hash: str, skip: int, sums: tuple[str, ...], allowance: Allowance) -> Survey:
    """Count; where keys tell what matches and nothing is summed, over the keys-only twin."""
    found = Survey(sums=dict.fromkeys(sums, Decimal(0)))
    by_keys = source.by_keys and not sums
    wanted = (source.range, *sums, *(name for name, _ in source.rules))
    start = None
    while True:
        left = skip - found.count
        page = source.query(
            call,
            hash,
            keys_only=by_keys,
            between=source.between,
            forward=source.forward,
            count_only=left <= 0 and not sums and not source.rules and not source.sift,
            attributes=() if source.sift else tuple(dict.fromkeys(wanted)),
            limit=left if left > 0 and by_keys else None,
            start=start,
        )
        if not by_keys and (source.drops or sums):
            allowance.spend(page.read)
        found.count += page.count
        found.places += [row[source.range]["S"] for row in page.rows[: max(0, left)]]
        for name in sums:
            found.sums[name] += sum((Decimal(row[name]["N"]) for row in page.rows if name in row), Decimal(0))
        start = page.last
        if start is None:
            return found
