"""The rows of projects."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.names import comparison_form
from chalicelib.storage.attributes import DecimalAttribute, IntegerAttribute, ListAttribute
from chalicelib.storage.rows import Claim, Searchable, Tombstone, key
from chalicelib.storage.tables import ORDER, UPDATED, List, Table

PROJECTS = List("company", "list_company", ORDER)
BY_STATUS = List("status", "list_status", ORDER)
TREE = List("tree", "list_project", "tree_key")
BY_LEVEL = List("level", "list_level", "tree_key")
TABLE = Table("projects", (PROJECTS, BY_STATUS, TREE, BY_LEVEL, UPDATED), stream=True)


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
    working_days = ListAttribute()  # 1 (Monday) to 7
    holidays = ListAttribute()  # dates
    closed_to = UnicodeAttribute(null=True)
    child_count = IntegerAttribute(default=0)
    version = IntegerAttribute()
    created_at = UnicodeAttribute()

    def list_keys(self) -> dict[str, str]:
        company = self.scope()
        return super().list_keys() | {
            PROJECTS.hash: company,
            BY_STATUS.hash: key(company, self.status),
            ORDER: f"{comparison_form(self.code)}#{self.id}",
        }


class ProjectCodeClaim(Claim):
    """A project code in use: pk = "<company>#codes", sk = "code#<code>"."""

    table = "projects"


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
    ancestors = ListAttribute()  # ids, the top one first
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
    milestones = ListAttribute(null=True)  # {name, weight}
    baseline_start = UnicodeAttribute(null=True)
    baseline_finish = UnicodeAttribute(null=True)
    version = IntegerAttribute()
    created_at = UnicodeAttribute()

    def scope(self) -> str:
        """A project's nodes are read together."""
        return str(self.pk)

    def list_keys(self) -> dict[str, str]:
        return super().list_keys() | {TREE.hash: str(self.pk), BY_LEVEL.hash: key(self.pk, str(self.level))}


class DeletedNode(Tombstone):
    """What incremental reads know of a deleted node: pk = "<company>#<project>", sk = "deleted#<id>"."""

    table = "projects"
    parent = UnicodeAttribute(null=True)
    level = IntegerAttribute()
    tree_key = UnicodeAttribute()
    search_text = UnicodeAttribute()


class NodeClaim(Claim):
    """A sibling name or cost code in use: pk = "<company>#<project>", sk = "name#..." or "code#..."."""

    table = "projects"
    label = UnicodeAttribute(null=True)  # the cost code as it is written
