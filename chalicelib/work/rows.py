"""The rows of work: intents, and the pieces that are staged beside them."""

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from chalicelib.storage.attributes import DocumentAttribute, IntegerAttribute, ListAttribute
from chalicelib.storage.rows import Row
from chalicelib.storage.tables import List, Table

UNFINISHED = List("unfinished", "list_unfinished", "created_at")  # of every company
TABLE = Table("work", (UNFINISHED,), stream=True, expires="expires")


class Intent(Row):
    """Work that is decided and goes to its end step by step: pk = "<company>#<intent>", sk = "intent".

    ``arguments`` are what was decided, ``state`` is how far it has come in the words of its kind; every step
    raises the version. ``permission`` on ``project`` (on the company where there is none) reads it as a job,
    as does ``by``, who started it. ``result`` is what it answers, as compressed JSON.
    """

    table = "work"
    id = UnicodeAttribute()
    kind = UnicodeAttribute()
    by = UnicodeAttribute(null=True)
    permission = UnicodeAttribute(null=True)
    project = UnicodeAttribute(null=True)
    arguments = DocumentAttribute()
    state = DocumentAttribute()
    status = UnicodeAttribute()
    done = IntegerAttribute()
    total = IntegerAttribute()
    not_before = UnicodeAttribute(null=True)  # no step is taken before this instant
    result = BinaryAttribute(legacy_encoding=False, null=True)
    result_status = IntegerAttribute(null=True)
    errors = ListAttribute(null=True)  # messages of a failed one: {field, messages}
    version = IntegerAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    expires = IntegerAttribute()

    def list_keys(self) -> dict[str, str]:
        return {} if self.status in FINISHED else {UNFINISHED.hash: "unfinished"}


class Piece(Row):
    """A part of an intent: pk = "<company>#<intent>", sk = "piece#<n>".

    ``content`` is what is to be done, ``outcome`` what became of it. Pieces are put before their intent is; those
    of an intent that never came to be expire.
    """

    table = "work"
    content = DocumentAttribute()
    outcome = DocumentAttribute(null=True)
    expires = IntegerAttribute()


FINISHED = frozenset({"succeeded", "failed"})
