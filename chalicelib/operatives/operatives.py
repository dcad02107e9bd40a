"""Operatives: the workers whose hours are logged."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pynamodb.expressions.condition import size

from chalicelib.access.rows import Access
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.ids import new_id
from chalicelib.names import comparison_form
from chalicelib.operatives import rates
from chalicelib.operatives.rates import FIRST, LAST, Valid
from chalicelib.operatives.rows import ClockIdClaim, Operative
from chalicelib.projects.projects import place as project_place
from chalicelib.storage.changes import Change, Delete, Put, Update, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Wanted
from chalicelib.storage.work import Decided
from chalicelib.times import stamp

MOST_OF_USER = 20  # operatives that one user is
MOST_FORMER = 50  # users that an operative was


def place(company: str, id: str) -> tuple[type[Operative], str, str]:
    """Where an operative is."""
    return Operative, key(company, id), "operative"


def clock_place(company: str, form: str) -> tuple[type[ClockIdClaim], str, str]:
    """Where it says whose a clock ID is, by its comparison form."""
    return ClockIdClaim, key(company, "clock", form), "clock"


def find(reading: Reading, company: str, id: str) -> Operative:
    """The operative, or :class:`NotFound`."""
    row = reading.row(*place(company, id))
    if row is None:
        raise NotFound
    return row


def read_ahead(reading: Reading, company: str, id: str, values: Mapping[str, Any]) -> Operative:
    """The operative that is to be changed, read in one round with what its new values name; or :class:`NotFound`."""
    reading.rows(place(company, id), *_wanted(company, values))
    return find(reading, company, id)


def create(reading: Reading, company: str, values: Mapping[str, Any], now: datetime) -> Decided[Operative]:
    """A new operative; its first rate is valid from always.

    Raises:
        Invalid: there is no such user or project, or the user is too many operatives.
        Conflict: another operative has the clock ID.
    """
    id, at, given = new_id(), stamp(now), dict(values)
    rate, projects = given.pop("hourly_rate", None), _each_once(given.pop("projects", None) or [])
    row = Operative(
        pk=key(company, id),
        sk="operative",
        id=id,
        projects=projects,
        version=1,
        rates={} if rate is None else {rates.ALWAYS: rate},
        created_at=at,
        updated_at=at,
        **({"active": True} | given),
    )
    reading.rows(*_wanted(company, values))
    _refuse_unknown(reading, company, row.user, projects)
    return Decided(
        [Put(row, absent(Operative)), *_links(company, row, None), *_claims(reading, company, None, row)], row
    )


def change(
    reading: Reading, company: str, id: str, values: Mapping[str, Any], today: str, now: datetime
) -> Decided[Operative]:
    """Some fields of an operative changed; a new rate, or none, is valid from today, the first one from always.

    Raises:
        NotFound: there is no such operative.
        Invalid: there is no such user or project, or the user is too many operatives.
        Conflict: another operative has the clock ID.
        InUse: the operative has as many rates as may be.
    """
    row, given = read_ahead(reading, company, id, values), dict(values)
    if "projects" in given:
        given["projects"] = _each_once(given["projects"])
    before, old_clock, old_user = row.version, row.external_clock_id, row.user
    new_user = given.get("user", old_user)
    _refuse_unknown(reading, company, new_user if new_user != old_user else None, given.get("projects", ()))
    if old_user and new_user != old_user:
        row.former_users = _former(row, old_user)
    if "hourly_rate" in given:
        rate = given.pop("hourly_rate")
        row.rates = rates.with_rate(row.rates, rates.first_or(row.rates, today), rate)
    for name, value in given.items():
        setattr(row, name, value)
    row.version, row.updated_at = before + 1, stamp(now)
    others = [*_links(company, row, old_user), *_claims(reading, company, old_clock, row)]
    return Decided([Put(row, Operative.version == before), *others], row)


def rated(reading: Reading, company: str, id: str, valid: Valid, now: datetime) -> Decided[Operative]:
    """A rate from a date on, or from always, in the place of one that began there already.

    Raises:
        NotFound: there is no such operative.
        Invalid: the date is out of bounds.
        InUse: the operative has as many rates as may be.
    """
    row = find(reading, company, id)
    since = valid.valid_from or rates.ALWAYS
    if valid.valid_from is not None and not FIRST.isoformat() <= since <= LAST.isoformat():
        raise Invalid(errors={"valid_from": [f"Must be from {FIRST} to {LAST}."]})
    before = row.version
    row.rates = rates.with_rate(row.rates, since, valid.hourly_rate)
    row.version, row.updated_at = before + 1, stamp(now)
    return Decided([Put(row, Operative.version == before)], row)


def _wanted(company: str, values: Mapping[str, Any]) -> list[Wanted]:
    """What is asked of some fields of an operative beside its own row, so that it costs one round."""
    user, clock = values.get("user"), comparison_form(values.get("external_clock_id") or "")
    wanted: list[Wanted] = [project_place(company, id) for id in values.get("projects") or ()]
    return wanted + ([_access(company, user)] if user else []) + ([clock_place(company, clock)] if clock else [])


def _access(company: str, user: str) -> Wanted:
    return Access, key(company, user), "access"


def _each_once(projects: Sequence[str]) -> list[str]:
    """A project that is named twice is one: the clock asks whether there is a single one."""
    return list(dict.fromkeys(projects))


def _former(row: Operative, old: str) -> dict[str, str]:
    """Who the operative was, one more: whoever was it once never approves its hours.

    Raises:
        Invalid: they are as many as may be.
    """
    former = (row.former_users or {}) | {old: "1"}
    if len(former) > MOST_FORMER:
        raise Invalid(errors={"user": [f"The operative was {MOST_FORMER} users, which is the most."]})
    return former


def _claims(reading: Reading, company: str, old: str | None, row: Operative) -> list[Change]:
    """The clock ID is one operative's, however it is written."""
    new, old = comparison_form(row.external_clock_id or ""), comparison_form(old or "")
    if old == new:
        return []
    freed: list[Change] = [Delete(ClockIdClaim, clock_place(company, old)[1:])] if old else []
    if not new:
        return freed
    _, pk, sk = clock_place(company, new)
    taken = reading.row(ClockIdClaim, pk, sk)
    if taken and taken.holder != row.id:  # its own: it was changed since it was read, and is decided anew
        raise Conflict(
            "The clock ID is taken: give another, or take it from the operative who has it.",
            errors={"external_clock_id": ["Another operative has this clock ID."]},
        )
    return [*freed, Put(ClockIdClaim(pk=pk, sk=sk, holder=row.id), absent(ClockIdClaim))]


def _links(company: str, row: Operative, old: str | None) -> list[Change]:
    """The users' access rows know which operatives they are."""
    if old == row.user:
        return []
    changes: list[Change] = []
    if old:
        changes.append(Update(Access, (key(company, old), "access"), (Access.operatives[row.id].remove(),)))
    if row.user:
        room = size(Access.operatives) < MOST_OF_USER  # type: ignore[no-untyped-call]  # PynamoDB's is not annotated
        linked = (Access.operatives[row.id].set("1"),)
        changes.append(Update(Access, (key(company, row.user), "access"), linked, room))
    return changes


def _refuse_unknown(reading: Reading, company: str, user: str | None, projects: Sequence[str]) -> None:
    """Every id that names nothing, at once; ``user`` is one that the operative has not been so far.

    Raises:
        Invalid: there is one, or the user is as many operatives as may be.
    """
    [access] = reading.rows(_access(company, user)) if user else [None]
    known = reading.rows(*(project_place(company, id) for id in projects))
    errors: dict[str, list[str]] = {}
    if user and access is None:
        errors["user"] = ["There is no such user."]
    elif access is not None and len(access.operatives) >= MOST_OF_USER:
        errors["user"] = [f"The user is {MOST_OF_USER} operatives, which is the most."]
    if not all(known):
        errors["projects"] = ["There is no such project."]
    if errors:
        raise Invalid(errors=errors)
