"""Memberships: a role of a user on one project, perhaps until a date.

Each is a row of its own, and an item of the map on the user's access row, which every request
reads. The map keeps the instant at which the membership ends, so that nobody needs the project's
time zone to know whether it counts.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from pynamodb.expressions.condition import Condition, size

from chalicelib import zones
from chalicelib.errors import Conflict, Denied, InUse, Invalid, NotFound
from chalicelib.identity.access import Caller
from chalicelib.identity.permissions import Permission, Role
from chalicelib.identity.rows import Access, Membership, Team, User
from chalicelib.identity.tokens import require_all
from chalicelib.projects.rows import Project
from chalicelib.storage.attributes import document_value
from chalicelib.storage.changes import Change, Delete, Put, Update, absent
from chalicelib.storage.queries import Query
from chalicelib.storage.rows import key
from chalicelib.storage.store import Store
from chalicelib.times import stamp

MemberRole = Literal[
    "project_manager", "project_planner", "engineer", "commercial", "supervisor", "foreman", "operative"
]
MOST_DATED = 40  # of one project: its time zone changes in one transaction with all of them
MOST_PROJECTS = 100  # of one user


def ends(expires_on: str | None, zone: str) -> str | None:
    """The instant at which a membership is over: the midnight after its last valid day, in the project's zone."""
    if expires_on is None:
        return None
    midnight = datetime.combine(date.fromisoformat(expires_on) + timedelta(days=1), time(), zones.zone(zone))
    return stamp(midnight.astimezone(UTC))


def place(company: str, project: str, user: str) -> tuple[type[Membership], str, str]:
    """Where a membership is."""
    return Membership, company, f"member#{project}#{user}"


def find(store: Store, company: str, project: str, user: str) -> Membership:
    """The membership, or :class:`NotFound`."""
    row = store.get(*place(company, project, user))
    if row is None:
        raise NotFound
    return row


def create(
    store: Store, caller: Caller, project: str, values: dict[str, Any], now: datetime
) -> tuple[list[Change], Membership]:
    """A user's first membership of a project.

    Raises:
        Denied: the role holds a permission that the caller lacks on the project.
        Invalid: there is no such user.
        Conflict: the user has a membership of the project.
    """
    company, user, at = caller.company, values["user"], stamp(now)
    require_all(caller, Role(values["role"]), project)
    team = _team(store, company, project)
    person, access, known, there = store.get_many(
        (User, company, f"user#{user}"),
        (Access, key(company, user), "access"),
        place(company, project, user),
        (Project, key(company, project), "project"),
    )
    if there is None:
        raise NotFound
    if person is None:
        raise Invalid(errors={"user": ["There is no such user."]})
    if known is not None:
        raise Conflict("The user has a membership of this project.", errors={"user": ["Is a member already."]})
    if len(access.memberships) >= MOST_PROJECTS:
        raise InUse(f"The user has {MOST_PROJECTS} memberships, which is the most; remove one first.")
    _refuse_past(values.get("expires_on"), there.timezone, now)
    row = Membership(
        pk=company,
        sk=place(company, project, user)[2],
        project=project,
        user=user,
        role=values["role"],
        expires_on=values.get("expires_on"),
        version=1,
        created_at=at,
        updated_at=at,
    )
    room = size(Access.memberships) < MOST_PROJECTS  # type: ignore[no-untyped-call]  # PynamoDB's is not annotated
    return [Put(row, absent(Membership)), _granted(row, there.timezone, room), team], row


def change(
    store: Store, caller: Caller, row: Membership, values: dict[str, Any], now: datetime
) -> tuple[list[Change], Membership]:
    """Another role or last day; nobody takes a role away that holds a permission which they lack."""
    _not_by_it(caller, row)
    for role in (row.role, values.get("role", row.role)):
        require_all(caller, Role(role), row.project)
    team = _team(store, row.pk, row.project)
    there = store.get(Project, key(row.pk, row.project), "project")
    assert there is not None, "projects are not deleted"
    _refuse_past(values.get("expires_on"), there.timezone, now)
    before = row.version
    for name, value in values.items():
        setattr(row, name, value)
    row.version, row.updated_at = before + 1, stamp(now)
    return [Put(row, Membership.version == before), _granted(row, there.timezone), team], row


def remove(store: Store, caller: Caller, row: Membership) -> list[Change]:
    """The user keeps their base role alone."""
    _not_by_it(caller, row)
    require_all(caller, Role(row.role), row.project)
    return [
        Delete(Membership, (row.pk, row.sk), Membership.version == row.version),
        Update(Access, (key(row.pk, row.user), "access"), (Access.memberships[row.project].remove(),)),
        _team(store, row.pk, row.project),
    ]


def _not_by_it(caller: Caller, row: Membership) -> None:
    """One's own membership is others' business, unless one manages teams without it: its last day binds."""
    if row.user == caller.user:
        caller.require(Permission.MANAGE_TEAM)


def _refuse_past(expires_on: str | None, zone: str, now: datetime) -> None:
    """A last valid day that is over gives nothing: it is a slip."""
    today = now.astimezone(zones.zone(zone)).date().isoformat()
    if expires_on is not None and expires_on < today:
        raise Invalid(errors={"expires_on": [f"Is over: today is {today} on the project."]})


def refuse_own_end(caller: Caller, project: str) -> None:
    """Nobody moves the end of the membership by which they manage the project, its midnight included.

    Raises:
        Denied: the project's time zone says when the caller's own membership ends.
    """
    own = caller.access.memberships.get(project)
    if own and own["until"] is not None and not caller.may(Permission.EDIT_PROJECTS):
        raise Denied("Your own membership ends by the project's time zone; ask somebody else to change it.")


def _granted(row: Membership, zone: str, room: Condition | None = None) -> Update:
    kept = {"role": row.role, "until": ends(row.expires_on, zone)}
    return Update(
        Access,
        (key(row.pk, row.user), "access"),
        (Access.memberships[row.project].set(document_value(kept)),),
        Access.memberships.exists() if room is None else room,
    )


def _team(store: Store, company: str, project: str) -> Put:
    """The project's team, one version on; to be read before the time zone or the members are."""
    row = store.get(Team, company, f"team#{project}")
    if row is None:
        return Put(Team(pk=company, sk=f"team#{project}", version=1), absent(Team))
    before, row.version = row.version, row.version + 1
    return Put(row, Team.version == before)


def in_zone(store: Store, company: str, project: str, zone: str) -> list[Change]:
    """The project's dated memberships end by the midnights of another time zone.

    Raises:
        InUse: there are more of them than one transaction takes.
    """
    team = _team(store, company, project)
    _, _, first = place(company, project, "")
    members = Query(model=Membership, hash=company, between=(first, first + "~"))
    dated = [row for row in store.each(members) if row.expires_on]
    if len(dated) > MOST_DATED:
        raise InUse(
            f"The project has {len(dated)} memberships with a last day; "
            f"its time zone can be changed with {MOST_DATED} at most."
        )
    return [team, *(_granted(row, zone) for row in dated)]
