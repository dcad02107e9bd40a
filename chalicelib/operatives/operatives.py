"""Operatives: the workers whose hours are logged, with the history of their rates."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.access.rows import Access
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.ids import new_id
from chalicelib.names import comparison_form
from chalicelib.operatives.rows import ClockIdClaim, Operative
from chalicelib.people.rows import User
from chalicelib.projects.rows import Project
from chalicelib.storage.changes import Change, Delete, Put, Update, absent
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store
from chalicelib.times import stamp

FOREVER = "0001-01-01"


def place(company: str, id: str) -> tuple[type[Operative], str, str]:
    """Where an operative is."""
    return Operative, key(company, id), "operative"


def clock_place(company: str, form: str) -> tuple[type[ClockIdClaim], str, str]:
    """Where it says whose a clock ID is, by its comparison form."""
    return ClockIdClaim, key(company, "clock", form), "clock"


def find(store: Store, company: str, id: str) -> Operative:
    """The operative, or :class:`NotFound`."""
    [row] = store.get_many(place(company, id))
    if row is None:
        raise NotFound
    return row  # type: ignore[no-any-return]  # get_many is untyped over mixed tables


def rate_on(row: Operative, date: str) -> Decimal | None:
    """The hourly rate valid on a date: the newest that began on or before it."""
    valid = [since for since in row.rates if since <= date]
    rate = row.rates[max(valid)] if valid else None
    return None if rate is None else Decimal(rate)


def create(store: Store, company: str, values: dict[str, Any], now: datetime) -> tuple[list[Change], Operative]:
    """A new operative."""
    id, at = new_id(), stamp(now)
    rate = values.pop("hourly_rate", None)
    projects = values.pop("projects", None) or []
    row = Operative(
        pk=key(company, id),
        sk="operative",
        id=id,
        projects=projects,
        version=1,
        rates={} if rate is None else {FOREVER: rate},
        created_at=at,
        updated_at=at,
        **({"active": True} | values),
    )
    changes = _links(store, company, row, None, None) + _claims(store, company, None, row)
    _known_projects(store, company, projects)
    return [Put(row, absent(Operative)), *changes], row


def change(
    store: Store,
    company: str,
    row: Operative,
    values: dict[str, Any],
    today: str,
    now: datetime,
) -> tuple[list[Change], Operative]:
    """Some fields of an operative changed; a new rate, or none, is valid from today."""
    before, old_clock, old_user = row.version, row.external_clock_id, row.user
    if old_user and values.get("user", old_user) != old_user:
        row.former_users = (row.former_users or {}) | {old_user: "1"}
    if "hourly_rate" in values:
        row.rates = row.rates | {today: values.pop("hourly_rate")}
    if "projects" in values:
        _known_projects(store, company, values["projects"])
    for name, value in values.items():
        setattr(row, name, value)
    row.version, row.updated_at = before + 1, stamp(now)
    changes = _links(store, company, row, old_user, row.id) + _claims(store, company, old_clock, row)
    return [Put(row, Operative.version == before), *changes], row


def _claims(store: Store, company: str, old: str | None, row: Operative) -> list[Change]:
    new = comparison_form(row.external_clock_id or "")
    old = comparison_form(old or "")
    if old == new:
        return []
    freed: list[Change] = [Delete(ClockIdClaim, clock_place(company, old)[1:])] if old else []
    if not new:
        return freed
    _, pk, sk = clock_place(company, new)
    taken = store.get(ClockIdClaim, pk, sk)
    if taken and taken.holder != row.id:  # its own: it was changed since it was read, and is decided anew
        raise Conflict("The clock ID is taken.", errors={"external_clock_id": ["Another operative has this clock ID."]})
    return [*freed, Put(ClockIdClaim(pk=pk, sk=sk, holder=row.id), absent(ClockIdClaim))]


def _links(store: Store, company: str, row: Operative, old: str | None, known: str | None) -> list[Change]:
    """The user's access row knows which operatives the user is."""
    if old == row.user:
        return []
    changes: list[Change] = []
    if old:
        changes.append(Update(Access, (key(company, old), "access"), (Access.operatives[row.id].remove(),)))
    if row.user:
        if store.get(User, company, f"user#{row.user}") is None:
            raise Invalid(errors={"user": ["There is no such user."]})
        changes.append(
            Update(
                Access,
                (key(company, row.user), "access"),
                (Access.operatives[row.id].set("1"),),
                Access.operatives.exists(),
            )
        )
    return changes


def _known_projects(store: Store, company: str, ids: list[str]) -> None:
    rows = store.get_many(*((Project, key(company, id), "project") for id in ids)) if ids else []
    if not all(rows):
        raise Invalid(errors={"projects": ["There is no such project."]})
