"""The rows of labour."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.storage.attributes import DecimalAttribute, DocumentAttribute, IntegerAttribute
from chalicelib.storage.rows import Row, Tombstone, Tracked, key
from chalicelib.storage.tables import ORDER, UPDATED, List, Table

ENTRIES = List("company", "list_company", ORDER)
BY_PROJECT = List("project", "list_project", ORDER)
BY_ACTIVITY = List("activity", "list_activity", ORDER)
BY_OPERATIVE = List("operative", "list_operative", ORDER)
BY_STATUS = List("status", "list_status", ORDER)
BY_PROJECT_OPERATIVE = List("project_operative", "list_project_operative", ORDER)
BY_PROJECT_STATUS = List("project_status", "list_project_status", ORDER)
TABLE = Table(
    "labour",
    (ENTRIES, BY_PROJECT, BY_ACTIVITY, BY_OPERATIVE, BY_STATUS, BY_PROJECT_OPERATIVE, BY_PROJECT_STATUS, UPDATED),
    stream=True,
)


class Entry(Tracked):
    """A labour entry: pk = "<company>#<entry>", sk = "entry"."""

    table = "labour"
    project = UnicodeAttribute()
    operative = UnicodeAttribute()
    date = UnicodeAttribute()
    hours = DecimalAttribute()
    wbs = UnicodeAttribute(null=True)
    quantity = DecimalAttribute(null=True)
    note = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    source = UnicodeAttribute()
    submitted_by = UnicodeAttribute(null=True)
    submitted_at = UnicodeAttribute(null=True)
    changed_by = UnicodeAttribute(null=True)
    approved_by = UnicodeAttribute(null=True)
    approved_at = UnicodeAttribute(null=True)
    rejection_reason = UnicodeAttribute(null=True)
    hourly_rate = DecimalAttribute(null=True)
    shift = DocumentAttribute(null=True)  # of a clock: the event's clock_id and event, and what the device made of it
    version = IntegerAttribute()
    created_at = UnicodeAttribute()

    def list_keys(self) -> dict[str, str]:
        company = self.scope()
        booked = {BY_ACTIVITY.hash: key(company, self.wbs)} if self.wbs else {}
        return (
            super().list_keys()
            | booked
            | {
                ENTRIES.hash: company,
                BY_PROJECT.hash: key(company, self.project),
                BY_OPERATIVE.hash: key(company, self.operative),
                BY_STATUS.hash: key(company, self.status),
                BY_PROJECT_OPERATIVE.hash: key(company, self.project, self.operative),
                BY_PROJECT_STATUS.hash: key(company, self.project, self.status),
                ORDER: f"{self.date}#{self.id}",
            }
        )


class DeletedEntry(Tombstone):
    """What incremental reads know of a deleted entry: pk = "<company>#<entry>", sk = "deleted"."""

    table = "labour"
    project = UnicodeAttribute()
    operative = UnicodeAttribute()
    date = UnicodeAttribute()
    wbs = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    source = UnicodeAttribute()
    submitted_by = UnicodeAttribute(null=True)


class OperativeDay(Row):
    """All entries of one operative and date: pk = "<company>#<operative>#<date>", sk = "day".

    ``entries`` holds id -> {hours, submitter, status}; ``clash`` the open or settled clash.
    """

    table = "labour"
    operative = UnicodeAttribute()
    date = UnicodeAttribute()
    entries = DocumentAttribute()
    clash = DocumentAttribute(null=True)
    version = IntegerAttribute()


class Booking(Row):
    """Approved hours, the source of actual cost: pk = "<company>#<activity>", sk = "<date>#<entry>"."""

    table = "labour"
    project = UnicodeAttribute()
    activity = UnicodeAttribute()
    date = UnicodeAttribute()
    hours = DecimalAttribute()
    rate = DecimalAttribute(null=True)
    quantity = DecimalAttribute(null=True)


class Audit(Row):
    """One change of state: pk = "<company>#<entry>", sk = "audit#<version>"."""

    table = "labour"
    at = UnicodeAttribute()
    by = UnicodeAttribute(null=True)
    action = UnicodeAttribute()
    before = UnicodeAttribute(null=True)
    after = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
