"""The rows of the tree: what nodes are, where they stand, and their lines in tree order (docs/tree.md).

``next`` is what a row will be from an edition on, while a large change is staged beside it; ``since`` is the edition
from which a staged row is there at all. :mod:`chalicelib.tree.editions` alone reads and writes the two.
"""

from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import UnicodeAttribute

from chalicelib.projects.rows import LISTED
from chalicelib.storage.attributes import DecimalAttribute, DocumentAttribute, IntegerAttribute, ListAttribute
from chalicelib.storage.rows import Claim, Row, Searchable, Tombstone, key
from chalicelib.storage.tables import ORDER, Table
from chalicelib.tree.order import LEVELS, level_of

TABLE = Table("tree")
ALL_LEVELS = "tree"
FOREVER = 10**9  # no outline comes to so many editions


class Outline(Row):
    """Which edition of a project's tree is the current one: pk = "<company>#<project>", sk = "outline".

    ``change`` is the intent of the large change or freeze under way, ``staged`` the edition in which it shows,
    ``freezing`` the baseline. ``bulk`` is the
    last edition that changed the plans of many nodes at once.
    """

    table = "projects"
    edition = IntegerAttribute()
    change = UnicodeAttribute(null=True)
    staged = IntegerAttribute(null=True)
    bulk = IntegerAttribute(default=0)
    freezing = IntegerAttribute(null=True)


class Node(Searchable):
    """What a node is: pk = "<company>#<project>", sk = "node#<id>"; the plan is an activity's only.

    ``made_during`` is the baseline that was being frozen when the node was made or came back: the node is not in it.
    """

    table = "projects"
    searched = ("cost_code", "name")
    unseen = frozenset({"since", "next"})
    project = UnicodeAttribute()
    level = IntegerAttribute()
    name = UnicodeAttribute()
    cost_code = UnicodeAttribute(null=True)
    budget_hours = DecimalAttribute(null=True)
    planned_rate = DecimalAttribute(null=True)
    unit = UnicodeAttribute(null=True)
    quantity = DecimalAttribute(null=True)
    earning_rule = UnicodeAttribute(null=True)
    milestones = ListAttribute(null=True)  # {name, weight}
    baseline_start = UnicodeAttribute(null=True)
    baseline_finish = UnicodeAttribute(null=True)
    version = IntegerAttribute()
    created_at = UnicodeAttribute()
    made_during = IntegerAttribute(null=True)
    since = IntegerAttribute(null=True)
    next = DocumentAttribute(null=True)

    def scope(self) -> str:
        """A project's nodes are read together."""
        return str(self.pk)

    def list_keys(self) -> dict[str, str]:
        return super().list_keys() if self.since is None else {}  # what is staged is in no list yet


class Place(Row):
    """Where a node stands, and its children: pk = "<company>#<project>", sk = "place#<id>".

    The place of the project's own id is the top, which holds the nodes of level 1. ``order`` is an order key,
    ``children`` are steps (:mod:`chalicelib.tree.order`).
    """

    table = "projects"
    project = UnicodeAttribute()
    node = UnicodeAttribute()
    order = UnicodeAttribute()
    children = ListAttribute()
    last_rank = IntegerAttribute()
    version = IntegerAttribute()
    since = IntegerAttribute(null=True)
    next = DocumentAttribute(null=True)


class Line(Row):
    """A node in tree order: pk = "<company>#<project>#tree" or, for levels 1 to 3, "…#<level>" too; sk = order key.

    It is to be seen in the editions from ``since`` to before ``until``.
    """

    table = TABLE.name
    level = IntegerAttribute()
    search_text = UnicodeAttribute()
    since = IntegerAttribute()
    until = IntegerAttribute()


class NodeClaim(Claim):
    """A sibling name or cost code in use: pk = "<company>#<project>", sk = "name#<parent>#<name>" or "code#<code>".

    ``label`` is the name or code as it is written, ``since`` the edition in which a new node shows that was staged.
    """

    table = "projects"
    label = UnicodeAttribute()
    since = IntegerAttribute(null=True)


class DeletedNode(Tombstone):
    """What incremental reads know of a deleted node: pk = "<company>#<project>", sk = "deleted#<id>".

    ``node`` is the whole of it, should it come back; ``by`` whoever deleted it.
    """

    table = "projects"
    level = IntegerAttribute()
    order = UnicodeAttribute()
    search_text = UnicodeAttribute()
    node = DocumentAttribute()
    by = UnicodeAttribute(null=True)


class NodeEvent(Row):
    """A line of a node's history: pk = "<company>#<node>", sk = "event#<instant>"."""

    table = "projects"
    at = UnicodeAttribute()
    by = UnicodeAttribute(null=True)
    action = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)


class Measured(Row):
    """Guards the measurements of an activity: pk = "<company>#<activity>", sk = "measured".

    ``held`` is how many there are, ``last`` the number of the one that was recorded last.
    """

    table = "projects"
    held = IntegerAttribute()
    last = IntegerAttribute()
    version = IntegerAttribute()


class Measurement(Row):
    """What a person measured of an activity at the end of a date: pk = "<company>#<activity>", sk = "progress#<id>".

    One of the three measures is there. ``recorded`` is its place in the order of recording: of two for one date
    the later one holds.
    """

    table = "projects"
    id = UnicodeAttribute()
    activity = UnicodeAttribute()
    date = UnicodeAttribute()
    installed_quantity = DecimalAttribute(null=True)
    percent_complete = DecimalAttribute(null=True)
    milestone = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    recorded = IntegerAttribute()
    measured_by = UnicodeAttribute()
    version = IntegerAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()

    def list_keys(self) -> dict[str, str]:
        return {LISTED.hash: key(self.pk, "progress"), ORDER: f"{self.date}#{self.recorded:06d}#{self.id}"}


class Baseline(Row):
    """A frozen plan, once it is whole: pk = "<company>#<project>", sk = "baseline#<number, two digits>".

    The calendar is the project's of then.
    """

    table = "projects"
    project = UnicodeAttribute()
    number = IntegerAttribute()
    name = UnicodeAttribute()
    frozen_at = UnicodeAttribute()
    frozen_by = UnicodeAttribute()
    working_days = ListAttribute()
    holidays = DocumentAttribute()


class Frozen(Row):
    """An activity in a baseline: pk = "<company>#<activity>", sk = "baseline#<number, two digits>"."""

    table = "projects"
    project = UnicodeAttribute()
    activity = UnicodeAttribute()
    budget_hours = DecimalAttribute()
    baseline_start = UnicodeAttribute(null=True)
    baseline_finish = UnicodeAttribute(null=True)


def is_activity(image: Mapping[str, Any]) -> bool:
    """Whether a node, as DynamoDB gives it, is one on which hours are booked."""
    return bool(image["level"]["N"] == str(LEVELS))


def lines_of(company: str, project: str, order: str) -> list[tuple[str, str]]:
    """The keys of a node's lines: among all, and above the activities among those of its level."""
    groups = [ALL_LEVELS] if level_of(order) == LEVELS else [ALL_LEVELS, str(level_of(order))]
    return [(key(company, project, group), order) for group in groups]
