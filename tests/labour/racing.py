"""Callers for decisions that a test makes by hand, between others' reads and writes."""

from datetime import UTC, datetime

from chalicelib.identity.access import Caller
from chalicelib.identity.rows import Access, Company
from chalicelib.storage.rows import key
from chalicelib.storage.store import store


def caller_of(company: str, user: str) -> Caller:
    """A user as a request of theirs would know them."""
    access, tenant = store().get_many((Access, key(company, user), "access"), (Company, company, "company"))
    return Caller(company, user, access, tenant, datetime.now(UTC))
