"""How many rows one answer may read where no key serves its filters."""

from chalicelib.errors import Invalid
from chalicelib.http.call import Call
from chalicelib.http.pagination.source import Source
from chalicelib.storage.tables import UPDATED

MOST_READ = 50_000  # rows for one answer when no key serves its filters, or when their attributes are added up


class Allowance:
    """How many rows one answer may read, shared by the keys that are read together."""

    def __init__(self, call: Call, source: Source) -> None:
        self.call, self.source = call, source
        self.left = MOST_READ

    def spend(self, rows: int) -> None:
        """Raises :class:`Invalid`, which names what would narrow the list, when nothing is left."""
        self.left -= rows
        if self.left < 0:
            raise _too_many(self.call, self.source)


def _too_many(call: Call, source: Source) -> Invalid:
    many = f"More than {MOST_READ:,} rows would have to be read."
    if source.list == UPDATED:
        return Invalid(errors={"updated_since": [f"{many} Take a later time, or no other filter."]})
    missing = [name for name in source.narrower if getattr(call.query, name, None) is None]
    return Invalid(f"{many} Give a narrower filter.", errors={name: [f"Needed here. {many}"] for name in missing})
