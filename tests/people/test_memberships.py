"""Memberships: a role on one project, perhaps until a day; never more than whoever grants it has."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.access.callers import Caller
from chalicelib.access.permissions import ROLES, Permission, Role
from chalicelib.access.rows import Access, Company
from chalicelib.errors import Denied
from chalicelib.people import memberships
from chalicelib.people.rows import Membership
from chalicelib.storage.changes import Put, Update
from chalicelib.storage.rows import key
from chalicelib.storage.store import store
from chalicelib.times import stamp, utc_now
from tests.stage import Stage
from tests.users import People, end_membership, project, refused

ZONES = ("UTC", "Europe/Dublin", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kathmandu", "America/Sao_Paulo")


def caller(role: str, membership: dict[str, str | None] | None, now: datetime) -> Caller:
    access = Access(role=role, memberships={"p": membership} if membership else {}, operatives={"me": "1"})
    return Caller("c", "u", access, Company(id="c"), now)


@given(
    st.sampled_from(ZONES),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 2), timezones=st.just(UTC)),
    st.sampled_from(Role),
    st.sampled_from([role for role in Role if role not in {Role.OWNER, Role.ADMIN}]),
)
def test_a_membership_counts_to_the_end_of_its_last_day_in_the_projects_time_zone(
    zone: str, last: date, now: datetime, base: Role, role: Role
) -> None:
    who = caller(base, {"role": role, "until": memberships.ends(last.isoformat(), zone)}, now)
    counts = now.astimezone(ZoneInfo(zone)).date() <= last
    assert who.permissions("p") == (ROLES[base] | ROLES[role] if counts else ROLES[base])
    assert who.permissions() == who.permissions("other") == ROLES[base]
    for permission in Permission:
        assert ("p" in who.projects_with(permission)) is who.may(permission, "p")
        assert who.may_somewhere(permission) is (who.may(permission) or who.may(permission, "p"))


def test_a_membership_is_granted_read_changed_and_ended(stage: Stage, people: People) -> None:
    place = project(stage.owner)
    client, user = people.make("engineer")
    path = f"/projects/{place}/memberships/"
    assert refused(client.send("GET", f"/api/v1{path}"), 403, "permission_denied")
    made = stage.owner.send("POST", f"/api/v1{path}", {"user": user, "role": "project_manager"})
    assert (made.status, made.headers["location"]) == (201, f"/api/v1{path}{user}/")
    assert {name: made.body[name] for name in ("user", "project", "role", "expires_on")} == {
        "user": user,
        "project": place,
        "role": "project_manager",
        "expires_on": None,
    }
    assert client.ok("GET", path)["count"] == 1
    assert stage.owner.send("GET", made.headers["location"]).headers["etag"] == made.headers["etag"]
    again = stage.owner.send("POST", f"/api/v1{path}", {"user": user, "role": "foreman"})
    assert refused(again, 409, "conflict") and "user" in again.body["errors"]
    changed = stage.owner.ok("PATCH", f"{path}{user}/", {"role": "foreman", "expires_on": "2999-12-31"})
    assert (changed["role"], changed["expires_on"]) == ("foreman", "2999-12-31")
    stale = stage.owner.send("DELETE", f"/api/v1{path}{user}/", None, If_Match=made.headers["etag"])
    assert stale.status == 412
    assert refused(client.send("GET", f"/api/v1{path}"), 403, "permission_denied")
    stage.owner.ok("DELETE", f"{path}{user}/")
    assert refused(stage.owner.send("DELETE", f"/api/v1{path}{user}/"), 404, "not_found")
    assert stage.owner.ok("GET", path)["count"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"user": "nobody", "role": "foreman"}, "user"),
        ({"role": "owner"}, "role"),
        ({"role": "admin"}, "role"),
        ({"role": "foreman", "expires_on": "2026-02-30"}, "expires_on"),
        ({"role": "foreman", "expires_on": "1999-12-31"}, "expires_on"),
        ({"role": "foreman", "expires_on": "2026-01-01"}, "expires_on"),
        ({"role": "foreman", "expires_on": "9999-12-31"}, "expires_on"),
    ],
)
def test_a_bad_membership_is_refused_by_name(stage: Stage, people: People, body: dict[str, str], field: str) -> None:
    _, user = people.make("engineer")
    path = f"/api/v1/projects/{project(stage.owner)}/memberships/"
    reply = stage.owner.send("POST", path, {"user": user} | body)
    assert refused(reply, 400, "validation_error") and list(reply.body["errors"]) == [field]


def test_nobody_grants_or_takes_away_a_role_holding_a_permission_that_they_lack_there() -> None:
    now = utc_now()
    for base in Role:
        for role in (None, *(role for role in Role if role not in {Role.OWNER, Role.ADMIN})):
            who = caller(base, {"role": role, "until": None} if role else None, now)
            for granted in Role:
                allowed = ROLES[granted] <= ROLES[base] | (ROLES[role] if role else frozenset())
                try:
                    memberships.require_all(who, granted, "p")
                    assert allowed
                except Denied:
                    assert not allowed


def test_a_manager_of_one_project_manages_that_team_only(stage: Stage, people: People) -> None:
    here, elsewhere = project(stage.owner), project(stage.owner)
    manager, _ = people.member("foreman", here, "project_manager")
    _, user = people.member("engineer", elsewhere, "commercial")
    body = {"user": user, "role": "project_planner"}
    assert manager.send("POST", f"/api/v1/projects/{here}/memberships/", body).status == 201
    for method, path, sent in (
        ("POST", f"/projects/{elsewhere}/memberships/", body),
        ("PATCH", f"/projects/{elsewhere}/memberships/{user}/", {"role": "foreman"}),
        ("DELETE", f"/projects/{elsewhere}/memberships/{user}/", None),
        ("GET", f"/projects/{elsewhere}/memberships/", None),
    ):
        assert refused(manager.send(method, f"/api/v1{path}", sent), 403, "permission_denied")
    assert {row["project"] for row in manager.ok("GET", "/memberships/")["results"]} == {here}
    assert manager.ok("GET", f"/memberships/?user={user}")["count"] == 1
    assert manager.ok("GET", f"/memberships/?project={elsewhere}")["count"] == 0
    assert stage.owner.ok("GET", f"/memberships/?user={user}")["count"] == 2
    assert stage.owner.ok("GET", f"/memberships/?user={user}&project={elsewhere}")["count"] == 1


def test_an_expired_membership_never_counts(stage: Stage, people: People) -> None:
    place = project(stage.owner, planned_rate=40)
    client, user = people.member("operative", place, "project_manager")
    path = f"/api/v1/projects/{place}/"
    assert client.send("GET", path).body["planned_rate"] == "40.00"
    assert [row["id"] for row in client.ok("GET", "/projects/")["results"]] == [place]
    end_membership(place, user, stage.made["company"]["id"])
    for get in (path, "/api/v1/projects/", f"{path}kpis/", f"{path}wbs/", "/api/v1/users/", "/api/v1/memberships/"):
        assert refused(client.send("GET", get), 403, "permission_denied")
    stage.owner.ok("PATCH", f"/projects/{place}/memberships/{user}/", {"expires_on": None})
    assert client.send("GET", path).status == 200


def test_a_projects_new_time_zone_moves_the_end_of_its_memberships(stage: Stage, people: People) -> None:
    place = project(stage.owner, timezone="Pacific/Kiritimati")
    _, dated = people.member("engineer", place, "foreman", expires_on="2030-06-30")
    _, plain = people.member("engineer", place, "foreman")
    stage.owner.ok("PATCH", f"/projects/{place}/", {"timezone": "America/Los_Angeles"})
    company = stage.made["company"]["id"]
    kept = [store().get(Access, key(company, user), "access").memberships[place] for user in (dated, plain)]
    assert kept[0] == {"role": "foreman", "until": "2030-07-01T07:00:00.000000Z"}
    assert kept[1] == {"role": "foreman", "until": None}


def test_a_manager_by_membership_moves_its_end_by_no_time_zone(stage: Stage, people: People) -> None:
    """The midnight after the last day is the project's; whoever it binds does not choose where it is."""
    place = project(stage.owner, timezone="Pacific/Kiritimati")
    client, user = people.member("foreman", place, "project_manager", expires_on="2099-01-01")
    zone = {"timezone": "America/Los_Angeles"}
    assert refused(client.send("PATCH", f"/api/v1/projects/{place}/", zone), 403, "permission_denied")
    client.ok("PATCH", f"/projects/{place}/", {"name": "Mine to name", "timezone": "Pacific/Kiritimati"})
    stage.owner.ok("PATCH", f"/projects/{place}/memberships/{user}/", {"expires_on": None})
    client.ok("PATCH", f"/projects/{place}/", zone)
    manager, _ = people.member("project_manager", place, "foreman", expires_on="2099-01-01")
    manager.ok("PATCH", f"/projects/{place}/", {"timezone": "UTC"})


def test_a_user_has_a_hundred_memberships_at_most(stage: Stage, people: People) -> None:
    _, user = people.make("engineer")
    place = (key(stage.made["company"]["id"], user), "access")
    many = {f"p{n}": {"role": "foreman", "until": None} for n in range(memberships.MOST_PROJECTS - 1)}
    store().transact([Update(Access, place, (Access.memberships.set(many),))])
    body, places = {"user": user, "role": "foreman"}, [project(stage.owner) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        replies = list(
            pool.map(lambda each: stage.owner.send("POST", f"/api/v1/projects/{each}/memberships/", body), places)
        )
    assert sorted(reply.status for reply in replies) == [201, 409, 409]
    refusal = next(reply for reply in replies if reply.status == 409)
    assert refusal.body["code"] == "in_use" and "100 memberships" in refusal.body["detail"]


def test_memberships_made_while_the_time_zone_changes_end_by_the_zone_that_holds(stage: Stage, people: People) -> None:
    place = project(stage.owner, timezone="UTC")
    users = [people.make("engineer")[1] for _ in range(6)]
    body = {"role": "foreman", "expires_on": "2030-06-30"}

    def act(number: int) -> int:
        if number % 2:
            zone = ZONES[number % len(ZONES)]
            return stage.owner.send("PATCH", f"/api/v1/projects/{place}/", {"timezone": zone}).status
        grant = body | {"user": users[number // 2]}
        return stage.owner.send("POST", f"/api/v1/projects/{place}/memberships/", grant).status

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(act, range(12))) == {200, 201}
    zone = stage.owner.ok("GET", f"/projects/{place}/")["timezone"]
    company = stage.made["company"]["id"]
    kept = {store().get(Access, key(company, user), "access").memberships[place]["until"] for user in users}
    assert kept == {memberships.ends("2030-06-30", zone)}


def test_a_time_zone_with_more_dated_memberships_than_one_transaction_takes_is_in_use(
    stage: Stage, people: People
) -> None:
    place = project(stage.owner)
    owner, at = stage.made["owner"]["id"], utc_now()
    company = stage.made["company"]["id"]
    for number in range(memberships.MOST_DATED + 1):
        row = Membership(
            role="foreman",
            pk=company,
            sk=f"member#{place}#{number}",
            project=place,
            user=owner,
            expires_on="2030-01-01",
            version=1,
            created_at=stamp(at),
            updated_at=stamp(at),
        )
        store().transact([Put(row)])
    assert refused(stage.owner.send("PATCH", f"/api/v1/projects/{place}/", {"timezone": "Asia/Tokyo"}), 409, "in_use")
    assert stage.owner.ok("PATCH", f"/projects/{place}/", {"name": "Still"})["timezone"] == "Europe/Dublin"


def test_the_last_day_reaches_to_midnight(stage: Stage) -> None:
    assert memberships.ends("2026-03-28", "Europe/Dublin") == "2026-03-29T00:00:00.000000Z"
    assert memberships.ends("2026-03-29", "Europe/Dublin") == "2026-03-29T23:00:00.000000Z"
    assert memberships.ends(None, "UTC") is None


def test_of_many_first_memberships_at_once_one_is_made(stage: Stage, people: People) -> None:
    place = project(stage.owner)
    _, user = people.make("engineer")
    body = {"user": user, "role": "foreman"}
    with ThreadPoolExecutor(6) as pool:
        path = f"/api/v1/projects/{place}/memberships/"
        found = list(pool.map(lambda _: stage.owner.send("POST", path, body).status, range(6)))
    assert sorted(found) == [201] + [409] * 5
    assert stage.owner.ok("GET", f"/projects/{place}/memberships/")["count"] == 1
