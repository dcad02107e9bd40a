"""Projects: created, changed, found."""

from datetime import datetime
from typing import Any

from chalicelib import zones
from chalicelib.access.rows import Company
from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.ids import new_id
from chalicelib.names import comparison_form
from chalicelib.people import memberships
from chalicelib.projects.rows import Project, ProjectCodeClaim
from chalicelib.storage.changes import Change, Delete, Put, absent
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store
from chalicelib.times import stamp

STATUSES = ("active", "on_hold", "completed", "archived")
TAKES_HOURS = frozenset({"active", "on_hold"})


def place(company: str, id: str) -> tuple[type[Project], str, str]:
    """Where a project is."""
    return Project, key(company, id), "project"


def find(store: Store, company: str, id: str) -> Project:
    """The project, or :class:`NotFound`."""
    row = store.get(Project, key(company, id), "project")
    if row is None:
        raise NotFound
    return row


def today(project: Project, now: datetime) -> str:
    """The date it is in the project's time zone."""
    return now.astimezone(zones.zone(project.timezone)).date().isoformat()


def create(store: Store, tenant: Company, values: dict[str, Any], now: datetime) -> tuple[list[Change], Project]:
    """A new project; its code is unique in the company."""
    company = tenant.id
    claim = _claim(company, values["code"])
    _refuse_taken(store.get(ProjectCodeClaim, claim.pk, claim.sk))
    id, at = new_id(), stamp(now)
    claim.holder = id
    days = values.pop("working_days", None) or [1, 2, 3, 4, 5]
    defaults = {"status": "active", "timezone": tenant.timezone, "currency": tenant.currency}
    row = Project(
        pk=key(company, id),
        sk="project",
        id=id,
        **(defaults | values),
        holidays=[],
        working_days=sorted(set(days)),
        child_count=0,
        version=1,
        created_at=at,
        updated_at=at,
    )
    _check(row)
    team = memberships.begun(company, id, row.timezone)
    return [Put(row, absent(Project)), Put(claim, absent(ProjectCodeClaim)), team], row


def change(
    store: Store,
    company: str,
    row: Project,
    values: dict[str, Any],
    now: datetime,
) -> tuple[list[Change], Project]:
    """Some fields of a project changed, on condition that it is still the version read."""
    before, changes = row.version, []
    if "code" in values and comparison_form(values["code"]) != comparison_form(row.code):
        changes = _change_code(store, company, row, values["code"])
    if values.get("timezone", row.timezone) != row.timezone:
        changes += memberships.in_zone(Reading(store), company, row.id, values["timezone"])
    if "working_days" in values:
        values["working_days"] = sorted(set(values["working_days"]))
    for name, value in values.items():
        setattr(row, name, value)
    row.version, row.updated_at = before + 1, stamp(now)
    _check(row)
    same = (Project.version == before) & (Project.child_count == row.child_count)  # no version counts the children
    return [Put(row, same), *changes], row


def _change_code(store: Store, company: str, row: Project, code: str) -> list[Change]:
    old, new = _claim(company, row.code), _claim(company, code)
    taken = store.get(ProjectCodeClaim, new.pk, new.sk)
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
        raise Conflict("The code is taken.", errors={"code": ["Another project has this code."]})


def _check(row: Project) -> None:
    if row.start_date and row.finish_date and row.finish_date < row.start_date:
        raise Invalid(errors={"finish_date": ["Must not be before start_date."]})
    if not row.working_days:
        raise Invalid(errors={"working_days": ["At least one day."]})
