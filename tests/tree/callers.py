"""Callers for verbs that are called without a request."""

from chalicelib.access.callers import Caller
from chalicelib.access.rows import Access, Company
from chalicelib.people.rows import User
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from chalicelib.times import utc_now


def owner(company: str) -> Caller:
    """The company's owner."""
    users = store().each(Query(model=User, hash=company, between=("user#", "user#~")))
    user = next(row.id for row in users if row.role == "owner")
    access, tenant = store().get_many((Access, key(company, user), "access"), (Company, company, "company"))
    return Caller(company=company, user=user, access=access, tenant=tenant, now=utc_now())
