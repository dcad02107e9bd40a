"""The rows of clock."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.storage.attributes import DocumentAttribute, IntegerAttribute, ListAttribute
from chalicelib.storage.rows import Row, key
from chalicelib.storage.tables import ORDER, List, Table

EVENTS = List("company", "list_company", ORDER)
BY_STATUS = List("status", "list_status", ORDER)
TABLE = Table("clock", (EVENTS, BY_STATUS))


class ClockEvent(Row):
    """A kept punch: pk = "<company>#<clock id>", sk = "in#<instant>" or "out#<instant>"."""

    table = "clock"
    id = UnicodeAttribute()
    clock_id = UnicodeAttribute()
    clock_in = UnicodeAttribute(null=True)
    clock_out = UnicodeAttribute(null=True)
    project_code = UnicodeAttribute(null=True)
    device_id = UnicodeAttribute(null=True)
    break_minutes = IntegerAttribute()
    status = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    labour_entry = UnicodeAttribute(null=True)
    earlier = ListAttribute(null=True)  # what the device sent before it corrected itself
    version = IntegerAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()

    def list_keys(self) -> dict[str, str]:
        company = str(self.pk).partition("#")[0]
        return {
            EVENTS.hash: company,
            BY_STATUS.hash: key(company, self.status),
            ORDER: f"{self.clock_in or self.clock_out}#{self.id}",
        }


class Shifts(Row):
    """When an operative worked by the clock: pk = "<company>#<operative>#<UTC date>", sk = "shifts".

    ``held`` maps a clock entry's id to its {clock_in, clock_out}. A shift is held in the row of every UTC date
    that it touches. Two that overlap share one of them, and its version lets only one of the two in.
    """

    table = "clock"
    held = DocumentAttribute()
    version = IntegerAttribute()
