"""The rows of people: users, the company's owners, and memberships of projects."""

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.access.rows import TOKENS
from chalicelib.names import comparison_form
from chalicelib.storage.attributes import DocumentAttribute, IntegerAttribute
from chalicelib.storage.rows import Claim, Row, Tracked, key
from chalicelib.storage.tables import ORDER, UPDATED, List, Table

USERS = List("users", "list_users", ORDER)
MEMBERS = List("members", "list_members", ORDER)
MEMBERS_OF_PROJECT = List("project", "list_project", ORDER)
MEMBERSHIPS_OF_USER = List("user", "list_user", ORDER)
COMPANIES = Table("companies", (USERS, TOKENS, MEMBERS, MEMBERS_OF_PROJECT, MEMBERSHIPS_OF_USER, UPDATED))


class User(Tracked):
    """pk = company, sk = "user#<id>"."""

    table = "companies"
    name = UnicodeAttribute()
    email = UnicodeAttribute()
    role = UnicodeAttribute()
    active = BooleanAttribute()
    version = IntegerAttribute()
    created_at = UnicodeAttribute()

    def list_keys(self) -> dict[str, str]:
        return super().list_keys() | {
            USERS.hash: str(self.pk),
            ORDER: f"{comparison_form(self.name)}#{self.id}",
        }


class Owners(Row):
    """The active owners, so that one always stays: pk = company, sk = "owners"."""

    table = "companies"
    users = DocumentAttribute()  # the ids of the active owners
    version = IntegerAttribute()


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

    def list_keys(self) -> dict[str, str]:
        return {
            MEMBERS.hash: str(self.pk),
            MEMBERS_OF_PROJECT.hash: key(self.pk, self.project),
            MEMBERSHIPS_OF_USER.hash: key(self.pk, self.user),
            ORDER: f"{self.created_at}#{self.project}#{self.user}",
        }


class Team(Row):
    """Written with every membership of a project and with its time zone: pk = company, sk = "team#<project>".

    Its version keeps the two apart: the instant at which a membership ends is worked out from the zone.
    """

    table = "companies"
    timezone = UnicodeAttribute()  # the project's
    version = IntegerAttribute()


class EmailClaim(Claim):
    """Whose e-mail address it is in the company: pk = company, sk = "email#<e-mail>"."""

    table = "companies"
