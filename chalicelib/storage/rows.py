"""The rows of every table, as PynamoDB models. Every key begins with the company.

A table holds the rows of one resource group, told apart by the form of their keys. ``pk`` and
``sk`` are the keys; a *list* is a global index that serves one filter set wholly, in order, and
has a keys-only twin (``<name>_keys``) for counting and for skipping to a page.
"""

from typing import Any, ClassVar

from msgspec import Struct
from pynamodb.attributes import BooleanAttribute, UnicodeAttribute
from pynamodb.models import Model

from chalicelib.names import comparison_form
from chalicelib.storage.attributes import DecimalAttribute, DocumentAttribute, IntegerAttribute


def key(*parts: str) -> str:
    """A key of several parts; the first is the company."""
    return "#".join(parts)


class List(Struct, frozen=True):
    """A list index: rows with one value of ``hash`` in the order of ``range``."""

    name: str
    hash: str
    range: str


class Table(Struct, frozen=True):
    """One DynamoDB table: its name, lists, whether it streams, and its expiry attribute."""

    name: str
    lists: tuple[List, ...] = ()
    stream: bool = False
    expires: str | None = None


class Row(Model):
    """A row of some table; ``table`` names it."""

    table: ClassVar[str]
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)

    def plain(self) -> dict[str, Any]:
        """The row's attributes as a dict, for comparing and for tests."""
        return {name: getattr(self, name) for name in self.get_attributes()}


class Tracked(Row):
    """A row that incremental reads find by the time of its last change.

    The attributes of the list ``updated`` are worked out whenever the row is put, so whoever changes
    it puts the whole row: an Update may touch the ``unseen`` attributes alone, which no answer shows.
    """

    unseen: ClassVar[frozenset[str]] = frozenset()
    id = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    list_updated = UnicodeAttribute()
    updated_order = UnicodeAttribute()  # updated_at#id

    def scope(self) -> str:
        """Whose changes are read together: the company's."""
        return str(self.pk).partition("#")[0]

    def serialize(self, null_check: bool = True) -> dict[str, dict[str, Any]]:
        self.list_updated, self.updated_order = self.scope(), f"{self.updated_at}#{self.id}"
        return super().serialize(null_check)


class Searchable(Tracked):
    """A row that ``search=`` finds by the beginnings of the words in some of its attributes."""

    searched: ClassVar[tuple[str, ...]]
    search_text = UnicodeAttribute()

    def serialize(self, null_check: bool = True) -> dict[str, dict[str, Any]]:
        self.search_text = self.searchable()
        return super().serialize(null_check)

    def searchable(self) -> str:
        """The words in comparison form, each after a space."""
        return " " + comparison_form(" ".join(getattr(self, name) or "" for name in self.searched))


# -- companies: company, users, access, tokens, sign-in directory ---------------------------------


class Company(Row):
    """pk = company, sk = "company"."""

    table = "companies"
    id = UnicodeAttribute()
    name = UnicodeAttribute()
    plan = UnicodeAttribute()
    timezone = UnicodeAttribute()
    currency = UnicodeAttribute()
    daily_cap_hours = DecimalAttribute()
    auto_add_operatives = BooleanAttribute(default=False)
    version = IntegerAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()


class Ingest(Row):
    """Digests of the company's ingest secret: pk = company, sk = "ingest"."""

    table = "companies"
    secrets = DocumentAttribute()  # id -> {digest, until}


class User(Tracked):
    """pk = company, sk = "user#<id>"."""

    table = "companies"
    unseen = frozenset({"password"})
    name = UnicodeAttribute()
    email = UnicodeAttribute()
    role = UnicodeAttribute()
    active = BooleanAttribute()
    password = UnicodeAttribute(null=True)
    version = IntegerAttribute()
    created_at = UnicodeAttribute()
    list_users = UnicodeAttribute()
    list_order = UnicodeAttribute()


class Owners(Row):
    """The active owners, so that one always stays: pk = company, sk = "owners"."""

    table = "companies"
    users = DocumentAttribute()  # the ids of the active owners
    version = IntegerAttribute()


class Access(Row):
    """What every request reads and counts: pk = "<company>#<user>", sk = "access"."""

    table = "companies"
    user = DocumentAttribute()  # {id, name, email}
    role = UnicodeAttribute()
    active = BooleanAttribute()
    tokens = DocumentAttribute()  # id -> {digest, expires_at, used, by: the marks of its makers, where there are any}
    version = IntegerAttribute()  # one more whenever role, activity or a credential changes
    ceded_at = UnicodeAttribute(null=True)  # when the user last lost a right to hand out roles
    memberships = DocumentAttribute()  # project -> {role, until}: the instant at which it ends, or None
    operatives = DocumentAttribute()  # ids of the operatives this user is


class Makers(Row):
    """Who may hand out which roles: pk = company, sk = "makers" (see :mod:`chalicelib.identity.makers`)."""

    table = "companies"
    standing = DocumentAttribute()  # maker -> role -> the version since which they may hand it out without a break
    version = IntegerAttribute()


class Invitation(Row):
    """The one link that sets a user's password, until it is used: pk = "<company>#<user>", sk = "invitation"."""

    table = "companies"
    id = UnicodeAttribute()
    digest = UnicodeAttribute()
    address = UnicodeAttribute()  # keyed digest of the e-mail that was invited
    by = DocumentAttribute()  # the marks of its makers
    expires_at = UnicodeAttribute()


class Token(Row):
    """What settings list of a token; never the token: pk = company, sk = "token#<id>"."""

    table = "companies"
    id = UnicodeAttribute()
    label = UnicodeAttribute()
    prefix = UnicodeAttribute()
    user = UnicodeAttribute()
    made_by = UnicodeAttribute()
    created_at = UnicodeAttribute()
    last_used_at = UnicodeAttribute(null=True)  # kept when it is revoked; until then the access row knows
    expires_at = UnicodeAttribute(null=True)
    revoked_at = UnicodeAttribute(null=True)
    list_tokens = UnicodeAttribute()
    list_order = UnicodeAttribute()


class Membership(Row):
    """A role of a user on one project: pk = company, sk = "member#<project>#<user>"."""

    table = "companies"
    project = UnicodeAttribute()
    user = UnicodeAttribute()
    role = UnicodeAttribute()
    expires_on = UnicodeAttribute(null=True)  # the last valid day in the project's time zone
    version = IntegerAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    list_members = UnicodeAttribute()
    list_project = UnicodeAttribute()
    list_user = UnicodeAttribute()
    list_order = UnicodeAttribute()


class Team(Row):
    """Written with every membership of a project and with its time zone: pk = company, sk = "team#<project>".

    Its version keeps the two apart: the instant at which a membership ends is worked out from the zone.
    """

    table = "companies"
    version = IntegerAttribute()


class Unique(Row):
    """A value taken within its scope; the key says which, ``holder`` who has it."""

    table = "companies"
    holder = UnicodeAttribute()


class Directory(Row):
    """Sign-in alone reads it: pk = "directory#<keyed digest of the e-mail>", sk = "<company>#<user>"."""

    table = "companies"
    company = UnicodeAttribute()
    user = UnicodeAttribute()


# -- projects: project, WBS nodes, unique codes and names ------------------------------------------


class Project(Searchable):
    """pk = "<company>#<project>", sk = "project"."""

    table = "projects"
    searched = ("code", "name")
    unseen = frozenset({"child_count"})
    code = UnicodeAttribute()
    name = UnicodeAttribute()
    status = UnicodeAttribute()
    currency = UnicodeAttribute()
    contract_value = DecimalAttribute(null=True)
    planned_rate = DecimalAttribute(null=True)
    start_date = UnicodeAttribute(null=True)
    finish_date = UnicodeAttribute(null=True)
    timezone = UnicodeAttribute()
    working_days = DocumentAttribute()  # {"days": [1..7]}
    holidays = DocumentAttribute()  # {"dates": [...]}
    closed_to = UnicodeAttribute(null=True)
    child_count = IntegerAttribute(default=0)
    version = IntegerAttribute()
    created_at = UnicodeAttribute()
    list_company = UnicodeAttribute()
    list_status = UnicodeAttribute()
    list_order = UnicodeAttribute()


class ProjectCode(Row):
    """A project code in use: pk = "<company>#codes", sk = the code's comparison form."""

    table = "projects"
    holder = UnicodeAttribute()


class Node(Searchable):
    """A WBS node: pk = "<company>#<project>", sk = "node#<id>".

    ``tree_key`` is the ranks of its ancestors and its own, six digits each with gaps left for
    later moves, so that tree order is key order and a subtree is a prefix. ``position`` is its
    place among its siblings, from 1.
    """

    table = "projects"
    searched = ("cost_code", "name")
    unseen = frozenset({"child_count"})
    project = UnicodeAttribute()
    parent = UnicodeAttribute(null=True)
    ancestors = DocumentAttribute()  # {"ids": [top ... parent]}
    level = IntegerAttribute()
    name = UnicodeAttribute()
    position = IntegerAttribute()
    child_count = IntegerAttribute(default=0)
    tree_key = UnicodeAttribute()
    cost_code = UnicodeAttribute(null=True)
    budget_hours = DecimalAttribute(null=True)
    planned_rate = DecimalAttribute(null=True)
    unit = UnicodeAttribute(null=True)
    quantity = DecimalAttribute(null=True)
    earning_rule = UnicodeAttribute(null=True)
    milestones = DocumentAttribute(null=True)  # {"list": [{name, weight}]}
    baseline_start = UnicodeAttribute(null=True)
    baseline_finish = UnicodeAttribute(null=True)
    version = IntegerAttribute()
    created_at = UnicodeAttribute()
    list_project = UnicodeAttribute()
    list_level = UnicodeAttribute()

    def scope(self) -> str:
        """A project's nodes are read together."""
        return str(self.pk)


class DeletedNode(Row):
    """What incremental reads know of a deleted node: pk = "<company>#<project>", sk = "deleted#<id>"."""

    table = "projects"
    id = UnicodeAttribute()
    deleted_at = UnicodeAttribute()
    parent = UnicodeAttribute(null=True)
    level = IntegerAttribute()
    tree_key = UnicodeAttribute()
    search_text = UnicodeAttribute()
    list_updated = UnicodeAttribute()
    updated_order = UnicodeAttribute()


class NodeUnique(Row):
    """A sibling name or cost code in use: pk = "<company>#<project>", sk = "name#..." or "code#..."."""

    table = "projects"
    holder = UnicodeAttribute()
    label = UnicodeAttribute(null=True)  # the cost code as it is written


# -- operatives ------------------------------------------------------------------------------------


class Operative(Searchable):
    """pk = "<company>#<operative>", sk = "operative"."""

    table = "operatives"
    searched = ("external_clock_id", "name")
    name = UnicodeAttribute()
    external_clock_id = UnicodeAttribute(null=True)
    trade = UnicodeAttribute(null=True)
    employer = UnicodeAttribute(null=True)
    rates = DocumentAttribute()  # {valid_from: hourly_rate}
    user = UnicodeAttribute(null=True)
    former_users = DocumentAttribute(null=True)  # {user: "1"}: who else this was; they never approve its hours
    projects = DocumentAttribute()  # {"ids": [...]}
    active = BooleanAttribute()
    version = IntegerAttribute()
    created_at = UnicodeAttribute()
    list_company = UnicodeAttribute()
    list_active = UnicodeAttribute()
    list_order = UnicodeAttribute()


class ClockId(Row):
    """Whose clock ID it is: pk = "<company>#clock#<clock id>", sk = "clock"."""

    table = "operatives"
    holder = UnicodeAttribute()


# -- labour ----------------------------------------------------------------------------------------


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
    list_company = UnicodeAttribute()
    list_project = UnicodeAttribute()
    list_operative = UnicodeAttribute()
    list_status = UnicodeAttribute()
    list_project_operative = UnicodeAttribute()
    list_project_status = UnicodeAttribute()
    list_order = UnicodeAttribute()  # date#id


class DeletedEntry(Row):
    """What incremental reads know of a deleted entry: pk = "<company>#<entry>", sk = "deleted"."""

    table = "labour"
    id = UnicodeAttribute()
    deleted_at = UnicodeAttribute()
    project = UnicodeAttribute()
    operative = UnicodeAttribute()
    date = UnicodeAttribute()
    wbs = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    source = UnicodeAttribute()
    submitted_by = UnicodeAttribute(null=True)
    list_updated = UnicodeAttribute()
    updated_order = UnicodeAttribute()


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


# -- clock -----------------------------------------------------------------------------------------


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
    earlier = DocumentAttribute(null=True)  # {"said": [...]}: how it was told before it was corrected
    version = IntegerAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    list_company = UnicodeAttribute()
    list_status = UnicodeAttribute()
    list_order = UnicodeAttribute()


class Shifts(Row):
    """When an operative worked by the clock: pk = "<company>#<operative>#<UTC date>", sk = "shifts".

    ``held`` maps a clock entry's id to its {clock_in, clock_out}. A shift is held in the row of every UTC date
    that it touches. Two that overlap share one of them, and its version lets only one of the two in.
    """

    table = "clock"
    held = DocumentAttribute()
    version = IntegerAttribute()


# -- rollups ---------------------------------------------------------------------------------------


class RollupHead(Row):
    """An activity's rollup: pk = "<company>#<activity>", sk = "head"; its version guards its days."""

    table = "rollups"
    version = IntegerAttribute()
    project = UnicodeAttribute()
    installed = DecimalAttribute(null=True)


class RollupKnown(Row):
    """An activity that has a head, even when its node is gone: pk = "<company>#<project>", sk = "activity#<id>"."""

    table = "rollups"


class RollupDay(Row):
    """Sums of a node on a date: pk = "<company>#<node>", sk = "day#<date>", or "total" for undated ones.

    The additive measures of :mod:`chalicelib.rollups.measures` are attributes of their own, whole
    numbers, only those that are not 0. An activity's row (its *cell*) is computed anew from the
    source rows and names in ``under`` the ancestors that hold it; ancestors get the differences,
    and with each a ``version`` one higher.
    """

    table = "rollups"
    under = DocumentAttribute(null=True)
    version = IntegerAttribute(null=True)


class Repair(Row):
    """An activity whose recompute failed: pk = "repairs", sk = "<company>#<project>#<activity>"."""

    table = "rollups"
    reason = UnicodeAttribute()
    since = UnicodeAttribute()


class Rebuild(Row):
    """A project that is being rebuilt in slices: pk = "repairs", sk = "<company>#<project>".

    ``project_version`` is the version of the project that it was left for (0: a plain check);
    ``phase`` and ``after`` are how far it has come, ``drift`` the rows found wrong on the way, and
    ``steps`` guards them against a second runner.
    """

    table = "rollups"
    reason = UnicodeAttribute()
    since = UnicodeAttribute()
    project_version = IntegerAttribute()
    phase = UnicodeAttribute()
    after = UnicodeAttribute()
    drift = IntegerAttribute()
    steps = IntegerAttribute()


class RebuildDue(Row):
    """When a project is checked next: pk = "rebuilds", sk = "<date>#<company>#<project>"."""

    table = "rollups"


# -- requests: rows that expire --------------------------------------------------------------------


class Window(Row):
    """Requests of one address in one minute: pk = "address#<address>#<kind>", sk = the minute."""

    table = "requests"
    hits = IntegerAttribute()
    expires = IntegerAttribute()


def tombstone(row: Node | Entry, at: str) -> DeletedNode | DeletedEntry:
    """What stays of a deleted row, for incremental reads: who may see it, and what its filters were.

    It is put in the transaction that deletes the row. It belongs to the list ``updated`` alone, so no
    other list shows it, and it stays for good.
    """
    model = DeletedNode if isinstance(row, Node) else DeletedEntry
    kept = {name: value for name, value in row.plain().items() if name in model.get_attributes()}
    if isinstance(row, Node):
        kept |= {"sk": f"deleted#{row.id}", "search_text": row.searchable()}
    else:
        kept["sk"] = "deleted"
    return model(**kept | {"deleted_at": at, "list_updated": row.scope(), "updated_order": f"{at}#{row.id}"})


ROWS: tuple[type[Row], ...] = (
    Company,
    Ingest,
    User,
    Owners,
    Access,
    Makers,
    Invitation,
    Token,
    Membership,
    Team,
    Unique,
    Directory,
    Project,
    ProjectCode,
    Node,
    DeletedNode,
    NodeUnique,
    Operative,
    ClockId,
    Entry,
    DeletedEntry,
    OperativeDay,
    Booking,
    Audit,
    ClockEvent,
    Shifts,
    RollupHead,
    RollupKnown,
    RollupDay,
    Repair,
    Rebuild,
    RebuildDue,
    Window,
)

_ORDER = "list_order"
UPDATED = List("updated", "list_updated", "updated_order")
TABLES: tuple[Table, ...] = (
    Table(
        "companies",
        (
            List("users", "list_users", _ORDER),
            List("tokens", "list_tokens", _ORDER),
            List("members", "list_members", _ORDER),
            List("project", "list_project", _ORDER),
            List("user", "list_user", _ORDER),
            UPDATED,
        ),
    ),
    Table(
        "projects",
        (
            List("company", "list_company", _ORDER),
            List("status", "list_status", _ORDER),
            List("tree", "list_project", "tree_key"),
            List("level", "list_level", "tree_key"),
            UPDATED,
        ),
        stream=True,
    ),
    Table("operatives", (List("company", "list_company", _ORDER), List("active", "list_active", _ORDER), UPDATED)),
    Table(
        "labour",
        (
            List("company", "list_company", _ORDER),
            List("project", "list_project", _ORDER),
            List("operative", "list_operative", _ORDER),
            List("status", "list_status", _ORDER),
            List("project_operative", "list_project_operative", _ORDER),
            List("project_status", "list_project_status", _ORDER),
            UPDATED,
        ),
        stream=True,
    ),
    Table("clock", (List("company", "list_company", _ORDER), List("status", "list_status", _ORDER))),
    Table("rollups"),
    Table("requests", expires="expires"),
)
IDEMPOTENCY_TABLE = "idempotency"
