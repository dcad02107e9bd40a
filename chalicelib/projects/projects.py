"""Projects: created, changed, found."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from chalicelib import zones
from chalicelib.access.callers import Caller
from chalicelib.access.rows import Company
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.ids import new_id
from chalicelib.names import comparison_form
from chalicelib.people import memberships
from chalicelib.projects.rows import Project, ProjectCodeClaim
from chalicelib.storage.changes import Change, Delete, Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.work import Decided
from chalicelib.times import stamp

STATUSES = ("active", "on_hold", "completed", "archived")
WEEKDAYS = (1, 2, 3, 4, 5)
TAKES_HOURS = frozenset({"active", "on_hold"})


def place(company: str, id: str) -> tuple[type[Project], str, str]:
    """Where a project is."""
    return Project, key(company, id), "project"


def find(reading: Reading, company: str, id: str) -> Project:
    """The project, or :class:`NotFound`."""
    row = reading.row(*place(company, id))
    if row is None:
        raise NotFound
    return row


def today(project: Project, now: datetime) -> str:
    """The date it is in the project's time zone."""
    return now.astimezone(zones.zone(project.timezone)).date().isoformat()


def create(reading: Reading, tenant: Company, values: Mapping[str, Any], now: datetime) -> Decided[Project]:
    """A new project; its code is unique in the company.

    Raises:
        Invalid, Conflict: a field may not be like this, or another project has its code.
    """
    company, id, at = tenant.id, new_id(), stamp(now)
    claim = _claim(company, values["code"])
    defaults = {"status": "active", "timezone": tenant.timezone, "currency": tenant.currency}
    given = {**defaults, **values, "working_days": _days(values.get("working_days") or WEEKDAYS)}
    row = Project(
        pk=key(company, id), sk="project", id=id, **given, holidays={}, version=1, created_at=at, updated_at=at
    )
    _check(row)
    _refuse_taken(reading.row(ProjectCodeClaim, claim.pk, claim.sk))
    claim.holder = id
    team = memberships.begun(company, id, row.timezone)
    return Decided([Put(row, absent(Project)), Put(claim, absent(ProjectCodeClaim)), team], row)


def change(reading: Reading, caller: Caller, id: str, values: Mapping[str, Any], now: datetime) -> Decided[Project]:
    """Some fields of a project changed.

    Raises:
        Invalid, Conflict: a field may not be like this, or another project has its code.
    """
    company = caller.company
    claims = [_claim(company, values["code"])] if "code" in values else []
    reading.rows(place(company, id), *((ProjectCodeClaim, claim.pk, claim.sk) for claim in claims))
    before = find(reading, company, id)
    given = {**values, **({"working_days": _days(values["working_days"])} if "working_days" in values else {})}
    row = Project(**{**before.plain(), **given, "version": before.version + 1, "updated_at": stamp(now)})
    _check(row)
    changes: list[Change] = []
    if comparison_form(row.code) != comparison_form(before.code):
        changes += _change_code(reading, company, before, row.code)
    if row.timezone != before.timezone:
        memberships.refuse_own_end(caller, id)
        changes += memberships.in_zone(reading, company, id, row.timezone)
    return Decided([Put(row, Project.version == before.version), *changes], row)


def _days(days: Iterable[int]) -> list[int]:
    return sorted(set(days))


def _change_code(reading: Reading, company: str, row: Project, code: str) -> list[Change]:
    old, new = _claim(company, row.code), _claim(company, code)
    taken = reading.row(ProjectCodeClaim, new.pk, new.sk)
    if taken is None or taken.holder != row.id:  # by itself: it was changed since it was read, and is decided anew
        _refuse_taken(taken)
    new.holder = row.id
    return [Put(new, absent(ProjectCodeClaim)), Delete(ProjectCodeClaim, (old.pk, old.sk))]


def _claim(company: str, code: str) -> ProjectCodeClaim:
    return ProjectCodeClaim(pk=key(company, "codes"), sk=code_key(code))


def code_key(code: str) -> str:
    """The key of the row that keeps a project code unique in its company."""
    return f"code#{comparison_form(code)}"


def _refuse_taken(claim: ProjectCodeClaim | None) -> None:
    if claim is not None:
        raise Conflict("The code is taken; choose another.", errors={"code": ["Another project has this code."]})


def _check(row: Project) -> None:
    if row.start_date and row.finish_date and row.finish_date < row.start_date:
        raise Invalid(errors={"finish_date": ["Must not be before start_date."]})
    if not row.working_days:
        raise Invalid(errors={"working_days": ["At least one day."]})
