"""The rows of operatives."""

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.names import comparison_form
from chalicelib.storage.attributes import DocumentAttribute, IntegerAttribute, ListAttribute
from chalicelib.storage.rows import Claim, Searchable, key
from chalicelib.storage.tables import ORDER, UPDATED, List, Table

OPERATIVES = List("company", "list_company", ORDER)
BY_ACTIVE = List("active", "list_active", ORDER)
BY_TRADE = List("trade", "list_trade", ORDER)
BY_CLOCK_ID = List("clock_id", "list_clock_id", ORDER)
TABLE = Table("operatives", (OPERATIVES, BY_ACTIVE, BY_TRADE, BY_CLOCK_ID, UPDATED), stream=True)


class Operative(Searchable):
    """pk = "<company>#<operative>", sk = "operative"."""

    table = "operatives"
    searched = ("external_clock_id", "name")
    name = UnicodeAttribute()
    external_clock_id = UnicodeAttribute(null=True)
    trade = UnicodeAttribute(null=True)
    employer = UnicodeAttribute(null=True)
    rates = DocumentAttribute()  # {valid_from: hourly_rate}: see :mod:`chalicelib.operatives.rates`
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
            **({BY_TRADE.hash: compared(company, self.trade)} if self.trade else {}),
            **({BY_CLOCK_ID.hash: compared(company, self.external_clock_id)} if self.external_clock_id else {}),
            ORDER: f"{comparison_form(self.name)}#{self.id}",
        }


def compared(company: str, text: str) -> str:
    """The key of a list by a text, however it is written."""
    return key(company, comparison_form(text))


class ClockIdClaim(Claim):
    """Whose clock ID it is: pk = "<company>#clock#<clock ID in comparison form>", sk = "clock"."""

    table = "operatives"
