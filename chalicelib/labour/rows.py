"""The rows of labour: entries, an operative's day with its clash, approved hours, and the trail of it all."""

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.storage.attributes import DecimalAttribute, DocumentAttribute, IntegerAttribute, ListAttribute
from chalicelib.storage.rows import Row, Tombstone, Tracked, key
from chalicelib.storage.tables import ORDER, UPDATED, List, Table

ENTRIES = List("company", "list_company", ORDER)
BY_PROJECT = List("project", "list_project", ORDER)
BY_ACTIVITY = List("activity", "list_activity", ORDER, rows=False)  # it is asked whether there are any
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
    """A labour entry: pk = "<company>#<entry>", sk = "entry".

    ``submitters`` are those who ever handed it in, ``changers`` of each watched field who last really changed it, each
    as a list of the user and the makers of their token (:mod:`chalicelib.labour.four_eyes`).
    """

    table = "labour"
    unseen = frozenset({"shift"})
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
    submitters = ListAttribute(null=True)
    changers = DocumentAttribute(null=True)
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
    """What incremental reads and the history know of a deleted entry: pk = "<company>#<entry>", sk = "deleted"."""

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

    It is written with every entry of the day on condition of its version, so whatever is decided on it holds.
    ``entries`` holds id -> :class:`~chalicelib.labour.clash_rules.DayEntry`, drafts and rejected ones too;
    ``clash`` the clash as it is, with its latest events.
    """

    table = "labour"
    operative = UnicodeAttribute()
    date = UnicodeAttribute()
    entries = DocumentAttribute()
    clash = DocumentAttribute(null=True)
    version = IntegerAttribute()


class ClashRow(Tracked):
    """What is listed of a day's clash: pk = "<company>#<operative>#<date>", sk = "clash".

    It follows from the day and is written with it whenever the day has one; the gate is the day's. It is never
    deleted.
    """

    table = "labour"
    operative = UnicodeAttribute()
    date = UnicodeAttribute()
    status = UnicodeAttribute()
    kinds = ListAttribute()
    projects = ListAttribute()  # of its entries; of those that it had, when none is left
    entries = DocumentAttribute()
    resolution = DocumentAttribute(null=True)
    events = ListAttribute()  # the latest of its history
    created_at = UnicodeAttribute()

    def scope(self) -> str:
        """A company's clashes are read together, apart from its entries."""
        return key(super().scope(), "clashes")

    def list_keys(self) -> dict[str, str]:
        clashes = self.scope()
        return super().list_keys() | {
            ENTRIES.hash: clashes,
            BY_OPERATIVE.hash: key(clashes, self.operative),
            BY_STATUS.hash: key(clashes, self.status),
            ORDER: f"{self.date}#{self.id}",
        }


class ClashEvent(Row):
    """A step in a clash's life, kept for good: pk as that of its day, sk = "clash#<version of the day>"."""

    table = "labour"
    event = DocumentAttribute()


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
    """One change of an entry, kept for good: pk = "<company>#<entry>", sk = "audit#<version>".

    ``by`` is the user, with the ``token`` in use and its ``makers`` where there are some; nobody for a clock.
    ``changes`` holds the fields that really changed: name -> [before, after].
    """

    table = "labour"
    at = UnicodeAttribute()
    by = UnicodeAttribute(null=True)
    token = UnicodeAttribute(null=True)
    makers = ListAttribute(null=True)
    action = UnicodeAttribute()
    before = UnicodeAttribute(null=True)
    after = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    changes = DocumentAttribute(null=True)


class Period(Row):
    """One closing of a project's days: pk = "<company>#<project>", sk = "period#<number>".

    The project's ``closed_to`` is what requests read; it holds from the moment at which a closing is announced.
    ``before`` is what it was until then. ``figures`` are the key figures as they were reported.
    """

    table = "labour"
    project = UnicodeAttribute()
    number = IntegerAttribute()
    closed_to = UnicodeAttribute()
    before = UnicodeAttribute(null=True)
    status = UnicodeAttribute()  # closing, closed, reopened
    job = UnicodeAttribute()
    closed_at = UnicodeAttribute()
    closed_by = UnicodeAttribute()
    token = UnicodeAttribute(null=True)
    makers = ListAttribute(null=True)
    forced = BooleanAttribute()
    reason = UnicodeAttribute(null=True)
    reopened_at = UnicodeAttribute(null=True)
    reopened_by = UnicodeAttribute(null=True)
    reopened_to = UnicodeAttribute(null=True)
    figures = DocumentAttribute(null=True)
    version = IntegerAttribute()


class Shifts(Row):
    """When an operative worked by the clock: pk = "<company>#<operative>#<UTC date>", sk = "shifts".

    ``held`` maps a clock entry's id to its {clock_in, clock_out}. A shift is held in the row of every UTC date
    that it touches. Two that overlap share one of them, and its version lets only one of the two in.
    """

    table = "clock"
    held = DocumentAttribute()
    version = IntegerAttribute()
