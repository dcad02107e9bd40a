"""Tables and their lists, as the packages declare them and the deployment makes them."""

from msgspec import Struct

ORDER = "list_order"  # what most lists are ordered by; it ends in an id


class List(Struct, frozen=True):
    """A list index: the rows with one value of ``hash``, in the order of ``range``.

    It serves one filter set wholly and in order, and has a keys-only twin for counting and for skipping to a page.
    Where ``rows`` is not set the twin is all there is: nothing reads the rows by this list.
    """

    name: str
    hash: str
    range: str
    rows: bool = True

    @property
    def keys(self) -> str:
        """The name of the keys-only twin."""
        return f"{self.name}_keys"

    @property
    def indexes(self) -> dict[str, str]:
        """The indexes that it is kept in: name -> what DynamoDB projects into it."""
        return ({self.name: "ALL"} if self.rows else {}) | {self.keys: "KEYS_ONLY"}


class Table(Struct, frozen=True):
    """One DynamoDB table: its name, its lists, whether it streams, and its expiry attribute."""

    name: str
    lists: tuple[List, ...] = ()
    stream: bool = False
    expires: str | None = None


IDEMPOTENCY_TABLE = "idempotency"  # in Powertools' own form, and so no Table
UPDATED = List("updated", "list_updated", "updated_order")  # what incremental reads walk
