"""The rows of rollups."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.storage.attributes import DecimalAttribute, DocumentAttribute, IntegerAttribute
from chalicelib.storage.rows import Row
from chalicelib.storage.tables import Table

TABLE = Table("rollups")


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
