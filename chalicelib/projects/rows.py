"""The rows of projects."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.names import comparison_form
from chalicelib.storage.attributes import DecimalAttribute, DocumentAttribute, IntegerAttribute, ListAttribute
from chalicelib.storage.rows import Claim, Searchable, key
from chalicelib.storage.tables import ORDER, UPDATED, List, Table

LISTED = List("listed", "list_of", ORDER)  # of a company its projects, of an activity its measurements
BY_STATUS = List("status", "list_status", ORDER)
TABLE = Table("projects", (LISTED, BY_STATUS, UPDATED), stream=True)


class Project(Searchable):
    """pk = "<company>#<project>", sk = "project"."""

    table = "projects"
    searched = ("code", "name")
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
    holidays = DocumentAttribute()  # date: its name, or None
    closed_to = UnicodeAttribute(null=True)
    version = IntegerAttribute()
    created_at = UnicodeAttribute()

    def list_keys(self) -> dict[str, str]:
        company = self.scope()
        return super().list_keys() | {
            LISTED.hash: company,
            BY_STATUS.hash: key(company, self.status),
            ORDER: f"{comparison_form(self.code)}#{self.id}",
        }


class ProjectCodeClaim(Claim):
    """A project code in use: pk = "<company>#codes", sk = "code#<code>"."""

    table = "projects"
