"""The rows of identity."""

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.names import comparison_form
from chalicelib.storage.attributes import DecimalAttribute, DocumentAttribute, IntegerAttribute
from chalicelib.storage.rows import Claim, Row, Tracked, key
from chalicelib.storage.tables import ORDER, UPDATED, List, Table

USERS = List("users", "list_users", ORDER)
TOKENS = List("tokens", "list_tokens", ORDER)
MEMBERS = List("members", "list_members", ORDER)
MEMBERS_OF_PROJECT = List("project", "list_project", ORDER)
MEMBERSHIPS_OF_USER = List("user", "list_user", ORDER)
COMPANIES = Table("companies", (USERS, TOKENS, MEMBERS, MEMBERS_OF_PROJECT, MEMBERSHIPS_OF_USER, UPDATED))
REQUESTS = Table("requests", expires="expires")


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

    def list_keys(self) -> dict[str, str]:
        return {TOKENS.hash: str(self.pk), ORDER: f"{self.created_at}#{self.id}"}


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
    version = IntegerAttribute()


class EmailClaim(Claim):
    """Whose e-mail address it is in the company: pk = company, sk = "email#<e-mail>"."""

    table = "companies"


class Directory(Row):
    """Sign-in alone reads it: pk = "directory#<keyed digest of the e-mail>", sk = "<company>#<user>"."""

    table = "companies"
    company = UnicodeAttribute()
    user = UnicodeAttribute()


class Window(Row):
    """Requests of one address in one minute: pk = "address#<address>#<kind>", sk = the minute."""

    table = "requests"
    hits = IntegerAttribute()
    expires = IntegerAttribute()
