"""The rows of access: what every request reads, credentials, and counted requests."""

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.storage.attributes import DecimalAttribute, DocumentAttribute, IntegerAttribute
from chalicelib.storage.rows import Row
from chalicelib.storage.tables import ORDER, List, Table

TOKENS = List("tokens", "list_tokens", ORDER)
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
    turn = UnicodeAttribute(null=True)  # until when one function alone rotates them, and which: "<instant> <id>"


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
    """Who may hand out which roles: pk = company, sk = "makers" (see :mod:`chalicelib.access.makers`)."""

    table = "companies"
    standing = DocumentAttribute()  # maker -> role -> the version since which they may hand it out without a break
    version = IntegerAttribute()


class Password(Row):
    """How a user's password is kept, where they have one: pk = "<company>#<user>", sk = "password"."""

    table = "companies"
    hash = UnicodeAttribute()


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
