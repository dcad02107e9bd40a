"""The rows of operatives."""

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.names import comparison_form
from chalicelib.storage.attributes import DocumentAttribute, IntegerAttribute, ListAttribute
from chalicelib.storage.rows import Claim, Searchable, key
from chalicelib.storage.tables import ORDER, UPDATED, List, Table

OPERATIVES = List("company", "list_company", ORDER)
BY_ACTIVE = List("active", "list_active", ORDER)
TABLE = Table("operatives", (OPERATIVES, BY_ACTIVE, UPDATED), stream=True)


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
    projects = ListAttribute()  # ids
    active = BooleanAttribute()
    version = IntegerAttribute()
    created_at = UnicodeAttribute()

    def list_keys(self) -> dict[str, str]:
        company = self.scope()
        return super().list_keys() | {
            OPERATIVES.hash: company,
            BY_ACTIVE.hash: key(company, "yes" if self.active else "no"),
            ORDER: f"{comparison_form(self.name)}#{self.id}",
        }


class ClockIdClaim(Claim):
    """Whose clock ID it is: pk = "<company>#clock#<clock id>", sk = "clock"."""

    table = "operatives"
