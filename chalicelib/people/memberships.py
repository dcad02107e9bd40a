"""Memberships: a role of a user on one project, perhaps until a date.

Each is a row of its own, and an item of the map on the user's access row, which every request
reads. The map keeps the instant at which the membership ends, so that nobody needs the project's
time zone to know whether it counts.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from pynamodb.expressions.condition import Condition, size

from chalicelib import zones
from chalicelib.access.callers import Caller, require_all
from chalicelib.access.permissions import Permission, Role
from chalicelib.access.rows import Access
from chalicelib.errors import Conflict, Denied, InUse, Invalid, NotFound
from chalicelib.people.rows import Membership, Team
from chalicelib.storage.attributes import document_value
from chalicelib.storage.changes import Change, Delete, Put, Update, absent
from chalicelib.storage.queries import Query
from chalicelib.storage.reading import Reading
from chalicelib.storage.rows import key
from chalicelib.storage.work import Decided
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


def find(reading: Reading, company: str, project: str, user: str) -> Membership:
    """The membership, or :class:`NotFound`."""
    row = reading.row(*place(company, project, user))
    if row is None:
        raise NotFound
    return row


def create(
    reading: Reading, caller: Caller, project: str, values: dict[str, Any], now: datetime
) -> Decided[Membership]:
    """A user's first membership of a project.

    Raises:
        NotFound: there is no such project.
        Denied: the role holds a permission that the caller lacks on the project.
        Invalid: there is no such user, or the last day is over.
        Conflict: the user has a membership of the project.
        InUse: the user has as many memberships as may be.
    """
    company, user, at = caller.company, values["user"], stamp(now)
    require_all(caller, Role(values["role"]), project)
    team, access, known = reading.rows(
        _team(company, project), (Access, key(company, user), "access"), place(company, project, user)
    )
    if team is None:
        raise NotFound
    errors = {"user": ["There is no such user."]} if access is None else {}
    errors |= _complaints(values.get("expires_on"), team.timezone, now)
    if errors:
        raise Invalid(errors=errors)
    if known is not None:
        raise Conflict(
            "The user has a membership of this project: change it by PATCH.", errors={"user": ["Is a member already."]}
        )
    if len(access.memberships) >= MOST_PROJECTS:
        raise InUse(f"The user has {MOST_PROJECTS} memberships, which is the most; remove one first.")
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
    return Decided([Put(row, absent(Membership)), _granted(row, team.timezone, room), _touched(team)], row)


def change(
    reading: Reading, caller: Caller, project: str, user: str, values: dict[str, Any], now: datetime
) -> Decided[Membership]:
    """Another role or last day; nobody takes a role away that holds a permission which they lack."""
    row, team = _both(reading, caller.company, project, user)
    _not_by_it(caller, row)
    for role in (row.role, values.get("role", row.role)):
        require_all(caller, Role(role), project)
    if errors := _complaints(values.get("expires_on"), team.timezone, now):
        raise Invalid(errors=errors)
    before = row.version
    for name, value in values.items():
        setattr(row, name, value)
    row.version, row.updated_at = before + 1, stamp(now)
    return Decided([Put(row, Membership.version == before), _granted(row, team.timezone), _touched(team)], row)


def remove(reading: Reading, caller: Caller, project: str, user: str) -> Decided[Membership]:
    """The user keeps their base role alone; the answer is the membership that was."""
    row, team = _both(reading, caller.company, project, user)
    _not_by_it(caller, row)
    require_all(caller, Role(row.role), project)
    access = (key(row.pk, user), "access")
    changes: list[Change] = [
        Delete(Membership, (row.pk, row.sk), Membership.version == row.version),
        Update(Access, access, (Access.memberships[project].remove(),)),
        _touched(team),
    ]
    return Decided(changes, row)


def _both(reading: Reading, company: str, project: str, user: str) -> tuple[Membership, Team]:
    row, team = reading.rows(place(company, project, user), _team(company, project))
    if row is None or team is None:
        raise NotFound
    return row, team


def _not_by_it(caller: Caller, row: Membership) -> None:
    """One's own membership is others' business, unless one manages teams without it: its last day binds."""
    if row.user == caller.user:
        caller.require(Permission.MANAGE_TEAM)


def _complaints(expires_on: str | None, zone: str, now: datetime) -> dict[str, list[str]]:
    """A last valid day that is over gives nothing: it is a slip."""
    today = now.astimezone(zones.zone(zone)).date().isoformat()
    over = expires_on is not None and expires_on < today
    return {"expires_on": [f"Is over: today is {today} on the project."]} if over else {}


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


def _team(company: str, project: str) -> tuple[type[Team], str, str]:
    return Team, company, f"team#{project}"


def begun(company: str, project: str, zone: str) -> Change:
    """The team of a new project, which nobody is in yet."""
    return Put(Team(pk=company, sk=f"team#{project}", timezone=zone, version=1), absent(Team))


def _touched(team: Team) -> Change:
    """The team, one version on: its members and its time zone do not change at once."""
    before, team.version = team.version, team.version + 1
    return Put(team, Team.version == before)


def in_zone(reading: Reading, company: str, project: str, zone: str) -> list[Change]:
    """The project's dated memberships end by the midnights of another time zone.

    Raises:
        InUse: there are more of them than one transaction takes.
    """
    team = reading.row(*_team(company, project))  # before the members
    assert team is not None, "a project is made with its team"
    _, _, first = place(company, project, "")
    members = Query(model=Membership, hash=company, between=(first, first + "~"))
    dated = [row for row in reading.each(members) if row.expires_on]
    if len(dated) > MOST_DATED:
        raise InUse(
            f"The project has {len(dated)} memberships with a last day; "
            f"its time zone can be changed with {MOST_DATED} at most: end some first."
        )
    team.timezone = zone
    return [_touched(team), *(_granted(row, zone) for row in dated)]
