"""The rows of rollups. How they belong together: docs/rollups.md."""

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from chalicelib.storage.attributes import DecimalAttribute, IntegerAttribute
from chalicelib.storage.rows import Row
from chalicelib.storage.tables import Table

TABLE = Table("rollups")


class Root(Row):
    """Where the sums of a project are: pk = "<company>#<project>", sk = "root".

    Every transaction on the project's sums puts it on condition of its ``version``.
    """

    table = "rollups"
    version = IntegerAttribute()
    content = BinaryAttribute(legacy_encoding=False)  # packed Generations


class Head(Row):
    """What has been counted of an activity: pk = "<company>#<activity>", sk = "head"."""

    table = "rollups"
    version = IntegerAttribute()
    content = BinaryAttribute(legacy_encoding=False)  # a packed Account
    computed_at = UnicodeAttribute()


class Counted(Row):
    """A booking as it is in the head: pk = "<company>#<activity>", sk = "work#<date>#<entry>"."""

    table = "rollups"
    version = IntegerAttribute()
    hours = IntegerAttribute()
    cost = IntegerAttribute()
    unrated = IntegerAttribute()
    quantity = DecimalAttribute()


class Known(Row):
    """A node that has sums: pk = "<company>#<project>", sk = "known#<level 4 or upper>#<node>".

    Of an activity also when it begins by the plan of now (nothing: any day), and since when all of it is earned.
    """

    table = "rollups"
    parent = UnicodeAttribute()
    begins = UnicodeAttribute(null=True)
    done_on = UnicodeAttribute(null=True)


class Tip(Row):
    """Where a node's sums are: pk = "<company>#<node or project>", sk = "<a or b>#tip".

    ``version`` is the root's when it was put.
    """

    table = "rollups"
    version = IntegerAttribute()
    content = BinaryAttribute(legacy_encoding=False)  # packed Contents
    computed_at = UnicodeAttribute()


class Half(Row):
    """The sums of a node on each day of half a year: pk = "<company>#<node or project>", sk = "<a or b>#<half>"."""

    table = "rollups"
    version = IntegerAttribute()
    content = BinaryAttribute(legacy_encoding=False)  # a packed Sheet


class Reported(Row):
    """What a closed period reported of a node: pk = "<company>#<node or project>", sk = "reported#<closed to>"."""

    table = "rollups"
    content = BinaryAttribute(legacy_encoding=False)  # a packed Snapshot


class Repair(Row):
    """An activity whose recompute failed: pk = "repairs", sk = "<company>#<project>#<activity>"."""

    table = "rollups"
    reason = UnicodeAttribute()
    since = UnicodeAttribute()


class Slices(Row):
    """Long work on a project's sums, done in slices: pk = "repairs", sk = "<company>#<project>".

    ``phase`` and ``after`` are how far it has come, ``drift`` the rows found wrong on the way, and ``steps``
    guards them against a second runner.
    """

    table = "rollups"
    reason = UnicodeAttribute()
    since = UnicodeAttribute()
    phase = UnicodeAttribute()
    after = UnicodeAttribute()
    drift = IntegerAttribute()
    steps = IntegerAttribute()


class CheckDue(Row):
    """When a project is checked next: pk = "checks", sk = "<date>#<company>#<project>"."""

    table = "rollups"
